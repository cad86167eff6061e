// SPDX-License-Identifier: Apache-2.0
/* Sets of an image: sorted prefixes in leaves of 14, or timed parts; equal sets are shared. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "image_builder.h"

struct image_known_set {
	uint64_t hash;
	size_t leaves;	/* 0: free */
	uint32_t first; /* line */
	uint32_t set;
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

static int lay_out(struct image_builder *builder, const struct range_set *set,
		   struct image_known_set *known)
{
	struct prefix_walk walk = {.set = set};
	int r = 0;

	known->first = (uint32_t)builder->count;
	while (!is_over(&walk) && !r) {
		uint32_t line;

		r = image_reserve(builder, 1, &line);
		if (!r)
			builder->lines[line].prefixes = next_leaf(&walk);
	}
	known->leaves = builder->count - known->first;
	return r ? r : image_add_tree(builder, known->first, known->leaves, &known->set);
}

int image_add_set(struct image_builder *builder, const struct range_set *set, uint32_t *ret_set)
{
	struct image_known_set new = {.hash = hash_set(set)};
	struct image_known_set *known;
	int r;

	if (!set->count) {
		*ret_set = IMAGE_SET_EMPTY;
		return 0;
	}
	r = grow_known(builder);
	if (r)
		return r;
	known = find_known(builder, set, new.hash);
	if (!known->leaves) {
		r = lay_out(builder, set, &new);
		if (r)
			return r;
		*known = new;
		builder->known_count++;
	}
	*ret_set = known->set;
	return 0;
}

static int compare_until_descending(const void *left, const void *right)
{
	uint64_t a = ((const struct timed_range *)left)->until;
	uint64_t b = ((const struct timed_range *)right)->until;

	return (a < b) - (a > b);
}

static int compare_points(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* The distinct places where a range begins or has ended, ascending. Returns how many. */
static size_t collect_points(const struct timed_range *ranges, size_t count, uint32_t *points)
{
	size_t used = 0, kept = 0;

	for (size_t i = 0; i < count; i++) {
		points[used++] = ranges[i].range.first;
		if (ranges[i].range.last != UINT32_MAX)
			points[used++] = ranges[i].range.last + 1;
	}
	qsort(points, used, sizeof(*points), compare_points);
	for (size_t i = 0; i < used; i++)
		if (!kept || points[i] != points[kept - 1])
			points[kept++] = points[i];
	return kept;
}

static size_t point_at(const uint32_t *points, size_t count, uint32_t address)
{
	const uint32_t *found = bsearch(&address, points, count, sizeof(*points), compare_points);

	return found ? (size_t)(found - points) : count;
}

/* The next part at or after `part` that has no end yet; paths are shortened on the way. */
static size_t next_open(size_t *next, size_t part)
{
	while (next[part] != part) {
		next[part] = next[next[part]];
		part = next[part];
	}
	return part;
}

/* Gives each part its end: the latest ranges first, each filling what is still open. */
static int fill_ends(struct timed_range *ranges, size_t count, const uint32_t *points, size_t parts,
		     uint64_t *until)
{
	cleanup(free_ptr) size_t *next = reallocarray(NULL, parts + 1, sizeof(*next));

	if (!next)
		return -ENOMEM;
	for (size_t i = 0; i <= parts; i++)
		next[i] = i;
	qsort(ranges, count, sizeof(*ranges), compare_until_descending);
	for (size_t i = 0; i < count; i++) {
		struct range range = ranges[i].range;
		size_t end =
			range.last == UINT32_MAX ? parts : point_at(points, parts, range.last + 1);
		size_t part = next_open(next, point_at(points, parts, range.first));

		while (part < end) {
			until[part] = ranges[i].until;
			next[part] = part + 1;
			part = next_open(next, part);
		}
	}
	return 0;
}

static int lay_out_timed(struct image_builder *builder, const uint32_t *points, size_t parts,
			 const uint64_t *until, struct image_timed *ret_timed)
{
	size_t lines = (parts + IMAGE_NODE_KEYS - 1) / IMAGE_NODE_KEYS;
	struct image_timed timed = {0};
	int r = image_reserve(builder, lines, &timed.leaves);

	if (r)
		return r;
	for (size_t i = 0; i < parts; i++)
		builder->lines[timed.leaves + i / IMAGE_NODE_KEYS].node.keys[i % IMAGE_NODE_KEYS] =
			points[i];
	if (parts % IMAGE_NODE_KEYS)
		image_pad(&builder->lines[timed.leaves + parts / IMAGE_NODE_KEYS],
			  parts % IMAGE_NODE_KEYS);
	r = image_add_tree(builder, timed.leaves, lines, &timed.set);
	if (r)
		return r;
	r = image_reserve(builder, parts / 8 + 1, &timed.expiries);
	if (r)
		return r;
	for (size_t i = 0; i < parts; i++) /* part i begins at boundary number i + 1 */
		builder->lines[timed.expiries + (i + 1) / 8].expiries.until[(i + 1) % 8] = until[i];
	*ret_timed = timed;
	return 0;
}

int image_add_timed(struct image_builder *builder, struct timed_range *ranges, size_t count,
		    struct image_timed *ret_timed)
{
	cleanup(free_ptr) uint32_t *points = reallocarray(NULL, count * 2 + 1, sizeof(*points));
	cleanup(free_ptr) uint64_t *until = calloc(count * 2 + 1, sizeof(*until));
	size_t parts;
	int r;

	*ret_timed = (struct image_timed){0};
	if (!points || !until)
		return -ENOMEM;
	if (!count)
		return 0;
	parts = collect_points(ranges, count, points);
	r = fill_ends(ranges, count, points, parts, until);
	return r ? r : lay_out_timed(builder, points, parts, until, ret_timed);
}
