/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges that other ranges make superfluous, and rules that are past their expiry. A set is swept
 * once; what is left of it is then searched for each range of the lists that name it. So the cost
 * is n log n, however many vaults share a large set.
 */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "policy_read.h"
#include "scalar.h"

/* A set's ranges, sorted and disjoint: sets have no expiries, so nothing else is left. */
struct set_index {
	struct range_place *places;
	size_t count;
	size_t list;		    /* the last list that named it, */
	const struct ip_rule *rule; /* and the rule that did */
};

struct range_checker {
	struct policy_reader *reader;
	struct set_index *sets; /* parallel to policy->sets */
	struct range_place *places;
	struct range_place *scratch;
	size_t list; /* number of the list at hand, from 1 */
};

/* What the sweep of one list needs for its messages. */
struct sweep_context {
	struct range_checker *checker;
	struct range_reader ranges;
};

static void covered_report(void *context, const struct range_entry *covered,
			   const struct range_entry *by)
{
	range_covered(&((struct sweep_context *)context)->ranges, covered, by, NULL);
}

static void set_sweep(struct range_checker *checker, const struct ip_set *set,
		      struct set_index *index)
{
	struct policy_reader *reader = checker->reader;
	struct sweep_context context = {checker, policy_range_reader(reader, "")};
	struct position end = set->at;

	if (set->ranges.count == 0)
		return;
	if (set->ranges.items[0].at.file > 0)
		end = (struct position){.line = 1, .column = 1, set->ranges.items[0].at.file};
	index->places = (struct range_place *)arena_alloc(
		&reader->scratch, set->ranges.count * sizeof(*index->places));
	if (!index->places) {
		reader->schema.out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < set->ranges.count; i++)
		index->places[i].entry = &set->ranges.items[i];
	index->count = range_sweep(index->places, checker->scratch, set->ranges.count,
				   covered_report, &context);
	range_reader_end(&context.ranges, end);
}

/* The range of a set that holds this one; NULL if none does. */
static const struct range_entry *set_search(const struct set_index *index, struct range range)
{
	const struct range_entry *entry = NULL;
	size_t low = 0;
	size_t high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->places[middle].entry->range.first <= range.first)
			low = middle + 1;
		else
			high = middle;
	}
	entry = low > 0 ? index->places[low - 1].entry : NULL;
	return entry && entry->range.last >= range.last ? entry : NULL;
}

static struct set_index *set_index_of(struct range_checker *checker, const struct ip_set *set)
{
	return &checker->sets[set - checker->reader->policy->sets];
}

/* Notes which sets the list names, and warns of those that it names twice. */
static void sets_note(struct sweep_context *context, const struct ip_rules *rules)
{
	struct range_checker *checker = context->checker;
	struct policy_reader *reader = checker->reader;

	for (size_t i = 0; i < rules->count; i++) {
		const struct ip_rule *rule = &rules->items[i];
		struct set_index *index = NULL;

		if (!rule->set)
			continue;
		index = set_index_of(checker, rule->set);
		if (index->list == checker->list &&
		    expiry_covers(index->rule->entry.expires, rule->entry.expires)) {
			if (range_doubt(&context->ranges, DOUBT_COVERED))
				policy_diag(reader, DIAG_WARNING, rule->entry.at,
					    "'set:%s' is listed twice, first on line %u",
					    rule->set->name, index->rule->entry.at.line);
			continue;
		}
		index->list = checker->list;
		index->rule = rule;
	}
}

/* Compares what a list says itself with one set that it names. */
static void set_compare(struct sweep_context *context, const struct ip_rule *set_rule,
			const struct range_place *places, size_t count)
{
	const struct set_index *index = set_index_of(context->checker, set_rule->set);

	/* Only the rule that names the set for the longest time is compared. */
	if (index->rule != set_rule)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct range_entry *entry = places[i].entry;
		const struct range_entry *by = set_search(index, entry->range);

		if (by && expiry_covers(set_rule->entry.expires, entry->expires))
			range_covered(&context->ranges, entry, by, set_rule->set->name);
	}
}

