// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "gate_report.h"

static const char good[] =
	"{\"file\": \"/etc/nginx/conf.d/vaultwall.conf\", \"follows\": true, \"generation\": 7,"
	" \"wanted\": 8, \"since\": 1700000000, \"problem\": \"nginx refuses it: [emerg] x\","
	" \"unserved\": 1, \"diagnostics\": [{\"level\": \"warning\", \"file\": \"r.yaml\","
	" \"line\": 3, \"column\": 5, \"text\": \"no place\"}]}";

static int check_json(json_t *report)
{
	struct fault fault = {0};
	int r = gate_report_check(report, &fault);

	assert_int_equal(r < 0, fault.text[0] != '\0');
	json_decref(report);
	return r;
}

/* The good one, with one member in another way; NULL: without it. */
static int with(const char *name, json_t *value)
{
	json_t *report = json_loads(good, 0, NULL);

	assert_non_null(report);
	if (value)
		(void)json_object_set_new(report, name, value);
	else
		(void)json_object_del(report, name);
	return check_json(report);
}

static int with_text(const char *name, const char *text)
{
	return with(name, json_string_nocheck(text));
}

static void a_good_one_passes(void **state)
{
	(void)state;
	assert_int_equal(check_json(json_loads(good, 0, NULL)), 0);
	assert_int_equal(with("generation", json_null()), 0);
	assert_int_equal(with("problem", json_null()), 0);
	assert_int_equal(with("diagnostics", json_array()), 0);
	assert_int_equal(with_text("problem", "caf\xc3\xa9"), 0);
}

static void what_is_no_report_is_refused(void **state)
{
	(void)state;
	assert_int_equal(check_json(NULL), -EINVAL);
	assert_int_equal(check_json(json_array()), -EINVAL);
	assert_int_equal(check_json(json_object()), -EINVAL);
	assert_int_equal(with("more", json_true()), -EINVAL);
}

static void every_member_must_be_there_and_have_its_type(void **state)
{
	static const char *const names[] = {"file",  "follows", "generation", "wanted",
					    "since", "problem", "unserved",   "diagnostics"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(with(names[i], NULL), -EINVAL);
		assert_int_equal(with(names[i], json_object()), -EINVAL);
		assert_int_equal(with(names[i], json_real(1.5)), -EINVAL);
	}
}

static void numbers_have_limits(void **state)
{
	(void)state;
	assert_int_equal(with("generation", json_integer(-1)), -EINVAL);
	assert_int_equal(with("generation", json_integer(INT64_C(1) << 32)), -EINVAL);
	assert_int_equal(with("since", json_integer(INT64_MAX)), -EINVAL);
	assert_int_equal(with("unserved", json_integer(-5)), -EINVAL);
}

static void texts_are_short_and_printable(void **state)
{
	static const char *const texts[] = {"a\nb", "\x1b[2J", "\x7f", "\xc2\x9b"};
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(with_text("problem", texts[i]), -EINVAL);
		assert_int_equal(with_text("file", texts[i]), -EINVAL);
	}
	assert_int_equal(with("file", json_stringn("a\0b", 3)), -EINVAL);
	/* By JSON's own spelling: marks that turn the writing round. */
	assert_int_equal(with("file", json_loads("\"\\u202e\"", JSON_DECODE_ANY, NULL)), -EINVAL);
	assert_int_equal(with("file", json_loads("\"\\u061c\"", JSON_DECODE_ANY, NULL)), -EINVAL);
	assert_int_equal(with("file", json_loads("\"\\ufeff\"", JSON_DECODE_ANY, NULL)), -EINVAL);
	assert_int_equal(with("file", json_loads("\"\\u2066\"", JSON_DECODE_ANY, NULL)), -EINVAL);
	memset(text, 'x', sizeof(text));
	text[511] = '\0';
	assert_int_equal(with_text("problem", text), 0);
	text[511] = 'x';
	text[512] = '\0';
	assert_int_equal(with_text("problem", text), -EINVAL);
	text[256] = '\0';
	assert_int_equal(with_text("file", text), -EINVAL);
}

static json_t *diagnostics(size_t count, const char *text)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, json_pack("{s:s, s:n, s:i, s:i, s:s}", "level",
							     "warning", "file", "line", 1, "column",
							     1, "text", text));
	return array;
}

static void diagnostics_are_few_and_printable(void **state)
{
	json_t *odd = json_array();

	(void)state;
	assert_int_equal(with("diagnostics", diagnostics(GATE_REPORT_DIAGNOSTICS, "x")), 0);
	assert_int_equal(with("diagnostics", diagnostics(GATE_REPORT_DIAGNOSTICS + 1, "x")),
			 -EINVAL);
	assert_int_equal(with("diagnostics", diagnostics(1, "a\tb")), -EINVAL);
	(void)json_array_append_new(odd, json_string("x"));
	assert_int_equal(with("diagnostics", odd), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_passes),
		cmocka_unit_test(what_is_no_report_is_refused),
		cmocka_unit_test(every_member_must_be_there_and_have_its_type),
		cmocka_unit_test(numbers_have_limits),
		cmocka_unit_test(texts_are_short_and_printable),
		cmocka_unit_test(diagnostics_are_few_and_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
