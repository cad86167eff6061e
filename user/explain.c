/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "explain_parts.h"

void explanation_name(struct explanation *explanation, const struct policy *policy,
		      const struct vault *vault, struct position at, const char *format,
		      va_list arguments)
{
	explanation->found = true;
	explanation->vault = vault;
	explanation->file = at.file < policy->file_count ? policy->files[at.file] : NULL;
	explanation->at = at;
	(void)vsnprintf(explanation->rule, sizeof(explanation->rule), format, arguments);
}

void explanation_advise(struct explanation *explanation, const char *format, va_list arguments)
{
	size_t length = strlen(explanation->advice);

	(void)vsnprintf(explanation->advice + length, sizeof(explanation->advice) - length, format,
			arguments);
}

const char *explanation_place(const struct policy *policy, struct position at, char *text,
			      size_t size)
{
	const char *file = at.file < policy->file_count ? policy->files[at.file] : "?";
	char quoted[DIAG_QUOTE_MAX];

	(void)snprintf(text, size, "%s:%u", diag_quote(quoted, sizeof(quoted), file, strlen(file)),
		       at.line);
	return text;
}

static void explain_failsafe(const struct explainer *explainer)
{
	const struct node *node = explainer->node;
	struct explanation *explanation = explainer->explanation;
	char range[RANGE_TEXT];

	explain_advise(
		explainer,
		"Failsafe sources reach every frontend, whatever the rules say. Taken out of 'failsafe' in the node's configuration, the source is left to the rules.");
	for (size_t i = 0; i < node->failsafe.count; i++) {
		const struct range_entry *entry = &node->failsafe.items[i];

		if (!explain_range_holds(entry->range, explainer->query->source))
			continue;
		range_format(entry->range, range);
		(void)snprintf(explanation->rule, sizeof(explanation->rule), "failsafe: %s", range);
		explanation->found = true;
		explanation->file = node->file;
		explanation->at = entry->at;
		return;
	}
}

static void name_blocked_tag(const struct explainer *explainer)
{
	const struct policy *policy = explainer->policy;

	for (size_t i = 0; i < policy->blocked_tag_count; i++) {
		const struct blocked_tag *blocked = &policy->blocked_tags[i];

		if (blocked->tag != explainer->query->tag)
			continue;
		explain_name_rule(explainer, NULL, blocked->at, "block: tag %u", blocked->tag);
		return;
	}
}

static void explain_blocked(const struct explainer *explainer)
{
	const struct explain_query *query = explainer->query;
	struct explain_hold hold = {0};

	if (query->family == 4)
		hold = explain_find_hold(&explainer->policy->block, query->source);
	if (hold.entry) {
		explain_name_hold(explainer, NULL, &hold, "block: ");
		explain_advise_set(explainer, &hold, "The node's block rules");
		explain_advise_comment(explainer, &hold);
	} else if (query->tagged) {
		name_blocked_tag(explainer);
	}
	explain_advise(
		explainer,
		"The block list comes before the rules of every vault; only a failsafe source of the node gets past it, and only without a tag.");
}

static void explain_default_allow(const struct explainer *explainer)
{
	for (size_t i = 0; i < explain_vault_count(explainer); i++) {
		const struct vault *vault = explain_vault_at(explainer, i);

		if (!vault->default_allow)
			continue;
		explain_name_rule(explainer, vault, vault->acls_at, "default_action: allow");
		explain_advise(
			explainer,
			"The vault %s admits whatever is not blocked; its other rules count once 'default_action' is deny.",
			vault->name);
		return;
	}
}

static bool explain_virtual_network_of(const struct explainer *explainer, const struct vault *vault)
{
	const struct explain_query *query = explainer->query;

	for (size_t i = 0; i < vault->network_rule_count; i++) {
		const struct subnet *subnet = vault->network_rules[i].subnet;
		char prefix[RANGE_TEXT], at[EXPLAIN_PLACE_TEXT];

		if (subnet->network->tag != query->tag || !subnet->service_endpoint ||
		    !explain_range_holds(subnet->prefix, query->source))
			continue;
		range_format(subnet->prefix, prefix);
		explain_name_rule(explainer, vault, vault->network_rules[i].at, "%s/%s",
				  subnet->network->name, subnet->name);
		explain_advise(explainer, "The subnet is %s with tag %u (%s).", prefix,
			       subnet->network->tag, explain_place(explainer, subnet->at, at));
		return true;
	}
	return false;
}

static void explain_virtual_network(const struct explainer *explainer)
{
	for (size_t i = 0; i < explain_vault_count(explainer); i++)
		if (explain_virtual_network_of(explainer, explain_vault_at(explainer, i)))
			return;
}

