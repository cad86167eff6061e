// SPDX-License-Identifier: Apache-2.0
#include "policy_diff.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "policy_compare.h"

const char *const vault_aspect_labels[VAULT_ASPECT_COUNT] = {
#define X(name, label) [VAULT_##name] = (label),
	VAULT_ASPECTS(X)
#undef X
};

const char *const shared_aspect_labels[SHARED_ASPECT_COUNT] = {
#define X(name, label) [SHARED_##name] = (label),
	SHARED_ASPECTS(X)
#undef X
};

static void add_change(struct policy_diff *diff, enum vault_fate fate, const struct vault *vault,
		       uint32_t aspects)
{
	diff->items[diff->count++] = (struct vault_change){fate, vault->name, aspects};
}

static void compare_all(struct comparison *comparison, struct policy_diff *diff)
{
	const struct policy *before = comparison->before, *after = comparison->after;

	for (size_t i = 0; i < after->vault_count; i++) {
		const struct vault *new = &after->vaults[i];
		const struct vault *old = policy_find_vault(before, new->name);
		uint32_t aspects = old ? comparison_vaults(comparison, old, new) : 0;

		if (!old)
			add_change(diff, VAULT_ADDED, new, 0);
		else if (aspects)
			add_change(diff, VAULT_CHANGED, new, aspects);
	}
	for (size_t i = 0; i < before->vault_count; i++)
		if (!policy_find_vault(after, before->vaults[i].name))
			add_change(diff, VAULT_REMOVED, &before->vaults[i], 0);
	diff->shared = comparison_shared(comparison);
}

int policy_diff_make(const struct policy *before, const struct policy *after,
		     struct policy_diff *ret_diff)
{
	static const struct policy nothing;
	cleanup(comparison_close) struct comparison comparison = {0};
	cleanup(policy_diff_free) struct policy_diff diff = {0};
	int r;

	if (!before)
		before = &nothing;
	diff.items = calloc(before->vault_count + after->vault_count + 1, sizeof(*diff.items));
	if (!diff.items)
		return -ENOMEM;
	r = comparison_open(before, after, &comparison);
	if (r < 0)
		return r;
	compare_all(&comparison, &diff);
	if (comparison.error < 0)
		return comparison.error;
	*ret_diff = diff;
	diff = (struct policy_diff){0};
	return 0;
}

void policy_diff_free(struct policy_diff *diff)
{
	free(diff->items);
	*diff = (struct policy_diff){0};
}
