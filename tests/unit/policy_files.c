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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_come_in_order_and_once),
		cmocka_unit_test(other_faults_are_left_for_later),
		cmocka_unit_test(there_may_be_no_sets_at_all),
		cmocka_unit_test(a_syntax_error_is_told),
	};

	return cmocka_run_group_tests_name("policy_files", tests, NULL, NULL);
}
