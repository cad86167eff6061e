// SPDX-License-Identifier: Apache-2.0
#include "compile_rules.h"

#include <errno.h>
#include <stdlib.h>

static int add_timed(struct timed_ranges *timed, struct range range, int64_t expires)
{
	struct timed_range *items = timed->items;

	if (timed->count == timed->capacity) {
		size_t capacity = timed->capacity ? timed->capacity * 2 : 16;

		items = reallocarray(items, capacity, sizeof(*items));
		if (!items)
			return -ENOMEM;
		timed->items = items;
		timed->capacity = capacity;
	}
	items[timed->count++] = (struct timed_range){range, expires > 0 ? (uint64_t)expires : 0};
	return 0;
}

void timed_ranges_free(struct timed_ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct timed_ranges){0};
}

/* The earlier of two ends, of which 0 is none. */
static int64_t earlier(int64_t a, int64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* The entries of a set that end, by themselves or because the rule that names the set does. */
static int add_set_timed(const struct ip_set *set, int64_t expires, struct timed_ranges *timed)
{
	for (size_t i = 0; i < set->ranges.count; i++) {
		const struct range_entry *entry = &set->ranges.items[i];
		int64_t end = earlier(entry->expires, expires);

		if (end && add_timed(timed, entry->range, end))
			return -ENOMEM;
	}
	return 0;
}

static int add_rule(const struct compile_rules *rules, const struct ip_rule *rule,
		    struct range_set *lasting, struct timed_ranges *timed)
{
	const struct range_entry *entry = &rule->entry;

	if (!rule->set)
		return entry->expires ? add_timed(timed, entry->range, entry->expires)
				      : range_set_add(lasting, entry->range);
	if (add_set_timed(rule->set, entry->expires, timed))
		return -ENOMEM;
	if (entry->expires)
		return 0;
	return range_set_add_all(lasting, &rules->sets[rule->set - rules->policy->sets]);
}

int compile_ip_rules(const struct compile_rules *rules, const struct ip_rules *list,
		     struct range_set *lasting, struct timed_ranges *timed)
{
	for (size_t i = 0; i < list->count; i++)
		if (add_rule(rules, &list->items[i], lasting, timed))
			return -ENOMEM;
	return 0;
}

static int add_entries(struct range_set *set, const struct range_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].expires && range_set_add(set, list->items[i].range))
			return -ENOMEM;
	return range_set_normalize(set);
}

/* The block list does not expire: the reader of the rules refuses an expiry there. */
static int prepare_block(struct compile_rules *rules)
{
	struct timed_ranges none = {0};
	int r = compile_ip_rules(rules, &rules->policy->block, &rules->block, &none);

	for (size_t i = 0; i < none.count && !r; i++)
		r = range_set_add(&rules->block, none.items[i].range);
	timed_ranges_free(&none);
	return r ? r : range_set_normalize(&rules->block);
}

int compile_rules_prepare(struct compile_rules *rules, const struct policy *policy,
			  const struct node *node)
{
	int r;

	rules->policy = policy;
	rules->sets = calloc(policy->set_count + 1, sizeof(*rules->sets));
	if (!rules->sets)
		return -ENOMEM;
	for (size_t i = 0; i < policy->set_count; i++)
		if (add_entries(&rules->sets[i], &policy->sets[i].ranges))
			return -ENOMEM;
	r = prepare_block(rules);
	if (!r)
		r = add_entries(&rules->failsafe, &node->failsafe);
	if (!r)
		r = range_set_add_all(&rules->guarded, &rules->block);
	if (!r)
		r = range_set_add_all(&rules->guarded, &rules->failsafe);
	return r ? r : range_set_normalize(&rules->guarded);
}

void compile_rules_free(struct compile_rules *rules)
{
	for (size_t i = 0; rules->sets && i < rules->policy->set_count; i++)
		range_set_free(&rules->sets[i]);
	free(rules->sets);
	range_set_free(&rules->block);
	range_set_free(&rules->failsafe);
	range_set_free(&rules->guarded);
	*rules = (struct compile_rules){0};
}
