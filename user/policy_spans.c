// SPDX-License-Identifier: Apache-2.0
#include "policy_spans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define SPAN_OUT     0
#define SPAN_FOREVER INT64_MAX

/* From address `from` up to the next span's: in until `until`, in seconds since the epoch. */
struct span {
	uint64_t from; /* host order; 2^32 is possible, past the last address */
	int64_t until;
};

/* Starts as {0}. */
struct spans {
	struct span *items;
	size_t count;
};

/* Prefixes enclose one another at most this deep, once those of one length are merged. */
#define NESTING_MAX 33

struct lease {
	struct range range;
	int64_t until;
};

/* Starts as {0}. */
struct leases {
	struct lease *items;
	size_t count;
};

static void leases_free(struct leases *leases)
{
	free(leases->items);
}

static void spans_free(struct spans *spans)
{
	free(spans->items);
}

static int64_t sooner(int64_t left, int64_t right)
{
	return left < right ? left : right;
}

static int64_t until(int64_t expires)
{
	return expires == 0 ? SPAN_FOREVER : expires;
}

size_t ip_rules_size(const struct ip_rules *rules)
{
	size_t size = 0;

	for (size_t i = 0; i < rules->count; i++)
		size += rules->items[i].set ? rules->items[i].set->ranges.count : 1;
	return size;
}

/* The outer first; of equal ranges the one that lasts longer. */
static int compare_leases(const void *left, const void *right)
{
	const struct lease *a = left, *b = right;

	if (a->range.first != b->range.first)
		return a->range.first < b->range.first ? -1 : 1;
	if (a->range.last != b->range.last)
		return a->range.last > b->range.last ? -1 : 1;
	return (a->until < b->until) - (a->until > b->until);
}

/* At one address the later word counts; a span that says what the one before says is none. */
static void add_span(struct spans *spans, uint64_t from, int64_t value)
{
	if (spans->count > 0 && spans->items[spans->count - 1].from == from)
		spans->count--;
	if ((spans->count > 0 ? spans->items[spans->count - 1].until : SPAN_OUT) != value)
		spans->items[spans->count++] = (struct span){from, value};
}

/* What encloses the address at hand, the outermost first; `until` only grows inwards. */
struct nesting {
	struct lease leases[NESTING_MAX];
	size_t depth;
};

/* Ends the leases that end before `address`. */
static void leave(struct nesting *nesting, uint64_t address, struct spans *spans)
{
	while (nesting->depth > 0 && nesting->leases[nesting->depth - 1].range.last < address) {
		uint64_t end = (uint64_t)nesting->leases[--nesting->depth].range.last + 1;

		add_span(spans, end,
			 nesting->depth ? nesting->leases[nesting->depth - 1].until : SPAN_OUT);
	}
}

static void enter(struct nesting *nesting, const struct lease *lease, struct spans *spans)
{
	int64_t around = SPAN_OUT;

	leave(nesting, lease->range.first, spans);
	if (nesting->depth > 0)
		around = nesting->leases[nesting->depth - 1].until;
	if (lease->until <= around || nesting->depth == NESTING_MAX)
		return;
	nesting->leases[nesting->depth++] = *lease;
	add_span(spans, lease->range.first, lease->until);
}

static int make_spans(const struct leases *leases, struct spans *ret_spans)
{
	struct nesting nesting = {.depth = 0};
	struct spans spans = {0};

	if (leases->count > 0) {
		spans.items = calloc(2 * leases->count, sizeof(*spans.items));
		if (!spans.items)
			return -ENOMEM;
		qsort(leases->items, leases->count, sizeof(*leases->items), compare_leases);
	}
	for (size_t i = 0; i < leases->count; i++)
		enter(&nesting, &leases->items[i], &spans);
	leave(&nesting, UINT64_MAX, &spans);
	*ret_spans = spans;
	return 0;
}

static bool spans_equal(const struct spans *left, const struct spans *right)
{
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++)
		if (left->items[i].from != right->items[i].from ||
		    left->items[i].until != right->items[i].until)
			return false;
	return true;
}

/*
 * Two lists of which a part is the same, as an edit leaves them: what stands in only one of them
 * decides, and of the common part what touches that. Elsewhere both come to the same.
 */

static bool same_lease(const struct lease *left, const struct lease *right)
{
	return left->range.first == right->range.first && left->range.last == right->range.last &&
	       left->until == right->until;
}

/* The lists without what both begin and end with; that is left in `ret_common`, two pieces. */
static void cut_common(struct leases *left, struct leases *right, struct leases ret_common[2])
{
	size_t least = left->count < right->count ? left->count : right->count;
	size_t begin = 0, end = 0;

	while (begin < least && same_lease(&left->items[begin], &right->items[begin]))
		begin++;
	while (end < least - begin && same_lease(&left->items[left->count - 1 - end],
						 &right->items[right->count - 1 - end]))
		end++;
	ret_common[0] = (struct leases){left->items, begin};
	ret_common[1] = (struct leases){left->items + left->count - end, end};
	*left = (struct leases){left->items + begin, left->count - begin - end};
	*right = (struct leases){right->items + begin, right->count - begin - end};
}

/* The range among sorted and disjoint ones that touches this one, if any does. */
static bool touches(const struct range *ranges, size_t count, struct range range)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges[middle].last < range.first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && ranges[low].first <= range.last;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	return (a->first > b->first) - (a->first < b->first);
}