void policy_warn_expired(struct policy_reader *reader, struct range_reader *ranges,
			 const struct range_entry *entry)
{
	char time[TIME_TEXT];

	if (entry->expires == 0 || entry->expires > reader->now ||
	    !range_doubt(ranges, DOUBT_EXPIRED))
		return;
	time_format(entry->expires, time);
	policy_diag(reader, DIAG_WARNING, entry->at, "this rule expired at %s and matches nothing",
		    time);
}

static void rules_check(struct range_checker *checker, const struct ip_rules *rules)
{
	struct sweep_context context = {checker, policy_range_reader(checker->reader, "")};
	size_t count = 0;

	if (rules->count == 0)
		return;
	checker->list++;
	for (size_t i = 0; i < rules->count; i++) {
		const struct ip_rule *rule = &rules->items[i];

		policy_warn_expired(checker->reader, &context.ranges, &rule->entry);
		if (!rule->set)
			checker->places[count++].entry = &rule->entry;
	}
	/* What the list says twice itself is not told once more for its sets. */
	count = range_sweep(checker->places, checker->scratch, count, covered_report, &context);
	if (checker->sets)
		sets_note(&context, rules);
	for (size_t i = 0; i < rules->count && count > 0; i++)
		if (rules->items[i].set)
			set_compare(&context, &rules->items[i], checker->places, count);
	range_reader_end(&context.ranges, rules->items[0].entry.at);
}

/* Subnets of one network that overlap: legal, yet a rule for one then admits part of the other. */
static void subnets_check(struct range_checker *checker, const struct virtual_network *network)
{
	struct policy_reader *reader = checker->reader;
	struct sweep_context context = {checker, policy_range_reader(reader, "")};
	struct range_entry *entries = (struct range_entry *)arena_alloc(
		&reader->scratch, network->subnet_count * sizeof(*entries));

	if (!entries) {
		reader->schema.out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < network->subnet_count; i++) {
		const struct subnet *subnet = &network->subnets[i];

		entries[i] = (struct range_entry){.range = subnet->prefix, .at = subnet->at};
		checker->places[i].entry = &entries[i];
	}
	(void)range_sweep(checker->places, checker->scratch, network->subnet_count, covered_report,
			  &context);
	range_reader_end(&context.ranges, network->at);
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* The length of the longest list. */
static size_t list_max(const struct policy *policy)
{
	size_t most = policy->block.count;

	for (size_t i = 0; i < policy->set_count; i++)
		most = larger(most, policy->sets[i].ranges.count);
	for (size_t i = 0; i < policy->network_count; i++)
		most = larger(most, policy->networks[i].subnet_count);
	for (size_t i = 0; i < policy->service_count; i++)
		most = larger(most, policy->services[i].ip_rules.count);
	for (size_t i = 0; i < policy->vault_count; i++)
		most = larger(most, policy->vaults[i].ip_rules.count);
	return most;
}

static void lists_check(struct range_checker *checker)
{
	const struct policy *policy = checker->reader->policy;

	for (size_t i = 0; i < policy->set_count; i++)
		set_sweep(checker, &policy->sets[i], &checker->sets[i]);
	for (size_t i = 0; i < policy->network_count; i++)
		subnets_check(checker, &policy->networks[i]);
	rules_check(checker, &policy->block);
	for (size_t i = 0; i < policy->service_count; i++)
		rules_check(checker, &policy->services[i].ip_rules);
	for (size_t i = 0; i < policy->vault_count; i++)
		rules_check(checker, &policy->vaults[i].ip_rules);
}

void policy_check_ranges(struct policy_reader *reader)
{
	size_t most = list_max(reader->policy) + 1;
	cleanup(free_ptr) struct range_place *places =
		(struct range_place *)calloc(most, sizeof(*places));
	cleanup(free_ptr) struct range_place *scratch =
		(struct range_place *)calloc(most, sizeof(*scratch));
	struct range_checker checker = {
		.reader = reader,
		.sets = (struct set_index *)arena_alloc(
			&reader->scratch, reader->policy->set_count * sizeof(struct set_index)),
		.places = places,
		.scratch = scratch,
	};

	if (places && scratch && checker.sets)
		lists_check(&checker);
	else
		reader->schema.out_of_memory = true;
}
