/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ranges.h"

#define DIGIT_BITS 8
#define DIGITS	   5 /* of a key */
#define BUCKETS	   (1U << DIGIT_BITS)

/* Prefixes of each length once, the outermost first: what encloses the place at hand. */
#define DEPTH_MAX 33

/* First address and, behind it, prefix length: a range comes before those that it holds. */
static uint64_t sweep_key(struct range range)
{
	int host_bits = __builtin_popcount(range.first ^ range.last);

	return (uint64_t)range.first << DIGIT_BITS | (uint64_t)(32 - host_bits);
}

static unsigned int digit_of(uint64_t key, unsigned int digit)
{
	return (unsigned int)(key >> (digit * DIGIT_BITS)) & (BUCKETS - 1);
}

static bool is_sorted(const struct range_place *places, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (places[i - 1].key > places[i].key)
			return false;
	return true;
}

/* One pass of the sort; `starts` holds the buckets' sizes and is used up. */
static void distribute(const struct range_place *from, struct range_place *to, size_t count,
		       unsigned int digit, size_t starts[BUCKETS])
{
	size_t sum = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		size_t size = starts[i];

		starts[i] = sum;
		sum += size;
	}
	for (size_t i = 0; i < count; i++)
		to[starts[digit_of(from[i].key, digit)]++] = from[i];
}

/*
 * Radix sort, from the last digit: linear, and equal keys stay in the order in which they were
 * written. Digits that all keys share, as the host parts of many do, cost nothing.
 */
static void places_sort(struct range_place *places, struct range_place *scratch, size_t count)
{
	size_t sizes[DIGITS][BUCKETS] = {0};
	struct range_place *from = places;
	struct range_place *to = scratch;

	for (size_t i = 0; i < count; i++)
		for (unsigned int digit = 0; digit < DIGITS; digit++)
			sizes[digit][digit_of(places[i].key, digit)]++;
	for (unsigned int digit = 0; digit < DIGITS; digit++) {
		struct range_place *sorted = to;

		if (sizes[digit][digit_of(from[0].key, digit)] == count)
			continue;
		distribute(from, to, count, digit, sizes[digit]);
		to = from;
		from = sorted;
	}
	if (from != places)
		memcpy(places, from, count * sizeof(*places));
}

/* Prefixes are nested or disjoint, so whatever is left on the stack encloses the range. */
static size_t pop_left(const struct range_entry *const *stack, size_t depth, struct range range)
{
	while (depth > 0 && stack[depth - 1]->range.last < range.first)
		depth--;
	return depth;
}

/* The outermost that lasts as long as the entry. */
static const struct range_entry *cover_find(const struct range_entry *const *stack, size_t depth,
					    const struct range_entry *entry)
{
	for (size_t i = 0; i < depth; i++)
		if (expiry_covers(stack[i]->expires, entry->expires))
			return stack[i];
	return NULL;
}

size_t range_sweep(struct range_place *places, struct range_place *scratch, size_t count,
		   void (*report)(void *context, const struct range_entry *covered,
				  const struct range_entry *by),
		   void *context)
{
	const struct range_entry *stack[DEPTH_MAX];
	size_t depth = 0;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		places[i].key = sweep_key(places[i].entry->range);
	if (!is_sorted(places, count))
		places_sort(places, scratch, count);
	for (size_t i = 0; i < count; i++) {
		const struct range_entry *entry = places[i].entry;
		const struct range_entry *by = NULL;

		depth = pop_left(stack, depth, entry->range);
		by = cover_find(stack, depth, entry);
		if (by) {
			report(context, entry, by);
			continue;
		}
		/* The same range again, and it lasts longer: then the former is the superfluous
		 * one. */
		if (depth > 0 && stack[depth - 1]->range.first == entry->range.first &&
		    stack[depth - 1]->range.last == entry->range.last) {
			report(context, stack[--depth], entry);
			kept--;
		}
		stack[depth++] = entry;
		places[kept++] = places[i];
	}
	return kept;
}
