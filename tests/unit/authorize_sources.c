/* SPDX-License-Identifier: Apache-2.0 */
#include "authorize_sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"

#define NOW	INT64_C(1800000000)
#define ENTRIES 60
#define ROUNDS	300

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Prefixes that nest often: few bits, near both ends of the address space and in between. */
static struct range draw_range(void)
{
	static const uint32_t bases[] = {0, 0x0a000000, 0xffffff00};
	uint32_t size = UINT32_C(1) << draw(9);
	uint32_t first = bases[draw(3)] + draw(256) / size * size;

	return (struct range){first, first + (size - 1)};
}

static bool holds(const struct range_entry *entry, uint32_t address)
{
	return address != UINT32_MAX && entry->range.first <= address &&
	       address <= entry->range.last && (entry->expires == 0 || NOW < entry->expires);
}

static bool any_holds(const struct range_list *list, uint32_t address)
{
	for (size_t i = 0; i < list->count; i++)
		if (holds(&list->items[i], address))
			return true;
	return false;
}

static void check(const struct source_list *list, const struct range_list *ranges, uint32_t address)
{
	const struct range_entry *found = source_list_find(list, address, NOW);

	assert_int_equal(found != NULL, any_holds(ranges, address));
	if (found)
		assert_true(holds(found, address));
}

static void lists_say_what_their_entries_say(void **state)
{
	static const int64_t expiries[] = {0, NOW - 1, NOW, NOW + 1};

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		struct range_entry entries[ENTRIES] = {0};
		const struct range_list ranges = {entries, draw(ENTRIES + 1)};
		cleanup(source_list_free) struct source_list list = {0};

		for (size_t i = 0; i < ranges.count; i++)
			entries[i] = (struct range_entry){.range = draw_range(),
							  .expires = expiries[draw(4)]};
		assert_int_equal(source_list_make(&ranges, &list), 0);
		for (uint32_t i = 0; i <= 256; i++) {
			check(&list, &ranges, i);
			check(&list, &ranges, 0x0a000000 - 1 + i);
			check(&list, &ranges, UINT32_MAX - i);
		}
	}
}

/* 10.0.0.1 twice, the second of which lasts. */
static void of_equal_ranges_the_one_that_lasts_counts(void **state)
{
	struct range_entry entries[] = {
		{.range = {0x0a000001, 0x0a000001}, .expires = NOW},
		{.range = {0x0a000001, 0x0a000001}},
		{.range = {0x0a000001, 0x0a000001}, .expires = NOW - 1},
	};
	const struct range_list ranges = {entries, 3};
	cleanup(source_list_free) struct source_list list = {0};

	(void)state;
	assert_int_equal(source_list_make(&ranges, &list), 0);
	assert_ptr_equal(source_list_find(&list, 0x0a000001, NOW), &entries[1]);
	assert_null(source_list_find(&list, 0x0a000002, NOW));
}

static void a_set_ends_with_the_rule_that_names_it(void **state)
{
	struct range_entry entries[] = {{.range = {10, 19}}, {.range = {30, 39}, .expires = NOW}};
	struct ip_set written[] = {{.name = "empty"}, {.name = "full", .ranges = {entries, 2}}};
	struct policy policy = {.sets = written, .set_count = 2};
	struct ip_rule items[] = {
		{.set = &written[0]},
		{.set = &written[1], .entry = {.expires = NOW + 1}},
		{.entry = {.range = {50, 50}}},
	};
	const struct ip_rules ip_rules = {items, 3};
	cleanup(source_sets_free) struct source_sets sets = {0};
	cleanup(source_rules_free) struct source_rules rules = {0};

	(void)state;
	assert_int_equal(source_sets_make(&policy, &sets), 0);
	assert_int_equal(source_rules_make(&ip_rules, &sets, &rules), 0);
	assert_ptr_equal(source_rules_find(&rules, 15, NOW), &entries[0]);
	assert_null(source_rules_find(&rules, 15, NOW + 1));
	assert_null(source_rules_find(&rules, 35, NOW));
	assert_ptr_equal(source_rules_find(&rules, 35, NOW - 1), &entries[1]);
	assert_ptr_equal(source_rules_find(&rules, 50, NOW + 1), &items[2].entry);
	assert_null(source_rules_find(&rules, 51, NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_say_what_their_entries_say),
		cmocka_unit_test(of_equal_ranges_the_one_that_lasts_counts),
		cmocka_unit_test(a_set_ends_with_the_rule_that_names_it),
	};

	return cmocka_run_group_tests_name("authorize_sources", tests, NULL, NULL);
}
