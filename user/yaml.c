/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml.h"

#include <errno.h>
#include <string.h>
#include <yaml.h> /* NOLINT(readability-duplicate-include): libyaml's */

#include "cleanup.h"
#include "yaml_text.h"
#include "yaml_tree.h"

struct reader {
	yaml_parser_t parser;
	const char *text;
	size_t size;
	const char *last_key; /* of the document's mapping: enough has been read; NULL: read all */
	struct yaml_tree tree;
	bool document_seen;
};

static void reader_free(struct reader *reader)
{
	yaml_parser_delete(&reader->parser);
	yaml_tree_free(&reader->tree);
}

static struct yaml_place mark_place(const yaml_mark_t *mark)
{
	return (struct yaml_place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
}

/* The byte at a mark: libyaml counts characters. */
static char mark_byte(const struct reader *reader, const yaml_mark_t *mark)
{
	size_t index = 0;

	for (size_t i = 0; i < reader->size; i++) {
		if (((unsigned char)reader->text[i] & 0xc0) == 0x80)
			continue;
		if (index++ == mark->index)
			return reader->text[i];
	}
	return '\0';
}

/* What libyaml's words mean to somebody who does not know its grammar. */
static const struct {
	char byte;	  /* at the place of the problem; 0: any */
	const char *said; /* the problem or its context; NULL: whatever */
	const char *hint;
} hints[] = {
	{'\t', NULL, " (YAML does not allow tabs for indentation)"},
	{'@', "found character that cannot start any token",
	 " (text that begins with '@' needs quotes)"},
	{'`', "found character that cannot start any token",
	 " (text that begins with '`' needs quotes)"},
	{'%', "found character that cannot start any token",
	 " (text that begins with '%' needs quotes)"},
	{0, "did not find expected <document start>", " (wrong indentation, or a second document)"},
	{0, "while scanning an alias", " (text that begins with '*' needs quotes)"},
	{0, "while scanning an anchor", " (text that begins with '&' needs quotes)"},
	{0, "mapping values are not allowed in this context",
	 " (wrong indentation, or text with ': ' in it that needs quotes)"},
};

static const char *syntax_hint(const struct reader *reader, const char *problem,
			       const char *context)
{
	char byte = mark_byte(reader, &reader->parser.problem_mark);

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		const char *said = hints[i].said;

		if (hints[i].byte && hints[i].byte != byte)
			continue;
		if (!said || strcmp(said, problem) == 0 || strcmp(said, context) == 0)
			return hints[i].hint;
	}
	return "";
}

static int syntax_refuse(const struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const struct yaml_tree *tree = &reader->tree;
	const char *problem = parser->problem ? parser->problem : "not YAML";
	const char *context = parser->context ? parser->context : "";
	struct yaml_place at = mark_place(&parser->problem_mark);
	struct yaml_place began = mark_place(&parser->context_mark);

	if (parser->error == YAML_MEMORY_ERROR)
		return yaml_tree_out_of_memory(tree);
	if (parser->error == YAML_READER_ERROR)
		return yaml_tree_refuse(tree, (struct yaml_place){0}, "%s", problem);
	if (strcmp(context, "while scanning for the next token") == 0)
		context = ""; /* tells nothing */
	(void)yaml_tree_refuse(tree, at, "%s%s%s%s", problem, *context ? " " : "", context,
			       syntax_hint(reader, problem, context));
	if (*context && (began.line != at.line || began.column != at.column))
		diags_add(tree->diags, DIAG_NOTE, tree->file, began.line, began.column,
			  "it began here");
	return -EINVAL;
}

static int document_start(struct reader *reader, const yaml_event_t *event)
{
	if (reader->document_seen)
		return yaml_tree_refuse(&reader->tree, mark_place(&event->start_mark),
					"a second document begins here: only one is allowed");
	reader->document_seen = true;
	return 0;
}

static void properties_check(struct reader *reader, const yaml_event_t *event,
			     const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct yaml_place at = mark_place(&event->start_mark);

	if (anchor)
		yaml_tree_break(&reader->tree, at,
				"anchors are not allowed (text that begins with '&' needs quotes)");
	if (tag)
		yaml_tree_break(&reader->tree, at,
				"tags are not allowed (text that begins with '!' needs quotes)");
}

