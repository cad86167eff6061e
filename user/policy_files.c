/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a document needs beside it. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "names.h"
#include "policy.h"
#include "yaml.h"

#define SETS "ip_sets"

/* The value of a set's `file`, if it says something. */
static const struct yaml_node *file_of(const struct yaml_node *set)
{
	const struct yaml_node *file = yaml_get(set, "file");

	return file && file->kind == YAML_SCALAR && file->length > 0 ? file : NULL;
}

/* Two sets may share a file, which is then sent once. */
static int names_collect(const struct yaml_node *sets, struct arena *arena, const char **names,
			 size_t *ret_count)
{
	struct names known = {0};
	size_t count = 0;

	for (const struct yaml_node *set = sets->children; set; set = set->next) {
		const struct yaml_node *file = file_of(set);
		const char *name = file ? arena_copy(arena, file->text, file->length) : NULL;
		const void *first = NULL;
		int r = name ? names_add(&known, arena, name, name, &first) : 0;

		if (file && (!name || r == -ENOMEM))
			return -ENOMEM;
		if (file && r == 0)
			names[count++] = name;
	}
	*ret_count = count;
	return 0;
}

/*
 * Whether a key "ip_sets" may be in the text at all: then the word is, unless a backslash within
 * quotes spells it. Most documents with a million ranges need no parser to be told apart by this.
 */
static bool may_have_sets(const struct rules_file *document)
{
	return memmem(document->text, document->size, SETS, strlen(SETS)) ||
	       memchr(document->text, '\\', document->size);
}

int policy_file_names(const struct rules_file *document, struct diags *diags, struct arena *arena,
		      const char ***ret_names, size_t *ret_count)
{
	cleanup(yaml_free) struct yaml_document yaml = {0};
	const struct yaml_node *sets = NULL;
	const char **names = NULL;
	size_t count = 0;
	int r = 0;

	if (may_have_sets(document))
		r = yaml_read_key(document->text, document->size, document->name, SETS, diags,
				  &yaml);
	if (r < 0)
		return r;
	sets = yaml_get(yaml.root, SETS);
	if (sets && sets->kind == YAML_SEQUENCE) {
		names = (const char **)arena_alloc(arena, sets->length * sizeof(*names));
		r = names ? names_collect(sets, arena, names, &count) : -ENOMEM;
	}
	if (r < 0)
		return r;
	*ret_names = names;
	*ret_count = count;
	return 0;
}
