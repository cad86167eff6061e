/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <stdio.h>
#include <string.h>

#include "spelling.h"

/* Bytes of a list of known keys in a message. */
#define KNOWN_MAX 512

/* YAML's ways to say nothing. Quoted, they are text. */
static bool is_null(const struct yaml_node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (node->kind != YAML_SCALAR || !node->plain || node->length > strlen("null"))
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		if (strcmp(node->text, nulls[i]) == 0)
			return true;
	return false;
}

/* What somebody sees in his document, not what YAML calls it. */
const char *schema_found(char buffer[DIAG_QUOTE_MAX], const struct yaml_node *node)
{
	if (node->kind == YAML_MAPPING)
		return "a mapping";
	if (node->kind == YAML_SEQUENCE)
		return "a list";
	if (is_null(node))
		return "nothing";
	(void)snprintf(buffer, DIAG_QUOTE_MAX, "'%s'",
		       diag_quote((char[DIAG_QUOTE_MAX - 2]){0}, DIAG_QUOTE_MAX - 2, node->text,
				  node->length));
	return buffer;
}

bool schema_expect(struct schema *schema, const struct yaml_node *node, enum yaml_kind kind,
		   const char *name)
{
	char found[DIAG_QUOTE_MAX];

	if (node->kind == kind)
		return true;
	schema_error(schema, node, "expected %s for %s, found %s%s",
		     kind == YAML_MAPPING ? "a mapping" : "a list", name, schema_found(found, node),
		     kind == YAML_SEQUENCE && is_null(node) ? " (an empty list is [])" : "");
	return false;
}

const char *schema_text(struct schema *schema, const struct yaml_node *node, const char *name)
{
	char found[DIAG_QUOTE_MAX];

	if (node->kind != YAML_SCALAR || is_null(node))
		schema_error(schema, node, "expected a value for '%s', found %s", name,
			     schema_found(found, node));
	else if (node->length == 0)
		schema_error(schema, node, "'%s' is empty", name);
	else
		return node->text;
	return NULL;
}

void *schema_alloc(struct schema *schema, size_t count, size_t size)
{
	void *memory = NULL;

	if (size == 0 || count <= SIZE_MAX / size)
		memory = arena_alloc(schema->arena, count * size);
	if (!memory)
		schema->out_of_memory = true;
	return memory;
}

const char *schema_copy(struct schema *schema, const char *text)
{
	const char *copy = arena_copy(schema->arena, text, strlen(text));

	if (!copy)
		schema->out_of_memory = true;
	return copy;
}

static const struct schema_field *field_find(const struct schema_mapping *mapping, const char *name)
{
	for (const struct schema_field *field = mapping->fields; field->name; field++)
		if (strcmp(field->name, name) == 0)
			return field;
	return NULL;
}

/* A slip of the finger gets the right word, anything else the whole list. */
static void unknown_key(struct schema *schema, const struct schema_mapping *mapping,
			const struct yaml_node *key)
{
	struct spelling spelling = {.written = key->text};
	char known[KNOWN_MAX] = "";
	size_t used = 0;

	for (const struct schema_field *field = mapping->fields; field->name; field++)
		spelling_try(&spelling, field->name);
	if (spelling.best) {
		schema_error(schema, key, "unknown key '%s' in %s; did you mean '%s'?",
			     schema_quote(key), mapping->noun, spelling.best);
		return;
	}
	for (const struct schema_field *field = mapping->fields; field->name; field++) {
		if (used + strlen(field->name) + 3 > sizeof(known))
			break;
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
					 used ? ", " : "", field->name);
	}
	schema_error(schema, key, "unknown key '%s' in %s (known: %s)", schema_quote(key),
		     mapping->noun, known);
}

bool schema_read(struct schema *schema, const struct schema_mapping *mapping,
		 const struct yaml_node *node, void *object)
{
	size_t errors_before = schema->diags->errors;

	if (!schema_expect(schema, node, YAML_MAPPING, mapping->noun))
		return false;
	/* Two passes: unknown keys as they stand, then the known ones in the order of the table. */
	for (const struct yaml_node *child = node->children; child; child = child->next)
		if (!field_find(mapping, child->key->text))
			unknown_key(schema, mapping, child->key);
	for (const struct schema_field *field = mapping->fields; field->name; field++) {
		const struct yaml_node *value = yaml_get(node, field->name);

		if (value)
			field->read(schema, field, value, object);
		else if (field->required)
			schema_error(schema, node, "missing key '%s' in %s", field->name,
				     mapping->noun);
	}
	return schema->diags->errors == errors_before && !schema->out_of_memory;
}

void schema_list(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object)
{
	const struct schema_list *list = field->list;
	char name[DIAG_QUOTE_MAX];
	char *elements = NULL;
	size_t count = 0;

	(void)snprintf(name, sizeof(name), "'%s'", field->name);
	if (!schema_expect(schema, node, YAML_SEQUENCE, name))
		return;
	if (node->length < field->least)
		schema_error(schema, node, "'%s' is empty, but needs at least one element",
			     field->name);
	/* One block of the right size: readers keep pointers to earlier elements. */
	elements = (char *)schema_alloc(schema, node->length, list->size);
	if (!elements)
		return;
	for (const struct yaml_node *child = node->children; child; child = child->next) {
		char *element = elements + count * list->size;

		if (list->read(schema, child, element))
			count++;
		else
			memset(element, 0, list->size);
		/* Without memory every further element would be one more false fault. */
		if (schema->out_of_memory)
			break;
	}
	memcpy((char *)object + field->offset, &elements, sizeof(elements));
	memcpy((char *)object + list->count_offset, &count, sizeof(count));
}
