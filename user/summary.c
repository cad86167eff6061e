// SPDX-License-Identifier: Apache-2.0
#include "summary.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"

static int compare(const void *left, const void *right)
{
	const struct range *a = left;
	const struct range *b = right;

	return (a->first > b->first) - (a->first < b->first);
}

/* How many separate ranges are left when those that overlap or touch are one. Sorts them. */
static size_t count_merged(struct range *ranges, size_t count)
{
	size_t merged = 0;
	uint64_t end = 0; /* one past the last address of the range at hand */

	qsort(ranges, count, sizeof(*ranges), compare);
	for (size_t i = 0; i < count; i++) {
		merged += !i || ranges[i].first > end;
		if ((uint64_t)ranges[i].last + 1 > end)
			end = (uint64_t)ranges[i].last + 1;
	}
	return merged;
}

static int count_list(const struct range_list *list, size_t *total)
{
	cleanup(free_ptr) struct range *ranges = calloc(list->count + 1, sizeof(*ranges));

	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++)
		ranges[i] = list->items[i].range;
	*total += count_merged(ranges, list->count);
	return 0;
}

/* Only those that stand there: the ranges of a set are counted with the set. */
static int count_rules(const struct ip_rules *rules, size_t *total)
{
	cleanup(free_ptr) struct range *ranges = calloc(rules->count + 1, sizeof(*ranges));
	size_t count = 0;

	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < rules->count; i++)
		if (!rules->items[i].set)
			ranges[count++] = rules->items[i].entry.range;
	*total += count_merged(ranges, count);
	return 0;
}

static int count_ranges(const struct policy *policy, size_t *total)
{
	int ret = count_rules(&policy->block, total);

	for (size_t i = 0; i < policy->set_count && ret == 0; i++)
		ret = count_list(&policy->sets[i].ranges, total);
	for (size_t i = 0; i < policy->service_count && ret == 0; i++)
		ret = count_rules(&policy->services[i].ip_rules, total);
	for (size_t i = 0; i < policy->vault_count && ret == 0; i++)
		ret = count_rules(&policy->vaults[i].ip_rules, total);
	return ret;
}

int policy_summarize(const struct policy *policy, struct policy_summary *ret_summary)
{
	struct policy_summary summary = {
		.vaults = policy->vault_count,
		.ip_sets = policy->set_count,
		.trusted_services = policy->service_count,
	};
	int ret = count_ranges(policy, &summary.ranges);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < policy->vault_count; i++)
		summary.frontends += policy->vaults[i].frontend_count;
	for (size_t i = 0; i < policy->network_count; i++)
		summary.subnets += policy->networks[i].subnet_count;
	*ret_summary = summary;
	return 0;
}
