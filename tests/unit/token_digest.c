/* SPDX-License-Identifier: Apache-2.0 */
#include "token_digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"

#define LENGTH 1500

static void free_digester(struct token_digester **digester)
{
	token_digester_free(*digester);
}

static struct token_digester *make_digester(void)
{
	struct token_digester *digester = NULL;

	assert_int_equal(token_digester_open(&digester), 0);
	return digester;
}

/* In a block of its own, so that a sanitizer sees a step beyond its end. */
static struct token_digest digest_of(struct token_digester *digester, const char *text,
				     size_t length)
{
	cleanup(free_ptr) char *copy = malloc(length ? length : 1);
	struct token_digest digest;

	assert_non_null(copy);
	memcpy(copy, text, length);
	assert_int_equal(token_digest(digester, copy, length, &digest), 0);
	return digest;
}

static int compare_digests(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct token_digest));
}

static void assert_all_differ(struct token_digest *digests, size_t count)
{
	qsort(digests, count, sizeof(*digests), compare_digests);
	for (size_t i = 1; i < count; i++)
		assert_memory_not_equal(&digests[i - 1], &digests[i], sizeof(*digests));
}

static void a_text_has_one_digest_whatever_went_before(void **state)
{
	cleanup(free_digester) struct token_digester *digester = make_digester();
	struct token_digest first = digest_of(digester, "a.b.c", 5);
	struct token_digest again;

	(void)state;
	(void)digest_of(digester, "something.else.altogether", 25);
	again = digest_of(digester, "a.b.c", 5);
	assert_memory_equal(&first, &again, sizeof(first));
}

static void every_byte_counts(void **state)
{
	static struct token_digest digests[LENGTH + 1];
	cleanup(free_digester) struct token_digester *digester = make_digester();
	char text[LENGTH];

	(void)state;
	memset(text, 'A', sizeof(text));
	digests[LENGTH] = digest_of(digester, text, sizeof(text));
	for (size_t i = 0; i < LENGTH; i++) {
		text[i] = 'B';
		digests[i] = digest_of(digester, text, sizeof(text));
		text[i] = 'A';
	}
	assert_all_differ(digests, LENGTH + 1);
}

/* Nor is anything the same for being padded. */
static void every_length_counts(void **state)
{
	static struct token_digest digests[LENGTH];
	static const char zeros[LENGTH];
	cleanup(free_digester) struct token_digester *digester = make_digester();

	(void)state;
	for (size_t i = 0; i < LENGTH; i++)
		digests[i] = digest_of(digester, zeros, i);
	assert_all_differ(digests, LENGTH);
}

/* The keys are random: what one run gives is of no use in another. */
static void no_two_digesters_agree(void **state)
{
	struct token_digest digests[64];

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		cleanup(free_digester) struct token_digester *digester = make_digester();

		digests[i] = digest_of(digester, "a.b.c", 5);
	}
	assert_all_differ(digests, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_has_one_digest_whatever_went_before),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(every_length_counts),
		cmocka_unit_test(no_two_digesters_agree),
	};

	return cmocka_run_group_tests_name("token_digest", tests, NULL, NULL);
}