static void explain_ip_rule(const struct explainer *explainer)
{
	for (size_t i = 0; i < explain_vault_count(explainer); i++) {
		const struct vault *vault = explain_vault_at(explainer, i);
		struct explain_hold hold =
			explain_find_hold(&vault->ip_rules, explainer->query->source);
		char whose[96];

		if (!hold.entry || explain_is_over(explainer, hold.expires))
			continue;
		explain_name_hold(explainer, vault, &hold, "");
		(void)snprintf(whose, sizeof(whose), "The IP rules of %s", vault->name);
		explain_advise_set(explainer, &hold, whose);
		if (hold.expires)
			explain_advise_time(explainer, "The rule holds until", hold.expires);
		explain_advise_comment(explainer, &hold);
		return;
	}
}

/* The first vault of the frontend that trusts services. */
static const struct vault *find_trusting(const struct explainer *explainer)
{
	for (size_t i = 0; i < explain_vault_count(explainer); i++)
		if (explain_vault_at(explainer, i)->trusted_services)
			return explain_vault_at(explainer, i);
	return NULL;
}

static void name_service(const struct explainer *explainer, const struct vault *vault,
			 const struct trusted_service *service)
{
	struct explain_hold hold = {0};
	char prefix[128];

	if (service->anywhere) {
		explain_name_rule(explainer, vault, service->at, "%s: from anywhere",
				  service->name);
		return;
	}
	hold = explain_find_hold(&service->ip_rules, explainer->query->source);
	(void)snprintf(prefix, sizeof(prefix), "%s: ", service->name);
	explain_name_hold(explainer, vault, &hold, prefix);
	(void)snprintf(prefix, sizeof(prefix), "The IP rules of the service %s", service->name);
	explain_advise_set(explainer, &hold, prefix);
	if (hold.expires)
		explain_advise_time(explainer, "That rule holds until", hold.expires);
}

static void explain_trusted_service(const struct explainer *explainer)
{
	const struct policy *policy = explainer->policy;
	const struct vault *vault = find_trusting(explainer);
	char names[EXPLAIN_NAMES_TEXT];
	size_t count = explain_list_services(explainer, names);

	if (!vault || count == 0)
		return;
	for (size_t i = 0; i < policy->service_count && !explainer->explanation->found; i++)
		if (explain_may_come_from(explainer, &policy->services[i]))
			name_service(explainer, vault, &policy->services[i]);
	explain_advise(
		explainer,
		"%zu service%s that %s trusts may come from %s (%s%s), so the token gate asks for the token of one. An IP rule would admit the source without it.",
		count, count == 1 ? "" : "s", vault->name, explainer->source, names,
		count > EXPLAIN_NAMES ? ", and more" : "");
}

/* Packets that no rule could change. */
static void explain_packet(const struct explainer *explainer)
{
	static const char *const advices[VW_REASON_COUNT] = {
		[VW_REASON_NOT_OURS] =
			"It is for no frontend: no vault is reached at that address, port and protocol. The filter lets it pass and does not count it.",
		[VW_REASON_MALFORMED] =
			"Its headers are cut short or contradict each other. No rule admits such a packet.",
		[VW_REASON_FRAGMENT] =
			"The ports of a fragment cannot be trusted, so no rule admits it. The sender has to use packets that fit the path.",
		[VW_REASON_UNTRUSTED_TUNNEL] =
			"Only the 'peers' of a transport under 'tags' in the node's configuration may bring packets for a frontend in a tunnel, and only with a valid header.",
	};

	if (advices[explainer->query->reason])
		explain_advise(explainer, "%s", advices[explainer->query->reason]);
}

static void explain_row(const struct explainer *explainer)
{
	static void (*const rows[VW_REASON_COUNT])(const struct explainer *) = {
		[VW_REASON_NOT_OURS] = explain_packet,
		[VW_REASON_MALFORMED] = explain_packet,
		[VW_REASON_FRAGMENT] = explain_packet,
		[VW_REASON_UNTRUSTED_TUNNEL] = explain_packet,
		[VW_REASON_FAILSAFE] = explain_failsafe,
		[VW_REASON_BLOCKED] = explain_blocked,
		[VW_REASON_DEFAULT_ALLOW] = explain_default_allow,
		[VW_REASON_VIRTUAL_NETWORK] = explain_virtual_network,
		[VW_REASON_UNKNOWN_SUBNET] = explain_unknown_subnet,
		[VW_REASON_IP_RULE] = explain_ip_rule,
		[VW_REASON_TRUSTED_SERVICE] = explain_trusted_service,
		[VW_REASON_NOT_ALLOWED] = explain_not_allowed,
	};

	if (explainer->query->reason < VW_REASON_COUNT)
		rows[explainer->query->reason](explainer);
}

/* Each piece of an advice ends in a blank, for the next one. */
static void trim(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
}

void explain_rule(const struct policy *policy, const struct node *node,
		  const struct explain_query *query, struct explanation *ret_explanation)
{
	struct explainer explainer = {
		.policy = policy, .node = node, .query = query, .explanation = ret_explanation};

	*ret_explanation = (struct explanation){0};
	if (query->family == 4)
		range_format((struct range){query->source, query->source}, explainer.source);
	else
		(void)snprintf(explainer.source, sizeof(explainer.source), "an IPv6 address");
	explain_row(&explainer);
	trim(ret_explanation->advice);
}
