/* SPDX-License-Identifier: Apache-2.0 */
/* Where a request comes from: the filter's rows, from failsafe on, held against the rules. */
#include "authorize_parts.h"

static enum authorize_reason decide_at(const struct inquiry *inquiry, enum authorize_reason reason,
				       struct position at)
{
	inquiry->decision->at = at;
	return reason;
}

static bool is_untagged_ipv4(const struct inquiry *inquiry)
{
	return inquiry->source.family == 4 && !inquiry->tagged;
}

bool authorize_knows_tag(const struct policy *policy, uint32_t tag)
{
	for (size_t i = 0; i < policy->network_count; i++)
		if (policy->networks[i].tag == tag)
			return true;
	for (size_t i = 0; i < policy->blocked_tag_count; i++)
		if (policy->blocked_tags[i].tag == tag)
			return true;
	return false;
}

/* The rule that blocks the request, or NULL. */
static const struct position *find_block(const struct inquiry *inquiry)
{
	const struct authorize_index *index = inquiry->index;
	const struct policy *policy = index->policy;
	const struct range_entry *entry = NULL;

	if (inquiry->source.family == 4)
		entry = source_rules_find(&index->block, inquiry->address, inquiry->now);
	if (entry)
		return &entry->at;
	for (size_t i = 0; inquiry->tagged && i < policy->blocked_tag_count; i++)
		if (policy->blocked_tags[i].tag == inquiry->question->tag)
			return &policy->blocked_tags[i].at;
	return NULL;
}

/* An endpoint that is off lets nobody in, whatever the rule says about its absence. */
static const struct network_rule *find_subnet(const struct inquiry *inquiry)
{
	const struct vault *vault = inquiry->decision->vault;

	for (size_t i = 0; inquiry->source.family == 4 && i < vault->network_rule_count; i++) {
		const struct subnet *subnet = vault->network_rules[i].subnet;

		if (subnet->network->tag == inquiry->question->tag && subnet->service_endpoint &&
		    inquiry->address != UINT32_MAX && subnet->prefix.first <= inquiry->address &&
		    inquiry->address <= subnet->prefix.last)
			return &vault->network_rules[i];
	}
	return NULL;
}

bool authorize_may_come_from(const struct inquiry *inquiry, const struct trusted_service *service)
{
	const struct authorize_index *index = inquiry->index;

	if (!is_untagged_ipv4(inquiry) || inquiry->address == UINT32_MAX)
		return false;
	return service->anywhere ||
	       source_rules_find(&index->services[service - index->policy->services],
				 inquiry->address, inquiry->now);
}

static bool may_be_service(const struct inquiry *inquiry)
{
	const struct policy *policy = inquiry->index->policy;

	for (size_t i = 0; i < policy->service_count; i++)
		if (authorize_may_come_from(inquiry, &policy->services[i]))
			return true;
	return false;
}

/* By the vault's own rules. */
static enum authorize_reason decide_untagged(const struct inquiry *inquiry)
{
	const struct authorize_index *index = inquiry->index;
	const struct vault *vault = inquiry->decision->vault;
	const struct range_entry *entry = NULL;

	if (inquiry->source.family == 4)
		entry = source_rules_find(&index->vaults[vault - index->policy->vaults],
					  inquiry->address, inquiry->now);
	if (entry)
		return decide_at(inquiry, AUTHORIZE_IP_RULE, entry->at);
	if (vault->trusted_services && may_be_service(inquiry))
		return AUTHORIZE_REASON_COUNT;
	return decide_at(inquiry, AUTHORIZE_NOT_ALLOWED, vault->acls_at);
}

/*
 * Who tells no frontend tells no endpoint tag. Somebody with a tag gets to the gate only where
 * several vaults are reached, but from there he may ask for any of them.
 */
static bool is_tag_untold(const struct inquiry *inquiry)
{
	const struct policy *policy = inquiry->index->policy;

	return inquiry->question->frontend_untold && inquiry->index->shares &&
	       (policy->network_count > 0 || policy->blocked_tag_count > 0);
}

/*
 * A client of a virtual network is not to be taken for one from outside, nor the other way round;
 * only what both may do is left, and only if no tag is blocked.
 */
static enum authorize_reason decide_unknown(const struct inquiry *inquiry)
{
	const struct vault *vault = inquiry->decision->vault;

	if (vault->default_allow && inquiry->index->policy->blocked_tag_count == 0)
		return decide_at(inquiry, AUTHORIZE_DEFAULT_ALLOW, vault->acls_at);
	return decide_at(inquiry, AUTHORIZE_UNKNOWN_TAG, vault->acls_at);
}

enum authorize_reason authorize_network(const struct inquiry *inquiry)
{
	struct decision *decision = inquiry->decision;
	const struct vault *vault = decision->vault;
	const struct range_entry *failsafe = NULL;
	const struct position *block = NULL;
	const struct network_rule *rule = NULL;
	bool unknown =
		is_tag_untold(inquiry) || (inquiry->question->tag_unknown &&
					   authorize_is_shared(inquiry->index, &inquiry->frontend));

	if (is_untagged_ipv4(inquiry) && !unknown)
		failsafe =
			source_list_find(&inquiry->index->failsafe, inquiry->address, inquiry->now);
	if (failsafe) {
		decision->at_node = true;
		return decide_at(inquiry, AUTHORIZE_FAILSAFE, failsafe->at);
	}
	block = find_block(inquiry);
	if (block)
		return decide_at(inquiry, AUTHORIZE_BLOCKED, *block);
	if (unknown)
		return decide_unknown(inquiry);
	if (vault->default_allow)
		return decide_at(inquiry, AUTHORIZE_DEFAULT_ALLOW, vault->acls_at);
	if (!inquiry->tagged)
		return decide_untagged(inquiry);
	rule = find_subnet(inquiry);
	return rule ? decide_at(inquiry, AUTHORIZE_VIRTUAL_NETWORK, rule->at)
		    : decide_at(inquiry, AUTHORIZE_UNKNOWN_SUBNET, vault->acls_at);
}
