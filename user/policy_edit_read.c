/* SPDX-License-Identifier: Apache-2.0 */
/* Edits as they are kept: made once, and judged then, so there is nothing to warn of any more. */
#include <errno.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"
#include "policy_edit_parts.h"

struct edit_line {
	const struct vault *vault;
	const char *user;
	bool has_range;
	struct rule_edit edit;
};

#define MEMBER(name) offsetof(struct edit_line, name)

const char *const edit_actions[] = {"add", "remove", NULL};

const struct vault *edit_read_vault(struct policy_reader *reader, const struct yaml_node *node)
{
	const char *name = schema_text(&reader->schema, node, "vault");

	return name ? (const struct vault *)policy_resolve(reader, &reader->policy->vault_names,
							   name, node, "vault")
		    : NULL;
}

static void read_vault(struct schema *schema, const struct schema_field *field,
		       const struct yaml_node *node, void *object)
{
	(void)field;
	((struct edit_line *)object)->vault = edit_read_vault(policy_reader_of(schema), node);
}

static void read_range(struct schema *schema, const struct schema_field *field,
		       const struct yaml_node *node, void *object)
{
	struct edit_line *line = (struct edit_line *)object;
	const char *text = schema_text(schema, node, field->name);
	const char *problem = NULL;
	bool host_bits = false;

	if (!text)
		return;
	line->has_range =
		range_parse(text, node->length, &line->edit.range, &host_bits, &problem) == 0;
	if (!line->has_range)
		schema_error(schema, node, "bad range '%s': %s", schema_quote(node), problem);
}

static void read_subnet(struct schema *schema, const struct schema_field *field,
			const struct yaml_node *node, void *object)
{
	(void)field;
	((struct edit_line *)object)->edit.subnet =
		policy_read_subnet(policy_reader_of(schema), node);
}

static const struct schema_field line_fields[] = {
	{.name = "vault", .read = read_vault, .required = true},
	{.name = "action",
	 .read = schema_either,
	 .required = true,
	 .offset = MEMBER(edit.removed),
	 .words = edit_actions},
	{.name = "range", .read = read_range},
	{.name = "subnet", .read = read_subnet},
	{.name = "expires", .read = schema_time, .offset = MEMBER(edit.expires)},
	{.name = "by", .read = schema_string, .required = true, .offset = MEMBER(user)},
	{.name = "at", .read = schema_time, .required = true, .offset = MEMBER(edit.at)},
	{0},
};

static const struct schema_mapping line_mapping = {"an edit", line_fields};

static bool read_line(struct policy_reader *reader, const struct yaml_node *node,
		      struct edit_line *line)
{
	if (!schema_read(&reader->schema, &line_mapping, node, line))
		return false;
	if (line->has_range == (line->edit.subnet != NULL)) {
		schema_error(&reader->schema, node, "an edit has either a 'range' or a 'subnet'");
		return false;
	}
	edit_set_user(&line->edit, line->user);
	return true;
}

/* Edits of one vault, which stand together. */
struct batch {
	const struct vault *vault;
	struct rule_edit *edits;
	size_t count;
};

static int apply(struct policy *policy, struct batch *batch)
{
	cleanup(policy_edit_free) struct policy_edit edit = {0};
	struct vault *vault = NULL;
	int r = 0;

	if (batch->count == 0)
		return 0;
	vault = &policy->vaults[batch->vault - policy->vaults];
	r = policy_edit_make(policy, vault, batch->edits, batch->count, &edit);
	if (r == 0)
		policy_edit_swap(policy, &edit);
	batch->count = 0;
	return r;
}

static int apply_all(struct policy_reader *reader, const struct yaml_node *list)
{
	cleanup(free_ptr) struct rule_edit *edits =
		(struct rule_edit *)calloc((size_t)list->length + 1, sizeof(*edits));
	struct batch batch = {.edits = edits};
	int r = edits ? 0 : -ENOMEM;

	for (const struct yaml_node *node = list->children; node && r == 0; node = node->next) {
		struct edit_line line = {0};

		if (!read_line(reader, node, &line))
			return -EINVAL;
		if (line.vault != batch.vault)
			r = apply(reader->policy, &batch);
		batch.vault = line.vault;
		batch.edits[batch.count++] = line.edit;
	}
	return r == 0 ? apply(reader->policy, &batch) : r;
}

int policy_read_edits(struct policy_reader *reader)
{
	const struct rules_file *text = &reader->bundle->edits;
	cleanup(yaml_free) struct yaml_document document = {0};
	int r = 0;

	if (text->size == 0)
		return 0;
	reader->schema.file = EDITS_FILE;
	r = yaml_read(text->text, text->size, EDITS_FILE, reader->schema.diags, &document);
	if (r < 0)
		return r;
	if (!document.root ||
	    !schema_expect(&reader->schema, document.root, YAML_SEQUENCE, "edits"))
		return -EINVAL;
	r = apply_all(reader, document.root);
	if (reader->schema.out_of_memory)
		return -ENOMEM;
	return r < 0 || reader->schema.diags->errors == 0 ? r : -EINVAL;
}
