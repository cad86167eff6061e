/* SPDX-License-Identifier: Apache-2.0 */
/* What no rule admits: nothing can be named, but something may have been near. */
#include "explain_parts.h"

/* Before an advice that speaks of the first of several vaults. */
static void advise_shared(const struct explainer *explainer)
{
	size_t count = explain_vault_count(explainer);

	if (count > 1)
		explain_advise(explainer, "None of the %zu vaults on this frontend admits it. ",
			       count);
}

static size_t count_ranges(const struct vault *vault)
{
	size_t count = 0;

	for (size_t i = 0; i < vault->ip_rules.count; i++) {
		const struct ip_set *set = vault->ip_rules.items[i].set;

		count += set ? set->ranges.count : 1;
	}
	return count;
}

static void advise_uncovered(const struct explainer *explainer, const struct vault *vault)
{
	size_t ranges = count_ranges(vault);

	explain_advise(explainer, "No IP rule covers %s; the vault %s has ", explainer->source,
		       vault->name);
	if (ranges == 0)
		explain_advise(explainer, "none. ");
	else
		explain_advise(explainer, "%zu range%s. ", ranges, ranges == 1 ? "" : "s");
}

/* No rule is in the way, so the one that was found is over. */
static void advise_expired(const struct explainer *explainer, const struct vault *vault,
			   const struct explain_hold *hold)
{
	char range[RANGE_TEXT], at[EXPLAIN_PLACE_TEXT];

	range_format(hold->entry->range, range);
	explain_advise(explainer, "The rule of %s for %s at %s no longer holds: it ended",
		       vault->name, range, explain_place(explainer, hold->rule->entry.at, at));
	explain_advise_time(explainer, "", hold->expires);
}

static void advise_bypass(const struct explainer *explainer, const struct vault *vault)
{
	char names[EXPLAIN_NAMES_TEXT];

	if (!vault->trusted_services && explain_list_services(explainer, names) > 0)
		explain_advise(
			explainer,
			"Trusted services may come from there (%s), but %s has 'bypass: none'.",
			names, vault->name);
}

/* A subnet of any network that would have fitted, had the packet come with its tag. */
static void advise_tag(const struct explainer *explainer, const struct vault *vault)
{
	for (size_t i = 0; i < vault->network_rule_count; i++) {
		const struct subnet *subnet = vault->network_rules[i].subnet;

		if (!explain_range_holds(subnet->prefix, explainer->query->source))
			continue;
		explain_advise(
			explainer,
			"The address lies in %s/%s, but the packet came without that network's tag %u. ",
			subnet->network->name, subnet->name, subnet->network->tag);
		return;
	}
}

void explain_not_allowed(const struct explainer *explainer)
{
	const struct vault *vault = NULL;
	struct explain_hold hold = {0};

	if (explain_vault_count(explainer) == 0)
		return;
	vault = explain_vault_at(explainer, 0);
	advise_shared(explainer);
	if (explainer->query->family == 6) {
		explain_advise(
			explainer,
			"The source is an IPv6 address, and IP rules hold IPv4 ranges only: nothing but 'default_action: allow' admits it. The vault %s may be reachable for the client over IPv4.",
			vault->name);
		return;
	}
	hold = explain_find_hold(&vault->ip_rules, explainer->query->source);
	if (hold.entry && explain_is_over(explainer, hold.expires))
		advise_expired(explainer, vault, &hold);
	else
		advise_uncovered(explainer, vault);
	advise_tag(explainer, vault);
	advise_bypass(explainer, vault);
}

/* Tagged, and from no subnet of the vault. *********************************/

static const struct virtual_network *find_network(const struct explainer *explainer)
{
	const struct policy *policy = explainer->policy;

	for (size_t i = 0; i < policy->network_count; i++)
		if (policy->networks[i].tag == explainer->query->tag)
			return &policy->networks[i];
	return NULL;
}

