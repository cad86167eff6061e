// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "summary.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t count_ranges(struct range_entry *entries, size_t count)
{
	struct ip_set set = {.ranges = {entries, count}};
	const struct policy policy = {.sets = &set, .set_count = 1};
	struct policy_summary summary = {0};

	assert_int_equal(policy_summarize(&policy, &summary), 0);
	assert_int_equal(summary.ip_sets, 1);
	return summary.ranges;
}

static void ranges_that_overlap_or_touch_are_one(void **state)
{
	struct range_entry entries[] = {
		{.range = {10, 19}}, {.range = {30, 39}}, {.range = {15, 17}},
		{.range = {20, 25}}, {.range = {10, 12}}, {.range = {41, 41}},
	};

	(void)state;
	assert_int_equal(count_ranges(entries, 0), 0);
	assert_int_equal(count_ranges(entries, 1), 1);
	assert_int_equal(count_ranges(entries, COUNT(entries)), 3);
}

static void the_ends_of_the_address_space_count(void **state)
{
	struct range_entry entries[] = {
		{.range = {UINT32_MAX, UINT32_MAX}},
		{.range = {0, 0}},
		{.range = {UINT32_MAX - 1, UINT32_MAX - 1}},
	};

	(void)state;
	assert_int_equal(count_ranges(entries, COUNT(entries)), 2);
}

static void a_set_is_counted_once_however_often_it_is_used(void **state)
{
	struct range_entry entry = {.range = {1, 2}};
	struct ip_set set = {.ranges = {&entry, 1}};
	struct ip_rule rules[] = {{.set = &set}, {.entry = {.range = {5, 6}}}};
	struct vault vaults[] = {
		{.ip_rules = {rules, 2}, .frontend_count = 2},
		{.ip_rules = {rules, 2}, .frontend_count = 1},
	};
	const struct policy policy = {
		.sets = &set, .set_count = 1, .vaults = vaults, .vault_count = 2};
	struct policy_summary summary = {0};

	(void)state;
	assert_int_equal(policy_summarize(&policy, &summary), 0);
	assert_int_equal(summary.ranges, 3);
	assert_int_equal(summary.frontends, 3);
	assert_int_equal(summary.vaults, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_that_overlap_or_touch_are_one),
		cmocka_unit_test(the_ends_of_the_address_space_count),
		cmocka_unit_test(a_set_is_counted_once_however_often_it_is_used),
	};

	return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
