// SPDX-License-Identifier: Apache-2.0
#include "policy_compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "policy_spans.h"

/* Ranges that one comparison may sort: about a second's work. */
#define WORK_MAX 8000000

static bool same_text(const char *left, const char *right)
{
	return left && right ? !strcmp(left, right) : left == right;
}

static bool same_texts(const char *const *left, size_t left_count, const char *const *right,
		       size_t right_count)
{
	if (left_count != right_count)
		return false;
	for (size_t i = 0; i < left_count; i++)
		if (strcmp(left[i], right[i]) != 0)
			return false;
	return true;
}

/* A sorted copy; NULL and an error in `comparison` without memory. */
static void *sorted_copy(struct comparison *comparison, const void *items, size_t count,
			 size_t size, int (*compare)(const void *left, const void *right))
{
	void *copy = calloc(count + 1, size);

	if (!copy)
		comparison->error = -ENOMEM;
	if (!copy || count == 0)
		return copy;
	memcpy(copy, items, count * size);
	qsort(copy, count, size, compare);
	return copy;
}

/* Ranges. */

/* Written alike, as far as a glance can tell. */
static bool same_wording(const struct comparison *comparison, const struct ip_rules *before,
			 const struct ip_rules *after)
{
	if (before->count != after->count)
		return false;
	for (size_t i = 0; i < after->count; i++) {
		const struct ip_rule *old = &before->items[i], *new = &after->items[i];

		if (!old->set != !new->set || old->entry.expires != new->entry.expires)
			return false;
		if (new->set && (strcmp(old->set->name, new->set->name) != 0 ||
				 !comparison->same_sets[new->set - comparison->after->sets]))
			return false;
		if (!new->set && (old->entry.range.first != new->entry.range.first ||
				  old->entry.range.last != new->entry.range.last))
			return false;
	}
	return true;
}

static bool same_ip_rules(struct comparison *comparison, const struct ip_rules *before,
			  const struct ip_rules *after)
{
	bool same = false;

	if (same_wording(comparison, before, after))
		return true;
	comparison->work += ip_rules_size(before) + ip_rules_size(after);
	if (comparison->work > WORK_MAX)
		return false;
	if (ip_rules_compare(before, after, &same) < 0)
		comparison->error = -ENOMEM;
	return same;
}

static bool same_range_list(const struct range_list *before, const struct range_list *after)
{
	if (before->count != after->count)
		return false;
	for (size_t i = 0; i < after->count; i++)
		if (before->items[i].range.first != after->items[i].range.first ||
		    before->items[i].range.last != after->items[i].range.last ||
		    before->items[i].expires != after->items[i].expires)
			return false;
	return true;
}

static bool same_set(struct comparison *comparison, const struct ip_set *before,
		     const struct ip_set *after)
{
	bool same = false;

	if (same_range_list(&before->ranges, &after->ranges))
		return true;
	comparison->work += before->ranges.count + after->ranges.count;
	if (comparison->work > WORK_MAX)
		return false;
	if (range_lists_compare(&before->ranges, &after->ranges, &same) < 0)
		comparison->error = -ENOMEM;
	return same;
}

static int compare_set_names(const void *left, const void *right)
{
	const struct ip_set *a = left, *b = right;

	return strcmp(a->name, b->name);
}

int comparison_open(const struct policy *before, const struct policy *after,
		    struct comparison *ret_comparison)
{
	cleanup(comparison_close) struct comparison comparison = {before, after, NULL, 0, 0};
	cleanup(free_ptr) struct ip_set *sorted = NULL;

	comparison.same_sets = calloc(after->set_count + 1, sizeof(bool));
	sorted = sorted_copy(&comparison, before->sets, before->set_count, sizeof(*sorted),
			     compare_set_names);
	if (!sorted || !comparison.same_sets)
		return -ENOMEM;
	for (size_t i = 0; i < after->set_count; i++) {
		const struct ip_set *set = &after->sets[i];
		const struct ip_set *old =
			bsearch(set, sorted, before->set_count, sizeof(*sorted), compare_set_names);

		comparison.same_sets[i] = old && same_set(&comparison, old, set);
	}
	*ret_comparison = comparison;
	comparison = (struct comparison){0};
	return ret_comparison->error;
}

void comparison_close(struct comparison *comparison)
{
	free(comparison->same_sets);
	comparison->same_sets = NULL;
}

