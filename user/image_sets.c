// SPDX-License-Identifier: Apache-2.0
/* Sets of an image: sorted boundaries in leaves of 16; equal sets are shared. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "image_builder.h"

struct image_known_set {
	uint64_t hash;
	size_t boundaries; /* 0: free */
	uint32_t set;
	uint32_t leaves; /* line of the first */
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

/* Boundary number i of a normalized set; the one past 255.255.255.255 does not exist. */
static uint32_t boundary(const struct range_set *set, size_t i)
{
	return i % 2 ? set->items[i / 2].last + 1 : set->items[i / 2].first;
}

static size_t boundary_count(const struct range_set *set)
{
	size_t count = set->count * 2;

	return count && set->items[set->count - 1].last == UINT32_MAX ? count - 1 : count;
}

static int add_leaves(struct image_builder *builder, size_t boundaries, uint32_t *ret_leaves)
{
	return image_reserve(builder, (boundaries + IMAGE_NODE_KEYS - 1) / IMAGE_NODE_KEYS,
			     ret_leaves);
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
	if (known->hash != hash || known->boundaries != boundary_count(set))
		return false;
	for (size_t i = 0; i < known->boundaries; i++) {
		size_t line = known->leaves + i / IMAGE_NODE_KEYS;

		if (builder->lines[line].node.keys[i % IMAGE_NODE_KEYS] != boundary(set, i))
			return false;
	}
	return true;
}

/* The place of a set in the table of known ones: its own, or the free one where it belongs. */
static struct image_known_set *find_known(struct image_builder *builder,
					  const struct range_set *set, uint64_t hash)
{
	size_t mask = builder->known_capacity - 1;
	size_t place = (size_t)hash & mask;

	while (builder->known[place].boundaries &&
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

		if (!builder->known[i].boundaries)
			continue;
		while (known[place].boundaries)
			place = (place + 1) & (capacity - 1);
		known[place] = builder->known[i];
	}
	free(builder->known);
	builder->known = known;
	builder->known_capacity = capacity;
	return 0;
}

static void fill_leaves(union image_line *leaves, const struct range_set *set, size_t boundaries)
{
	for (size_t i = 0; i < boundaries; i++)
		leaves[i / IMAGE_NODE_KEYS].node.keys[i % IMAGE_NODE_KEYS] = boundary(set, i);
	if (boundaries % IMAGE_NODE_KEYS)
		image_pad(&leaves[boundaries / IMAGE_NODE_KEYS], boundaries % IMAGE_NODE_KEYS);
}

int image_add_set(struct image_builder *builder, const struct range_set *set, uint32_t *ret_set)
{
	size_t boundaries = boundary_count(set);
	uint64_t hash = hash_set(set);
	struct image_known_set *known;
	uint32_t leaves, number;
	int r;

	if (!boundaries) {
		*ret_set = IMAGE_SET_EMPTY;
		return 0;
	}
	r = grow_known(builder);
	if (r)
		return r;
	known = find_known(builder, set, hash);
	if (known->boundaries) {
		*ret_set = known->set;
		return 0;
	}
	r = add_leaves(builder, boundaries, &leaves);
	if (r)
		return r;
	fill_leaves(builder->lines + leaves, set, boundaries);
	r = image_add_tree(builder, leaves, builder->count - leaves, &number);
	if (r)
		return r;
	*known = (struct image_known_set){hash, boundaries, number, leaves};
	builder->known_count++;
	*ret_set = number;
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
	struct image_timed timed = {0};
	int r = add_leaves(builder, parts, &timed.leaves);

	if (r)
		return r;
	for (size_t i = 0; i < parts; i++)
		builder->lines[timed.leaves + i / IMAGE_NODE_KEYS].node.keys[i % IMAGE_NODE_KEYS] =
			points[i];
	if (parts % IMAGE_NODE_KEYS)
		image_pad(&builder->lines[timed.leaves + parts / IMAGE_NODE_KEYS],
			  parts % IMAGE_NODE_KEYS);
	r = image_add_tree(builder, timed.leaves, builder->count - timed.leaves, &timed.set);
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
