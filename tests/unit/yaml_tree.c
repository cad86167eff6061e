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
#include "yaml_tree.h"

static const struct yaml_place somewhere = {3, 5};

static int text_add(struct yaml_tree *tree, const char *text)
{
	return yaml_tree_scalar(tree, somewhere, /* plain= */ true, text, strlen(text));
}

static void assert_last(const struct diags *diags, const char *expected)
{
	char line[DIAG_LINE_MAX];

	assert_true(diags->count > 0);
	diag_format(&diags->items[diags->count - 1], line, sizeof(line));
	assert_string_equal(line, expected);
}

static void a_node_takes_48_bytes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct yaml_node), 48);
}

static void keys_and_values_take_turns(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_tree_free) struct yaml_tree tree = {0};
	const struct yaml_node *node = NULL;

	(void)state;
	yaml_tree_init(&tree, "f", &diags);
	assert_int_equal(yaml_tree_begin(&tree, somewhere, YAML_MAPPING), 0);
	assert_int_equal(text_add(&tree, "name"), 0);
	assert_int_equal(text_add(&tree, "contoso"), 0);
	assert_int_equal(text_add(&tree, "list"), 0);
	assert_int_equal(yaml_tree_begin(&tree, somewhere, YAML_SEQUENCE), 0);
	assert_int_equal(text_add(&tree, "one"), 0);
	assert_int_equal(yaml_tree_end(&tree), 0);
	assert_int_equal(yaml_tree_end(&tree), 0);
	assert_false(tree.broken);
	node = tree.document.root;
	assert_int_equal(node->length, 2);
	node = node->children;
	assert_string_equal(node->key->text, "name");
	assert_string_equal(node->text, "contoso");
	node = node->next;
	assert_string_equal(node->key->text, "list");
	assert_int_equal(node->length, 1);
	assert_null(node->next);
	assert_null(node->children->key);
	assert_string_equal(node->children->text, "one");
}

static void the_thirty_third_level_is_refused(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_tree_free) struct yaml_tree tree = {0};

	(void)state;
	yaml_tree_init(&tree, "f", &diags);
	for (size_t i = 0; i < YAML_DEPTH_MAX; i++)
		assert_int_equal(yaml_tree_begin(&tree, somewhere, YAML_SEQUENCE), 0);
	assert_int_equal(yaml_tree_begin(&tree, somewhere, YAML_MAPPING), -EINVAL);
	assert_last(&diags, "f:3:5: error: nested more than 32 levels deep");
	assert_int_equal(text_add(&tree, "a leaf"), 0);
}

static void a_text_over_64_kib_is_refused(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_tree_free) struct yaml_tree tree = {0};
	static char text[YAML_SCALAR_MAX + 2];

	(void)state;
	memset(text, 'x', YAML_SCALAR_MAX);
	yaml_tree_init(&tree, "f", &diags);
	assert_int_equal(yaml_tree_begin(&tree, somewhere, YAML_SEQUENCE), 0);
	assert_int_equal(text_add(&tree, text), 0);
	text[YAML_SCALAR_MAX] = 'x';
	assert_int_equal(text_add(&tree, text), -EINVAL);
	assert_last(&diags, "f:3:5: error: a text of 65537 bytes: at most 65536 are allowed");
	assert_int_equal(yaml_tree_scalar(&tree, somewhere, false, "a\0b", 3), -EINVAL);
	assert_last(&diags, "f:3:5: error: a text with a NUL character");
}

static void the_node_past_the_last_is_refused(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_tree_free) struct yaml_tree tree = {0};

	(void)state;
	yaml_tree_init(&tree, "f", &diags);
	assert_int_equal(yaml_tree_begin(&tree, somewhere, YAML_SEQUENCE), 0);
	tree.nodes = YAML_NODES_MAX - 1;
	assert_int_equal(text_add(&tree, "the last"), 0);
	assert_int_equal(text_add(&tree, "one too many"), -EINVAL);
	assert_last(&diags, "f:3:5: error: more than 4000000 nodes");
}

static void exhausted_memory_is_an_error_with_a_diagnostic(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_tree_free) struct yaml_tree tree = {0};
	int r = 0;

	(void)state;
	yaml_tree_init(&tree, "f", &diags);
	tree.document.arena.limit = 10000;
	assert_int_equal(yaml_tree_begin(&tree, somewhere, YAML_SEQUENCE), 0);
	while (!r)
		r = text_add(&tree, "text");
	assert_int_equal(r, -ENOMEM);
	assert_last(&diags, "f: error: out of memory");
	assert_int_equal(diags.errors, 1);
}

static void a_strange_key_breaks_the_tree_but_not_the_reading(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_tree_free) struct yaml_tree tree = {0};

	(void)state;
	yaml_tree_init(&tree, "f", &diags);
	assert_int_equal(yaml_tree_begin(&tree, somewhere, YAML_MAPPING), 0);
	assert_int_equal(yaml_tree_scalar(&tree, somewhere, /* plain= */ false, "<<", 2), 0);
	assert_int_equal(text_add(&tree, "quoted, a key like any other"), 0);
	assert_false(tree.broken);
	assert_int_equal(yaml_tree_begin(&tree, somewhere, YAML_SEQUENCE), 0);
	assert_last(&diags, "f:3:5: error: a key must be a scalar");
	assert_int_equal(yaml_tree_end(&tree), 0);
	assert_int_equal(text_add(&tree, "its value"), 0);
	assert_int_equal(text_add(&tree, "<<"), 0);
	assert_last(&diags, "f:3:5: error: merge keys (<<) are not allowed");
	assert_int_equal(text_add(&tree, "what to merge"), 0);
	assert_int_equal(yaml_tree_end(&tree), 0);
	assert_last(&diags, "f:3:5: note: it was first given here");
	assert_true(tree.broken);
	assert_int_equal(diags.errors, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_takes_48_bytes),
		cmocka_unit_test(keys_and_values_take_turns),
		cmocka_unit_test(the_thirty_third_level_is_refused),
		cmocka_unit_test(a_text_over_64_kib_is_refused),
		cmocka_unit_test(the_node_past_the_last_is_refused),
		cmocka_unit_test(exhausted_memory_is_an_error_with_a_diagnostic),
		cmocka_unit_test(a_strange_key_breaks_the_tree_but_not_the_reading),
	};

	return cmocka_run_group_tests_name("yaml_tree", tests, NULL, NULL);
}
