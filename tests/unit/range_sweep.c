/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "ranges.h"

#define ENTRIES 200
#define ROUNDS	500

struct field {
	struct range_entry entries[ENTRIES];
	struct range_place places[ENTRIES];
	struct range_place scratch[ENTRIES];
	const struct range_entry *covered_by[ENTRIES];
	size_t count;
};

static bool holds(const struct range_entry *outer, const struct range_entry *inner)
{
	return outer->range.first <= inner->range.first && outer->range.last >= inner->range.last &&
	       expiry_covers(outer->expires, inner->expires);
}

static void note(void *context, const struct range_entry *covered, const struct range_entry *by)
{
	struct field *field = context;

	assert_ptr_not_equal(covered, by);
	assert_true(holds(by, covered));
	assert_null(field->covered_by[covered - field->entries]);
	field->covered_by[covered - field->entries] = by;
}

static size_t sweep(struct field *field)
{
	for (size_t i = 0; i < field->count; i++)
		field->places[i].entry = &field->entries[i];
	return range_sweep(field->places, field->scratch, field->count, note, field);
}

static void add(struct field *field, uint32_t address, unsigned int prefix, int64_t expires)
{
	uint32_t mask = (uint32_t)(UINT64_C(0xffffffff) >> prefix);
	struct range_entry *entry = &field->entries[field->count++];

	entry->range = (struct range){address & ~mask, address | mask};
	entry->expires = expires;
	entry->at.line = (uint32_t)field->count;
}

/* The same question asked of every pair. */
static bool is_superfluous(const struct field *field, size_t index)
{
	for (size_t i = 0; i < field->count; i++) {
		bool same = i != index && holds(&field->entries[i], &field->entries[index]) &&
			    holds(&field->entries[index], &field->entries[i]);

		if (i == index || !holds(&field->entries[i], &field->entries[index]))
			continue;
		if (!same || i < index)
			return true;
	}
	return false;
}

static void whatever_another_holds_is_reported_once(void **state)
{
	struct random random = {random_seed(1)};

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct field field = {0};
		size_t expected = 0;
		size_t count = random_below(&random, ENTRIES);
		/* Few bits that differ make many that meet. */
		uint32_t mask = (uint32_t)random_next(&random);

		mask &= (uint32_t)random_next(&random);

		while (field.count < count)
			add(&field, (uint32_t)random_next(&random) & mask,
			    random_below(&random, 33), random_below(&random, 4));
		for (size_t i = 0; i < count; i++)
			expected += is_superfluous(&field, i) ? 0 : 1;
		assert_int_equal(sweep(&field), expected);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(field.covered_by[i] != NULL, is_superfluous(&field, i));
	}
}

static void what_is_left_is_in_order(void **state)
{
	struct field field = {0};

	(void)state;
	add(&field, 0xc0000280, 25, 0);
	add(&field, 0x0a000000, 8, 5);
	add(&field, 0xc0000200, 25, 0);
	add(&field, 0x0a000000, 16, 0);
	add(&field, 0x00000000, 32, 0);
	assert_int_equal(sweep(&field), 5);
	assert_ptr_equal(field.places[0].entry, &field.entries[4]);
	assert_ptr_equal(field.places[1].entry, &field.entries[1]);
	assert_ptr_equal(field.places[2].entry, &field.entries[3]);
	assert_ptr_equal(field.places[3].entry, &field.entries[2]);
	assert_ptr_equal(field.places[4].entry, &field.entries[0]);
}

static void of_equal_ranges_the_first_stays(void **state)
{
	struct field field = {0};

	(void)state;
	add(&field, 0x0a000000, 8, 0);
	add(&field, 0x0a000000, 8, 0);
	add(&field, 0x0a000000, 8, 9);
	assert_int_equal(sweep(&field), 1);
	assert_ptr_equal(field.places[0].entry, &field.entries[0]);
	assert_ptr_equal(field.covered_by[1], &field.entries[0]);
	assert_ptr_equal(field.covered_by[2], &field.entries[0]);
}

static void of_equal_ranges_the_one_that_lasts_stays(void **state)
{
	struct field field = {0};

	(void)state;
	add(&field, 0x0a000000, 8, 3);
	add(&field, 0x0a000000, 8, 9);
	add(&field, 0x0a000000, 8, 0);
	assert_int_equal(sweep(&field), 1);
	assert_ptr_equal(field.places[0].entry, &field.entries[2]);
}

static void all_prefixes_of_an_address_are_nested(void **state)
{
	struct field field = {0};

	(void)state;
	for (unsigned int prefix = 0; prefix <= 32; prefix++)
		add(&field, 0xffffffff, prefix, prefix + 1);
	assert_int_equal(sweep(&field), 33);
}

static void nothing_is_swept_in_no_time(void **state)
{
	struct field field = {0};

	(void)state;
	assert_int_equal(sweep(&field), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_another_holds_is_reported_once),
		cmocka_unit_test(what_is_left_is_in_order),
		cmocka_unit_test(of_equal_ranges_the_first_stays),
		cmocka_unit_test(of_equal_ranges_the_one_that_lasts_stays),
		cmocka_unit_test(all_prefixes_of_an_address_are_nested),
		cmocka_unit_test(nothing_is_swept_in_no_time),
	};

	return cmocka_run_group_tests_name("range_sweep", tests, NULL, NULL);
}
