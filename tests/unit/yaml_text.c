/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "yaml_text.h"

static int check(const char *text, size_t size, struct diags *diags)
{
	return yaml_text_check(&text, &size, "f", diags);
}

/* What is wrong with TEXT in one line; "" for nothing. */
static void assert_checked(const char *text, size_t size, const char *expected)
{
	cleanup(diags_clear) struct diags diags = {0};
	char line[DIAG_LINE_MAX] = "";
	int r = check(text, size, &diags);

	if (diags.count)
		diag_format(&diags.items[0], line, sizeof(line));
	assert_string_equal(line, expected);
	assert_int_equal(r, *expected ? -EINVAL : 0);
	assert_int_equal(diags.errors, *expected ? 1 : 0);
}

static void the_place_of_a_bad_byte_counts_characters_and_every_break(void **state)
{
	(void)state;
	assert_checked("a\xff", 2, "f:1:2: error: invalid UTF-8: byte 0xff");
	assert_checked("\xc3\xbc\xf0\x9f\x94\x92\xff", 7, "f:1:3: error: invalid UTF-8: byte 0xff");
	assert_checked("a\nb\xc3", 4, "f:2:2: error: invalid UTF-8: byte 0xc3");
	assert_checked("a\r\nb\x80", 5, "f:2:2: error: invalid UTF-8: byte 0x80");
	assert_checked("a\r\r\n\n\x80", 6, "f:4:1: error: invalid UTF-8: byte 0x80");
	assert_checked("a\xc2\x85\xe2\x80\xa8\xe2\x80\xa9 \x80", 11,
		       "f:4:2: error: invalid UTF-8: byte 0x80");
	assert_checked("\xef\xbb\xbf\x80", 4, "f:1:1: error: invalid UTF-8: byte 0x80");
}

static void control_characters_are_refused(void **state)
{
	(void)state;
	for (char byte = 0; byte < 0x20; byte++) {
		cleanup(diags_clear) struct diags diags = {0};
		char text[] = {'a', byte, 'b'};
		bool white = byte == '\t' || byte == '\n' || byte == '\r';

		assert_int_equal(check(text, sizeof(text), &diags), white ? 0 : -EINVAL);
	}
	assert_checked("a\0b", 3, "f:1:2: error: NUL byte (the text must be UTF-8, not UTF-16)");
	assert_checked("a\x1b", 2, "f:1:2: error: control character U+001B");
	assert_checked("\x7f", 1, "f:1:1: error: control character U+007F");
	assert_checked("\xc2\x9b", 2, "f:1:1: error: control character U+009B");
	assert_checked("\xef\xbf\xbe", 3, "f:1:1: error: control character U+FFFE");
	assert_checked("\xc2\x85\xc2\xa0\xef\xbf\xbd\xf4\x8f\xbf\xbf", 11, "");
}

static void utf16_is_refused_and_a_utf8_mark_is_passed_over(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	const char *text = "\xef\xbb\xbfname";
	size_t size = strlen(text);

	(void)state;
	assert_int_equal(yaml_text_check(&text, &size, "f", &diags), 0);
	assert_string_equal(text, "name");
	assert_int_equal(size, 4);
	assert_checked("\xff\xfe\x61\x00", 4, "f:1:1: error: UTF-16: the text must be UTF-8");
	assert_checked("\xfe\xff\x00\x61", 4, "f:1:1: error: UTF-16: the text must be UTF-8");
	assert_checked("a\0:\0", 4, "f:1:2: error: NUL byte (the text must be UTF-8, not UTF-16)");
	assert_checked("\xef\xbb", 2, "f:1:1: error: invalid UTF-8: byte 0xef");
}

static void tag_directives_are_refused_where_a_line_begins(void **state)
{
	(void)state;
	assert_checked("%TAG ! x\n---\n", 13, "f:1:1: error: %TAG directives are not allowed");
	assert_checked("\xef\xbb\xbf%TAG", 7, "f:1:1: error: %TAG directives are not allowed");
	assert_checked("a\r%TAG", 6, "f:2:1: error: %TAG directives are not allowed");
	assert_checked("a\n %TAG", 7, "");
	assert_checked("%YAML 1.2\n---\n", 14, "");
	assert_checked("%TA", 3, "");
}

/* Blocks of the exact size, so that the sanitizer sees a byte too far. */
static void nothing_behind_the_end_is_read(void **state)
{
	static const char text[] = "\xef\xbb\xbf%TAG\r\n\xf0\x9f\x94\x92\xe2\x80\xa8";

	(void)state;
	for (size_t from = 0; from < sizeof(text); from++)
		for (size_t size = 1; size <= sizeof(text) - from; size++) {
			cleanup(diags_clear) struct diags diags = {0};
			cleanup(free_ptr) char *block = malloc(size);
			int r = 0;

			assert_non_null(block);
			memcpy(block, text + from, size);
			r = check(block, size, &diags);
			assert_int_equal(diags.errors, r < 0 ? 1 : 0);
		}
	assert_checked("", 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_place_of_a_bad_byte_counts_characters_and_every_break),
		cmocka_unit_test(control_characters_are_refused),
		cmocka_unit_test(utf16_is_refused_and_a_utf8_mark_is_passed_over),
		cmocka_unit_test(tag_directives_are_refused_where_a_line_begins),
		cmocka_unit_test(nothing_behind_the_end_is_read),
	};

	return cmocka_run_group_tests_name("yaml_text", tests, NULL, NULL);
}
