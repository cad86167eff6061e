/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of IP rules, wherever they are: of the block list, of a service, of a vault. */
#include <string.h>

#include "policy_read.h"

#define SET_PREFIX "set:"

#define TAG_MAX	   0xffffffU

/* One rule on its way: the reader of `range` needs the warnings of the whole list. */
struct rule_draft {
	struct ip_rule rule;
	struct range_reader *ranges;
};

static void read_target(struct schema *schema, const struct schema_field *field,
			const struct yaml_node *node, void *object)
{
	struct policy_reader *reader = policy_reader_of(schema);
	struct rule_draft *draft = (struct rule_draft *)object;
	const char *text = schema_text(schema, node, field->name);

	if (!text)
		return;
	if (strncmp(text, SET_PREFIX, strlen(SET_PREFIX)) == 0)
		draft->rule.set = (const struct ip_set *)policy_resolve(
			reader, &reader->sets, text + strlen(SET_PREFIX), node, "IP set");
	else
		(void)range_read(draft->ranges, text, node->length, position_of(node),
				 &draft->rule.entry.range);
}

static const struct schema_field rule_fields[] = {
	{.name = "range", .read = read_target, .required = true},
	{.name = "expires",
	 .read = schema_time,
	 .offset = offsetof(struct rule_draft, rule.entry.expires)},
	{.name = "comment",
	 .read = schema_string,
	 .offset = offsetof(struct rule_draft, rule.entry.comment)},
	{0},
};

static const struct schema_mapping rule_mapping = {"an IP rule", rule_fields};

static bool read_rule(struct policy_reader *reader, struct range_reader *ranges,
		      const struct yaml_node *node, struct ip_rule *ret_rule)
{
	struct rule_draft draft = {.ranges = ranges};
	size_t errors_before = reader->schema.diags->errors;
	const struct yaml_node *target = yaml_get(node, "range");

	if (node->kind == YAML_SCALAR)
		read_target(&reader->schema, &rule_fields[0], node, &draft);
	else
		(void)schema_read(&reader->schema, &rule_mapping, node, &draft);
	if (reader->schema.diags->errors != errors_before)
		return false;
	/* What is to be shown as the reason of a verdict is the range, not the brace before it. */
	draft.rule.entry.at = position_of(target ? target : node);
	*ret_rule = draft.rule;
	return true;
}

static void rules_read(struct policy_reader *reader, const char *everything,
		       const struct yaml_node *node, struct ip_rules *ret_rules)
{
	struct range_reader ranges = policy_range_reader(reader, everything);
	struct ip_rules rules = {0};

	if (!schema_expect(&reader->schema, node, YAML_SEQUENCE, "'ip_rules'"))
		return;
	rules.items =
		(struct ip_rule *)schema_alloc(&reader->schema, node->length, sizeof(*rules.items));
	if (!rules.items)
		return;
	for (const struct yaml_node *child = node->children; child; child = child->next)
		if (read_rule(reader, &ranges, child, &rules.items[rules.count]))
			rules.count++;
	range_reader_end(&ranges, position_of(node));
	*ret_rules = rules;
}

/* `least` tells a service, for which no rules at all would mean anywhere, from a vault. */
void policy_read_ip_rules(struct schema *schema, const struct schema_field *field,
			  const struct yaml_node *node, void *object)
{
	struct ip_rules rules = {0};

	rules_read(policy_reader_of(schema), "admits", node, &rules);
	if (node->kind == YAML_SEQUENCE && node->length < field->least)
		schema_error(schema, node, "'ip_rules' is empty; leave it out for 'from anywhere'");
	memcpy((char *)object + field->offset, &rules, sizeof(rules));
}

static void read_block_rules(struct schema *schema, const struct schema_field *field,
			     const struct yaml_node *node, void *policy)
{
	struct ip_rules *block = &((struct policy *)policy)->block;

	(void)field;
	rules_read(policy_reader_of(schema), "blocks", node, block);
	for (size_t i = 0; i < block->count; i++)
		if (block->items[i].entry.expires)
			diags_add(schema->diags, DIAG_ERROR, schema->file,
				  block->items[i].entry.at.line, block->items[i].entry.at.column,
				  "a blocked range does not expire: take 'expires' out");
}

static bool read_blocked_tag(struct schema *schema, const struct yaml_node *node, void *element)
{
	static const struct schema_field tag = {
		.name = "tag",
		.offset = offsetof(struct blocked_tag, tag),
		.least = 1,
		.most = TAG_MAX,
	};
	struct policy_reader *reader = policy_reader_of(schema);
	struct blocked_tag *blocked = (struct blocked_tag *)element;
	const struct blocked_tag *first = NULL;

	blocked->at = position_of(node);
	schema_integer(schema, &tag, node, blocked);
	if (!blocked->tag)
		return false;
	first = (const struct blocked_tag *)policy_claim_within(reader, CLAIM_BLOCKED_TAG, 0,
								node->text, blocked);
	if (first)
		schema_warning(schema, node, "tag %u is listed twice, first on line %u",
			       blocked->tag, first->at.line);
	return !first;
}

static const struct schema_list blocked_tag_list = {
	sizeof(struct blocked_tag), offsetof(struct policy, blocked_tag_count), read_blocked_tag};

static const struct schema_field block_fields[] = {
	{.name = "ip_rules", .read = read_block_rules},
	{.name = "tags",
	 .read = schema_list,
	 .offset = offsetof(struct policy, blocked_tags),
	 .list = &blocked_tag_list},
	{0},
};

static const struct schema_mapping block_mapping = {"the block list", block_fields};

void policy_read_block(struct schema *schema, const struct schema_field *field,
		       const struct yaml_node *node, void *policy)
{
	(void)field;
	(void)schema_read(schema, &block_mapping, node, policy);
}
