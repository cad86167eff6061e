/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of fields that hold a single value. */
#include <stdio.h>
#include <string.h>

#include "scalar.h"
#include "schema.h"
#include "spelling.h"

/* Members are written by memcpy(), since only the table knows their type. */
static void *member(const struct schema_field *field, void *object)
{
	return (char *)object + field->offset;
}

static void put_string(struct schema *schema, const struct schema_field *field, const char *text,
		       void *object)
{
	const char *copy = schema_copy(schema, text);

	memcpy(member(field, object), &copy, sizeof(copy));
}

void schema_string(struct schema *schema, const struct schema_field *field,
		   const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);

	if (text)
		put_string(schema, field, text, object);
}

/* YAML 1.1 has 22 ways to write a boolean, "no" and "y" among them; two are enough. */
void schema_boolean(struct schema *schema, const struct schema_field *field,
		    const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);
	bool value = text && strcmp(text, "true") == 0;

	if (!text)
		return;
	if (!node->plain || (!value && strcmp(text, "false") != 0)) {
		schema_error(schema, node, "'%s' is true or false%s, not '%s'", field->name,
			     node->plain ? "" : " without quotes", schema_quote(node));
		return;
	}
	memcpy(member(field, object), &value, sizeof(value));
}

/* In quotes it is text in YAML: whoever wrote that may have meant something else. */
void schema_integer(struct schema *schema, const struct schema_field *field,
		    const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);
	uint32_t number = 0;

	if (!text)
		return;
	if (!node->plain || !integer_parse(text, field->most, &number) || number < field->least) {
		schema_error(schema, node, "'%s' is a number from %u to %u%s, not '%s'",
			     field->name, field->least, field->most,
			     node->plain ? "" : " without quotes", schema_quote(node));
		return;
	}
	memcpy(member(field, object), &number, sizeof(number));
}

/* "'a', 'b' or 'c'" */
static void words_join(const char *const *words, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; words[i]; i++) {
		const char *joint = ", ";

		if (i == 0)
			joint = "";
		else if (!words[i + 1])
			joint = " or ";
		if (used + strlen(words[i]) + 7 > size)
			return;
		used += (size_t)snprintf(text + used, size - used, "%s'%s'", joint, words[i]);
	}
}

/* Case matters, as everywhere in the language; the suggestion says so when it is all that is wrong.
 */
int schema_choose(struct schema *schema, const struct yaml_node *node, const char *name,
		  const char *const *words)
{
	const char *text = schema_text(schema, node, name);
	struct spelling spelling = {.written = text};
	char accepted[DIAG_TEXT_MAX / 2];

	if (!text)
		return -1;
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], text) == 0)
			return i;
		spelling_try(&spelling, words[i]);
	}
	words_join(words, accepted, sizeof(accepted));
	if (spelling.best)
		schema_error(schema, node, "'%s' is %s, not '%s'; did you mean '%s'?", name,
			     accepted, schema_quote(node), spelling.best);
	else
		schema_error(schema, node, "'%s' is %s, not '%s'", name, accepted,
			     schema_quote(node));
	return -1;
}

void schema_word(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object)
{
	int chosen = schema_choose(schema, node, field->name, field->words);
	unsigned int value = (unsigned int)chosen;

	if (chosen >= 0)
		memcpy(member(field, object), &value, sizeof(value));
}

void schema_either(struct schema *schema, const struct schema_field *field,
		   const struct yaml_node *node, void *object)
{
	int chosen = schema_choose(schema, node, field->name, field->words);
	bool value = chosen == 1;

	if (chosen >= 0)
		memcpy(member(field, object), &value, sizeof(value));
}

/* Kept in lower case: GUIDs are compared byte by byte from here on. */
void schema_guid(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);
	char guid[GUID_TEXT];

	if (!text)
		return;
	if (guid_parse(text, guid))
		put_string(schema, field, guid, object);
	else
		schema_error(
			schema, node,
			"'%s' is a GUID such as 72f988bf-86f1-41af-91ab-2d7cd011db47, not '%s'",
			field->name, schema_quote(node));
}

void schema_time(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);
	int64_t seconds = 0;

	if (!text)
		return;
	if (time_parse(text, &seconds))
		memcpy(member(field, object), &seconds, sizeof(seconds));
	else
		schema_error(schema, node,
			     "'%s' is a UTC time such as 2026-12-01T00:00:00Z, not '%s'",
			     field->name, schema_quote(node));
}

static void url_read(struct schema *schema, const struct schema_field *field,
		     const struct yaml_node *node, void *object, bool template)
{
	const char *text = schema_text(schema, node, field->name);
	const char *problem = text ? url_problem(text, template) : NULL;

	if (problem)
		schema_error(schema, node, "'%s' is not an https URL: %s", schema_quote(node),
			     problem);
	else if (text)
		put_string(schema, field, text, object);
}

void schema_url(struct schema *schema, const struct schema_field *field,
		const struct yaml_node *node, void *object)
{
	url_read(schema, field, node, object, false);
}

void schema_template(struct schema *schema, const struct schema_field *field,
		     const struct yaml_node *node, void *object)
{
	url_read(schema, field, node, object, true);
}

void schema_path(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);
	const char *problem = text ? path_problem(text) : NULL;

	if (problem)
		schema_error(schema, node, "bad path '%s' for '%s': %s", schema_quote(node),
			     field->name, problem);
	else if (text)
		put_string(schema, field, text, object);
}

bool schema_version(struct schema *schema, const struct yaml_node *node, const char *version)
{
	bool scalar = node->kind == YAML_SCALAR;
	char found[DIAG_QUOTE_MAX];

	if (scalar && node->plain && strcmp(node->text, version) == 0)
		return true;
	schema_error(schema, node, "expected version %s%s, found %s", version,
		     scalar && !node->plain ? " without quotes" : "", schema_found(found, node));
	return false;
}

void schema_skip(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object)
{
	(void)schema;
	(void)field;
	(void)node;
	(void)object;
}
