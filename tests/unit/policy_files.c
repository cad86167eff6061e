/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "cleanup.h"
#include "policy.h"

struct sample {
	struct arena arena;
	struct diags diags;
	const char **names;
	size_t count;
	int r;
};

static void sample_free(struct sample *sample)
{
	arena_free_all(&sample->arena);
	diags_clear(&sample->diags);
}

static void sample_read(struct sample *sample, const char *text)
{
	const struct rules_file document = {"rules.yaml", text, strlen(text)};

	arena_init(&sample->arena, SIZE_MAX);
	sample->r = policy_file_names(&document, &sample->diags, &sample->arena, &sample->names,
				      &sample->count);
}

static void files_come_in_order_and_once(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample, "ip_sets:\n  - {name: a, file: z.txt}\n  - {name: b, ranges: []}\n"
			     "  - {name: c, file: lists/a.txt}\n  - {name: d, file: z.txt}\n");
	assert_int_equal(sample.r, 0);
	assert_int_equal(sample.count, 2);
	assert_string_equal(sample.names[0], "z.txt");
	assert_string_equal(sample.names[1], "lists/a.txt");
}

static void other_faults_are_left_for_later(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample, "vresion: 1\nip_sets:\n  - z.txt\n  - {file: []}\n  - {file: ''}\n"
			     "  - [file]\n  - {file: a.txt}\n");
	assert_int_equal(sample.r, 0);
	assert_int_equal(sample.diags.count, 0);
	assert_int_equal(sample.count, 1);
	assert_string_equal(sample.names[0], "a.txt");
}

static void there_may_be_no_sets_at_all(void **state)
{
	static const char *const texts[] = {"",
					    "- a",
					    "a",
					    "version: 1",
					    "ip_sets: a",
					    "ip_sets:",
					    "ip_sets: {file: a}",
					    "ip_sets: []"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cleanup(sample_free) struct sample sample = {.count = 7};

		sample_read(&sample, texts[i]);
		assert_int_equal(sample.r, 0);
		assert_int_equal(sample.count, 0);
	}
}

static void a_syntax_error_is_told(void **state)
{
	cleanup(sample_free) struct sample sample = {.count = 7};

	(void)state;
	sample_read(&sample, "ip_sets: [");
	assert_int_equal(sample.r, -EINVAL);
	assert_int_equal(sample.diags.errors, 1);
	assert_int_equal(sample.count, 7);
}

/* A document may have megabytes of vaults behind its sets. */
static void nothing_behind_the_sets_is_looked_at(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample, "ip_sets: [{file: a.txt}]\nvaults: [\n");
	assert_int_equal(sample.r, 0);
	assert_int_equal(sample.diags.count, 0);
	assert_int_equal(sample.count, 1);
}

static void without_the_word_there_is_nothing_to_look_at(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample, "vaults: [\n");
	assert_int_equal(sample.r, 0);
	assert_int_equal(sample.count, 0);
}

static void the_word_may_be_spelled_with_an_escape(void **state)
{
	static const char *const texts[] = {
		"\"ip\\x5fsets\": [{file: a.txt}]",	  "\"ip\\u005fsets\": [{file: a.txt}]",
		"? \"ip_\\\n  sets\"\n: [{file: a.txt}]", "'ip_sets': [{\"f\\x69le\": a.txt}]",
		"? ip_sets\n: - file: a.txt\n",		  "? |-\n  ip_sets\n: - file: a.txt\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cleanup(sample_free) struct sample sample = {0};

		sample_read(&sample, texts[i]);
		assert_int_equal(sample.r, 0);
		assert_int_equal(sample.count, 1);
		assert_string_equal(sample.names[0], "a.txt");
	}
}

/* Keys further in are no business of this. */
static void only_the_document_has_sets(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample, "a: {ip_sets: [{file: a.txt}]}\nip_sets: [{file: b.txt}]\n");
	assert_int_equal(sample.r, 0);
	assert_int_equal(sample.count, 1);
	assert_string_equal(sample.names[0], "b.txt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_come_in_order_and_once),
		cmocka_unit_test(other_faults_are_left_for_later),
		cmocka_unit_test(there_may_be_no_sets_at_all),
		cmocka_unit_test(a_syntax_error_is_told),
		cmocka_unit_test(nothing_behind_the_sets_is_looked_at),
		cmocka_unit_test(without_the_word_there_is_nothing_to_look_at),
		cmocka_unit_test(the_word_may_be_spelled_with_an_escape),
		cmocka_unit_test(only_the_document_has_sets),
	};

	return cmocka_run_group_tests_name("policy_files", tests, NULL, NULL);
}
