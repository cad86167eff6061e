/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <errno.h>

#include "cleanup.h"

#define NAMES_MANY 100000

static void an_empty_table_knows_nothing(void **state)
{
	const struct names names = {0};

	(void)state;
	assert_null(names_find(&names, "vault"));
	assert_null(names_find(&names, ""));
	assert_null(names_suggest(&names, "vault"));
}

static void the_first_of_a_name_stays(void **state)
{
	cleanup(arena_free_all) struct arena arena = {.limit = SIZE_MAX};
	struct names names = {0};
	const void *first = NULL;
	int one = 1;
	int two = 2;

	(void)state;
	assert_int_equal(names_add(&names, &arena, "vault", &one, &first), 0);
	assert_null(first);
	assert_int_equal(names_add(&names, &arena, "vault", &two, &first), -EEXIST);
	assert_ptr_equal(first, &one);
	assert_ptr_equal(names_find(&names, "vault"), &one);
	assert_null(names_find(&names, "vaul"));
	assert_null(names_find(&names, "Vault"));
	assert_int_equal(names.count, 1);
}

static void a_hundred_thousand_names_are_all_found(void **state)
{
	cleanup(arena_free_all) struct arena arena = {.limit = SIZE_MAX};
	cleanup(free_ptr) char(*texts)[16] = calloc(NAMES_MANY, sizeof(*texts));
	struct names names = {0};
	const void *first = NULL;

	(void)state;
	assert_non_null(texts);
	for (size_t i = 0; i < NAMES_MANY; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "vault-%zu", i);
		assert_int_equal(names_add(&names, &arena, texts[i], texts[i], &first), 0);
	}
	for (size_t i = 0; i < NAMES_MANY; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "vault-%zu", i);
		assert_ptr_equal(names_find(&names, text), texts[i]);
	}
	assert_null(names_find(&names, "vault-100000"));
}

static void an_exhausted_arena_leaves_the_table_as_it_was(void **state)
{
	cleanup(arena_free_all) struct arena arena = {.limit = 1000};
	struct names names = {0};
	const char *const texts[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	const void *first = NULL;
	size_t count = 0;

	(void)state;
	while (count < 10 && names_add(&names, &arena, texts[count], texts[count], &first) == 0)
		count++;
	assert_in_range(count, 1, 9);
	assert_int_equal(names_add(&names, &arena, texts[count], texts[count], &first), -ENOMEM);
	assert_int_equal(names.count, count);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(names_find(&names, texts[i]), texts[i]);
	assert_null(names_find(&names, texts[count]));
}

static void the_nearest_name_is_suggested(void **state)
{
	cleanup(arena_free_all) struct arena arena = {.limit = SIZE_MAX};
	const char *const texts[] = {"partners", "offices", "backup", "threats", "part"};
	struct names names = {0};
	const void *first = NULL;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(names_add(&names, &arena, texts[i], texts[i], &first), 0);
	assert_string_equal(names_suggest(&names, "patrners"), "partners");
	assert_string_equal(names_suggest(&names, "office"), "offices");
	assert_string_equal(names_suggest(&names, "BACKUPS"), "backup");
	assert_null(names_suggest(&names, "customers"));
	assert_null(names_suggest(&names, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_knows_nothing),
		cmocka_unit_test(the_first_of_a_name_stays),
		cmocka_unit_test(a_hundred_thousand_names_are_all_found),
		cmocka_unit_test(an_exhausted_arena_leaves_the_table_as_it_was),
		cmocka_unit_test(the_nearest_name_is_suggested),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
