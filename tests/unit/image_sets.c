/* SPDX-License-Identifier: Apache-2.0 */
/* Sets and guards as they are laid out, asked by the filter's own look-up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "image_builder.h"
#include "lookup.h"
#include "random.h"

#define LINES_LIMIT 200000
#define ROUNDS	    60
#define ASKED	    2000 /* addresses a round, beside those on borders */

struct image_test {
	struct random random;
	struct range_set set;
	struct image_builder builder;
};

static void begin(struct image_test *test, uint64_t seed)
{
	uint32_t first;

	*test = (struct image_test){.random = {seed}, .builder = {.limit = LINES_LIMIT}};
	assert_int_equal(image_reserve(&test->builder, IMAGE_LINE_FIRST, &first), 0);
}

static void end(struct image_test *test)
{
	range_set_free(&test->set);
	image_builder_free(&test->builder);
}

static struct match_lines lines_of(const struct image_test *test)
{
	return (struct match_lines){test->builder.lines, (uint32_t)test->builder.count};
}

static void add(struct image_test *test, uint32_t address, uint32_t prefix)
{
	uint32_t mask = (uint32_t)(UINT64_C(0xffffffff) >> prefix);

	assert_int_equal(range_set_add(&test->set, (struct range){address & ~mask, address | mask}),
			 0);
}

/* Prefixes between two lengths, all of whose addresses begin as `begin` with so many bits. */
static void add_many(struct image_test *test, size_t count, uint32_t begin_with, uint32_t bits,
		     uint32_t shortest)
{
	uint32_t mask = (uint32_t)(UINT64_C(0xffffffff) >> bits);

	for (size_t i = 0; i < count; i++)
		add(test, (begin_with & ~mask) | ((uint32_t)random_next(&test->random) & mask),
		    shortest + random_below(&test->random, 33 - shortest));
}

static uint32_t lay_out(struct image_test *test)
{
	uint32_t set = UINT32_MAX;

	assert_int_equal(range_set_normalize(&test->set), 0);
	assert_int_equal(image_add_set(&test->builder, &test->set, &set), 0);
	return set;
}

static void ask(const struct image_test *test, uint32_t set, uint32_t address)
{
	struct match_lines lines = lines_of(test);

	if (address != IMAGE_KEY_PAD)
		assert_int_equal(match_contains(&lines, set, address),
				 range_set_contains(&test->set, address));
	else
		assert_false(match_contains(&lines, set, address));
}

static void ask_everywhere(struct image_test *test, uint32_t set)
{
	for (size_t i = 0; i < test->set.count; i++) {
		ask(test, set, test->set.items[i].first - 1);
		ask(test, set, test->set.items[i].first);
		ask(test, set, test->set.items[i].last);
		ask(test, set, test->set.items[i].last + 1);
	}
	for (uint32_t bit = 0; bit < 32; bit++) {
		ask(test, set, 1U << bit);
		ask(test, set, (1U << bit) - 1);
		ask(test, set, ~(1U << bit));
	}
	for (size_t i = 0; i < ASKED; i++)
		ask(test, set, (uint32_t)random_next(&test->random));
}

static void an_empty_set_has_no_lines_and_no_addresses(void **state)
{
	cleanup(end) struct image_test test;

	(void)state;
	begin(&test, 1);
	assert_int_equal(lay_out(&test), IMAGE_SET_EMPTY);
	assert_int_equal(test.builder.count, IMAGE_LINE_FIRST);
	ask(&test, IMAGE_SET_EMPTY, 0);
}

static void a_set_of_everything_holds_all_but_the_last_address(void **state)
{
	cleanup(end) struct image_test test;

	(void)state;
	begin(&test, 1);
	add(&test, 0, 0);
	ask_everywhere(&test, lay_out(&test));
}

static void sets_of_every_size_hold_what_they_should(void **state)
{
	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		cleanup(end) struct image_test test;

		begin(&test, random_seed(1) + round);
		add_many(&test, round * round, 0, 0, 12);
		ask_everywhere(&test, lay_out(&test));
	}
}

/* Some roots have a great many leaves, and most have one that begins elsewhere. */
static void sets_that_are_crowded_in_places_hold_what_they_should(void **state)
{
	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		cleanup(end) struct image_test test;

		begin(&test, random_seed(1) + round);
		for (size_t place = 0; place < 1 + round % 5; place++)
			add_many(&test, round * 40, (uint32_t)random_next(&test.random),
				 4 + random_below(&test.random, 16), 24);
		add_many(&test, round % 7 * 100, 0, 0, 24);
		ask_everywhere(&test, lay_out(&test));
	}
}

/* Ranges that begin and end where the top bits of an address change. */
static void borders_of_roots_are_borders_of_ranges(void **state)
{
	cleanup(end) struct image_test test;

	(void)state;
	begin(&test, random_seed(1));
	for (uint32_t i = 0; i < 2048; i += 2)
		add(&test, i << 21, 11);
	ask_everywhere(&test, lay_out(&test));
}

