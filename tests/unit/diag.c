/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "diag.h"

#define ELLIPSIS "\xe2\x80\xa6"

static void assert_line(const struct diag *diag, const char *expected)
{
	char line[DIAG_LINE_MAX];

	assert_int_equal(diag_format(diag, line, sizeof(line)), strlen(expected));
	assert_string_equal(line, expected);
}

static void assert_quoted(const char *text, size_t length, const char *expected)
{
	char buffer[DIAG_QUOTE_MAX];

	assert_ptr_equal(diag_quote(buffer, sizeof(buffer), text, length), buffer);
	assert_string_equal(buffer, expected);
}

static void a_line_has_the_shape_of_a_compilers(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	diags_add(&diags, DIAG_ERROR, "rules.yaml", 3, 14, "unknown key '%s'", "prot");
	diags_add(&diags, DIAG_WARNING, "rules.yaml", 0, 0, "nothing in %d vaults", 7);
	diags_add(&diags, DIAG_NOTE, NULL, 4, 1, "here");
	diags_add(&diags, DIAG_ERROR, NULL, 0, 0, "out of memory");
	assert_int_equal(diags.count, 4);
	assert_int_equal(diags.errors, 2);
	assert_int_equal(diags.warnings, 1);
	assert_line(&diags.items[0], "rules.yaml:3:14: error: unknown key 'prot'");
	assert_line(&diags.items[1], "rules.yaml: warning: nothing in 7 vaults");
	assert_line(&diags.items[2], "4:1: note: here");
	assert_line(&diags.items[3], "error: out of memory");
}

static void what_could_speak_to_a_terminal_is_escaped(void **state)
{
	static const char right_to_left[] = {'\xe2', '\x80', '\xae'};

	(void)state;
	assert_quoted("a\x1b[31mb\n\t\x7f", 10, "a\\x1b[31mb\\x0a\\x09\\x7f");
	assert_quoted("\0", 1, "\\x00");
	assert_quoted("\xc2\x9b", 2, "\\xc2\\x9b");
	assert_quoted(right_to_left, sizeof(right_to_left), "\\xe2\\x80\\xae");
	assert_quoted("gr\xc3\xbc\xc3\x9f \xf0\x9f\x94\x92", 11,
		      "gr\xc3\xbc\xc3\x9f \xf0\x9f\x94\x92");
}

static void invalid_utf8_is_escaped_byte_by_byte(void **state)
{
	(void)state;
	assert_quoted("a\xff\xfe", 3, "a\\xff\\xfe");
	assert_quoted("\xc3", 1, "\\xc3");
	assert_quoted("\xe2\x80", 2, "\\xe2\\x80");
	assert_quoted("\xc0\x80\xed\xa0\x80", 5, "\\xc0\\x80\\xed\\xa0\\x80");
	assert_quoted("\xc3\x28", 2, "\\xc3(");
}

static void a_long_text_is_cut_at_a_whole_character(void **state)
{
	char buffer[8];

	(void)state;
	assert_string_equal(diag_quote(buffer, sizeof(buffer), "1234567", 7), "1234567");
	assert_string_equal(diag_quote(buffer, sizeof(buffer), "12345678", 8), "1234" ELLIPSIS);
	assert_string_equal(diag_quote(buffer, sizeof(buffer), "123\xc3\xbc\xc3\xbc", 7),
			    "123\xc3\xbc\xc3\xbc");
	assert_string_equal(diag_quote(buffer, sizeof(buffer), "123\xc3\xbc\xc3\xbc.", 8),
			    "123" ELLIPSIS);
	assert_string_equal(diag_quote(buffer, sizeof(buffer), "123\n4", 5), "123" ELLIPSIS);
	assert_string_equal(diag_quote(buffer, sizeof(buffer), "", 0), "");
}

/* Blocks of the exact size, so that the sanitizer sees a byte too far. */
static void no_buffer_is_too_small(void **state)
{
	static const char text[] = "a\x1b\xc3\xbc\xff\xf0\x9f\x94\x92 tail that is long enough";

	(void)state;
	for (size_t size = 1; size < 64; size++)
		for (size_t length = 0; length < sizeof(text); length++) {
			cleanup(free_ptr) char *buffer = malloc(size);

			assert_non_null(buffer);
			diag_quote(buffer, size, text, length);
			assert_true(strlen(buffer) < size);
		}
}

static void a_message_is_safe_even_if_nobody_quoted(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(free_ptr) char *tail = calloc(1, 100001);

	(void)state;
	assert_non_null(tail);
	memset(tail, 'x', 100000);
	diags_add(&diags, DIAG_ERROR, "a\nb", 1, 1, "bad \x1b]0;%s", "title\a");
	diags_add(&diags, DIAG_ERROR, tail, 1, 1, "%s", tail);
	assert_line(&diags.items[0], "a\\x0ab:1:1: error: bad \\x1b]0;title\\x07");
	assert_int_equal(strlen(diags.items[1].text), DIAG_TEXT_MAX - 1);
	assert_non_null(strstr(diags.items[1].text, "x" ELLIPSIS));
}

