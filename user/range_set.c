// SPDX-License-Identifier: Apache-2.0
#include "range_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define RADIX_BITS	 11
#define RADIX_SIZE	 (1U << RADIX_BITS)
#define RADIX_PASSES	 3
#define RADIX_WORTHWHILE 512 /* ranges; below, a shell sort is quicker */

void range_set_free(struct range_set *set)
{
	free(set->items);
	*set = (struct range_set){0};
}

static int range_set_reserve(struct range_set *set, size_t more)
{
	size_t capacity = set->capacity ? set->capacity : 16;
	struct range *items;

	if (set->count + more <= set->capacity)
		return 0;
	while (capacity < set->count + more)
		capacity *= 2;
	items = reallocarray(set->items, capacity, sizeof(*items));
	if (!items)
		return -ENOMEM;
	set->items = items;
	set->capacity = capacity;
	return 0;
}

int range_set_add(struct range_set *set, struct range range)
{
	if (range_set_reserve(set, 1))
		return -ENOMEM;
	set->items[set->count++] = range;
	return 0;
}

int range_set_add_all(struct range_set *set, const struct range_set *other)
{
	if (!other->count)
		return 0;
	if (range_set_reserve(set, other->count))
		return -ENOMEM;
	memcpy(set->items + set->count, other->items, other->count * sizeof(*other->items));
	set->count += other->count;
	return 0;
}

/* Where lists are short, half of what qsort() takes is calling its comparison. */
static void shell_sort(struct range_set *set)
{
	static const size_t gaps[] = {301, 132, 57, 23, 10, 4, 1}; /* M. Ciura, 2001 */

	for (size_t g = 0; g < sizeof(gaps) / sizeof(*gaps); g++) {
		for (size_t i = gaps[g]; i < set->count; i++) {
			struct range range = set->items[i];
			size_t at = i;

			for (; at >= gaps[g] && set->items[at - gaps[g]].first > range.first;
			     at -= gaps[g])
				set->items[at] = set->items[at - gaps[g]];
			set->items[at] = range;
		}
	}
}

/* One pass of a radix sort by the first addresses, from one buffer to the other. */
static void radix_pass(const struct range *from, struct range *to, size_t count, unsigned shift)
{
	size_t places[RADIX_SIZE] = {0};
	size_t place = 0;

	for (size_t i = 0; i < count; i++)
		places[from[i].first >> shift & (RADIX_SIZE - 1)]++;
	for (size_t digit = 0; digit < RADIX_SIZE; digit++) {
		size_t here = places[digit];

		places[digit] = place;
		place += here;
	}
	for (size_t i = 0; i < count; i++)
		to[places[from[i].first >> shift & (RADIX_SIZE - 1)]++] = from[i];
}

static int radix_sort(struct range_set *set)
{
	cleanup(free_ptr) struct range *spare = reallocarray(NULL, set->capacity, sizeof(*spare));
	struct range *other;

	if (!spare)
		return -ENOMEM;
	for (unsigned pass = 0; pass < RADIX_PASSES; pass++) {
		radix_pass(set->items, spare, set->count, pass * RADIX_BITS);
		other = set->items;
		set->items = spare;
		spare = other;
	}
	return 0;
}

static bool is_sorted(const struct range_set *set)
{
	for (size_t i = 1; i < set->count; i++)
		if (set->items[i].first < set->items[i - 1].first)
			return false;
	return true;
}

static void merge(struct range_set *set)
{
	size_t kept = 0;

	for (size_t i = 1; i < set->count; i++) {
		struct range *last = &set->items[kept];
		struct range next = set->items[i];

		if (last->last == UINT32_MAX || next.first <= last->last + 1) {
			if (next.last > last->last)
				last->last = next.last;
		} else {
			set->items[++kept] = next;
		}
	}
	if (set->count)
		set->count = kept + 1;
}

int range_set_normalize(struct range_set *set)
{
	if (!is_sorted(set)) {
		if (set->count < RADIX_WORTHWHILE)
			shell_sort(set);
		else if (radix_sort(set))
			return -ENOMEM;
	}
	merge(set);
	return 0;
}

/* The first range of a normalized set that does not end before `address`. */
static size_t first_from(const struct range_set *set, uint32_t address)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->items[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool range_set_contains(const struct range_set *set, uint32_t address)
{
	size_t place = first_from(set, address);

	return place < set->count && set->items[place].first <= address;
}
