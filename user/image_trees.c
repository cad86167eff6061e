// SPDX-License-Identifier: Apache-2.0
/*
 * Inner nodes of sets: several roots in a row, chosen by an address's top bits, and
 * as few levels below them as that makes possible.
 */
#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "image_builder.h"

#define ADDRESS_BITS	   32U
#define LEAVES_FOR_A_ROOT  4U  /* so many on average, or roots would take too much room */
#define GUARD_BITS_A_RANGE 32U /* then few addresses share one with a range that is not theirs */

/* The leaves below one root, or the nodes of a level. */
struct row {
	uint32_t line; /* of the first */
	size_t count;
	uint32_t *first; /* first key of each */
};

void image_pad(union image_line *line, size_t from)
{
	for (size_t i = from; i < IMAGE_NODE_KEYS; i++)
		line->node.keys[i] = IMAGE_KEY_PAD;
}

static void fill_node(union image_line *line, const struct row *children)
{
	line->node.keys[0] = children->line;
	for (size_t child = 1; child < children->count; child++)
		line->node.keys[child] = children->first[child];
	image_pad(line, children->count);
}

static size_t nodes_over(size_t count)
{
	return (count + IMAGE_NODE_KEYS - 1) / IMAGE_NODE_KEYS;
}

/* A level over `row`, which becomes the new level; its keys are overwritten. */
static int add_level(struct image_builder *builder, struct row *row)
{
	size_t nodes = nodes_over(row->count);
	uint32_t level;
	int r = image_reserve(builder, nodes, &level);

	if (r)
		return r;
	for (size_t n = 0; n < nodes; n++) {
		size_t begin = n * IMAGE_NODE_KEYS;
		size_t rest = row->count - begin;
		const struct row children = {
			.line = row->line + (uint32_t)begin,
			.count = rest < IMAGE_NODE_KEYS ? rest : IMAGE_NODE_KEYS,
			.first = row->first + begin,
		};

		fill_node(&builder->lines[level + n], &children);
		row->first[n] = row->first[begin];
	}
	row->line = level;
	row->count = nodes;
	return 0;
}

/* Levels that a root and what is below it take over so many leaves. */
static uint32_t levels_over(size_t leaves)
{
	uint32_t levels = 1;

	while (leaves > IMAGE_NODE_KEYS) {
		leaves = nodes_over(leaves);
		levels++;
	}
	return levels;
}

static uint32_t root_of(uint32_t address, uint32_t bits)
{
	return (uint32_t)((uint64_t)address >> (ADDRESS_BITS - bits));
}

/* How many leaves from `leaf` on begin under that root. */
static size_t beginning_under(const struct row *leaves, size_t leaf, uint32_t root, uint32_t bits)
{
	size_t end = leaf;

	while (end < leaves->count && root_of(leaves->first[end], bits) == root)
		end++;
	return end - leaf;
}

/* The most leaves below one root: those that begin there, and the one before them. */
static size_t most_below_root(const struct row *leaves, uint32_t bits)
{
	size_t most = 1;

	for (size_t leaf = 0, count; leaf < leaves->count; leaf += count) {
		count = beginning_under(leaves, leaf, root_of(leaves->first[leaf], bits), bits);
		if (count + 1 > most)
			most = count + 1;
	}
	return most < leaves->count ? most : leaves->count;
}

/* The fewest levels, and the fewest roots that make them possible. */
static uint32_t choose_bits(const struct row *leaves, uint32_t *ret_levels)
{
	uint32_t chosen = 0;

	*ret_levels = levels_over(leaves->count);
	for (uint32_t bits = 1; (size_t)LEAVES_FOR_A_ROOT << bits <= leaves->count; bits++) {
		uint32_t levels = levels_over(most_below_root(leaves, bits));

		if (levels >= *ret_levels)
			continue;
		*ret_levels = levels;
		chosen = bits;
	}
	return chosen;
}

/* One root and the levels between it and its leaves. */
static int add_root(struct image_builder *builder, uint32_t line, const struct row *leaves,
		    uint32_t levels, uint32_t *keys)
{
	struct row row = {leaves->line, leaves->count, keys};

	for (size_t i = 0; i < leaves->count; i++)
		keys[i] = leaves->first[i];
	for (uint32_t level = 1; level < levels; level++) {
		int r = add_level(builder, &row);

		if (r)
			return r;
	}
	fill_node(&builder->lines[line], &row);
	return 0;
}

static int add_roots(struct image_builder *builder, uint32_t roots, const struct row *leaves,
		     uint32_t bits, uint32_t levels)
{
	cleanup(free_ptr) uint32_t *keys = reallocarray(NULL, leaves->count, sizeof(*keys));
	size_t begun = 0; /* leaves that begin under this root or under those before it */

	if (!keys)
		return -ENOMEM;
	for (uint32_t root = 0; root >> bits == 0; root++) {
		size_t from = begun ? begun - 1 : 0;
		struct row below = {leaves->line + (uint32_t)from, 0, leaves->first + from};
		int r;

		begun += beginning_under(leaves, begun, root, bits);
		below.count = begun > from ? begun - from : 1;
		r = add_root(builder, roots + root, &below, levels, keys);
		if (r)
			return r;
	}
	return 0;
}

int image_add_tree(struct image_builder *builder, uint32_t leaves, size_t count, uint32_t *ret_set)
{
	cleanup(free_ptr) uint32_t *first = reallocarray(NULL, count, sizeof(*first));
	const struct row row = {leaves, count, first};
	uint32_t bits, levels, roots;
	int r;

	if (!first)
		return -ENOMEM;
	if (count == 1) {
		*ret_set = IMAGE_SET(leaves, 0U, 0U);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		first[i] = builder->lines[leaves + i].node.keys[0];
	bits = choose_bits(&row, &levels);
	r = image_reserve(builder, (size_t)1 << bits, &roots);
	if (!r)
		r = add_roots(builder, roots, &row, bits, levels);
	if (!r)
		*ret_set = IMAGE_SET(roots, levels, bits);
	return r;
}

/* The guard. *************************************************************************************/

static uint32_t guard_bits(const struct range_set *set)
{
	uint32_t bits = IMAGE_GUARD_LINE_BITS;

	while (bits < IMAGE_GUARD_BITS_MAX && (size_t)1 << bits < set->count * GUARD_BITS_A_RANGE)
		bits++;
	return bits;
}

int image_add_guard(struct image_builder *builder, const struct range_set *set, uint32_t *ret_guard)
{
	uint32_t bits = guard_bits(set), first;
	int r;

	*ret_guard = 0;
	if (!set->count)
		return 0;
	r = image_reserve(builder, (size_t)1 << (bits - IMAGE_GUARD_LINE_BITS), &first);
	if (r)
		return r;
	for (size_t i = 0; i < set->count; i++)
		for (uint32_t cell = root_of(set->items[i].first, bits);
		     cell <= root_of(set->items[i].last, bits); cell++)
			builder->lines[first + (cell >> IMAGE_GUARD_LINE_BITS)]
				.guard.words[cell / 64 % 8] |= 1ULL << cell % 64;
	*ret_guard = IMAGE_SET(first, 0U, bits);
	return 0;
}
