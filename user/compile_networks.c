// SPDX-License-Identifier: Apache-2.0
/* Virtual networks: which inner sources a tag admits to a seat, and which tags exist at all. */
#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "compile_internal.h"

/* A subnet that takes part: its network's tag, its addresses. */
struct member {
	uint32_t tag;
	struct range range;
};

/* The rows that a list of subnets came to; seats with the same rows share their owner. */
struct network_list {
	struct network_list *next;
	uint32_t owner;
	size_t first; /* row in compilation->tags */
	size_t count;
};

static int add_tag(struct compilation *compilation, struct image_tag row)
{
	if (compilation->tag_count == compilation->tag_capacity) {
		size_t capacity = compilation->tag_capacity ? compilation->tag_capacity * 2 : 64;
		struct image_tag *tags = reallocarray(compilation->tags, capacity, sizeof(*tags));

		if (!tags)
			return -ENOMEM;
		compilation->tags = tags;
		compilation->tag_capacity = capacity;
	}
	compilation->tags[compilation->tag_count++] = row;
	return 0;
}

static int compare_members(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	return (a->tag > b->tag) - (a->tag < b->tag);
}

static size_t count_members(const struct target *target)
{
	size_t count = 0;

	for (size_t v = 0; v < target->vault_count; v++)
		count += target->vaults[v]->network_rule_count;
	return count;
}

/* A rule for a subnet whose endpoint is off is kept in the rules, and is without effect here. */
static size_t list_members(const struct target *target, struct member *members)
{
	size_t count = 0;

	for (size_t v = 0; v < target->vault_count; v++) {
		const struct vault *vault = target->vaults[v];

		for (size_t i = 0; i < vault->network_rule_count; i++) {
			const struct subnet *subnet = vault->network_rules[i].subnet;

			if (subnet->service_endpoint)
				members[count++] =
					(struct member){subnet->network->tag, subnet->prefix};
		}
	}
	qsort(members, count, sizeof(*members), compare_members);
	return count;
}

/* The row of one tag: what its subnets hold. */
static int add_network_row(struct compilation *compilation, const struct member *members,
			   size_t count, uint32_t owner)
{
	cleanup(range_set_free) struct range_set ranges = {0};
	struct image_tag row = {.owner = owner, .tag = members[0].tag, .flags = IMAGE_TAG_USED};
	int r = 0;

	for (size_t i = 0; i < count && !r; i++)
		r = range_set_add(&ranges, members[i].range);
	if (!r)
		r = range_set_normalize(&ranges);
	if (!r)
		r = image_add_set(&compilation->builder, &ranges, &row.ranges);
	return r ? r : add_tag(compilation, row);
}

static bool same_rows(const struct compilation *compilation, const struct network_list *list,
		      size_t first, size_t count)
{
	if (list->count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct image_tag *a = &compilation->tags[list->first + i];
		const struct image_tag *b = &compilation->tags[first + i];

		if (a->tag != b->tag || a->ranges != b->ranges)
			return false;
	}
	return true;
}

#define NETWORK_BUCKETS 4096U

static uint32_t bucket_of(const struct compilation *compilation, size_t first, size_t count)
{
	uint64_t hash = count;

	for (size_t i = first; i < first + count; i++)
		hash = image_fold_tag(compilation->tags[i].tag, compilation->tags[i].ranges) ^
		       hash * 0x9e3779b97f4a7c15ULL;
	return image_hash(hash) % NETWORK_BUCKETS;
}

/* Keeps the newest rows under an owner of their own, or drops them for the same ones of another. */
static int settle_owner(struct compilation *compilation, size_t first, uint32_t *ret_owner)
{
	size_t count = compilation->tag_count - first;
	struct network_list **bucket, *list;

	if (!compilation->lists) {
		compilation->lists = arena_alloc(&compilation->arena,
						 NETWORK_BUCKETS * sizeof(struct network_list *));
		if (!compilation->lists)
			return -ENOMEM;
	}
	bucket = &compilation->lists[bucket_of(compilation, first, count)];
	for (list = *bucket; list; list = list->next) {
		if (!same_rows(compilation, list, first, count))
			continue;
		compilation->tag_count = first;
		*ret_owner = list->owner;
		return 0;
	}
	list = arena_alloc(&compilation->arena, sizeof(*list));
	if (!list)
		return -ENOMEM;
	*list = (struct network_list){*bucket, ++compilation->owners, first, count};
	*bucket = list;
	*ret_owner = list->owner;
	return 0;
}

int compile_networks(struct compilation *compilation, const struct target *target,
		     uint32_t *ret_owner)
{
	size_t count = count_members(target), first = compilation->tag_count;
	cleanup(free_ptr) struct member *members = reallocarray(NULL, count + 1, sizeof(*members));
	size_t end;

	*ret_owner = IMAGE_OWNER_NODE;
	if (!members)
		return -ENOMEM;
	count = list_members(target, members);
	if (!count)
		return 0;
	for (size_t i = 0; i < count; i = end) {
		int r;

		for (end = i + 1; end < count && members[end].tag == members[i].tag;)
			end++;
		r = add_network_row(compilation, &members[i], end - i, compilation->owners + 1);
		if (r)
			return r;
	}
	return settle_owner(compilation, first, ret_owner);
}

static int compare_tags(const void *left, const void *right)
{
	const struct image_tag *a = left, *b = right;

	return (a->tag > b->tag) - (a->tag < b->tag);
}

/* Folds rows of one tag, a network's and the block list's, into one. */
static void join_node_rows(struct compilation *compilation, size_t first)
{
	size_t count = compilation->tag_count - first, kept = 0;
	struct image_tag *rows;

	if (!count)
		return;
	rows = compilation->tags + first;
	qsort(rows, count, sizeof(*rows), compare_tags);
	for (size_t i = 0; i < count; i++) {
		if (kept && rows[kept - 1].tag == rows[i].tag)
			rows[kept - 1].flags |= rows[i].flags;
		else
			rows[kept++] = rows[i];
	}
	compilation->tag_count = first + kept;
}

int compile_node_tags(struct compilation *compilation)
{
	const struct policy *policy = compilation->policy;
	size_t first = compilation->tag_count;
	int r = 0;

	for (size_t i = 0; i < policy->network_count && !r; i++)
		r = add_tag(compilation, (struct image_tag){.tag = policy->networks[i].tag,
							    .flags = IMAGE_TAG_USED});
	for (size_t i = 0; i < policy->blocked_tag_count && !r; i++)
		r = add_tag(compilation,
			    (struct image_tag){.tag = policy->blocked_tags[i].tag,
					       .flags = IMAGE_TAG_USED | IMAGE_TAG_BLOCKED});
	if (r)
		return r;
	if (policy->blocked_tag_count)
		compilation->header.flags |= IMAGE_BLOCKED_TAGS;
	join_node_rows(compilation, first);
	return 0;
}
