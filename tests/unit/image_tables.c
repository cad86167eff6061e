// SPDX-License-Identifier: Apache-2.0
/* Tables as they are laid out, asked by the filter's own look-up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "cleanup.h"
#include "image_builder.h"
#include "lookup.h"
#include "random.h"

#define LINES_LIMIT 400000
#define STRANGERS   100000

struct table_test {
	struct image_builder builder;
	struct image_frontend4 *entries;
	size_t count;
	struct image_table table;
};

static void end(struct table_test *test)
{
	free(test->entries);
	image_builder_free(&test->builder);
}

/* Frontends 10.0.0.0:1, 10.0.0.1:1 ... `stride` apart, each with a seat of its own. */
static void lay_out(struct table_test *test, size_t count, uint32_t stride)
{
	*test = (struct table_test){.builder = {.limit = LINES_LIMIT}, .count = count};
	test->entries = calloc(count + 1, sizeof(*test->entries));
	assert_non_null(test->entries);
	for (uint32_t i = 0; i < count; i++)
		test->entries[i] = (struct image_frontend4){
			.key = {.address = htonl(0x0a000000 + i * stride),
				.port = htons(1),
				.protocol = 6,
				.used = 1},
			.target = {.seat = (uint16_t)i},
		};
	assert_int_equal(image_add_table4(&test->builder, test->entries, count, &test->table), 0);
}

static const struct image_target *find(const struct table_test *test, uint32_t address,
				       uint16_t port)
{
	const struct match_lines lines = {test->builder.lines, (uint32_t)test->builder.count};

	return match_table4(&lines, &test->table, htonl(address), htons(port), 6);
}

static void find_all(size_t count, uint32_t stride)
{
	cleanup(end) struct table_test test;

	lay_out(&test, count, stride);
	for (uint32_t i = 0; i < count; i++) {
		const struct image_target *found = find(&test, 0x0a000000 + i * stride, 1);

		assert_non_null(found);
		assert_int_equal(found->seat, i);
		assert_null(find(&test, 0x0a000000 + i * stride, 2));
	}
}

static void every_frontend_is_found_and_nobody_else(void **state)
{
	static const size_t counts[] = {0, 1, 2, 3, 100, 1000, 12000, 65000};
	static const uint32_t strides[] = {1, 2, 256, 65537};

	(void)state;
	for (size_t c = 0; c < sizeof(counts) / sizeof(*counts); c++)
		for (size_t s = 0; s < sizeof(strides) / sizeof(*strides); s++)
			find_all(counts[c], strides[s]);
}

/* The node's other traffic is not to search a table that is half full. */
static void one_line_tells_most_strangers(void **state)
{
	cleanup(end) struct table_test test;
	struct random random = {random_seed(1)};
	size_t searching = 0;

	(void)state;
	lay_out(&test, 1000, 1);
	for (size_t i = 0; i < STRANGERS; i++) {
		union image_key4 key = {.address = (uint32_t)random_next(&random),
					.port = (uint16_t)random_next(&random),
					.protocol = 6,
					.used = 1};
		uint32_t hash = image_hash(key.whole);

		searching += test.builder.lines[test.table.first + (hash & test.table.mask)]
					     .frontend4.kinds >>
				     IMAGE_KIND(hash) &
			     1;
	}
	assert_true(searching < STRANGERS / 30);
}

static void a_table_takes_four_lines_a_frontend_at_most(void **state)
{
	(void)state;
	for (size_t count = 1; count <= 65000; count = count * 3 / 2 + 1) {
		cleanup(end) struct table_test test;

		lay_out(&test, count, 1);
		assert_true(test.builder.count <= count * 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_frontend_is_found_and_nobody_else),
		cmocka_unit_test(one_line_tells_most_strangers),
		cmocka_unit_test(a_table_takes_four_lines_a_frontend_at_most),
	};

	return cmocka_run_group_tests_name("image_tables", tests, NULL, NULL);
}
