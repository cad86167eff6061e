/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle_rules.h"

static bool in_range(struct range range, uint32_t address)
{
	return address != UINT32_MAX && range.first <= address && address <= range.last;
}

bool oracle_in_list(const struct range_list *list, uint32_t address)
{
	for (size_t i = 0; i < list->count; i++) {
		if (in_range(list->items[i].range, address))
			return true;
	}
	return false;
}

static bool is_over(int64_t expires, int64_t now)
{
	return expires != 0 && now >= expires;
}

static bool in_list_now(const struct range_list *list, uint32_t address, int64_t now)
{
	for (size_t i = 0; i < list->count; i++) {
		if (in_range(list->items[i].range, address) &&
		    !is_over(list->items[i].expires, now))
			return true;
	}
	return false;
}

static bool in_rules_now(const struct ip_rules *rules, uint32_t address, int64_t now)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct ip_rule *rule = &rules->items[i];

		if (is_over(rule->entry.expires, now))
			continue;
		if (rule->set ? in_list_now(&rule->set->ranges, address, now)
			      : in_range(rule->entry.range, address))
			return true;
	}
	return false;
}

bool oracle_is_failsafe(const struct node *node, const struct oracle_source *source)
{
	return !source->tagged && source->family == 4 &&
	       oracle_in_list(&node->failsafe, source->address);
}

bool oracle_is_blocked(const struct oracle_source *source)
{
	const struct policy *policy = source->policy;

	for (size_t i = 0; source->tagged && i < policy->blocked_tag_count; i++) {
		if (policy->blocked_tags[i].tag == source->tag)
			return true;
	}
	/* The block list never expires. */
	return source->family == 4 && in_rules_now(&policy->block, source->address, 0);
}

static bool fits_network(const struct oracle_source *source, const struct vault *vault)
{
	if (!source->tagged || source->family != 4)
		return false;
	for (size_t i = 0; i < vault->network_rule_count; i++) {
		const struct subnet *subnet = vault->network_rules[i].subnet;

		if (subnet->network->tag == source->tag && subnet->service_endpoint &&
		    in_range(subnet->prefix, source->address))
			return true;
	}
	return false;
}

static bool fits_service(const struct oracle_source *source, const struct vault *vault)
{
	const struct policy *policy = source->policy;

	if (!vault->trusted_services || source->address == UINT32_MAX)
		return false;
	for (size_t i = 0; i < policy->service_count; i++) {
		const struct trusted_service *service = &policy->services[i];

		if (service->anywhere ||
		    in_rules_now(&service->ip_rules, source->address, source->now))
			return true;
	}
	return false;
}

enum vw_reason oracle_ask_vault(const struct oracle_source *source, const struct vault *vault)
{
	bool untagged4 = !source->tagged && source->family == 4;

	if (vault->default_allow)
		return VW_REASON_DEFAULT_ALLOW;
	if (fits_network(source, vault))
		return VW_REASON_VIRTUAL_NETWORK;
	if (source->tagged)
		return VW_REASON_UNKNOWN_SUBNET;
	if (untagged4 && in_rules_now(&vault->ip_rules, source->address, source->now))
		return VW_REASON_IP_RULE;
	if (untagged4 && fits_service(source, vault))
		return VW_REASON_TRUSTED_SERVICE;
	return VW_REASON_NOT_ALLOWED;
}
