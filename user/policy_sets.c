/* SPDX-License-Identifier: Apache-2.0 */
/* Named lists of ranges, written into the document or into a file beside it. */
#include <errno.h>
#include <string.h>

#include "policy_read.h"

/* Where a set's ranges come from, until it is known that there is just one such place. */
struct set_source {
	const char *name;
	const struct yaml_node *file;
	const struct yaml_node *ranges;
};

static void read_source_file(struct schema *schema, const struct schema_field *field,
			     const struct yaml_node *node, void *object)
{
	if (schema_text(schema, node, field->name))
		((struct set_source *)object)->file = node;
}

static void read_source_ranges(struct schema *schema, const struct schema_field *field,
			       const struct yaml_node *node, void *object)
{
	(void)field;
	if (schema_expect(schema, node, YAML_SEQUENCE, "'ranges'"))
		((struct set_source *)object)->ranges = node;
}

static const struct schema_field set_fields[] = {
	{.name = "name",
	 .read = policy_read_name,
	 .offset = offsetof(struct set_source, name),
	 .required = true,
	 .most = POLICY_NAME_MAX},
	{.name = "file", .read = read_source_file},
	{.name = "ranges", .read = read_source_ranges},
	{0},
};

static const struct schema_mapping set_mapping = {"an IP set", set_fields};

/*
 * A range and nothing else. Sets in sets would need an order and could be circular; an expiry of a
 * member would have to be combined with that of the rule.
 */
static bool range_of_node(struct policy_reader *reader, struct range_reader *ranges,
			  const struct yaml_node *node, struct range_entry *entry)
{
	char found[DIAG_QUOTE_MAX];

	if (node->kind == YAML_SEQUENCE || node->kind == YAML_MAPPING) {
		schema_error(
			&reader->schema, node,
			"expected a range, found %s (an expiry or a comment belongs to the rule that uses the set)",
			schema_found(found, node));
		return false;
	}
	if (!schema_text(&reader->schema, node, "ranges"))
		return false;
	if (strncmp(node->text, "set:", 4) == 0) {
		schema_error(&reader->schema, node,
			     "'%s': an IP set holds ranges, not other sets; rules may name several",
			     schema_quote(node));
		return false;
	}
	entry->at = position_of(node);
	return range_read(ranges, node->text, node->length, entry->at, &entry->range);
}

static void read_inline(struct policy_reader *reader, const struct yaml_node *node,
			struct ip_set *set)
{
	struct range_reader ranges = policy_range_reader(reader, "admits");
	struct range_list *list = &set->ranges;

	list->items = (struct range_entry *)schema_alloc(&reader->schema, node->length,
							 sizeof(*list->items));
	if (!list->items)
		return;
	for (const struct yaml_node *child = node->children; child; child = child->next)
		if (range_of_node(reader, &ranges, child, &list->items[list->count]))
			list->count++;
	range_reader_end(&ranges, set->at);
}

/* The place of a file in policy->files, where it is put when it is first met; 0: no memory. */
static uint16_t file_index(struct policy_reader *reader, const struct rules_file *file)
{
	struct policy *policy = reader->policy;
	const char **slot = &policy->files[policy->file_count];
	const void *known = names_find(&reader->files, file->name);

	if (known)
		return (uint16_t)((const char *const *)known - policy->files);
	*slot = schema_copy(&reader->schema, file->name);
	if (!*slot ||
	    names_add(&reader->files, &reader->scratch, file->name, slot, &known) == -ENOMEM) {
		reader->schema.out_of_memory = true;
		return 0;
	}
	reader->file_names[policy->file_count] = file->name;
	return (uint16_t)policy->file_count++;
}

/* The client reads the files and sends their texts; nothing here opens anything. */
static void read_file(struct policy_reader *reader, const struct yaml_node *node,
		      struct ip_set *set)
{
	const struct rules_file *file =
		(const struct rules_file *)names_find(&reader->sent, node->text);
	uint16_t index = 0;

	if (!file) {
		schema_error(&reader->schema, node, "file '%s' is missing", schema_quote(node));
		return;
	}
	index = file_index(reader, file);
	set->file = schema_copy(&reader->schema, node->text);
	if (index > 0)
		policy_read_list_file(reader, file, index, &set->ranges);
}

static bool read_set(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct policy_reader *reader = policy_reader_of(schema);
	struct ip_set *set = (struct ip_set *)element;
	struct set_source source = {0};
	bool two = yaml_get(node, "file") && yaml_get(node, "ranges");

	set->at = position_of(node);
	/* The set is entered even if its ranges are wrong: references to it are not. */
	(void)schema_read(schema, &set_mapping, node, &source);
	set->name = source.name;
	if (node->kind == YAML_MAPPING &&
	    (two || (!yaml_get(node, "file") && !yaml_get(node, "ranges"))))
		schema_error(schema, node,
			     two ? "an IP set has 'file' or 'ranges', not both"
				 : "an IP set needs either 'file' or 'ranges'");
	else if (source.file)
		read_file(reader, source.file, set);
	else if (source.ranges)
		read_inline(reader, source.ranges, set);
	if (set->name)
		(void)policy_claim(reader, &reader->sets, set->name, set,
				   offsetof(struct ip_set, at), yaml_get(node, "name"), "IP set");
	return true;
}

static const struct schema_list set_list = {sizeof(struct ip_set),
					    offsetof(struct policy, set_count), read_set};

void policy_read_sets(struct schema *schema, const struct schema_field *field,
		      const struct yaml_node *node, void *policy)
{
	const struct schema_field sets = {
		.name = field->name,
		.offset = offsetof(struct policy, sets),
		.list = &set_list,
	};

	schema_list(schema, &sets, node, policy);
}
