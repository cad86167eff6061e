/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The bits follow this order, and images and histories outlive a binary: append only. */
static const char *const keys[] = {
	"encrypt",
	"decrypt",
	"wrapKey",
	"unwrapKey",
	"sign",
	"verify",
	"get",
	"list",
	"create",
	"update",
	"import",
	"delete",
	"backup",
	"restore",
	"recover",
	"purge",
	"release",
	"rotate",
	"getrotationpolicy",
	"setrotationpolicy",
	NULL,
};

static const char *const secrets[] = {
	"get", "list", "set", "delete", "backup", "restore", "recover", "purge", NULL,
};

static const char *const certificates[] = {
	"get",	       "list",	     "delete",	       "create",
	"import",      "update",     "managecontacts", "getissuers",
	"listissuers", "setissuers", "deleteissuers",  "manageissuers",
	"recover",     "purge",	     "backup",	       "restore",
	NULL,
};

static const char *const storage[] = {
	"get",	  "list",    "delete", "set",	  "update", "regeneratekey", "recover", "purge",
	"backup", "restore", "setsas", "listsas", "getsas", "deletesas",     NULL,
};

/* In the order of enum permission_kind, which is that of the members of struct permissions. */
static const struct {
	const char *name;
	const char *const *permissions;
} kinds[PERMISSION_KINDS] = {
	[PERMISSION_KEYS] = {"keys", keys},
	[PERMISSION_SECRETS] = {"secrets", secrets},
	[PERMISSION_CERTIFICATES] = {"certificates", certificates},
	[PERMISSION_STORAGE] = {"storage", storage},
};

void vault_edits_free(struct vault_edits *edits)
{
	if (edits)
		arena_free_all(&edits->arena);
	free(edits);
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->vault_count; i++)
		vault_edits_free(policy->vaults[i].edits);
	arena_free_all(&policy->arena);
	*policy = (struct policy){0};
}

const struct vault *policy_find_vault(const struct policy *policy, const char *name)
{
	return (const struct vault *)names_find(&policy->vault_names, name);
}

/* Of two moments the first that is after `after`; 0 is none. */
static int64_t first_after(int64_t one, int64_t other, int64_t after)
{
	if (other <= after)
		return one;
	return one == 0 || other < one ? other : one;
}

static int64_t first_of_rules(const struct ip_rules *rules, int64_t first, int64_t after)
{
	for (size_t i = 0; i < rules->count; i++)
		first = first_after(first, rules->items[i].entry.expires, after);
	return first;
}

int64_t policy_next_expiry(const struct policy *policy, int64_t after)
{
	int64_t first = 0;

	for (size_t i = 0; i < policy->set_count; i++)
		for (size_t k = 0; k < policy->sets[i].ranges.count; k++)
			first = first_after(first, policy->sets[i].ranges.items[k].expires, after);
	for (size_t i = 0; i < policy->service_count; i++)
		first = first_of_rules(&policy->services[i].ip_rules, first, after);
	for (size_t i = 0; i < policy->vault_count; i++)
		first = first_of_rules(&policy->vaults[i].ip_rules, first, after);
	return first;
}

const char *const *permission_names(enum permission_kind kind)
{
	return kinds[kind].permissions;
}

const char *permission_kind_name(enum permission_kind kind)
{
	return kinds[kind].name;
}

/* Without case, since Azure's own tools disagree: terraform writes WrapKey, the service wrapKey. */
uint32_t permission_bits(enum permission_kind kind, const char *name)
{
	const char *const *names = permission_names(kind);
	bool all = strcasecmp(name, "all") == 0;
	uint32_t bits = 0;

	for (unsigned int i = 0; names[i]; i++)
		if (all || strcasecmp(names[i], name) == 0)
			bits |= UINT32_C(1) << i;
	return bits;
}

uint32_t operation_bits(const char *operation, enum permission_kind *ret_kind)
{
	for (unsigned int kind = 0; kind < PERMISSION_KINDS; kind++) {
		size_t length = strlen(kinds[kind].name);

		if (strncasecmp(operation, kinds[kind].name, length) != 0 ||
		    operation[length] != '/')
			continue;
		*ret_kind = (enum permission_kind)kind;
		return permission_bits((enum permission_kind)kind, operation + length + 1);
	}
	return 0;
}