/* A vault's other parts. */

static int compare_frontends(const void *left, const void *right)
{
	const struct frontend *a = left, *b = right;
	int order = memcmp(a->address, b->address, sizeof(a->address));

	if (order == 0)
		order = (a->family > b->family) - (a->family < b->family);
	if (order == 0)
		order = (a->protocol > b->protocol) - (a->protocol < b->protocol);
	return order ? order : (a->port > b->port) - (a->port < b->port);
}

/* What a network rule comes to, without names and places. */
struct admission {
	uint32_t tag;
	struct range prefix;
	bool effective;
};

static int compare_admissions(const void *left, const void *right)
{
	const struct admission *a = left, *b = right;

	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	if (a->prefix.first != b->prefix.first)
		return a->prefix.first < b->prefix.first ? -1 : 1;
	if (a->prefix.last != b->prefix.last)
		return a->prefix.last < b->prefix.last ? -1 : 1;
	return a->effective - b->effective;
}

static bool same_sorted(const void *left, const void *right, size_t count, size_t size,
			int (*compare)(const void *left, const void *right))
{
	const char *a = left, *b = right;

	if (!a || !b)
		return true;
	for (size_t i = 0; i < count; i++)
		if (compare(a + i * size, b + i * size) != 0)
			return false;
	return true;
}

static bool same_frontends(struct comparison *comparison, const struct vault *before,
			   const struct vault *after)
{
	cleanup(free_ptr) void *old = NULL;
	cleanup(free_ptr) void *new = NULL;

	if (before->frontend_count != after->frontend_count)
		return false;
	old = sorted_copy(comparison, before->frontends, before->frontend_count,
			  sizeof(struct frontend), compare_frontends);
	new = sorted_copy(comparison, after->frontends, after->frontend_count,
			  sizeof(struct frontend), compare_frontends);
	return same_sorted(old, new, after->frontend_count, sizeof(struct frontend),
			   compare_frontends);
}

static struct admission *admissions(struct comparison *comparison, const struct vault *vault)
{
	struct admission *list = calloc(vault->network_rule_count + 1, sizeof(*list));

	if (!list) {
		comparison->error = -ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < vault->network_rule_count; i++) {
		const struct subnet *subnet = vault->network_rules[i].subnet;

		list[i] = (struct admission){subnet->network->tag, subnet->prefix,
					     subnet->service_endpoint};
	}
	if (vault->network_rule_count > 1)
		qsort(list, vault->network_rule_count, sizeof(*list), compare_admissions);
	return list;
}

static bool same_network_rules(struct comparison *comparison, const struct vault *before,
			       const struct vault *after)
{
	cleanup(free_ptr) struct admission *old = NULL;
	cleanup(free_ptr) struct admission *new = NULL;

	if (before->network_rule_count != after->network_rule_count)
		return false;
	old = admissions(comparison, before);
	new = admissions(comparison, after);
	return same_sorted(old, new, after->network_rule_count, sizeof(*old), compare_admissions);
}

static bool same_permissions(const struct permissions *left, const struct permissions *right)
{
	return !memcmp(left->kinds, right->kinds, sizeof(left->kinds));
}

static bool same_access_policies(const struct vault *before, const struct vault *after)
{
	if (before->access_policy_count != after->access_policy_count)
		return false;
	for (size_t i = 0; i < after->access_policy_count; i++) {
		const struct access_policy *old = &before->access_policies[i];
		const struct access_policy *new = &after->access_policies[i];

		if (!same_text(old->object_id, new->object_id) ||
		    !same_text(old->application_id, new->application_id) ||
		    !same_permissions(&old->permissions, &new->permissions))
			return false;
	}
	return true;
}

static bool same_issuer_names(const struct vault *before, const struct vault *after)
{
	if (before->issuer_count != after->issuer_count)
		return false;
	for (size_t i = 0; i < after->issuer_count; i++)
		if (strcmp(before->issuers[i]->name, after->issuers[i]->name) != 0)
			return false;
	return true;
}

static uint32_t bit_if(bool different, unsigned aspect)
{
	return different ? 1U << aspect : 0;
}

