/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "cleanup.h"

#define MEBIBYTE ((size_t)1 << 20)

static void pieces_are_zeroed_and_aligned(void **state)
{
	cleanup(arena_free_all) struct arena arena = {0};
	static const char zeros[3000];

	(void)state;
	arena_init(&arena, 64 * MEBIBYTE);
	for (size_t size = 1; size < sizeof(zeros); size += 7) {
		char *piece = arena_alloc(&arena, size);

		assert_non_null(piece);
		assert_int_equal((uintptr_t)piece % 8, 0);
		assert_memory_equal(piece, zeros, size);
		memset(piece, 0xff, size);
	}
}

static void pieces_do_not_overlap(void **state)
{
	cleanup(arena_free_all) struct arena arena = {0};
	char *pieces[2000];

	(void)state;
	arena_init(&arena, 64 * MEBIBYTE);
	for (size_t i = 0; i < 2000; i++) {
		pieces[i] = arena_alloc(&arena, i);
		assert_non_null(pieces[i]);
		memset(pieces[i], (int)(i & 0xff), i);
	}
	for (size_t i = 0; i < 2000; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_equal((uint8_t)pieces[i][j], i & 0xff);
}

static void a_copy_ends_in_a_nul(void **state)
{
	cleanup(arena_free_all) struct arena arena = {0};
	char *first = NULL;

	(void)state;
	arena_init(&arena, MEBIBYTE);
	first = arena_copy(&arena, "contoso and more", 7);
	assert_string_equal(first, "contoso");
	assert_string_equal(arena_copy(&arena, "fabrikam", 8), "fabrikam");
	assert_string_equal(arena_copy(&arena, NULL, 0), "");
	assert_string_equal(first, "contoso");
}

static void the_limit_is_never_exceeded(void **state)
{
	(void)state;
	for (size_t limit = 0; limit < 3 * MEBIBYTE; limit += 8191) {
		cleanup(arena_free_all) struct arena arena = {0};
		size_t taken = 0;

		arena_init(&arena, limit);
		while (arena_alloc(&arena, 1000))
			taken += 1000;
		assert_true(arena.size <= limit);
		assert_true(taken <= limit);
		assert_true(limit < MEBIBYTE / 8 || taken > limit / 10 * 9);
	}
}

static void what_cannot_be_is_refused(void **state)
{
	cleanup(arena_free_all) struct arena arena = {0};

	(void)state;
	assert_null(arena_alloc(&arena, 1));
	arena_init(&arena, MEBIBYTE);
	for (size_t below = 0; below < 64; below++) {
		assert_null(arena_alloc(&arena, SIZE_MAX - below));
		assert_null(arena_copy(&arena, "x", SIZE_MAX - below));
	}
	assert_null(arena_alloc(&arena, MEBIBYTE));
	assert_non_null(arena_alloc(&arena, MEBIBYTE / 2));
	assert_null(arena_alloc(&arena, MEBIBYTE / 2));
	assert_non_null(arena_alloc(&arena, MEBIBYTE / 4));
}

static void a_moved_arena_goes_on(void **state)
{
	struct arena before = {0};
	cleanup(arena_free_all) struct arena after = {0};
	char *text = NULL;

	(void)state;
	arena_init(&before, MEBIBYTE);
	text = arena_copy(&before, "here", 4);
	after = before;
	for (size_t i = 0; i < 1000; i++)
		assert_non_null(arena_alloc(&after, 100));
	assert_string_equal(text, "here");
}

static void a_freed_arena_can_be_filled_again(void **state)
{
	struct arena arena = {0};

	(void)state;
	arena_free_all(&arena);
	arena_init(&arena, MEBIBYTE);
	for (size_t round = 0; round < 3; round++) {
		assert_non_null(arena_alloc(&arena, MEBIBYTE / 2));
		arena_free_all(&arena);
		arena_free_all(&arena);
		assert_int_equal(arena.size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_and_aligned),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(a_copy_ends_in_a_nul),
		cmocka_unit_test(the_limit_is_never_exceeded),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_moved_arena_goes_on),
		cmocka_unit_test(a_freed_arena_can_be_filled_again),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
