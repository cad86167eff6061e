/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int key_compare(const struct yaml_node *left, const struct yaml_node *right)
{
	if (left->length != right->length)
		return left->length < right->length ? -1 : 1;
	return memcmp(left->text, right->text, left->length);
}

/* By key, then as they stand in the text. */
static int entry_compare(const void *left_entry, const void *right_entry)
{
	const struct yaml_node *left = (*(struct yaml_node *const *)left_entry)->key;
	const struct yaml_node *right = (*(struct yaml_node *const *)right_entry)->key;
	int order = key_compare(left, right);

	if (order)
		return order;
	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return left->column < right->column ? -1 : 1;
}

static void duplicate_report(const struct yaml_node *key, const struct yaml_node *first,
			     const char *file, struct diags *diags)
{
	char quoted[DIAG_QUOTE_MAX];

	diag_quote(quoted, sizeof(quoted), key->text, key->length);
	diags_add(diags, DIAG_ERROR, file, key->line, key->column, "duplicate key '%s'", quoted);
	diags_add(diags, DIAG_NOTE, file, first->line, first->column, "it was first given here");
}

static int entries_fill(struct yaml_keys *keys, const struct yaml_node *mapping, size_t *ret_count)
{
	size_t count = 0;

	if (mapping->length > keys->capacity) {
		struct yaml_node **entries = (struct yaml_node **)reallocarray(
			keys->entries, mapping->length, sizeof(struct yaml_node *));

		if (!entries)
			return -ENOMEM;
		keys->entries = entries;
		keys->capacity = mapping->length;
	}
	for (struct yaml_node *child = mapping->children; child; child = child->next)
		if (child->key->kind == YAML_SCALAR)
			keys->entries[count++] = child;
	*ret_count = count;
	return 0;
}

/* Takes out the children that have lost their keys. */
static void keyless_unlink(struct yaml_node *mapping)
{
	struct yaml_node **link = &mapping->children;

	while (*link) {
		if ((*link)->key) {
			link = &(*link)->next;
			continue;
		}
		*link = (*link)->next;
		mapping->length--;
	}
}

int yaml_keys_check(struct yaml_keys *keys, struct yaml_node *mapping, const char *file,
		    struct diags *diags)
{
	const struct yaml_node *first = NULL;
	size_t count = 0;
	int r = entries_fill(keys, mapping, &count);

	if (r < 0)
		return r;
	if (count)
		qsort(keys->entries, count, sizeof(struct yaml_node *), entry_compare);
	for (size_t i = 0; i < count; i++) {
		struct yaml_node *entry = keys->entries[i];

		if (!first || key_compare(first, entry->key) != 0) {
			first = entry->key;
			continue;
		}
		duplicate_report(entry->key, first, file, diags);
		entry->key = NULL;
	}
	keyless_unlink(mapping);
	return 0;
}

void yaml_keys_free(struct yaml_keys *keys)
{
	free(keys->entries);
	*keys = (struct yaml_keys){0};
}
