/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "yaml.h"

struct reading {
	struct yaml_document document;
	struct diags diags;
	int r;
	char lines[8192]; /* the diagnostics, sorted, a line each */
};

static void reading_free(struct reading *reading)
{
	yaml_free(&reading->document);
	diags_clear(&reading->diags);
}

static void lines_join(struct reading *reading)
{
	size_t used = 0;

	diags_sort(&reading->diags);
	for (size_t i = 0; i < reading->diags.count; i++) {
		if (sizeof(reading->lines) - used < DIAG_LINE_MAX)
			return;
		used += diag_format(&reading->diags.items[i], reading->lines + used, DIAG_LINE_MAX);
		reading->lines[used++] = '\n';
		reading->lines[used] = '\0';
	}
}

static void read_text(struct reading *reading, const char *text)
{
	*reading = (struct reading){0};
	reading->r = yaml_read(text, strlen(text), "f", &reading->diags, &reading->document);
	lines_join(reading);
}

static void assert_node(const struct yaml_node *node, enum yaml_kind kind, uint32_t line,
			uint32_t column)
{
	assert_non_null(node);
	assert_int_equal(node->kind, kind);
	assert_int_equal(node->line, line);
	assert_int_equal(node->column, column);
}

static void every_node_knows_its_place(void **state)
{
	cleanup(reading_free) struct reading reading = {0};
	const struct yaml_node *node = NULL;

	(void)state;
	read_text(&reading, "# rules\n"
			    "version: 1\n"
			    "g\xc3\xbc: [a, {\xf0\x9f\x94\x92: c}, 'd']\n"
			    "vaults:\n"
			    "  - name: contoso\n"
			    "    none:\n");
	assert_int_equal(reading.r, 0);
	assert_string_equal(reading.lines, "");
	assert_node(reading.document.root, YAML_MAPPING, 2, 1);
	assert_int_equal(reading.document.root->length, 3);
	assert_node(yaml_get(reading.document.root, "version"), YAML_SCALAR, 2, 10);
	node = yaml_get(reading.document.root, "g\xc3\xbc");
	assert_node(node, YAML_SEQUENCE, 3, 5);
	assert_node(node->children, YAML_SCALAR, 3, 6);
	assert_node(node->children->next, YAML_MAPPING, 3, 9);
	assert_node(node->children->next->children->key, YAML_SCALAR, 3, 10);
	assert_node(node->children->next->children, YAML_SCALAR, 3, 13);
	assert_node(node->children->next->next, YAML_SCALAR, 3, 17);
	node = yaml_get(reading.document.root, "vaults");
	assert_node(node, YAML_SEQUENCE, 5, 3);
	assert_node(node->children, YAML_MAPPING, 5, 5);
	assert_node(yaml_get(node->children, "none"), YAML_SCALAR, 6, 10);
}

