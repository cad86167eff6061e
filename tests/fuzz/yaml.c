/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "policy.h"
#include "utf8.h"
#include "yaml.h"

/* Writes a tree out in the one form that needs no thought, for reading it again. */
struct writer {
	FILE *stream;
	char *text;
	size_t size;
};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void writer_free(struct writer *writer)
{
	if (writer->stream)
		(void)fclose(writer->stream);
	free(writer->text);
}

static void text_write(FILE *stream, const struct yaml_node *node)
{
	const char *text = node->text;
	const char *end = text + node->length;

	(void)fputc('"', stream);
	while (text < end) {
		uint32_t character = 0;
		size_t length = utf8_decode(text, (size_t)(end - text), &character);

		expect(length && character);
		(void)fprintf(stream, "\\U%08x", character);
		text += length;
	}
	(void)fputc('"', stream);
}

/* NOLINTNEXTLINE(misc-no-recursion): YAML_DEPTH_MAX deep, which is what it checks */
static void node_write(FILE *stream, const struct yaml_node *node, unsigned depth)
{
	uint32_t count = 0;

	expect(node->line && node->column && depth <= YAML_DEPTH_MAX);
	if (node->kind == YAML_SCALAR) {
		expect(!node->children && strlen(node->text) == node->length);
		text_write(stream, node);
		return;
	}
	(void)fputc(node->kind == YAML_MAPPING ? '{' : '[', stream);
	for (const struct yaml_node *child = node->children; child; child = child->next, count++) {
		expect(!child->key == (node->kind == YAML_SEQUENCE));
		if (child->key) {
			expect(child->key->kind == YAML_SCALAR);
			(void)fputs("? ", stream);
			text_write(stream, child->key);
			(void)fputs(": ", stream);
		}
		node_write(stream, child, depth + 1);
		(void)fputs(",\n", stream);
	}
	expect(count == node->length);
	(void)fputc(node->kind == YAML_MAPPING ? '}' : ']', stream);
}

static void writer_fill(struct writer *writer, const struct yaml_document *document)
{
	writer->stream = open_memstream(&writer->text, &writer->size);
	expect(writer->stream);
	if (document->root)
		node_write(writer->stream, document->root, 0);
	expect(fflush(writer->stream) == 0);
}

/* What was read and written reads as the same. */
static void check_tree(const struct yaml_document *document)
{
	cleanup(writer_free) struct writer first = {0};
	cleanup(writer_free) struct writer second = {0};
	cleanup(yaml_free) struct yaml_document again = {0};
	cleanup(diags_clear) struct diags diags = {0};

	writer_fill(&first, document);
	expect(yaml_read(first.text, first.size, "again", &diags, &again) == 0);
	expect(!diags.errors);
	writer_fill(&second, &again);
	expect(first.size == second.size && memcmp(first.text, second.text, first.size) == 0);
}

static void node_text(struct writer *writer, const struct yaml_node *node)
{
	writer->stream = open_memstream(&writer->text, &writer->size);
	expect(writer->stream);
	node_write(writer->stream, node, 1);
	expect(fflush(writer->stream) == 0);
}

/* Whoever reads up to a key finds there what whoever reads all of it finds. */
static void check_key(const char *data, size_t size, const struct yaml_node *whole)
{
	cleanup(writer_free) struct writer first = {0};
	cleanup(writer_free) struct writer second = {0};
	cleanup(yaml_free) struct yaml_document part = {0};
	cleanup(diags_clear) struct diags diags = {0};
	const struct yaml_node *found = NULL;

	expect(yaml_read_key(data, size, "part", whole->key->text, &diags, &part) == 0);
	found = yaml_get(part.root, whole->key->text);
	expect(found && found->line == whole->line && found->column == whole->column);
	node_text(&first, whole);
	node_text(&second, found);
	expect(first.size == second.size && memcmp(first.text, second.text, first.size) == 0);
}

static bool is_named(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Every file that a set names is found by the shorter way, too. */
static void check_files(const char *data, size_t size, const struct yaml_node *root)
{
	const struct rules_file document = {"fuzz", data, size};
	const struct yaml_node *sets = yaml_get(root, "ip_sets");
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(arena_free_all) struct arena arena = {.limit = SIZE_MAX};
	const char **names = NULL;
	size_t count = 0;

	expect(policy_file_names(&document, &diags, &arena, &names, &count) == 0);
	if (!sets || sets->kind != YAML_SEQUENCE)
		return;
	for (const struct yaml_node *set = sets->children; set; set = set->next) {
		const struct yaml_node *file = yaml_get(set, "file");

		if (file && file->kind == YAML_SCALAR && file->length)
			expect(is_named(names, count, file->text));
	}
}

static void check_shorter_ways(const char *data, size_t size, const struct yaml_node *root)
{
	if (!root || root->kind != YAML_MAPPING)
		return;
	for (const struct yaml_node *child = root->children; child; child = child->next)
		check_key(data, size, child);
	check_files(data, size, root);
}

static void check_diags(struct diags *diags)
{
	char line[DIAG_LINE_MAX];

	diags_sort(diags);
	for (size_t i = 0; i < diags->count; i++) {
		size_t length = diag_format(&diags->items[i], line, sizeof(line));

		expect(length == strlen(line));
		for (size_t j = 0; j < length; j++)
			expect((unsigned char)line[j] >= ' ' && line[j] != 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(yaml_free) struct yaml_document document = {0};
	cleanup(diags_clear) struct diags diags = {0};
	int r = yaml_read((const char *)data, size, "fuzz", &diags, &document);

	expect(r == 0 || (diags.errors && !document.root));
	check_diags(&diags);
	if (r == 0)
		check_tree(&document);
	/* With duplicate keys the first one counts for both. */
	if (r == 0 && size < 4096)
		check_shorter_ways((const char *)data, size, document.root);
	return 0;
}