/* The longest file name, place and text at once still end in all of the text. */
static void the_longest_line_fits(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	char name[5000] = "";
	char line[DIAG_LINE_MAX];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	diags_add(&diags, DIAG_WARNING, name, UINT32_MAX, UINT32_MAX, "%s", name);
	diag_format(&diags.items[0], line, sizeof(line));
	assert_non_null(strstr(line, ":4294967295:4294967295: warning: nnnn"));
	assert_string_equal(strstr(line, ": nnn") + 2, diags.items[0].text);
}

static void past_the_thousandth_they_are_only_counted(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	for (uint32_t i = 0; i < 1000000; i++) {
		diags_add(&diags, DIAG_ERROR, "f", i + 1, 1, "error");
		diags_add(&diags, DIAG_NOTE, "f", i + 1, 1, "note");
	}
	assert_int_equal(diags.count, DIAGS_MAX);
	assert_int_equal(diags.errors, 1000000);
	assert_int_equal(diags.dropped, 2000000 - DIAGS_MAX);
	assert_int_equal(diags.items[DIAGS_MAX - 1].line, DIAGS_MAX / 2);
}

static void errors_take_the_places_of_warnings_and_of_their_notes(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	for (uint32_t i = 0; i < DIAGS_MAX; i += 2) {
		diags_add(&diags, DIAG_WARNING, "f", i + 1, 1, "warning");
		diags_add(&diags, DIAG_NOTE, "f", i + 1, 1, "note");
	}
	diags_add(&diags, DIAG_WARNING, "f", 5000, 1, "one too many");
	diags_add(&diags, DIAG_NOTE, "f", 5000, 1, "and its note");
	assert_int_equal(diags.dropped, 2);
	for (uint32_t i = 0; i < 2 * DIAGS_MAX; i++)
		diags_add(&diags, DIAG_ERROR, "f", 10000 + i, 1, "error");
	assert_int_equal(diags.count, DIAGS_MAX);
	for (size_t i = 0; i < diags.count; i++)
		assert_int_equal(diags.items[i].level, DIAG_ERROR);
	assert_int_equal(diags.warnings, DIAGS_MAX / 2 + 1);
	assert_int_equal(diags.errors, 2 * DIAGS_MAX);
	assert_int_equal(diags.count + diags.dropped, 2 * DIAGS_MAX + DIAGS_MAX + 2);
}

static void sorting_keeps_equals_in_order_and_notes_with_their_error(void **state)
{
	static const char expected[] = "hacdgebfi";
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	diags_add(&diags, DIAG_ERROR, "one", 2, 2, "c");
	diags_add(&diags, DIAG_NOTE, "one", 1, 1, "d");
	diags_add(&diags, DIAG_ERROR, "one", 10, 1, "e");
	diags_add(&diags, DIAG_NOTE, "aaa", 1, 1, "b");
	diags_add(&diags, DIAG_ERROR, "two", 1, 1, "f");
	diags_add(&diags, DIAG_WARNING, "one", 2, 1, "a");
	diags_add(&diags, DIAG_WARNING, "one", 2, 2, "g");
	diags_add(&diags, DIAG_ERROR, NULL, 9, 9, "h");
	diags_add(&diags, DIAG_ERROR, "two", 1, 1, "i");
	diags_sort(&diags);
	assert_int_equal(diags.count, strlen(expected));
	for (size_t i = 0; i < diags.count; i++)
		assert_int_equal(diags.items[i].text[0], expected[i]);
}

static void a_cleared_collection_can_be_filled_again(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};

	(void)state;
	diags_clear(&diags);
	diags_sort(&diags);
	diags_add(&diags, DIAG_ERROR, "f", 1, 1, "first");
	diags_clear(&diags);
	assert_int_equal(diags.errors, 0);
	diags_add(&diags, DIAG_ERROR, "f", 1, 1, "second");
	assert_int_equal(diags.count, 1);
	assert_string_equal(diags.items[0].text, "second");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_the_shape_of_a_compilers),
		cmocka_unit_test(what_could_speak_to_a_terminal_is_escaped),
		cmocka_unit_test(invalid_utf8_is_escaped_byte_by_byte),
		cmocka_unit_test(a_long_text_is_cut_at_a_whole_character),
		cmocka_unit_test(no_buffer_is_too_small),
		cmocka_unit_test(a_message_is_safe_even_if_nobody_quoted),
		cmocka_unit_test(the_longest_line_fits),
		cmocka_unit_test(past_the_thousandth_they_are_only_counted),
		cmocka_unit_test(errors_take_the_places_of_warnings_and_of_their_notes),
		cmocka_unit_test(sorting_keeps_equals_in_order_and_notes_with_their_error),
		cmocka_unit_test(a_cleared_collection_can_be_filled_again),
	};

	return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
