/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits as somebody asks for them: JSON, which is YAML, and so is read by what reads the rules. Its
 * places are taken out, since they mean nothing to whoever typed words on a command line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "policy_edit_parts.h"
#include "scalar.h"

#define REQUEST_MEMORY_MAX ((size_t)64 << 20)

/* The request, as far as it is read. */
struct draft {
	const struct vault *vault;
	bool removed;
	bool limited; /* an expiry was given, or that there is none */
	int64_t expires;
	struct rule_edit *ranges;
	size_t range_count;
	struct rule_edit *subnets;
	size_t subnet_count;
};

#define MEMBER(name) offsetof(struct draft, name)

static void read_vault(struct schema *schema, const struct schema_field *field,
		       const struct yaml_node *node, void *object)
{
	(void)field;
	((struct draft *)object)->vault = edit_read_vault(policy_reader_of(schema), node);
}

static void read_expires(struct schema *schema, const struct schema_field *field,
			 const struct yaml_node *node, void *object)
{
	((struct draft *)object)->limited = true;
	if (node->kind != YAML_SCALAR || strcmp(node->text, "never") != 0)
		schema_time(schema, field, node, object);
}

static bool read_range(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct policy_reader *reader = policy_reader_of(schema);
	struct range_reader ranges = policy_range_reader(reader, "admits");
	const struct position at = {.file = reader->policy->edits_file};
	const char *text = schema_text(schema, node, "ip_addresses");

	return text &&
	       range_read(&ranges, text, node->length, at, &((struct rule_edit *)element)->range);
}

/* Those of the network that is named; all of them, to suggest one, if there is no such network. */
static void enter_subnets(struct policy_reader *reader, const char *path)
{
	const struct policy *policy = reader->policy;
	size_t length = strcspn(path, "/");
	bool found = false;

	for (size_t i = 0; i < policy->network_count && !found; i++) {
		const char *name = policy->networks[i].name;

		found = strncmp(name, path, length) == 0 && !name[length];
		if (found)
			policy_enter_subnets(reader, &policy->networks[i]);
	}
	for (size_t i = 0; i < policy->network_count && !found; i++)
		policy_enter_subnets(reader, &policy->networks[i]);
}

static bool read_subnet(struct schema *schema, const struct yaml_node *node, void *element)
{
	struct policy_reader *reader = policy_reader_of(schema);
	struct rule_edit *edit = (struct rule_edit *)element;

	if (node->text)
		enter_subnets(reader, node->text);
	edit->subnet = policy_read_subnet(reader, node);
	return edit->subnet;
}

static const struct schema_list range_list = {sizeof(struct rule_edit), MEMBER(range_count),
					      read_range};
static const struct schema_list subnet_list = {sizeof(struct rule_edit), MEMBER(subnet_count),
					       read_subnet};

static const struct schema_field request_fields[] = {
	{.name = "vault", .read = read_vault, .required = true},
	{.name = "action",
	 .read = schema_either,
	 .required = true,
	 .offset = MEMBER(removed),
	 .words = edit_actions},
	{.name = "expires", .read = read_expires, .offset = MEMBER(expires)},
	{.name = "ip_addresses",
	 .read = schema_list,
	 .offset = MEMBER(ranges),
	 .list = &range_list},
	{.name = "subnets", .read = schema_list, .offset = MEMBER(subnets), .list = &subnet_list},
	{0},
};

static const struct schema_mapping request_mapping = {"an edit of network rules", request_fields};

static void take_places_out(struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		diags->items[i].line = diags->items[i].column = 0;
}

/* What cannot be told by one field alone. */
static void check_draft(struct policy_reader *reader, const struct yaml_node *root,
			const struct draft *draft)
{
	size_t count = draft->range_count + draft->subnet_count;

	if (count == 0)
		schema_error(&reader->schema, root, "neither a range nor a subnet is named");
	if (count > EDIT_RULES_MAX)
		schema_error(&reader->schema, root,
			     "%zu rules are named; at most %d can be edited at once", count,
			     EDIT_RULES_MAX);
	if (draft->limited && (draft->removed || draft->subnet_count))
		schema_error(&reader->schema, root, "only ranges that are added expire");
}

static int read_draft(struct policy_reader *reader, const char *text, size_t size,
		      struct draft *draft)
{
	cleanup(yaml_free) struct yaml_document document = {0};
	int r = yaml_read(text, size, EDITS_FILE, reader->schema.diags, &document);

	if (r == 0 && document.root &&
	    schema_read(&reader->schema, &request_mapping, document.root, draft))
		check_draft(reader, document.root, draft);
	take_places_out(reader->schema.diags);
	if (r < 0)
		return r;
	if (reader->schema.out_of_memory)
		return -ENOMEM;
	return reader->schema.diags->errors || !document.root ? -EINVAL : 0;
}