/* Sorts and merges, so that touches() can search them. */
static size_t order_ranges(struct range *ranges, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(ranges, count, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && ranges[i].first <= ranges[kept - 1].last) {
			if (ranges[i].last > ranges[kept - 1].last)
				ranges[kept - 1].last = ranges[i].last;
		} else {
			ranges[kept++] = ranges[i];
		}
	}
	return kept;
}

static void add_touching(struct leases *leases, const struct leases *from,
			 const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < from->count; i++)
		if (touches(ranges, count, from->items[i].range))
			leases->items[leases->count++] = from->items[i];
}

/* A list of its own with what touches `ranges` of the common parts. */
static int add_context(const struct leases *list, const struct leases common[2],
		       const struct range *ranges, size_t count, struct leases *ret_list)
{
	size_t most = list->count + common[0].count + common[1].count;
	struct leases whole = {calloc(most + 1, sizeof(*whole.items)), list->count};

	if (!whole.items)
		return -ENOMEM;
	if (list->count > 0)
		memcpy(whole.items, list->items, list->count * sizeof(*list->items));
	for (size_t i = 0; i < 2; i++)
		add_touching(&whole, &common[i], ranges, count);
	*ret_list = whole;
	return 0;
}

static int compare_with_context(const struct leases *left, const struct leases *right,
				const struct leases common[2], bool *ret_same)
{
	size_t count = 0, most = left->count + right->count;
	cleanup(free_ptr) struct range *ranges = calloc(most + 1, sizeof(*ranges));
	cleanup(leases_free) struct leases old = {0}, new = {0};
	cleanup(spans_free) struct spans before = {0}, after = {0};

	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < left->count; i++)
		ranges[count++] = left->items[i].range;
	for (size_t i = 0; i < right->count; i++)
		ranges[count++] = right->items[i].range;
	count = order_ranges(ranges, count);
	if (add_context(left, common, ranges, count, &old) < 0 ||
	    add_context(right, common, ranges, count, &new) < 0 || make_spans(&old, &before) < 0 ||
	    make_spans(&new, &after) < 0)
		return -ENOMEM;
	*ret_same = spans_equal(&before, &after);
	return 0;
}

/* From the lowest to the highest address. */
static struct range extent_of(const struct leases *leases)
{
	struct range extent = {UINT32_MAX, 0};

	for (size_t i = 0; i < leases->count; i++) {
		const struct range *range = &leases->items[i].range;

		extent.first = range->first < extent.first ? range->first : extent.first;
		extent.last = range->last > extent.last ? range->last : extent.last;
	}
	return extent;
}

/* Lists that have nothing to do with each other differ there, and need no sorting. */
static bool same_extent(const struct leases *left, const struct leases *right)
{
	struct range a = extent_of(left), b = extent_of(right);

	return a.first == b.first && a.last == b.last;
}

static int compare_leases_of(const struct leases *before, const struct leases *after,
			     bool *ret_same)
{
	struct leases left = *before, right = *after, common[2];

	if (!same_extent(before, after)) {
		*ret_same = false;
		return 0;
	}
	cut_common(&left, &right, common);
	return compare_with_context(&left, &right, common, ret_same);
}

/* A range of a set ends with itself or with the rule that names the set. */
static size_t add_rule(struct lease *leases, const struct ip_rule *rule)
{
	const struct range_list *list = rule->set ? &rule->set->ranges : NULL;

	if (!list) {
		leases[0] = (struct lease){rule->entry.range, until(rule->entry.expires)};
		return 1;
	}
	for (size_t i = 0; i < list->count; i++)
		leases[i] =
			(struct lease){list->items[i].range, sooner(until(list->items[i].expires),
								    until(rule->entry.expires))};
	return list->count;
}

static int leases_of_rules(const struct ip_rules *rules, struct leases *ret_leases)
{
	struct leases leases = {.items = calloc(ip_rules_size(rules) + 1, sizeof(*leases.items))};

	if (!leases.items)
		return -ENOMEM;
	for (size_t i = 0; i < rules->count; i++)
		leases.count += add_rule(leases.items + leases.count, &rules->items[i]);
	*ret_leases = leases;
	return 0;
}

static int leases_of_list(const struct range_list *list, struct leases *ret_leases)
{
	struct leases leases = {.items = calloc(list->count + 1, sizeof(*leases.items))};

	if (!leases.items)
		return -ENOMEM;
	for (; leases.count < list->count; leases.count++)
		leases.items[leases.count] = (struct lease){
			list->items[leases.count].range, until(list->items[leases.count].expires)};
	*ret_leases = leases;
	return 0;
}

int ip_rules_compare(const struct ip_rules *before, const struct ip_rules *after, bool *ret_same)
{
	cleanup(leases_free) struct leases old = {0}, new = {0};

	if (leases_of_rules(before, &old) < 0 || leases_of_rules(after, &new) < 0)
		return -ENOMEM;
	return compare_leases_of(&old, &new, ret_same);
}

int range_lists_compare(const struct range_list *before, const struct range_list *after,
			bool *ret_same)
{
	cleanup(leases_free) struct leases old = {0}, new = {0};

	if (leases_of_list(before, &old) < 0 || leases_of_list(after, &new) < 0)
		return -ENOMEM;
	return compare_leases_of(&old, &new, ret_same);
}
