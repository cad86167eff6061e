/* SPDX-License-Identifier: Apache-2.0 */
#include "token_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"

#define NOW	INT64_C(1800000000)
#define EXPIRES (NOW + 3600)
#define TOKENS	1000

static void free_cache(struct token_cache **cache)
{
	token_cache_free(*cache);
}

static struct token_cache *make_cache(size_t capacity)
{
	struct token_cache *cache = NULL;

	assert_int_equal(token_cache_open(capacity, &cache), 0);
	return cache;
}

static struct claims *make_claims(int64_t expires)
{
	struct claims *claims = calloc(1, sizeof(*claims));

	assert_non_null(claims);
	claims->expires = expires;
	return claims;
}

/* Digests that differ from the first byte on. */
static struct token_digest digest_of(struct token_cache *cache, size_t number)
{
	struct token_digest digest;

	assert_int_equal(token_cache_digest(cache, (const char *)&number, sizeof(number), &digest),
			 0);
	return digest;
}

static const struct claims *add(struct token_cache *cache, size_t number)
{
	struct token_digest digest = digest_of(cache, number);

	return token_cache_add(cache, &digest, 1, make_claims(EXPIRES));
}

static const struct claims *find(struct token_cache *cache, size_t number, uint64_t generation,
				 int64_t now)
{
	struct token_digest digest = digest_of(cache, number);

	return token_cache_find(cache, &digest, generation, now);
}

/* A digest that somebody learnt of is nothing to another process. */
static void two_caches_know_one_token_by_two_digests(void **state)
{
	cleanup(free_cache) struct token_cache *one = make_cache(8);
	cleanup(free_cache) struct token_cache *other = make_cache(8);
	struct token_digest digest = digest_of(one, 1);
	struct token_digest again = digest_of(one, 1);
	struct token_digest elsewhere = digest_of(other, 1);

	(void)state;
	assert_memory_equal(&digest, &again, sizeof(digest));
	assert_memory_not_equal(&digest, &elsewhere, sizeof(digest));
}

static void what_was_added_is_found(void **state)
{
	cleanup(free_cache) struct token_cache *cache = make_cache(64);
	const struct claims *claims = add(cache, 1);

	(void)state;
	assert_ptr_equal(find(cache, 1, 1, NOW), claims);
	assert_null(find(cache, 2, 1, NOW));
	assert_int_equal(token_cache_count(cache), 1);
	token_cache_drop(cache);
	assert_null(find(cache, 1, 1, NOW));
	assert_int_equal(token_cache_count(cache), 0);
}

static void the_same_token_is_held_once(void **state)
{
	cleanup(free_cache) struct token_cache *cache = make_cache(64);
	const struct claims *second = NULL;

	(void)state;
	(void)add(cache, 1);
	second = add(cache, 1);
	assert_int_equal(token_cache_count(cache), 1);
	assert_ptr_equal(find(cache, 1, 1, NOW), second);
}

static void tokens_expire(void **state)
{
	cleanup(free_cache) struct token_cache *cache = make_cache(64);

	(void)state;
	(void)add(cache, 1);
	assert_non_null(find(cache, 1, 1, EXPIRES + TOKEN_LEEWAY - 1));
	assert_null(find(cache, 1, 1, EXPIRES + TOKEN_LEEWAY));
	assert_int_equal(token_cache_count(cache), 0);
	assert_null(find(cache, 1, 1, NOW));
}

static void a_clock_that_is_set_back_brings_nothing_into_force(void **state)
{
	cleanup(free_cache) struct token_cache *cache = make_cache(64);
	struct token_digest digest = digest_of(cache, 1);
	struct claims *claims = make_claims(EXPIRES);

	(void)state;
	claims->not_before = NOW;
	(void)token_cache_add(cache, &digest, 1, claims);
	assert_null(token_cache_find(cache, &digest, 1, NOW - TOKEN_LEEWAY - 1));
}

static void another_generation_forgets(void **state)
{
	cleanup(free_cache) struct token_cache *cache = make_cache(64);

	(void)state;
	(void)add(cache, 1);
	assert_null(find(cache, 1, 2, NOW));
	assert_null(find(cache, 1, 1, NOW));
	assert_int_equal(token_cache_count(cache), 0);
}

static void it_never_holds_more_than_it_has_room_for(void **state)
{
	cleanup(free_cache) struct token_cache *cache = make_cache(64);
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < TOKENS; i++) {
		const struct claims *claims = add(cache, i);

		assert_ptr_equal(find(cache, i, 1, NOW), claims);
		assert_in_range(token_cache_count(cache), 1, 64);
	}
	for (size_t i = 0; i < TOKENS; i++)
		found += find(cache, i, 1, NOW) != NULL;
	assert_int_equal(found, token_cache_count(cache));
}

/* Eight slots, one of them asked for between any two additions. */
static void what_is_asked_for_stays(void **state)
{
	cleanup(free_cache) struct token_cache *cache = make_cache(1);
	const struct claims *claims = add(cache, TOKENS);

	(void)state;
	for (size_t i = 0; i < TOKENS; i++) {
		assert_ptr_equal(find(cache, TOKENS, 1, NOW), claims);
		(void)add(cache, i);
	}
	assert_int_equal(token_cache_count(cache), 8);
	assert_ptr_equal(find(cache, TOKENS, 1, NOW), claims);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_caches_know_one_token_by_two_digests),
		cmocka_unit_test(what_was_added_is_found),
		cmocka_unit_test(the_same_token_is_held_once),
		cmocka_unit_test(tokens_expire),
		cmocka_unit_test(a_clock_that_is_set_back_brings_nothing_into_force),
		cmocka_unit_test(another_generation_forgets),
		cmocka_unit_test(it_never_holds_more_than_it_has_room_for),
		cmocka_unit_test(what_is_asked_for_stays),
	};

	return cmocka_run_group_tests_name("token_cache", tests, NULL, NULL);
}
