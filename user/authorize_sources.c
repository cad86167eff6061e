/* SPDX-License-Identifier: Apache-2.0 */
#include "authorize_sources.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"

static int compare_places(const void *left, const void *right)
{
	const struct range a = ((const struct source_place *)left)->entry->range;
	const struct range b = ((const struct source_place *)right)->entry->range;

	if (a.first != b.first)
		return a.first < b.first ? -1 : 1;
	return (a.last < b.last) - (a.last > b.last);
}

/* Walks outwards from the place before, to the first that is around this one. */
static uint32_t find_around(const struct source_list *list, size_t place)
{
	uint32_t first = list->places[place].entry->range.first;
	uint32_t around = (uint32_t)place; /* index + 1 of the one before */

	while (around && list->places[around - 1].entry->range.last < first)
		around = list->places[around - 1].around;
	return around;
}

/* The entries are in place; puts them in order. */
static void list_arrange(struct source_list *list)
{
	if (list->count > 0)
		qsort(list->places, list->count, sizeof(*list->places), compare_places);
	for (size_t i = 0; i < list->count; i++)
		list->places[i].around = find_around(list, i);
}

static struct source_place *make_places(size_t count)
{
	return count < UINT32_MAX ? calloc(count + 1, sizeof(struct source_place)) : NULL;
}

/* Fills a list that has room. */
static void list_fill(struct source_list *list, const struct range_list *ranges)
{
	for (size_t i = 0; i < ranges->count; i++)
		list->places[list->count++].entry = &ranges->items[i];
	list_arrange(list);
}

int source_list_make(const struct range_list *ranges, struct source_list *ret_list)
{
	struct source_list list = {.places = make_places(ranges->count)};

	if (!list.places)
		return -ENOMEM;
	list_fill(&list, ranges);
	*ret_list = list;
	return 0;
}

int source_rules_make(const struct ip_rules *written, const struct source_sets *sets,
		      struct source_rules *ret_rules)
{
	cleanup(source_rules_free) struct source_rules rules = {
		.own.places = make_places(written->count),
		.references = calloc(written->count + 1, sizeof(*rules.references)),
	};

	if (!rules.references || !rules.own.places)
		return -ENOMEM;
	for (size_t i = 0; i < written->count; i++) {
		const struct ip_rule *rule = &written->items[i];

		if (rule->set)
			rules.references[rules.reference_count++] = (struct source_reference){
				rule, &sets->lists[rule->set - sets->policy->sets]};
		else
			rules.own.places[rules.own.count++].entry = &rule->entry;
	}
	list_arrange(&rules.own);
	*ret_rules = rules;
	rules = (struct source_rules){0};
	return 0;
}

int source_sets_make(const struct policy *policy, struct source_sets *ret_sets)
{
	cleanup(source_sets_free) struct source_sets sets = {.policy = policy};
	struct source_place *next = NULL;
	size_t count = 0;

	for (size_t i = 0; i < policy->set_count; i++)
		count += policy->sets[i].ranges.count;
	sets.lists = calloc(policy->set_count + 1, sizeof(*sets.lists));
	sets.places = make_places(count);
	if (!sets.lists || !sets.places)
		return -ENOMEM;
	next = sets.places;
	for (size_t i = 0; i < policy->set_count; i++) {
		sets.lists[i].places = next;
		list_fill(&sets.lists[i], &policy->sets[i].ranges);
		next += sets.lists[i].count;
	}
	*ret_sets = sets;
	sets = (struct source_sets){0};
	return 0;
}

void source_list_free(struct source_list *list)
{
	free(list->places);
	*list = (struct source_list){0};
}

void source_rules_free(struct source_rules *rules)
{
	source_list_free(&rules->own);
	free(rules->references);
	*rules = (struct source_rules){0};
}

void source_sets_free(struct source_sets *sets)
{
	free(sets->lists);
	free(sets->places);
	*sets = (struct source_sets){0};
}

static bool is_over(int64_t expires, int64_t now)
{
	return expires != 0 && now >= expires;
}

/* Index + 1 of the last place that begins at the address or before. */
static uint32_t find_before(const struct source_list *list, uint32_t address)
{
	size_t from = 0;
	size_t to = list->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (list->places[middle].entry->range.first <= address)
			from = middle + 1;
		else
			to = middle;
	}
	return (uint32_t)from;
}

const struct range_entry *source_list_find(const struct source_list *list, uint32_t address,
					   int64_t now)
{
	uint32_t place = address == UINT32_MAX ? 0 : find_before(list, address);

	while (place) {
		const struct range_entry *entry = list->places[place - 1].entry;

		if (address <= entry->range.last && !is_over(entry->expires, now))
			return entry;
		place = list->places[place - 1].around;
	}
	return NULL;
}

const struct range_entry *source_rules_find(const struct source_rules *rules, uint32_t address,
					    int64_t now)
{
	const struct range_entry *entry = source_list_find(&rules->own, address, now);

	for (size_t i = 0; i < rules->reference_count && !entry; i++)
		if (!is_over(rules->references[i].rule->entry.expires, now))
			entry = source_list_find(rules->references[i].list, address, now);
	return entry;
}
