// SPDX-License-Identifier: Apache-2.0
#include "policy_spans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* Prefixes enclose one another at most this deep, once those of one length are merged. */
#define NESTING_MAX 33

struct lease {
	struct range range;
	int64_t until;
};

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

static int make_spans(struct lease *leases, size_t count, struct spans *ret_spans)
{
	struct nesting nesting = {.depth = 0};
	struct spans spans = {0};

	if (count > 0) {
		spans.items = calloc(2 * count, sizeof(*spans.items));
		if (!spans.items)
			return -ENOMEM;
		qsort(leases, count, sizeof(*leases), compare_leases);
	}
	for (size_t i = 0; i < count; i++)
		enter(&nesting, &leases[i], &spans);
	leave(&nesting, UINT64_MAX, &spans);
	*ret_spans = spans;
	return 0;
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

int spans_of_rules(const struct ip_rules *rules, struct spans *ret_spans)
{
	size_t size = ip_rules_size(rules), count = 0;
	cleanup(free_ptr) struct lease *leases = calloc(size + 1, sizeof(*leases));

	if (!leases)
		return -ENOMEM;
	for (size_t i = 0; i < rules->count; i++)
		count += add_rule(leases + count, &rules->items[i]);
	return make_spans(leases, count, ret_spans);
}

int spans_of_list(const struct range_list *list, struct spans *ret_spans)
{
	cleanup(free_ptr) struct lease *leases = calloc(list->count + 1, sizeof(*leases));

	if (!leases)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++)
		leases[i] = (struct lease){list->items[i].range, until(list->items[i].expires)};
	return make_spans(leases, list->count, ret_spans);
}

bool spans_equal(const struct spans *left, const struct spans *right)
{
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++)
		if (left->items[i].from != right->items[i].from ||
		    left->items[i].until != right->items[i].until)
			return false;
	return true;
}

void spans_free(struct spans *spans)
{
	free(spans->items);
	*spans = (struct spans){0};
}
