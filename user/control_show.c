// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "address.h"
#include "control_parts.h"

struct showing {
	const struct policy *policy;
	int64_t now;
};

static json_t *texts_json(const char *const *texts, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, json_string(texts[i]));
	return array;
}

static json_t *ip_rule_json(const struct showing *showing, const struct ip_rule *rule)
{
	const struct range_entry *entry = &rule->entry;
	char text[RANGE_TEXT];
	json_t *name;

	range_format(entry->range, text);
	name = rule->set ? json_sprintf("set:%s", rule->set->name) : json_string(text);
	return control_add_place(json_pack("{s:o, s:o, s:b, s:o, s:I}", "rule", name, "expires",
					   control_time(entry->expires), "expired",
					   entry->expires != 0 && entry->expires <= showing->now,
					   "comment", control_text(entry->comment), "ranges",
					   (json_int_t)(rule->set ? rule->set->ranges.count : 1)),
				 showing->policy, entry->at);
}

static json_t *ip_rules_json(const struct showing *showing, const struct ip_rules *rules)
{
	json_t *array = json_array();

	for (size_t i = 0; i < rules->count; i++)
		(void)json_array_append_new(array, ip_rule_json(showing, &rules->items[i]));
	return array;
}

static json_t *network_rule_json(const struct showing *showing, const struct network_rule *rule)
{
	const struct subnet *subnet = rule->subnet;
	char prefix[RANGE_TEXT];

	range_format(subnet->prefix, prefix);
	return control_add_place(
		json_pack("{s:o, s:s, s:I, s:b, s:b}", "subnet",
			  json_sprintf("%s/%s", subnet->network->name, subnet->name), "prefix",
			  prefix, "tag", (json_int_t)subnet->network->tag, "service_endpoint",
			  subnet->service_endpoint, "ignore_missing_service_endpoint",
			  rule->ignore_missing_service_endpoint),
		showing->policy, rule->at);
}

static json_t *network_rules_json(const struct showing *showing, const struct vault *vault)
{
	json_t *array = json_array();

	for (size_t i = 0; i < vault->network_rule_count; i++)
		(void)json_array_append_new(array,
					    network_rule_json(showing, &vault->network_rules[i]));
	return array;
}

static json_t *frontends_json(const struct vault *vault)
{
	json_t *array = json_array();
	char text[FRONTEND_ADDRESS_TEXT];

	for (size_t i = 0; i < vault->frontend_count; i++) {
		frontend_format(&vault->frontends[i], text);
		(void)json_array_append_new(array, json_string(text));
	}
	return array;
}

static json_t *services_json(const struct policy *policy, const struct vault *vault)
{
	json_t *array = json_array();

	for (size_t i = 0; vault->trusted_services && i < policy->service_count; i++)
		(void)json_array_append_new(array, json_string(policy->services[i].name));
	return array;
}

static json_t *vault_json(const struct showing *showing, const struct vault *vault)
{
	json_t *object = json_pack(
		"{s:s, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", vault->name,
		"hostnames", texts_json(vault->hostnames, vault->hostname_count), "frontends",
		frontends_json(vault), "enforcement", vault->audit ? "audit" : "enforce",
		"default_action", vault->default_allow ? "allow" : "deny", "bypass",
		vault->trusted_services ? "trusted_services" : "none", "tenant",
		control_text(vault->tenant), "subscription", control_text(vault->subscription),
		"ip_rules", ip_rules_json(showing, &vault->ip_rules), "virtual_network_rules",
		network_rules_json(showing, vault), "trusted_services",
		services_json(showing->policy, vault));

	return control_add_place(object, showing->policy, vault->at);
}

static json_t *vaults_json(const struct showing *showing, const struct vault *only)
{
	const struct policy *policy = showing->policy;
	json_t *array = json_array();

	for (size_t i = 0; i < policy->vault_count; i++)
		if (!only || only == &policy->vaults[i])
			(void)json_array_append_new(array, vault_json(showing, &policy->vaults[i]));
	return array;
}

static json_t *block_json(const struct showing *showing)
{
	const struct policy *policy = showing->policy;
	json_t *tags = json_array();

	for (size_t i = 0; i < policy->blocked_tag_count; i++)
		(void)json_array_append_new(
			tags, control_add_place(json_pack("{s:I}", "tag",
							  (json_int_t)policy->blocked_tags[i].tag),
						policy, policy->blocked_tags[i].at));
	return json_pack("{s:o, s:o}", "ip_rules", ip_rules_json(showing, &policy->block), "tags",
			 tags);
}

void control_show(struct http_request *request, void *context)
{
	const struct control *control = context;
	const struct rules *rules = control_need_rules(control, request);
	const char *name = http_query(request, "vault");
	const struct vault *only = NULL;
	struct showing showing = {.now = time(NULL)};

	if (!rules)
		return;
	showing.policy = &rules->policy;
	if (name)
		only = policy_find_vault(showing.policy, name);
	if (name && !only) {
		http_refuse(request, 404, "there is no vault %.100s in the rules in force", name);
		return;
	}
	http_answer(request, 200,
		    json_pack("{s:I, s:o, s:o}", "generation",
			      (json_int_t)control->firewall->generation, "block",
			      block_json(&showing), "vaults", vaults_json(&showing, only)));
}
