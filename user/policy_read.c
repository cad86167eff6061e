/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "scalar.h"

/* More would not fit a position. */
#define FILES_MAX 65534

struct policy_reader *policy_reader_of(struct schema *schema)
{
	return (struct policy_reader *)schema->owner;
}

struct range_reader policy_range_reader(struct policy_reader *reader, const char *everything)
{
	return (struct range_reader){
		.diags = reader->schema.diags,
		.files = reader->file_names,
		.everything = everything,
	};
}

void policy_read_name(struct schema *schema, const struct schema_field *field,
		      const struct yaml_node *node, void *object)
{
	const char *text = schema_text(schema, node, field->name);

	if (!text)
		return;
	if (name_is_valid(text, field->most))
		schema_string(schema, field, node, object);
	else
		schema_error(
			schema, node,
			"bad name '%s': a name is up to %u letters, digits, '.', '_' and '-', the first a letter or digit",
			schema_quote(node), field->most);
}

/* Of two things with one name the first counts, so that there is one error and not many. */
bool policy_claim(struct policy_reader *reader, struct names *names, const char *name,
		  const void *thing, size_t at_offset, const struct yaml_node *node,
		  const char *noun)
{
	const void *first = NULL;
	int r = names_add(names, &reader->scratch, name, thing, &first);
	struct position at = {0};

	if (r == -ENOMEM)
		reader->schema.out_of_memory = true;
	if (r != -EEXIST)
		return r == 0;
	memcpy(&at, (const char *)first + at_offset, sizeof(at));
	schema_error(&reader->schema, node, "another %s '%s' is on line %u", noun,
		     schema_quote(node), at.line);
	return false;
}

const void *policy_claim_within(struct policy_reader *reader, enum policy_claim claim, size_t scope,
				const char *text, const void *thing)
{
	char prefix[32];
	int length = snprintf(prefix, sizeof(prefix), "%c%zu ", (int)claim, scope);
	const void *first = NULL;
	char *key = (char *)arena_alloc(&reader->scratch, (size_t)length + strlen(text) + 1);
	int r = -ENOMEM;

	if (key) {
		memcpy(key, prefix, (size_t)length);
		memcpy(key + length, text, strlen(text) + 1);
		r = names_add(&reader->claims, &reader->scratch, key, thing, &first);
	}
	if (r == -ENOMEM)
		reader->schema.out_of_memory = true;
	return r == -EEXIST ? first : NULL;
}

const void *policy_resolve(struct policy_reader *reader, const struct names *names,
			   const char *name, const struct yaml_node *node, const char *noun)
{
	const void *thing = names_find(names, name);
	const char *suggestion = NULL;
	char quote[DIAG_QUOTE_MAX];

	if (thing)
		return thing;
	/* A suggestion costs a look at every name: not for each of a million errors. */
	if (reader->schema.diags->errors < DIAGS_MAX / 10)
		suggestion = names_suggest(names, name);
	schema_error(&reader->schema, node, "there is no %s '%s'%s%s%s", noun,
		     diag_quote(quote, sizeof(quote), name, strlen(name)),
		     suggestion ? "; did you mean '" : "", suggestion ? suggestion : "",
		     suggestion ? "'?" : "");
	return NULL;
}

/* Each part behind those that it refers to. */
static const struct schema_field document_fields[] = {
	{.name = "version", .read = schema_skip, .required = true},
	{.name = "virtual_networks", .read = policy_read_networks},
	{.name = "ip_sets", .read = policy_read_sets},
	{.name = "block", .read = policy_read_block},
	{.name = "issuers", .read = policy_read_issuers},
	{.name = "trusted_services", .read = policy_read_services},
	{.name = "vaults", .read = policy_read_vaults, .required = true},
	{0},
};

static const struct schema_mapping document_mapping = {"the rules", document_fields};

static void document_read(struct policy_reader *reader, const struct yaml_node *root)
{
	static const struct yaml_node start = {.line = 1, .column = 1};
	const struct yaml_node *version = NULL;

	if (!root) {
		schema_error(&reader->schema, &start,
			     "the document is empty; it needs at least 'version: 1' and 'vaults'");
		return;
	}
	version = yaml_get(root, "version");
	/* Rules of another version are not worth reading on: every key may mean another thing. */
	if (version && !schema_version(&reader->schema, version, "1"))
		return;
	(void)schema_read(&reader->schema, &document_mapping, root, reader->policy);
	/* Also after errors: the more is told in one run the better. */
	policy_check_frontends(reader);
	policy_check_federation(reader);
	policy_check_issuers(reader);
	policy_check_vaults(reader);
}

/* The names of all files that there can be, and which of them were sent. */
static int files_prepare(struct policy_reader *reader)
{
	const struct rules_bundle *bundle = reader->bundle;
	struct policy *policy = reader->policy;
	const char *name = schema_copy(&reader->schema, bundle->document.name);
	size_t count = bundle->file_count + 2; /* the document, and edits */

	if (bundle->file_count > FILES_MAX) {
		diags_add(reader->schema.diags, DIAG_ERROR, bundle->document.name, 0, 0,
			  "%zu files come with the rules; at most %d can", bundle->file_count,
			  FILES_MAX);
		return -EINVAL;
	}
	policy->files = (const char **)schema_alloc(&reader->schema, count, sizeof(char *));
	reader->file_names = (const char **)arena_alloc(&reader->scratch, count * sizeof(char *));
	if (!name || !policy->files || !reader->file_names)
		return -ENOMEM;
	policy->files[0] = name;
	policy->file_count = 1;
	reader->file_names[0] = bundle->document.name;
	/* A client may send more than is asked for; what nobody names is not looked at. */
	for (size_t i = 0; i < bundle->file_count; i++) {
		const void *first = NULL;

		if (names_add(&reader->sent, &reader->scratch, bundle->files[i].name,
			      &bundle->files[i], &first) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

static int bundle_read(struct policy_reader *reader)
{
	cleanup(yaml_free) struct yaml_document document = {0};
	const struct rules_file *file = &reader->bundle->document;
	int r = files_prepare(reader);

	if (r < 0)
		return r;
	r = yaml_read(file->text, file->size, file->name, reader->schema.diags, &document);
	if (r < 0)
		return r;
	document_read(reader, document.root);
	return reader->schema.out_of_memory ? -ENOMEM : 0;
}

static void reader_free(struct policy_reader *reader)
{
	arena_free_all(&reader->scratch);
}

int policy_read(const struct rules_bundle *bundle, int64_t now, struct diags *diags,
		struct policy *ret_policy)
{
	cleanup(policy_free) struct policy policy = {0};
	cleanup(reader_free) struct policy_reader reader = {
		.schema = {.diags = diags, .file = bundle->document.name},
		.policy = &policy,
		.bundle = bundle,
		.now = now,
	};
	int r = 0;

	reader.schema.owner = &reader;
	reader.schema.arena = &policy.arena;
	arena_init(&policy.arena, POLICY_MEMORY_MAX);
	arena_init(&reader.scratch, POLICY_MEMORY_MAX);
	r = bundle_read(&reader);
	if (r == 0) {
		/* The YAML tree is gone by now: it takes more memory than all the ranges do. */
		policy_check_ranges(&reader);
		r = reader.schema.out_of_memory ? -ENOMEM : 0;
	}
	diags_sort(diags);
	if (r < 0)
		return r;
	if (diags->errors > 0)
		return -EINVAL;
	r = policy_read_edits(&reader);
	if (r < 0)
		return r;
	*ret_policy = policy;
	policy = (struct policy){0};
	return 0;
}
