// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "policy_spans.h"
#include "random.h"

#define ADDRESSES 32U /* all that the ranges of these tests are in */
#define BASE	  0x0a000000U
#define RULES_MAX 12

struct list {
	struct ip_rule items[RULES_MAX];
	size_t count;
};

static struct ip_rule random_rule(struct random *random)
{
	uint32_t size = 1U << random_below(random, 6);
	uint32_t first = BASE + random_below(random, ADDRESSES / size) * size;

	return (struct ip_rule){.entry = {.range = {first, first + size - 1},
					  .expires = (int64_t)random_below(random, 3) * 1000}};
}

/* What the list says of one address: the latest end, for ever being the latest of all. */
static int64_t ask(const struct list *list, uint32_t address)
{
	int64_t latest = -1;

	for (size_t i = 0; i < list->count; i++) {
		const struct range_entry *entry = &list->items[i].entry;
		int64_t end = entry->expires ? entry->expires : INT64_MAX;

		if (entry->range.first <= address && address <= entry->range.last && end > latest)
			latest = end;
	}
	return latest;
}

static bool is_same(const struct list *left, const struct list *right)
{
	for (uint32_t i = 0; i < ADDRESSES; i++)
		if (ask(left, BASE + i) != ask(right, BASE + i))
			return false;
	return true;
}

/* Puts one in, takes one out, changes one or makes two change places. */
static void edit(struct random *random, struct list *list)
{
	size_t at = list->count ? random_below(random, list->count) : 0;
	size_t other = list->count ? random_below(random, list->count) : 0;
	struct ip_rule rule = random_rule(random);

	switch (random_below(random, 4)) {
	case 0:
		if (list->count == RULES_MAX)
			return;
		memmove(&list->items[at + 1], &list->items[at],
			(list->count++ - at) * sizeof(rule));
		list->items[at] = rule;
		return;
	case 1:
		if (!list->count)
			return;
		memmove(&list->items[at], &list->items[at + 1],
			(--list->count - at) * sizeof(rule));
		return;
	case 2:
		if (list->count)
			list->items[at] = rule;
		return;
	default:
		rule = list->items[at];
		list->items[at] = list->items[other];
		list->items[other] = rule;
	}
}

static void assert_agrees(struct list *left, struct list *right)
{
	const struct ip_rules before = {left->items, left->count};
	const struct ip_rules after = {right->items, right->count};
	bool same = false;

	assert_int_equal(ip_rules_compare(&before, &after, &same), 0);
	assert_int_equal(same, is_same(left, right));
}

static void edited_lists_are_the_same_where_every_address_is(void **state)
{
	struct random random = {.state = 7};
	size_t same = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct list left = {.count = random_below(&random, RULES_MAX)}, right;

		for (size_t i = 0; i < left.count; i++)
			left.items[i] = random_rule(&random);
		right = left;
		for (uint32_t i = random_below(&random, 4); i > 0; i--)
			edit(&random, &right);
		assert_agrees(&left, &right);
		same += is_same(&left, &right);
	}
	/* Both answers have to be seen. */
	assert_in_range(same, 1000, 19000);
}

static void lists_without_anything_in_common_are_compared_too(void **state)
{
	struct random random = {.state = 8};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct list left = {.count = random_below(&random, 5)};
		struct list right = {.count = random_below(&random, 5)};

		for (size_t i = 0; i < left.count; i++)
			left.items[i] = random_rule(&random);
		for (size_t i = 0; i < right.count; i++)
			right.items[i] = random_rule(&random);
		assert_agrees(&left, &right);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edited_lists_are_the_same_where_every_address_is),
		cmocka_unit_test(lists_without_anything_in_common_are_compared_too),
	};

	return cmocka_run_group_tests_name("policy_spans", tests, NULL, NULL);
}
