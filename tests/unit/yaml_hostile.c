/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cleanup.h"
#include "yaml.h"

/* CPU time within which anything is refused, sanitizers included. */
#define SECONDS_MAX 10

#define MEBIBYTE    ((size_t)1 << 20)

/* PREFIX, and then UNIT again and again until SIZE is reached. */
static char *flood(const char *prefix, const char *unit, size_t size)
{
	char *text = malloc(size);
	size_t length = strlen(unit);
	size_t begin = strlen(prefix);

	assert_non_null(text);
	for (size_t i = 0; i < size; i++) {
		const char *from = i < begin ? prefix + i : unit + (i - begin) % length;

		text[i] = *from;
	}
	return text;
}

/* Such a flood is refused in time, with PROBLEM as its last error. */
static void assert_flood_refused(const char *prefix, const char *unit, size_t size,
				 const char *problem)
{
	cleanup(free_ptr) char *text = flood(prefix, unit, size);
	cleanup(diags_clear) struct diags diags = {0};
	struct yaml_document document = {0};
	char line[DIAG_LINE_MAX];
	size_t last = 0;
	clock_t start = clock();

	assert_int_equal(yaml_read(text, size, "f", &diags, &document), -EINVAL);
	assert_true((clock() - start) / CLOCKS_PER_SEC < SECONDS_MAX);
	for (size_t i = 0; i < diags.count; i++)
		if (diags.items[i].level == DIAG_ERROR)
			last = i;
	diag_format(&diags.items[last], line, sizeof(line));
	line[strlen(problem) < sizeof(line) ? strlen(problem) : 0] = '\0';
	assert_string_equal(line, problem);
}

static void deep_nesting_is_refused_at_once(void **state)
{
	(void)state;
	assert_flood_refused("", "[", 80000, "f:1:33: error: nested more than 32 levels deep");
	assert_flood_refused("", "{", 80000, "f:1:33: error: nested more than 32 levels deep");
	assert_flood_refused("", "- ", 80000, "f:1:65: error: nested more than 32 levels deep");
	assert_flood_refused("", "? ", 80000, "f:1:65: error: nested more than 32 levels deep");
	assert_flood_refused("", "{a: ", 80000, "f:1:129: error: nested more than 32 levels deep");
	assert_flood_refused("", "{a: [", 80000, "f:1:81: error: nested more than 32 levels deep");
}

static void too_much_of_anything_is_refused(void **state)
{
	(void)state;
	assert_flood_refused("", "a: b # 100 MB\n", 100 * MEBIBYTE,
			     "f: error: 104857600 bytes: at most 67108864 are allowed");
	assert_flood_refused("a: ", "x", YAML_SIZE_MAX,
			     "f:1:4: error: a text of 67108861 bytes: at most 65536 are allowed");
	assert_flood_refused("a: |+\n x", "\n", MEBIBYTE, "f:1:4: error: a text of");
	assert_flood_refused("x", "x", MEBIBYTE, "f:1:1: error: a text of 1048576 bytes");
	assert_flood_refused("", "x ", MEBIBYTE, "f:1:1: error: a text of 1048575 bytes");
	assert_flood_refused("a: \"", "\\L", MEBIBYTE, "f:1:1048577: error: found unexpected end");
}

static void repetition_takes_no_more_than_linear_time(void **state)
{
	(void)state;
	assert_flood_refused("", "%TAG !a! b\n", MEBIBYTE, "f:1:1: error: %TAG");
	assert_flood_refused("", "%a b\n", MEBIBYTE, "f:1:3: error: found unknown directive");
	assert_flood_refused("", "%YAML 1.1\n", MEBIBYTE, "f:2:1: error: found duplicate %YAML");
	assert_flood_refused("", "---\n", MEBIBYTE, "f:2:1: error: a second document");
	assert_flood_refused("[", "]", MEBIBYTE, "f:1:3: error: did not find expected <document");
	assert_flood_refused("a: &", "a", MEBIBYTE, "f:1:4: error: anchors are not allowed");
	assert_flood_refused("a: !", "a", MEBIBYTE, "f:1:4: error: tags are not allowed");
	assert_flood_refused("", "a: 1\n", MEBIBYTE, "f:209717:1: error: could not find");
	assert_flood_refused("a: [", "b, ", MEBIBYTE, "f:2:1: error: did not find expected node");
}

/* Ten levels of ten aliases each: ten thousand million texts, would anybody expand them. */
static void a_bomb_of_aliases_is_refused(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	struct yaml_document document = {0};
	char text[4096] = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n";

	(void)state;
	for (size_t level = 1; level < 10; level++) {
		size_t used = strlen(text);

		used += (size_t)snprintf(text + used, sizeof(text) - used, "l%zu: &l%zu [x", level,
					 level);
		for (size_t i = 0; i < 10; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, ", *l%zu",
						 level - 1);
		(void)snprintf(text + used, sizeof(text) - used, "]\n");
	}
	assert_int_equal(yaml_read(text, strlen(text), "f", &diags, &document), -EINVAL);
	assert_int_equal(diags.errors, 10 + 9 * 10);
}

static const char sample[] =
	"\xef\xbb\xbf%YAML 1.1\n--- # \xc3\xbc\nversion: 1\r\n"
	"sets: [\"a\\x41\\u263a\", 'it''s', {k: v, ? l : [w]}]\n"
	"vaults:\n  - name: contoso\n    text: |2-\n      folded\n\n       here\n"
	"    more: >+\n      x\n\n"
	"  - {n\xf0\x9f\x94\x92: \"two\n    lines\"}\nplain: two\n  words # comment\n...\n";

/* In a block of the exact size, so that the sanitizer sees a byte too far. */
static int read_block(const char *text, size_t size)
{
	cleanup(free_ptr) char *block = malloc(size ? size : 1);
	cleanup(yaml_free) struct yaml_document document = {0};
	cleanup(diags_clear) struct diags diags = {0};
	int r = 0;

	assert_non_null(block);
	memcpy(block, text, size);
	r = yaml_read(block, size, "f", &diags, &document);
	assert_true(r == 0 || r == -EINVAL);
	assert_true(r == 0 || (diags.errors && !document.root));
	return r;
}

static void every_truncation_is_refused_or_read(void **state)
{
	(void)state;
	assert_int_equal(read_block(sample, sizeof(sample) - 1), 0);
	for (size_t size = 0; size < sizeof(sample); size++)
		(void)read_block(sample, size);
}

static void every_changed_byte_is_refused_or_read(void **state)
{
	static const char bytes[] = "\n\t \"'#%&*,-:?[]{|}!>@`\\\xff\x80\xc3\r\x00\x01";
	char text[sizeof(sample)];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(sample); i++)
		for (size_t j = 0; j < sizeof(bytes); j++) {
			memcpy(text, sample, sizeof(sample));
			text[i] = bytes[j];
			(void)read_block(text, sizeof(text) - 1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deep_nesting_is_refused_at_once),
		cmocka_unit_test(too_much_of_anything_is_refused),
		cmocka_unit_test(repetition_takes_no_more_than_linear_time),
		cmocka_unit_test(a_bomb_of_aliases_is_refused),
		cmocka_unit_test(every_truncation_is_refused_or_read),
		cmocka_unit_test(every_changed_byte_is_refused_or_read),
	};

	return cmocka_run_group_tests_name("yaml_hostile", tests, NULL, NULL);
}
