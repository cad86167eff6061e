// SPDX-License-Identifier: Apache-2.0
/* Sets of an image: sorted prefixes in leaves of 14; equal sets are shared. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "image_builder.h"

struct image_known_set {
	uint64_t hash;
	size_t leaves;	/* 0: free */
	uint32_t first; /* line */
	uint32_t set;	/* 0: there are no inner nodes yet */
};

#define LINES_AT_FIRST 64

void image_builder_free(struct image_builder *builder)
{
	free(builder->lines);
	free(builder->known);
	*builder = (struct image_builder){.limit = builder->limit};
}

int image_reserve(struct image_builder *builder, size_t count, uint32_t *ret_first)
{
	size_t capacity = builder->capacity ? builder->capacity : LINES_AT_FIRST;
	union image_line *lines;

	if (count > builder->limit || builder->count > builder->limit - count)
		return -ENOSPC;
	while (capacity < builder->count + count)
		capacity *= 2;
	if (capacity != builder->capacity) {
		lines = reallocarray(builder->lines, capacity, sizeof(*lines));
		if (!lines)
			return -ENOMEM;
		builder->lines = lines;
		builder->capacity = capacity;
	}
	memset(builder->lines + builder->count, 0, count * sizeof(*lines));
	*ret_first = (uint32_t)builder->count;
	builder->count += count;
	return 0;
}

/* The prefixes of a normalized set, one after the other. Starts as {.set = ...}. */
struct prefix_walk {
	const struct range_set *set;
	size_t range;
	uint64_t done; /* addresses of that range */
};

struct prefix {
	uint32_t first;
	uint32_t bits; /* that are free */
};

static bool is_over(const struct prefix_walk *walk)
{
	return walk->range == walk->set->count;
}

/* The largest prefix that begins where the walk is, and does not go past the range's end. */
static struct prefix look(const struct prefix_walk *walk)
{
	const struct range *range = &walk->set->items[walk->range];
	uint32_t first = range->first + (uint32_t)walk->done;
	int aligned = first ? __builtin_ctz(first) : 32;
	int fitting = 63 - __builtin_clzll((uint64_t)range->last - first + 1);

	return (struct prefix){first, (uint32_t)(aligned < fitting ? aligned : fitting)};
}

static void step(struct prefix_walk *walk, struct prefix prefix)
{
	const struct range *range = &walk->set->items[walk->range];

	walk->done += UINT64_C(1) << prefix.bits;
	if (walk->done <= range->last - range->first)
		return;
	walk->range++;
	walk->done = 0;
}

/* As many of the next prefixes as go into one leaf. Returns how many; `ret_least`: free bits. */
static size_t take_prefixes(struct prefix_walk *walk, struct prefix taken[IMAGE_PREFIXES],
			    uint32_t *ret_least)
{
	uint32_t least = UINT32_MAX, most = 0;
	size_t count = 0;

	while (count < IMAGE_PREFIXES && !is_over(walk)) {
		const struct prefix prefix = look(walk);
		uint32_t lower = prefix.bits < least ? prefix.bits : least;
		uint32_t upper = prefix.bits > most ? prefix.bits : most;

		if (upper - lower >= IMAGE_LENGTH_SPAN)
			break;
		least = lower;
		most = upper;
		taken[count++] = prefix;
		step(walk, prefix);
	}
	*ret_least = least;
	return count;
}

static struct image_prefixes next_leaf(struct prefix_walk *walk)
{
	struct prefix taken[IMAGE_PREFIXES];
	uint32_t least;
	size_t count = take_prefixes(walk, taken, &least);
	struct image_prefixes leaf = {.lengths = (uint64_t)least << IMAGE_LENGTH_SHIFT};

	for (size_t i = 0; i < count; i++) {
		leaf.first[i] = taken[i].first;
		leaf.lengths |= (uint64_t)(taken[i].bits - least) << i * IMAGE_LENGTH_BITS;
	}
	for (size_t i = count; i < IMAGE_PREFIXES; i++)
		leaf.first[i] = IMAGE_KEY_PAD;
	return leaf;
}