uint32_t comparison_vaults(struct comparison *comparison, const struct vault *before,
			   const struct vault *after)
{
	bool same_tls = same_text(before->tls_certificate, after->tls_certificate) &&
			same_text(before->tls_key, after->tls_key);

	return bit_if(!same_texts(before->hostnames, before->hostname_count, after->hostnames,
				  after->hostname_count),
		      VAULT_HOSTNAMES) |
	       bit_if(!same_frontends(comparison, before, after), VAULT_FRONTENDS) |
	       bit_if(!same_text(before->tenant, after->tenant), VAULT_TENANT) |
	       bit_if(!same_text(before->subscription, after->subscription), VAULT_SUBSCRIPTION) |
	       bit_if(before->audit != after->audit, VAULT_ENFORCEMENT) |
	       bit_if(before->default_allow != after->default_allow, VAULT_DEFAULT_ACTION) |
	       bit_if(before->trusted_services != after->trusted_services, VAULT_BYPASS) |
	       bit_if(!same_ip_rules(comparison, &before->ip_rules, &after->ip_rules),
		      VAULT_IP_RULES) |
	       bit_if(!same_network_rules(comparison, before, after), VAULT_VIRTUAL_NETWORK_RULES) |
	       bit_if(!same_access_policies(before, after), VAULT_ACCESS_POLICIES) |
	       bit_if(!same_issuer_names(before, after), VAULT_ISSUERS) |
	       bit_if(!same_text(before->upstream, after->upstream), VAULT_UPSTREAM) |
	       bit_if(!same_tls, VAULT_TLS);
}

/* What all vaults share. */

static bool same_block(struct comparison *comparison)
{
	const struct policy *before = comparison->before, *after = comparison->after;

	if (before->blocked_tag_count != after->blocked_tag_count)
		return false;
	for (size_t i = 0; i < after->blocked_tag_count; i++)
		if (before->blocked_tags[i].tag != after->blocked_tags[i].tag)
			return false;
	return same_ip_rules(comparison, &before->block, &after->block);
}

static bool same_identity(const struct service_identity *old, const struct service_identity *new)
{
	return old->kind == new->kind &&
	       old->same_subscription ==
		       new->same_subscription &&same_text(old->app_id, new->app_id) &&
	       same_text(old->resource, new->resource) && same_text(old->issuer, new->issuer) &&
	       same_text(old->subject, new->subject) && same_text(old->audience, new->audience) &&
	       same_text(old->object_id, new->object_id);
}

static bool same_service(struct comparison *comparison, const struct trusted_service *old,
			 const struct trusted_service *new)
{
	if (strcmp(old->name, new->name) != 0 || old->anywhere != new->anywhere ||
	    old->all_operations != new->all_operations ||
	    old->identity_count != new->identity_count)
		return false;
	for (size_t i = 0; i < new->identity_count; i++)
		if (!same_identity(&old->identities[i], &new->identities[i]))
			return false;
	return same_permissions(&old->operations, &new->operations) &&
	       same_ip_rules(comparison, &old->ip_rules, &new->ip_rules);
}

static bool same_services(struct comparison *comparison)
{
	const struct policy *before = comparison->before, *after = comparison->after;

	if (before->service_count != after->service_count)
		return false;
	for (size_t i = 0; i < after->service_count; i++)
		if (!same_service(comparison, &before->services[i], &after->services[i]))
			return false;
	return true;
}

static bool same_issuer(const struct issuer *old, const struct issuer *new)
{
	return !strcmp(old->name, new->name) && same_text(old->issuer, new->issuer) &&
	       same_texts(old->audiences, old->audience_count, new->audiences,
			  new->audience_count) &&
	       same_text(old->jwks_file, new->jwks_file) &&
	       same_text(old->jwks_url, new->jwks_url) &&
	       same_text(old->challenge_authorization, new->challenge_authorization) &&
	       same_text(old->challenge_resource, new->challenge_resource);
}

static bool same_issuers(const struct comparison *comparison)
{
	const struct policy *before = comparison->before, *after = comparison->after;

	if (before->issuer_count != after->issuer_count)
		return false;
	for (size_t i = 0; i < after->issuer_count; i++)
		if (!same_issuer(&before->issuers[i], &after->issuers[i]))
			return false;
	return true;
}

uint32_t comparison_shared(struct comparison *comparison)
{
	return bit_if(!same_block(comparison), SHARED_BLOCK) |
	       bit_if(!same_services(comparison), SHARED_TRUSTED_SERVICES) |
	       bit_if(!same_issuers(comparison), SHARED_ISSUERS);
}