/* Neighbours that were merged are no prefix any more. */
static void ranges_that_are_no_prefix_hold_what_they_should(void **state)
{
	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		cleanup(end) struct image_test test;

		begin(&test, random_seed(1) + round);
		for (size_t i = 0; i < round; i++) {
			uint32_t first = (uint32_t)random_next(&test.random);
			uint32_t span = UINT32_MAX >> random_below(&test.random, 31);
			uint32_t last = first > UINT32_MAX - span ? UINT32_MAX : first + span;

			assert_int_equal(range_set_add(&test.set, (struct range){first, last}), 0);
		}
		ask_everywhere(&test, lay_out(&test));
	}
}

/* A leaf has room for lengths that differ by less than sixteen. */
static void wide_and_narrow_prefixes_stand_side_by_side(void **state)
{
	(void)state;
	for (uint32_t length = 1; length <= 24; length++) {
		cleanup(end) struct image_test test;

		begin(&test, 1);
		for (uint32_t i = 0; i < 8; i++) {
			add(&test, (2 * i + 1) << 28, length < 4 ? 4 : length);
			add(&test, 2 * i << 28 | 77, 32);
			add(&test, 2 * i << 28 | 1 << 20, 17);
		}
		ask_everywhere(&test, lay_out(&test));
	}
}

static void ask_frontend(const struct image_test *test, const struct image_frontend4 *frontend,
			 uint32_t address)
{
	struct match_lines lines = lines_of(test);
	bool held = address != IMAGE_KEY_PAD && range_set_contains(&test->set, address);

	assert_int_equal(match_rules(&lines, &frontend->target, address), held);
}

static void a_frontend_chooses_among_twelve_leaves_itself(void **state)
{
	(void)state;
	for (size_t count = 0; count <= 200; count++) {
		cleanup(end) struct image_test test;
		struct image_frontend4 frontend = {.kinds = 0};
		size_t leaves = (count + IMAGE_PREFIXES - 1) / IMAGE_PREFIXES;

		begin(&test, random_seed(1) + count);
		for (uint32_t i = 0; i < count; i++) /* apart, and of like lengths */
			add(&test, i << 24 | ((uint32_t)random_next(&test.random) & 0xffff00), 28);
		assert_int_equal(range_set_normalize(&test.set), 0);
		assert_int_equal(image_add_fan(&test.builder, &test.set, &frontend.target.ranges,
					       frontend.keys),
				 0);
		if (leaves <= IMAGE_CHILDREN)
			assert_int_equal(test.builder.count, IMAGE_LINE_FIRST + leaves);
		for (size_t i = 0; i < test.set.count; i++) {
			ask_frontend(&test, &frontend, test.set.items[i].first - 1);
			ask_frontend(&test, &frontend, test.set.items[i].first);
			ask_frontend(&test, &frontend, test.set.items[i].last);
			ask_frontend(&test, &frontend, test.set.items[i].last + 1);
		}
		ask_frontend(&test, &frontend, 0);
		ask_frontend(&test, &frontend, UINT32_MAX);
	}
}

static void a_frontend_and_others_share_the_leaves_of_a_set(void **state)
{
	cleanup(end) struct image_test test;
	struct image_frontend4 frontend = {.kinds = 0};
	size_t lines;

	(void)state;
	begin(&test, random_seed(1));
	add_many(&test, 100, 0, 0, 24);
	assert_int_equal(range_set_normalize(&test.set), 0);
	assert_int_equal(
		image_add_fan(&test.builder, &test.set, &frontend.target.ranges, frontend.keys), 0);
	lines = test.builder.count;
	ask_everywhere(&test, lay_out(&test));
	assert_int_equal(test.builder.count, lines + 1); /* the root */
}

static void a_long_list_needs_one_level_and_little_room(void **state)
{
	static const size_t counts[] = {200, 1000, 10000, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		cleanup(end) struct image_test test;
		uint32_t set;

		begin(&test, random_seed(1));
		add_many(&test, counts[i], 0, 0, 28);
		set = lay_out(&test);
		assert_int_equal(IMAGE_SET_DEPTH(set), 1);
		assert_true(test.builder.count * IMAGE_LINE_BYTES <= test.set.count * 6 + 256);
	}
}

static void a_crowded_list_needs_no_more_levels_than_without_roots(void **state)
{
	cleanup(end) struct image_test test;
	uint32_t set;

	(void)state;
	begin(&test, random_seed(1));
	add_many(&test, 30000, 0x0a000000, 14, 30);
	set = lay_out(&test);
	assert_true(test.set.count > (size_t)14 * 16 * 16); /* leaves over 256: three levels */
	assert_true(IMAGE_SET_DEPTH(set) <= 3);
	ask_everywhere(&test, set);
}

static void equal_sets_are_laid_out_once(void **state)
{
	cleanup(end) struct image_test test;
	size_t lines;
	uint32_t set;

	(void)state;
	begin(&test, random_seed(1));
	add_many(&test, 5000, 0, 0, 20);
	set = lay_out(&test);
	lines = test.builder.count;
	assert_int_equal(lay_out(&test), set);
	assert_int_equal(test.builder.count, lines);
}