static uint64_t hash_set(const struct range_set *set)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < set->count; i++) {
		hash ^= (uint64_t)set->items[i].first << 32 | set->items[i].last;
		hash *= 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

static bool same_set(const struct image_builder *builder, const struct image_known_set *known,
		     const struct range_set *set, uint64_t hash)
{
	struct prefix_walk walk = {.set = set};

	if (known->hash != hash)
		return false;
	for (size_t i = 0; i < known->leaves; i++) {
		struct image_prefixes leaf;

		if (is_over(&walk))
			return false;
		leaf = next_leaf(&walk);
		if (memcmp(&leaf, &builder->lines[known->first + i], sizeof(leaf)) != 0)
			return false;
	}
	return is_over(&walk);
}

/* The place of a set in the table of known ones: its own, or the free one where it belongs. */
static struct image_known_set *find_known(struct image_builder *builder,
					  const struct range_set *set, uint64_t hash)
{
	size_t mask = builder->known_capacity - 1;
	size_t place = (size_t)hash & mask;

	while (builder->known[place].leaves &&
	       !same_set(builder, &builder->known[place], set, hash))
		place = (place + 1) & mask;
	return &builder->known[place];
}

static int grow_known(struct image_builder *builder)
{
	size_t capacity = builder->known_capacity ? builder->known_capacity * 2 : 64;
	struct image_known_set *known;

	if (builder->known_count * 2 < builder->known_capacity)
		return 0;
	known = calloc(capacity, sizeof(*known));
	if (!known)
		return -ENOMEM;
	for (size_t i = 0; i < builder->known_capacity; i++) {
		size_t place = (size_t)builder->known[i].hash & (capacity - 1);

		if (!builder->known[i].leaves)
			continue;
		while (known[place].leaves)
			place = (place + 1) & (capacity - 1);
		known[place] = builder->known[i];
	}
	free(builder->known);
	builder->known = known;
	builder->known_capacity = capacity;
	return 0;
}

static int add_leaves(struct image_builder *builder, const struct range_set *set,
		      struct image_known_set *known)
{
	struct prefix_walk walk = {.set = set};

	known->first = (uint32_t)builder->count;
	while (!is_over(&walk)) {
		uint32_t line;
		int r = image_reserve(builder, 1, &line);

		if (r)
			return r;
		builder->lines[line].prefixes = next_leaf(&walk);
	}
	known->leaves = builder->count - known->first;
	return 0;
}

/* The leaves of a set that is not empty, laid out now or before. */
static int know_set(struct image_builder *builder, const struct range_set *set,
		    struct image_known_set **ret_known)
{
	struct image_known_set new = {.hash = hash_set(set)};
	int r = grow_known(builder);

	if (r)
		return r;
	*ret_known = find_known(builder, set, new.hash);
	if ((*ret_known)->leaves)
		return 0;
	r = add_leaves(builder, set, &new);
	if (r)
		return r;
	**ret_known = new;
	builder->known_count++;
	return 0;
}

int image_add_set(struct image_builder *builder, const struct range_set *set, uint32_t *ret_set)
{
	struct image_known_set *known;
	int r;

	*ret_set = IMAGE_SET_EMPTY;
	if (!set->count)
		return 0;
	r = know_set(builder, set, &known);
	if (!r && !known->set)
		r = image_add_tree(builder, known->first, known->leaves, &known->set);
	if (!r)
		*ret_set = known->set;
	return r;
}

int image_add_fan(struct image_builder *builder, const struct range_set *set, uint32_t *ret_set,
		  uint32_t ret_keys[IMAGE_CHILDREN - 1])
{
	struct image_known_set *known;
	int r;

	for (size_t i = 0; i < IMAGE_CHILDREN - 1; i++)
		ret_keys[i] = IMAGE_KEY_PAD;
	*ret_set = IMAGE_SET_EMPTY;
	if (!set->count)
		return 0;
	r = know_set(builder, set, &known);
	if (r)
		return r;
	if (known->leaves > IMAGE_CHILDREN)
		return image_add_set(builder, set, ret_set);
	for (size_t i = 1; i < known->leaves; i++)
		ret_keys[i - 1] = builder->lines[known->first + i].prefixes.first[0];
	*ret_set = IMAGE_FANNED(known->first);
	return 0;
}
