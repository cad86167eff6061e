// SPDX-License-Identifier: Apache-2.0
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "cleanup.h"

static size_t count_written(const struct ip_rules *rules)
{
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++)
		count += rules->items[i].set == NULL;
	return count;
}

static size_t count_ranges(const struct policy *policy)
{
	size_t count = count_written(&policy->block);

	for (size_t i = 0; i < policy->set_count; i++)
		count += policy->sets[i].ranges.count;
	for (size_t i = 0; i < policy->service_count; i++)
		count += count_written(&policy->services[i].ip_rules);
	for (size_t i = 0; i < policy->vault_count; i++)
		count += count_written(&policy->vaults[i].ip_rules);
	return count;
}

static size_t count_subnets(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->network_count; i++)
		count += policy->networks[i].subnet_count;
	return count;
}

int rules_read(struct stored *stored, struct rules **ret_rules, struct fault *fault)
{
	cleanup(rules_free) struct rules *rules = calloc(1, sizeof(*rules));
	int r;

	if (!rules)
		return fault_set(fault, -ENOMEM, "no memory for the rules");
	rules->stored = *stored;
	*stored = (struct stored){0};
	r = policy_read(&rules->stored.bundle.rules, time(NULL), &rules->diags, &rules->policy);
	diags_sort(&rules->diags);
	if (r == -EINVAL) {
		(void)fault_set(fault, r, "the rules have %zu error%s", rules->diags.errors,
				rules->diags.errors == 1 ? "" : "s");
		*ret_rules = take_ptr(&rules);
		return r;
	}
	if (r < 0)
		return fault_set(fault, r, "no memory for the rules");
	rules->ranges = count_ranges(&rules->policy);
	rules->subnets = count_subnets(&rules->policy);
	*ret_rules = take_ptr(&rules);
	return 0;
}

void rules_free(struct rules **rules)
{
	if (!*rules)
		return;
	policy_free(&(*rules)->policy);
	diags_clear(&(*rules)->diags);
	stored_free(&(*rules)->stored);
	free(*rules);
	*rules = NULL;
}
