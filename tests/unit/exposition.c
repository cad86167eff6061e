// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "exposition.h"

static void becomes(const char *text, const char *expected)
{
	size_t bad_line = 0;
	json_t *samples = exposition_parse(text, &bad_line);
	char *found = samples ? json_dumps(samples, JSON_COMPACT) : NULL;

	assert_int_equal(bad_line, 0);
	assert_non_null(found);
	assert_string_equal(found, expected);
	free(found);
	json_decref(samples);
}

static void is_refused(const char *text, size_t line)
{
	size_t bad_line = 0;

	assert_null(exposition_parse(text, &bad_line));
	assert_int_equal(bad_line, line);
}

static void samples_keep_their_order_and_labels(void **state)
{
	(void)state;
	becomes("# HELP x y\n# TYPE x counter\n"
		"x_total{vault=\"contoso\",verdict=\"drop\"} 1234\n"
		"\n"
		"generation 7\n"
		"ratio{} 0.5\n",
		"[{\"name\":\"x_total\",\"labels\":{\"vault\":\"contoso\",\"verdict\":\"drop\"},"
		"\"value\":1234},"
		"{\"name\":\"generation\",\"labels\":{},\"value\":7},"
		"{\"name\":\"ratio\",\"labels\":{},\"value\":0.5}]");
}

static void nothing_is_an_empty_list(void **state)
{
	(void)state;
	becomes("", "[]");
	becomes("\n# only a comment", "[]");
}

static void escapes_in_labels_are_undone(void **state)
{
	(void)state;
	becomes("x{a=\"q\\\"uote\",b=\"back\\\\nslash\",c=\"new\\nline\"} 1",
		"[{\"name\":\"x\",\"labels\":{\"a\":\"q\\\"uote\",\"b\":\"back\\\\nslash\","
		"\"c\":\"new\\nline\"},\"value\":1}]");
}

static void a_line_that_is_no_sample_is_named(void **state)
{
	(void)state;
	is_refused("x 1\ny\n", 2);
	is_refused("x one", 1);
	is_refused("x{a=\"1\" 1", 1);
	is_refused("x{a=\"1} 1", 1);
	is_refused("x{a=1} 1", 1);
	is_refused("x{=\"1\"} 1", 1);
	is_refused("x{", 1);
	is_refused("x{a=\"\\", 1);
	is_refused("x{a=\"1\"}1", 1);
	is_refused("{a=\"1\"} 1", 1);
	is_refused("x NaN", 1);
	is_refused("x{a=\"\xff\"} 1", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_keep_their_order_and_labels),
		cmocka_unit_test(nothing_is_an_empty_list),
		cmocka_unit_test(escapes_in_labels_are_undone),
		cmocka_unit_test(a_line_that_is_no_sample_is_named),
	};

	return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