/* The rules that are named, in the order of edits and once each. */
static struct rule_edit *collect(const struct draft *draft, const struct edit_author *author,
				 size_t *ret_count)
{
	size_t count = draft->range_count + draft->subnet_count;
	struct rule_edit *edits = (struct rule_edit *)calloc(count + 1, sizeof(*edits));
	size_t kept = 0;

	if (!edits)
		return NULL;
	if (draft->range_count)
		memcpy(edits, draft->ranges, draft->range_count * sizeof(*edits));
	if (draft->subnet_count)
		memcpy(edits + draft->range_count, draft->subnets,
		       draft->subnet_count * sizeof(*edits));
	edits_sort(edits, count);
	for (size_t i = 0; i < count; i++) {
		if (kept && edit_compare(&edits[kept - 1], &edits[i]) == 0)
			continue;
		edits[kept] = edits[i];
		edits[kept].removed = draft->removed;
		edits[kept].expires = draft->expires;
		edits[kept].at = author->now;
		edit_set_user(&edits[kept++], author->user);
	}
	*ret_count = kept;
	return edits;
}

/* Whether the rule has to be added that may be there already. A rule that is over is not there. */
static bool has_to_be_added(const struct policy_reader *reader, const struct draft *draft,
			    const struct rule_edit *edit)
{
	if (!edit->listed)
		return true;
	if (draft->limited)
		return edit->expires != edit->listed_until;
	return edit->listed_until && edit->listed_until <= reader->now;
}

/* Leaves what changes something, and says why the rest does not. */
static size_t sift(struct policy_reader *reader, const struct draft *draft, struct rule_edit *edits,
		   size_t count)
{
	const struct vault_rules rules = vault_rules_of(draft->vault);
	size_t kept = 0;

	edits_look_up(&rules, edits, count);
	for (size_t i = 0; i < count; i++) {
		const struct rule_edit *edit = &edits[i];

		if (edit->removed ? edit->listed : has_to_be_added(reader, draft, edit))
			edits[kept++] = *edit;
		else
			edit_tell_idle(reader, draft->vault, edit);
	}
	return kept;
}

static bool is_one_too_many(const struct policy *policy, const struct policy_edit *edit)
{
	size_t before = edit->vault->edits ? edit->vault->edits->count : 0;
	size_t after = edit->edits ? edit->edits->count : 0;

	return after > before && policy_edits_count(policy) - before + after > EDITS_MAX;
}

static int make_edit(struct policy_reader *reader, const struct draft *draft,
		     struct edit_request *request)
{
	struct policy *policy = reader->policy;
	struct vault *vault = &policy->vaults[draft->vault - policy->vaults];
	int r = policy_edit_make(policy, vault, request->changes, request->count, &request->edit);

	if (r < 0)
		return r;
	if (is_one_too_many(policy, &request->edit))
		diags_add(reader->schema.diags, DIAG_ERROR, EDITS_FILE, 0, 0,
			  "there is room for %d edits; write them into the document and push it",
			  EDITS_MAX);
	edit_check(reader, request);
	return reader->schema.diags->errors ? -EINVAL : 0;
}

static int read_request(struct policy_reader *reader, const char *text, size_t size,
			const struct edit_author *author, struct edit_request *request)
{
	struct draft draft = {0};
	int r = read_draft(reader, text, size, &draft);

	if (r < 0)
		return r;
	request->changes = collect(&draft, author, &request->count);
	if (!request->changes)
		return -ENOMEM;
	request->count = sift(reader, &draft, request->changes, request->count);
	return request->count ? make_edit(reader, &draft, request) : 0;
}

static void reader_free(struct policy_reader *reader)
{
	arena_free_all(&reader->scratch);
}

int edit_request_read(struct policy *policy, const char *text, size_t size,
		      const struct edit_author *author, struct diags *diags,
		      struct edit_request *ret_request)
{
	cleanup(edit_request_free) struct edit_request request = {0};
	cleanup(reader_free) struct policy_reader reader = {
		.schema = {.diags = diags, .file = EDITS_FILE},
		.policy = policy,
		.now = author->now,
	};
	int r = 0;

	reader.schema.owner = &reader;
	reader.schema.arena = &reader.scratch;
	arena_init(&reader.scratch, REQUEST_MEMORY_MAX);
	(void)policy_edits_file(policy);
	reader.file_names = policy->files;
	r = read_request(&reader, text, size, author, &request);
	if (r < 0)
		return r;
	*ret_request = request;
	request = (struct edit_request){0};
	return 0;
}

void edit_request_free(struct edit_request *request)
{
	policy_edit_free(&request->edit);
	free(request->changes);
	*request = (struct edit_request){0};
}