static void a_scalar_is_text_and_tells_whether_it_was_quoted(void **state)
{
	static const struct {
		const char *yaml;
		const char *text;
		bool plain;
	} cases[] = {
		{"no", "no", true},
		{"0777", "0777", true},
		{"'no'", "no", false},
		{"\"a\\tb\\u00fc\\x1b\"", "a\tb\xc3\xbc\x1b", false},
		{"''", "", false},
		{"|\n  two\n  lines\n", "two\nlines\n", false},
		{">-\n  two\n  lines\n", "two lines", false},
		{"two\n words", "two words", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup(reading_free) struct reading reading = {0};

		read_text(&reading, cases[i].yaml);
		assert_int_equal(reading.r, 0);
		assert_node(reading.document.root, YAML_SCALAR, 1, 1);
		assert_string_equal(reading.document.root->text, cases[i].text);
		assert_int_equal(reading.document.root->length, strlen(cases[i].text));
		assert_int_equal(reading.document.root->plain, cases[i].plain);
	}
}

static void a_document_without_anything_has_no_root(void **state)
{
	static const char *const texts[] = {"",
					    "\n\n",
					    "# only this",
					    "---\n",
					    "---\n...\n",
					    "%YAML 1.1\n---\n",
					    "\xef\xbb\xbf"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cleanup(reading_free) struct reading reading = {0};

		read_text(&reading, texts[i]);
		assert_int_equal(reading.r, 0);
		assert_string_equal(reading.lines, "");
		assert_null(reading.document.root);
	}
}

static void get_finds_keys_of_mappings_only(void **state)
{
	cleanup(reading_free) struct reading reading = {0};
	const struct yaml_node *root = NULL;

	(void)state;
	read_text(&reading, "{a: 1, 'b': [a], '': 3}");
	root = reading.document.root;
	assert_string_equal(yaml_get(root, "a")->text, "1");
	assert_string_equal(yaml_get(root, "")->text, "3");
	assert_null(yaml_get(root, "c"));
	assert_null(yaml_get(yaml_get(root, "a"), "a"));
	assert_null(yaml_get(yaml_get(root, "b"), "a"));
	assert_null(yaml_get(NULL, "a"));
}

/* What a person gets to see of each fault. */
static const struct {
	const char *yaml;
	const char *lines;
} faults[] = {
	{"a: [1, 2\nb: 3\n",
	 "f:2:2: error: did not find expected ',' or ']' while parsing a flow sequence\n"
	 "f:1:4: note: it began here\n"},
	{"a:\n\tb: 1\n", "f:2:1: error: found character that cannot start any token (YAML does not "
			 "allow tabs for indentation)\n"},
	{"- a\n\t- b\n", "f:2:1: error: found a tab character that violates indentation while "
			 "scanning a plain scalar (YAML does not allow tabs for indentation)\n"
			 "f:1:3: note: it began here\n"},
	{"\xc3\xbc\xc3\xbc: @x\n",
	 "f:1:5: error: found character that cannot start any token (text "
	 "that begins with '@' needs quotes)\n"},
	{"a: b: c\n", "f:1:5: error: mapping values are not allowed in this context (wrong "
		      "indentation, or text with ': ' in it that needs quotes)\n"},
	{"a: 'b\n", "f:2:1: error: found unexpected end of stream while scanning a quoted scalar\n"
		    "f:1:4: note: it began here\n"},
	{"a: *:8200\n", "f:1:5: error: did not find expected alphabetic or numeric character while "
			"scanning an alias (text that begins with '*' needs quotes)\n"
			"f:1:4: note: it began here\n"},
	{"a: &b 1\n", "f:1:4: error: anchors are not allowed (text that begins with '&' needs "
		      "quotes)\n"},
	{"- *a\n- *b\n", "f:1:3: error: aliases are not allowed (text that begins with '*' needs "
			 "quotes)\n"
			 "f:2:3: error: aliases are not allowed (text that begins with '*' needs "
			 "quotes)\n"},
	{"a: !!int 1\n", "f:1:4: error: tags are not allowed (text that begins with '!' needs "
			 "quotes)\n"},
	{"a: !\n", "f:1:4: error: tags are not allowed (text that begins with '!' needs quotes)\n"},
	{"a:\n  <<: {}\n", "f:2:3: error: merge keys (<<) are not allowed\n"},
	{"[a]: 1\n{b: c}: 2\n", "f:1:1: error: a key must be a scalar\n"
				"f:2:1: error: a key must be a scalar\n"},
	{"a: 1\n---\nb: 2\n", "f:2:1: error: a second document begins here: only one is allowed\n"},
	{"a: 1\n...\nb: 2\n",
	 "f:3:1: error: did not find expected <document start> (wrong indentation, or a second document)\n"},
	{"a: \"b\\0c\"\n", "f:1:4: error: a text with a NUL character\n"},
	{"a: 1\nb: \xff\n", "f:2:4: error: invalid UTF-8: byte 0xff\n"},
	{"%TAG ! tag:x,2000:\n---\na: 1\n", "f:1:1: error: %TAG directives are not allowed\n"},
};

static void every_fault_is_told_in_plain_words_and_at_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		cleanup(reading_free) struct reading reading = {0};

		read_text(&reading, faults[i].yaml);
		assert_string_equal(reading.lines, faults[i].lines);
		assert_int_equal(reading.r, -EINVAL);
		assert_null(reading.document.root);
	}
}

static void duplicate_keys_are_all_told_and_leave_a_tree(void **state)
{
	cleanup(reading_free) struct reading reading = {0};

	(void)state;
	read_text(&reading, "a: 1\n\"a\": [2]\nb: {c: 1, d: 2, c: 3}\na: {e: 1, e: 2}\n");
	assert_string_equal(reading.lines, "f:2:1: error: duplicate key 'a'\n"
					   "f:1:1: note: it was first given here\n"
					   "f:3:17: error: duplicate key 'c'\n"
					   "f:3:5: note: it was first given here\n"
					   "f:4:1: error: duplicate key 'a'\n"
					   "f:1:1: note: it was first given here\n"
					   "f:4:11: error: duplicate key 'e'\n"
					   "f:4:5: note: it was first given here\n");
	assert_int_equal(reading.r, 0);
	assert_int_equal(reading.diags.errors, 4);
	assert_int_equal(reading.document.root->length, 2);
	assert_string_equal(yaml_get(reading.document.root, "a")->text, "1");
}

static void faults_before_a_syntax_error_are_told_too(void **state)
{
	cleanup(reading_free) struct reading reading = {0};

	(void)state;
	read_text(&reading, "x: {a: 1, a: 2}\ny: &z 1\nb: ]\nc: *z\n");
	assert_int_equal(reading.r, -EINVAL);
	assert_int_equal(reading.diags.errors, 3);
	assert_non_null(strstr(reading.lines, "f:1:11: error: duplicate key 'a'\n"));
	assert_non_null(strstr(reading.lines, "f:2:4: error: anchors are not allowed"));
	assert_non_null(strstr(reading.lines, "f:3:4: error: did not find expected node content"));
}

static void a_key_cannot_speak_to_the_terminal(void **state)
{
	cleanup(reading_free) struct reading reading = {0};

	(void)state;
	read_text(&reading, "\"\\e[2J\\n\": 1\n\"\\e[2J\\n\": 2\n");
	assert_string_equal(reading.lines, "f:2:1: error: duplicate key '\\x1b[2J\\x0a'\n"
					   "f:1:1: note: it was first given here\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_node_knows_its_place),
		cmocka_unit_test(a_scalar_is_text_and_tells_whether_it_was_quoted),
		cmocka_unit_test(a_document_without_anything_has_no_root),
		cmocka_unit_test(get_finds_keys_of_mappings_only),
		cmocka_unit_test(every_fault_is_told_in_plain_words_and_at_its_place),
		cmocka_unit_test(duplicate_keys_are_all_told_and_leave_a_tree),
		cmocka_unit_test(faults_before_a_syntax_error_are_told_too),
		cmocka_unit_test(a_key_cannot_speak_to_the_terminal),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
