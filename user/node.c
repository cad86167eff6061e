/* SPDX-License-Identifier: Apache-2.0 */
#include "node.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"
#include "node_read.h"

#define NODE_MEMORY_MAX	   ((size_t)64 << 20)
#define INTERFACE_NAME_MAX 15

static const char *const mode_words[] = {
	[ATTACH_AUTO] = "auto", [ATTACH_NATIVE] = "native", [ATTACH_GENERIC] = "generic", NULL};

static const char *const question_words[] = {
	[QUESTIONS_ORIGINAL] = "original",
	[QUESTIONS_FORWARDED] = "forwarded",
	[QUESTIONS_ENVOY] = "envoy",
	NULL,
};

struct node_reader *node_reader_of(struct schema *schema)
{
	return (struct node_reader *)schema->owner;
}

/* As the kernel sees it: NULL if a device can have this name and be filtered. */
static const char *interface_problem(const char *text)
{
	if (strcmp(text, "lo") == 0)
		return "loopback is never filtered";
	if (strlen(text) > INTERFACE_NAME_MAX)
		return "the name of an interface has at most 15 characters";
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return "no interface can be called that";
	for (; *text; text++)
		if (*text == '/' || *text == ':' || (unsigned char)*text <= ' ' || *text == 0x7f)
			return "the name of an interface has no slash, colon or blank";
	return NULL;
}

static void read_interface_name(struct schema *schema, const struct schema_field *field,
				const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);
	const char *problem = text ? interface_problem(text) : NULL;

	if (problem)
		schema_error(schema, node, "bad interface '%s': %s", schema_quote(node), problem);
	else if (text)
		schema_string(schema, field, node, object);
}

static const struct schema_field interface_fields[] = {
	{.name = "name",
	 .read = read_interface_name,
	 .offset = offsetof(struct node_interface, name),
	 .required = true},
	{.name = "mode",
	 .read = schema_word,
	 .offset = offsetof(struct node_interface, mode),
	 .words = mode_words},
	{0},
};

static const struct schema_mapping interface_mapping = {"an interface", interface_fields};

static bool read_interface(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct node_reader *reader = node_reader_of(schema);
	struct node_interface *interface = (struct node_interface *)element;
	const void *first = NULL;
	int r = 0;

	interface->at = position_of(node);
	if (!schema_read(schema, &interface_mapping, node, interface))
		return false;
	r = names_add(&reader->interfaces, &reader->scratch, interface->name, interface, &first);
	if (r == -ENOMEM)
		schema->out_of_memory = true;
	if (r == -EEXIST)
		schema_error(schema, yaml_get(node, "name"),
			     "interface '%s' is listed twice, first on line %u", interface->name,
			     ((const struct node_interface *)first)->at.line);
	return r == 0;
}

/* The kernel hands TCP connections to this socket; there is nothing like it for UDP. */
static void read_listen(struct schema *schema, const struct schema_field *field,
			const struct yaml_node *node, void *object)
{
	struct node_gate *gate = (struct node_gate *)object;
	const char *text = schema_text(schema, node, field->name);
	struct frontend listen = {0};
	const char *problem = NULL;

	if (!text)
		return;
	if (frontend_parse(text, &listen, &problem) == 0 && listen.protocol != IPPROTO_TCP)
		problem = "the gate listens on TCP";
	if (problem) {
		schema_error(schema, node, "bad listener '%s': %s", schema_quote(node), problem);
		return;
	}
	listen.at = position_of(node);
	gate->listen = listen;
}

static const struct schema_field gate_fields[] = {
	{.name = "listen", .read = read_listen, .required = true},
	{.name = "questions",
	 .read = schema_word,
	 .offset = offsetof(struct node_gate, questions),
	 .words = question_words},
	{0},
};

static const struct schema_mapping gate_mapping = {"the gate", gate_fields};

static void read_gate(struct schema *schema, const struct schema_field *field,
		      const struct yaml_node *node, void *object)
{
	struct node_gate *gate = &((struct node *)object)->gate;

	(void)field;
	gate->at = position_of(node);
	gate->present = schema_read(schema, &gate_mapping, node, gate);
}

static void covered_report(void *context, const struct range_entry *covered,
			   const struct range_entry *by)
{
	range_covered((struct range_reader *)context, covered, by, NULL);
}