static void every_part_of_a_timed_set_has_its_own_end(void **state)
{
	cleanup(end) struct image_test test;
	struct timed_range ranges[3000];
	struct image_timed timed;
	struct match_lines lines;
	struct match match = {.clock = 50LL * 1000000000LL};

	(void)state;
	begin(&test, random_seed(1));
	for (uint32_t i = 0; i < 3000; i++) /* apart, so that each keeps its own */
		ranges[i] = (struct timed_range){{i << 20 | 7, i << 20 | 99}, i % 100};
	assert_int_equal(image_add_timed(&test.builder, ranges, 3000, &timed), 0);
	assert_int_equal(IMAGE_SET_DEPTH(timed.set), 1);
	lines = lines_of(&test);
	match.image = &lines;
	for (uint32_t i = 0; i < 3000; i++) {
		assert_int_equal(match_unexpired(&match, &timed, i << 20 | 50), i % 100 > 50);
		assert_false(match_unexpired(&match, &timed, i << 20 | 6));
		assert_false(match_unexpired(&match, &timed, i << 20 | 100));
	}
}

static void a_guard_lets_nothing_of_its_set_by(void **state)
{
	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		cleanup(end) struct image_test test;
		struct match_lines lines;
		uint32_t guard = UINT32_MAX;
		size_t suspects = 0;

		begin(&test, random_seed(1) + round);
		add_many(&test, round * round, 0, 0, 20);
		assert_int_equal(range_set_normalize(&test.set), 0);
		assert_int_equal(image_add_guard(&test.builder, &test.set, &guard), 0);
		lines = lines_of(&test);
		for (size_t i = 0; i < test.set.count; i++) {
			assert_int_equal(match_guard(&lines, guard, test.set.items[i].first), 1);
			assert_int_equal(match_guard(&lines, guard, test.set.items[i].last), 1);
		}
		for (size_t i = 0; i < ASKED; i++) {
			uint32_t address = (uint32_t)random_next(&test.random);
			__u64 suspected = match_guard(&lines, guard, address);

			assert_true(suspected || !range_set_contains(&test.set, address));
			suspects += suspected;
		}
		assert_true(suspects <= ASKED / 8);
	}
}

static void a_guard_over_everything_suspects_everyone(void **state)
{
	cleanup(end) struct image_test test;
	struct match_lines lines;
	uint32_t guard = 0;

	(void)state;
	begin(&test, 1);
	add(&test, 0, 0);
	assert_int_equal(image_add_guard(&test.builder, &test.set, &guard), 0);
	lines = lines_of(&test);
	assert_int_equal(match_guard(&lines, guard, 0), 1);
	assert_int_equal(match_guard(&lines, guard, UINT32_MAX), 1);
	assert_int_equal(match_guard(&lines, 0, 0), 0); /* nothing is guarded */
}

/* A pinned image is input: whatever its numbers say, no other memory is read, and no is said. */
static void numbers_that_lead_nowhere_find_nothing(void **state)
{
	cleanup(end) struct image_test test;
	struct image_frontend4 frontend = {.kinds = 0};
	struct match_lines lines;

	(void)state;
	begin(&test, random_seed(1));
	lines = lines_of(&test);
	for (size_t i = 0; i < ASKED; i++) {
		uint32_t number = (uint32_t)random_next(&test.random) | 0x1000,
			 address = (uint32_t)random_next(&test.random);

		assert_false(match_contains(&lines, number, address));
		assert_int_equal(match_guard(&lines, number, address), 1);
		frontend.target.ranges = number | IMAGE_FANNED(0);
		assert_int_equal(match_rules(&lines, &frontend.target, address), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_set_has_no_lines_and_no_addresses),
		cmocka_unit_test(a_set_of_everything_holds_all_but_the_last_address),
		cmocka_unit_test(sets_of_every_size_hold_what_they_should),
		cmocka_unit_test(sets_that_are_crowded_in_places_hold_what_they_should),
		cmocka_unit_test(borders_of_roots_are_borders_of_ranges),
		cmocka_unit_test(ranges_that_are_no_prefix_hold_what_they_should),
		cmocka_unit_test(wide_and_narrow_prefixes_stand_side_by_side),
		cmocka_unit_test(a_frontend_chooses_among_twelve_leaves_itself),
		cmocka_unit_test(a_frontend_and_others_share_the_leaves_of_a_set),
		cmocka_unit_test(a_long_list_needs_one_level_and_little_room),
		cmocka_unit_test(a_crowded_list_needs_no_more_levels_than_without_roots),
		cmocka_unit_test(equal_sets_are_laid_out_once),
		cmocka_unit_test(every_part_of_a_timed_set_has_its_own_end),
		cmocka_unit_test(a_guard_lets_nothing_of_its_set_by),
		cmocka_unit_test(a_guard_over_everything_suspects_everyone),
		cmocka_unit_test(numbers_that_lead_nowhere_find_nothing),
	};

	return cmocka_run_group_tests_name("image_sets", tests, NULL, NULL);
}
