/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cleanup.h"

/* More than the costliest document within the other limits takes: the last wall only. */
#define ARENA_MAX ((size_t)512 << 20)

void yaml_tree_init(struct yaml_tree *tree, const char *file, struct diags *diags)
{
	*tree = (struct yaml_tree){.file = file, .diags = diags};
	arena_init(&tree->document.arena, ARENA_MAX);
}

void yaml_tree_free(struct yaml_tree *tree)
{
	yaml_free(&tree->document);
	yaml_keys_free(&tree->keys);
}

int yaml_tree_refuse(const struct yaml_tree *tree, struct yaml_place at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diags_vadd(tree->diags, DIAG_ERROR, tree->file, at.line, at.column, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int yaml_tree_out_of_memory(const struct yaml_tree *tree)
{
	(void)yaml_tree_refuse(tree, (struct yaml_place){0}, "out of memory");
	return -ENOMEM;
}

void yaml_tree_break(struct yaml_tree *tree, struct yaml_place at, const char *text)
{
	(void)yaml_tree_refuse(tree, at, "%s", text);
	tree->broken = true;
}

static void key_check(struct yaml_tree *tree, const struct yaml_node *key)
{
	struct yaml_place at = {key->line, key->column};

	if (key->kind != YAML_SCALAR)
		yaml_tree_break(tree, at, "a key must be a scalar");
	else if (key->plain && strcmp(key->text, "<<") == 0)
		yaml_tree_break(tree, at, "merge keys (<<) are not allowed");
}

/* Puts a node where it belongs: at the root, as a key, or as a child. */
static void node_attach(struct yaml_tree *tree, struct yaml_node *node)
{
	struct yaml_frame *frame = tree->depth ? &tree->frames[tree->depth - 1] : NULL;

	if (!frame) {
		tree->document.root = node;
		return;
	}
	if (frame->node->kind == YAML_MAPPING && !frame->key) {
		frame->key = node;
		key_check(tree, node);
		return;
	}
	node->key = take_ptr(&frame->key);
	if (frame->last)
		frame->last->next = node;
	else
		frame->node->children = node;
	frame->last = node;
	frame->node->length++;
}

bool yaml_tree_has(const struct yaml_tree *tree, const char *key)
{
	const struct yaml_frame *root = &tree->frames[0];

	return tree->depth == 1 && root->node->kind == YAML_MAPPING && !root->key && root->last &&
	       root->last->key->kind == YAML_SCALAR && strcmp(root->last->key->text, key) == 0;
}

static int node_add(struct yaml_tree *tree, const struct yaml_node *node,
		    struct yaml_node **ret_node)
{
	struct yaml_node *copy = NULL;

	if (tree->nodes == YAML_NODES_MAX)
		return yaml_tree_refuse(tree, (struct yaml_place){node->line, node->column},
					"more than %d nodes", YAML_NODES_MAX);
	copy = (struct yaml_node *)arena_alloc(&tree->document.arena, sizeof(*copy));
	if (!copy)
		return yaml_tree_out_of_memory(tree);
	*copy = *node;
	tree->nodes++;
	node_attach(tree, copy);
	*ret_node = copy;
	return 0;
}

int yaml_tree_scalar(struct yaml_tree *tree, struct yaml_place at, bool plain, const char *text,
		     size_t length)
{
	struct yaml_node node = {
		.kind = YAML_SCALAR, .plain = plain, .line = at.line, .column = at.column};
	struct yaml_node *added = NULL;

	if (length > YAML_SCALAR_MAX)
		return yaml_tree_refuse(tree, at, "a text of %zu bytes: at most %d are allowed",
					length, YAML_SCALAR_MAX);
	if (memchr(text, '\0', length))
		return yaml_tree_refuse(tree, at, "a text with a NUL character");
	node.length = (uint32_t)length;
	node.text = arena_copy(&tree->document.arena, text, length);
	if (!node.text)
		return yaml_tree_out_of_memory(tree);
	return node_add(tree, &node, &added);
}

int yaml_tree_begin(struct yaml_tree *tree, struct yaml_place at, enum yaml_kind kind)
{
	struct yaml_node node = {.kind = kind, .line = at.line, .column = at.column};
	struct yaml_node *added = NULL;
	int r = 0;

	if (tree->depth == YAML_DEPTH_MAX)
		return yaml_tree_refuse(tree, at, "nested more than %d levels deep",
					YAML_DEPTH_MAX);
	r = node_add(tree, &node, &added);
	if (r < 0)
		return r;
	tree->frames[tree->depth++] = (struct yaml_frame){.node = added};
	return 0;
}

int yaml_tree_end(struct yaml_tree *tree)
{
	struct yaml_node *node = tree->frames[--tree->depth].node;

	if (node->kind != YAML_MAPPING)
		return 0;
	if (yaml_keys_check(&tree->keys, node, tree->file, tree->diags) < 0)
		return yaml_tree_out_of_memory(tree);
	return 0;
}