/* A node has few ranges, yet the same sweep as the rules finds what is superfluous. */
static void ranges_sweep(struct schema *schema, struct range_reader *ranges,
			 const struct range_list *list)
{
	cleanup(free_ptr) struct range_place *places =
		(struct range_place *)calloc(list->count + 1, 2 * sizeof(*places));

	if (!places) {
		schema->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		places[i].entry = &list->items[i];
	(void)range_sweep(places, places + list->count, list->count, covered_report, ranges);
}

void node_read_ranges(struct schema *schema, const struct schema_field *field,
		      const char *everything, const struct yaml_node *node,
		      struct range_list *ret_ranges)
{
	struct range_reader ranges = {
		.diags = schema->diags,
		.files = node_reader_of(schema)->files,
		.everything = everything,
	};
	struct range_list list = {0};

	list.items = (struct range_entry *)schema_alloc(schema, node->length, sizeof(*list.items));
	if (!list.items)
		return;
	for (const struct yaml_node *child = node->children; child; child = child->next) {
		struct range_entry *entry = &list.items[list.count];
		const char *text = schema_text(schema, child, field->name);

		entry->at = position_of(child);
		if (text && range_read(&ranges, text, child->length, entry->at, &entry->range))
			list.count++;
	}
	ranges_sweep(schema, &ranges, &list);
	range_reader_end(&ranges, position_of(node));
	*ret_ranges = list;
}

static void read_failsafe(struct schema *schema, const struct schema_field *field,
			  const struct yaml_node *node, void *object)
{
	if (schema_expect(schema, node, YAML_SEQUENCE, "'failsafe'"))
		node_read_ranges(schema, field, "admits", node, &((struct node *)object)->failsafe);
}

static void read_version(struct schema *schema, const struct schema_field *field,
			 const struct yaml_node *node, void *object)
{
	(void)field;
	(void)object;
	(void)schema_version(schema, node, "1");
}

static const struct schema_list interface_list = {
	sizeof(struct node_interface), offsetof(struct node, interface_count), read_interface};
static const struct schema_list tag_list = {sizeof(struct tag_source),
					    offsetof(struct node, tag_count), node_read_tag};

static const struct schema_field node_fields[] = {
	{.name = "version", .read = read_version, .required = true},
	/* Before the tags, whose VLAN interfaces must be among them. */
	{.name = "interfaces",
	 .read = schema_list,
	 .offset = offsetof(struct node, interfaces),
	 .required = true,
	 .least = 1,
	 .list = &interface_list},
	{.name = "tags",
	 .read = schema_list,
	 .offset = offsetof(struct node, tags),
	 .list = &tag_list},
	{.name = "gate", .read = read_gate},
	{.name = "failsafe", .read = read_failsafe},
	{0},
};

static const struct schema_mapping node_mapping = {"the node configuration", node_fields};

static int document_read(struct node_reader *reader, const struct rules_file *document)
{
	static const struct yaml_node start = {.line = 1, .column = 1};
	cleanup(yaml_free) struct yaml_document yaml = {0};
	struct diags *diags = reader->schema.diags;
	int r = yaml_read(document->text, document->size, document->name, diags, &yaml);

	if (r < 0)
		return r;
	if (yaml.root)
		(void)schema_read(&reader->schema, &node_mapping, yaml.root, reader->node);
	else
		schema_error(
			&reader->schema, &start,
			"the document is empty; it needs at least 'version: 1' and 'interfaces'");
	if (reader->schema.out_of_memory)
		return -ENOMEM;
	return diags->errors > 0 ? -EINVAL : 0;
}

static void reader_free(struct node_reader *reader)
{
	arena_free_all(&reader->scratch);
}

int node_read(const struct rules_file *document, struct diags *diags, struct node *ret_node)
{
	cleanup(node_free) struct node node = {0};
	cleanup(reader_free) struct node_reader reader = {
		.schema = {.diags = diags, .file = document->name},
		.node = &node,
		.files = {document->name},
	};
	int r = 0;

	reader.schema.owner = &reader;
	reader.schema.arena = &node.arena;
	arena_init(&node.arena, NODE_MEMORY_MAX);
	arena_init(&reader.scratch, NODE_MEMORY_MAX);
	node.file = schema_copy(&reader.schema, document->name);
	r = node.file ? document_read(&reader, document) : -ENOMEM;
	diags_sort(diags);
	if (r < 0)
		return r;
	*ret_node = node;
	node = (struct node){0};
	return 0;
}

void node_free(struct node *node)
{
	if (!node)
		return;
	arena_free_all(&node->arena);
	*node = (struct node){0};
}
