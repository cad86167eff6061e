// SPDX-License-Identifier: Apache-2.0
/* Sets of which each part ends at a time of its own: where parts begin, in leaves of 16. */
#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "image_builder.h"

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
