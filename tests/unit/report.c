// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "report.h"

static const char document[] = "version: 1\r\n"
			       "\tvault: \xc3\xa4x\n"
			       "last";

static void prints(const struct diags *diags, bool with_source, const char *expected)
{
	const struct rules_bundle bundle = {
		.document = {.name = "r.yaml", .text = document, .size = sizeof(document) - 1},
	};
	json_t *json = report_from_diags(diags);
	char *text = NULL;
	size_t size = 0;
	struct printer printer = {.stream = open_memstream(&text, &size)};

	assert_non_null(json);
	assert_int_equal(report_print(&printer, json, with_source ? &bundle : NULL), diags->errors);
	assert_int_equal(fclose(printer.stream), 0);
	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

static void places_are_told_as_compilers_do(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	diags_add(&diags, DIAG_ERROR, "r.yaml", 2, 9, "bad");
	diags_add(&diags, DIAG_NOTE, "r.yaml", 0, 0, "somewhere");
	diags_add(&diags, DIAG_WARNING, NULL, 0, 0, "anywhere");
	prints(&diags, false,
	       "r.yaml:2:9: error: bad\n"
	       "r.yaml: note: somewhere\n"
	       "warning: anywhere\n");
}

static void the_caret_stands_under_the_place(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	diags_add(&diags, DIAG_ERROR, "r.yaml", 1, 10, "one");
	diags_add(&diags, DIAG_ERROR, "r.yaml", 2, 10, "two");
	diags_add(&diags, DIAG_ERROR, "r.yaml", 3, 5, "end");
	diags_add(&diags, DIAG_ERROR, "other", 1, 1, "elsewhere");
	prints(&diags, true,
	       "r.yaml:1:10: error: one\n"
	       "    version: 1\n"
	       "             ^\n"
	       "r.yaml:2:10: error: two\n"
	       "     vault: \xc3\xa4x\n"
	       "             ^\n"
	       "r.yaml:3:5: error: end\n"
	       "    last\n"
	       "        ^\n"
	       "other:1:1: error: elsewhere\n");
}

static void places_that_are_not_there_do_no_harm(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	diags_add(&diags, DIAG_ERROR, "r.yaml", 99, 1, "below");
	diags_add(&diags, DIAG_ERROR, "r.yaml", 3, 99, "beside");
	diags_add(&diags, DIAG_ERROR, "r.yaml", UINT32_MAX, UINT32_MAX, "beyond");
	prints(&diags, true,
	       "r.yaml:99:1: error: below\n"
	       "    \n"
	       "    ^\n"
	       "r.yaml:3:99: error: beside\n"
	       "    last\n"
	       "        ^\n"
	       "r.yaml:4294967295:4294967295: error: beyond\n"
	       "    \n"
	       "    ^\n");
}

static void a_long_line_is_shown_around_the_place(void **state)
{
	static char text[5001];
	const struct rules_bundle bundle = {
		.document = {.name = "long", .text = text, .size = sizeof(text) - 1},
	};
	cleanup(diags_clear) struct diags diags = {0};
	char *printed = NULL;
	size_t size = 0;
	struct printer printer = {.stream = open_memstream(&printed, &size)};
	json_t *json;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[4000] = '!';
	diags_add(&diags, DIAG_ERROR, "long", 1, 4001, "here");
	json = report_from_diags(&diags);
	(void)report_print(&printer, json, &bundle);
	assert_int_equal(fclose(printer.stream), 0);
	assert_true(size < 250);
	/* Three lines: the diagnostic, the piece of the line, the caret. */
	size_t line = strcspn(printed, "\n") + 1;
	size_t below = line + strcspn(printed + line, "\n") + 1;

	assert_int_equal(printed[line + strcspn(printed + line, "!")], '!');
	assert_int_equal(strcspn(printed + line, "!"), strcspn(printed + below, "^"));
	free(printed);
	json_decref(json);
}

static void a_file_name_that_json_cannot_hold_is_escaped(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	diags_add(&diags, DIAG_ERROR,
		  "a\xff"
		  "b\x1b",
		  1, 1, "bad");
	prints(&diags, true, "a\\xffb\\x1b:1:1: error: bad\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_told_as_compilers_do),
		cmocka_unit_test(the_caret_stands_under_the_place),
		cmocka_unit_test(places_that_are_not_there_do_no_harm),
		cmocka_unit_test(a_long_line_is_shown_around_the_place),
		cmocka_unit_test(a_file_name_that_json_cannot_hold_is_escaped),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