static const struct subnet *find_subnet(const struct explainer *explainer,
					const struct virtual_network *network)
{
	if (explainer->query->family != 4)
		return NULL;
	for (size_t i = 0; i < network->subnet_count; i++)
		if (explain_range_holds(network->subnets[i].prefix, explainer->query->source))
			return &network->subnets[i];
	return NULL;
}

/* The rule of a vault for a subnet; `subnet` NULL: for any of the network. */
static const struct network_rule *find_rule(const struct vault *vault,
					    const struct virtual_network *network,
					    const struct subnet *subnet)
{
	for (size_t i = 0; i < vault->network_rule_count; i++) {
		const struct network_rule *rule = &vault->network_rules[i];

		if (rule->subnet->network == network && (!subnet || rule->subnet == subnet))
			return rule;
	}
	return NULL;
}

/* The subnets that a vault's rules name, the first few of them. */
static void advise_listed(const struct explainer *explainer, const struct vault *vault)
{
	if (vault->network_rule_count == 0) {
		explain_advise(explainer, "The vault %s has no virtual network rule.", vault->name);
		return;
	}
	explain_advise(explainer, "The vault %s admits ", vault->name);
	for (size_t i = 0; i < vault->network_rule_count && i < EXPLAIN_NAMES; i++) {
		const struct subnet *subnet = vault->network_rules[i].subnet;

		explain_advise(explainer, "%s%s/%s (tag %u)", i ? ", " : "", subnet->network->name,
			       subnet->name, subnet->network->tag);
	}
	if (vault->network_rule_count > EXPLAIN_NAMES)
		explain_advise(explainer, " and %zu more",
			       vault->network_rule_count - EXPLAIN_NAMES);
	explain_advise(explainer, ".");
}

static void advise_outside(const struct explainer *explainer, const struct vault *vault,
			   const struct virtual_network *network)
{
	const struct network_rule *rule = find_rule(vault, network, NULL);
	char prefix[RANGE_TEXT];

	explain_advise(explainer, "The tag %u is that of %s, but %s lies in none of its subnets. ",
		       network->tag, network->name, explainer->source);
	if (!rule) {
		advise_listed(explainer, vault);
		return;
	}
	range_format(rule->subnet->prefix, prefix);
	explain_advise(explainer, "The vault %s lists %s/%s (%s).", vault->name, network->name,
		       rule->subnet->name, prefix);
}

static void advise_subnet(const struct explainer *explainer, const struct vault *vault,
			  const struct subnet *subnet)
{
	const struct network_rule *rule = find_rule(vault, subnet->network, subnet);
	char at[EXPLAIN_PLACE_TEXT];

	if (rule)
		explain_advise(
			explainer,
			"The vault %s lists %s/%s, but that subnet has no service endpoint: the rule takes effect once 'service_endpoint' is true at %s.",
			vault->name, subnet->network->name, subnet->name,
			explain_place(explainer, subnet->at, at));
	else
		explain_advise(
			explainer,
			"The source lies in %s/%s (%s), which the vault %s does not list: a rule under its 'virtual_network_rules' would admit it.",
			subnet->network->name, subnet->name,
			explain_place(explainer, subnet->at, at), vault->name);
}

void explain_unknown_subnet(const struct explainer *explainer)
{
	const struct virtual_network *network = find_network(explainer);
	const struct subnet *subnet = network ? find_subnet(explainer, network) : NULL;
	const struct vault *vault = NULL;

	if (explain_vault_count(explainer) == 0)
		return;
	vault = explain_vault_at(explainer, 0);
	advise_shared(explainer);
	if (subnet) {
		advise_subnet(explainer, vault, subnet);
	} else if (network) {
		advise_outside(explainer, vault, network);
	} else {
		explain_advise(explainer, "No virtual network has the tag %u. ",
			       explainer->query->tag);
		advise_listed(explainer, vault);
	}
}