static int scalar_read(struct reader *reader, const yaml_event_t *event)
{
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	properties_check(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
	return yaml_tree_scalar(&reader->tree, mark_place(&event->start_mark), plain,
				(const char *)event->data.scalar.value, event->data.scalar.length);
}

/* An empty text stands in for it, so that the rest can be looked at. */
static int alias_read(struct reader *reader, const yaml_event_t *event)
{
	struct yaml_place at = mark_place(&event->start_mark);

	yaml_tree_break(&reader->tree, at,
			"aliases are not allowed (text that begins with '*' needs quotes)");
	return yaml_tree_scalar(&reader->tree, at, /* plain= */ false, "", 0);
}

static int sequence_start(struct reader *reader, const yaml_event_t *event)
{
	properties_check(reader, event, event->data.sequence_start.anchor,
			 event->data.sequence_start.tag);
	return yaml_tree_begin(&reader->tree, mark_place(&event->start_mark), YAML_SEQUENCE);
}

static int mapping_start(struct reader *reader, const yaml_event_t *event)
{
	properties_check(reader, event, event->data.mapping_start.anchor,
			 event->data.mapping_start.tag);
	return yaml_tree_begin(&reader->tree, mark_place(&event->start_mark), YAML_MAPPING);
}

static int event_read(struct reader *reader, bool *ret_end)
{
	cleanup(yaml_event_delete) yaml_event_t event = {0};

	if (!yaml_parser_parse(&reader->parser, &event))
		return syntax_refuse(reader);
	*ret_end = event.type == YAML_STREAM_END_EVENT;
	switch (event.type) {
	case YAML_DOCUMENT_START_EVENT:
		return document_start(reader, &event);
	case YAML_SCALAR_EVENT:
		return scalar_read(reader, &event);
	case YAML_ALIAS_EVENT:
		return alias_read(reader, &event);
	case YAML_SEQUENCE_START_EVENT:
		return sequence_start(reader, &event);
	case YAML_MAPPING_START_EVENT:
		return mapping_start(reader, &event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return yaml_tree_end(&reader->tree);
	default:
		return 0;
	}
}

/* Events and not libyaml's documents: those take quadratic time to nest. */
static int events_read(struct reader *reader)
{
	bool end = false;
	int r = 0;

	if (!yaml_parser_initialize(&reader->parser))
		return yaml_tree_out_of_memory(&reader->tree);
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->text,
				     reader->size);
	while (!end && !(reader->last_key && yaml_tree_has(&reader->tree, reader->last_key))) {
		r = event_read(reader, &end);
		if (r < 0)
			return r;
	}
	return reader->tree.broken ? -EINVAL : 0;
}

int yaml_read(const char *text, size_t size, const char *file, struct diags *diags,
	      struct yaml_document *ret_document)
{
	return yaml_read_key(text, size, file, NULL, diags, ret_document);
}

int yaml_read_key(const char *text, size_t size, const char *file, const char *key,
		  struct diags *diags, struct yaml_document *ret_document)
{
	cleanup(reader_free) struct reader reader = {.text = text, .size = size, .last_key = key};
	struct yaml_document *document = &reader.tree.document;
	int r = 0;

	yaml_tree_init(&reader.tree, file, diags);
	if (size > YAML_SIZE_MAX)
		return yaml_tree_refuse(&reader.tree, (struct yaml_place){0},
					"%zu bytes: at most %zu are allowed", size, YAML_SIZE_MAX);
	r = yaml_text_check(&reader.text, &reader.size, file, diags);
	if (r < 0)
		return r;
	r = events_read(&reader);
	if (r < 0)
		return r;
	if (document->root && document->root->plain && !document->root->length)
		document->root = NULL; /* a lone `---` */
	*ret_document = *document;
	*document = (struct yaml_document){0};
	return 0;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *child = mapping->children; child; child = child->next)
		if (strcmp(child->key->text, key) == 0)
			return child;
	return NULL;
}
