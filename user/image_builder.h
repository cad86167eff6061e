/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lays out lines, sets and tables of an image. Knows the layout of image.h and no
 * rules; `compile` knows the rules and no layout.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "range_set.h"

struct image_known_set; /* a set that is laid out already */

/* Starts as {.limit = ...}, ends with image_builder_free(). */
struct image_builder {
	union image_line *lines;
	size_t count;
	size_t capacity;
	size_t limit;		       /* lines */
	struct image_known_set *known; /* hash table by content */
	size_t known_count;
	size_t known_capacity;
};

void image_builder_free(struct image_builder *builder);

/* Room for `count` zeroed lines in a row. 0, -ENOMEM, or -ENOSPC past the limit. */
int image_reserve(struct image_builder *builder, size_t count, uint32_t *ret_first);

/* Fills a node from a key on with what stands for none. */
void image_pad(union image_line *line, size_t from);

/* Inner nodes over `count` leaves that begin at line `leaves`: the set that they are. */
int image_add_tree(struct image_builder *builder, uint32_t leaves, size_t count, uint32_t *ret_set);

/* A guard that says where a normalized set may hold something; 0 if it holds nothing. */
int image_add_guard(struct image_builder *builder, const struct range_set *set,
		    uint32_t *ret_guard);

/* Lays out a normalized set, or finds the same one laid out before. */
int image_add_set(struct image_builder *builder, const struct range_set *set, uint32_t *ret_set);

/*
 * The same for the rules of a frontend, whose line has the inner node over so few leaves
 * that they need one; `ret_keys` are that node's. *ret_set is for a target only.
 */
int image_add_fan(struct image_builder *builder, const struct range_set *set, uint32_t *ret_set,
		  uint32_t ret_keys[IMAGE_CHILDREN - 1]);

/* A set whose parts end: `until` in seconds since the epoch. */
struct timed_range {
	struct range range;
	uint64_t until;
};

/* Where ranges overlap, the latest end counts. Reorders `ranges`. */
int image_add_timed(struct image_builder *builder, struct timed_range *ranges, size_t count,
		    struct image_timed *ret_timed);

/* Tables: entries of distinct keys. */
int image_add_table4(struct image_builder *builder, const struct image_frontend4 *entries,
		     size_t count, struct image_table *ret_table);
int image_add_table6(struct image_builder *builder, const struct image_frontend6 *entries,
		     size_t count, struct image_table *ret_table);
int image_add_tags(struct image_builder *builder, const struct image_tag *entries, size_t count,
		   struct image_table *ret_table);
