/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a YAML mapping may hold, as tables, and one walker over them all, so that every unknown
 * key, missing value and wrong type is found and told in the same way. Knows no word of the rules.
 *
 * Nothing here returns an error code: a fault is in the diagnostics, and reading goes on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "diag.h"
#include "yaml.h"

/* One reading of one document. */
struct schema {
	struct arena *arena; /* holds what is read */
	struct diags *diags;
	const char *file; /* for diagnostics */
	void *owner;	  /* for the readers of fields: whatever they need */
	bool out_of_memory;
};

struct schema_list;

/* One key of a mapping. The walker visits them in the order of the table. */
struct schema_field {
	const char *name; /* NULL ends a table */
	/* Puts the value into `object`; not called for a key that is not there. */
	void (*read)(struct schema *schema, const struct schema_field *field,
		     const struct yaml_node *node, void *object);
	size_t offset; /* of the member, for the readers below */
	bool required;
	uint32_t least; /* schema_integer; schema_list: number of elements */
	uint32_t most;
	const char *const *words;	/* schema_word, schema_either; NULL ends them */
	const struct schema_list *list; /* schema_list */
};

struct schema_mapping {
	const char *noun; /* "a subnet" */
	const struct schema_field *fields;
};

/* Whether it was a mapping without a fault. */
bool schema_read(struct schema *schema, const struct schema_mapping *mapping,
		 const struct yaml_node *node, void *object);

/* The elements of a list, in a row. */
struct schema_list {
	size_t size;	     /* of one */
	size_t count_offset; /* of the size_t that takes their number */
	/* Fills one, which is zeroed; false: leave it out. */
	bool (*read)(struct schema *schema, const struct yaml_node *node, void *element);
};

/* Readers of fields, by the type of the member at `offset`. */
void schema_list(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object); /* TYPE * */
void schema_string(struct schema *schema, const struct schema_field *field,
		   const struct yaml_node *node, void *object); /* const char * */
void schema_boolean(struct schema *schema, const struct schema_field *field,
		    const struct yaml_node *node, void *object); /* bool */
void schema_integer(struct schema *schema, const struct schema_field *field,
		    const struct yaml_node *node, void *object); /* uint32_t */
void schema_word(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object); /* an enum: which of `words` */
void schema_either(struct schema *schema, const struct schema_field *field,
		   const struct yaml_node *node, void *object); /* bool: the second of `words` */
void schema_guid(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object); /* const char * */
void schema_time(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object); /* int64_t */
void schema_url(struct schema *schema, const struct schema_field *field,
		const struct yaml_node *node, void *object); /* const char * */
void schema_template(struct schema *schema, const struct schema_field *field,
		     const struct yaml_node *node, void *object); /* the same, {tenant} in it */
void schema_path(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object); /* const char *, absolute */

/* For a key that has been looked at before: nothing. */
void schema_skip(struct schema *schema, const struct schema_field *field,
		 const struct yaml_node *node, void *object);

/* The pieces that other readers are made of. */

/* The text of a scalar that says something; else NULL, and what was wrong is told of `name`. */
const char *schema_text(struct schema *schema, const struct yaml_node *node, const char *name);

/* Whether it is a mapping, or a list; tells if not. */
bool schema_expect(struct schema *schema, const struct yaml_node *node, enum yaml_kind kind,
		   const char *name);

/* "a mapping", "nothing", "'text'": to follow "found ". */
const char *schema_found(char buffer[DIAG_QUOTE_MAX], const struct yaml_node *node);

/* Whether it is this number, written plainly; tells if not. */
bool schema_version(struct schema *schema, const struct yaml_node *node, const char *version);

/* Which of the words this is; -1 if none, and then the error lists them. */
int schema_choose(struct schema *schema, const struct yaml_node *node, const char *name,
		  const char *const *words);

/* From the schema's arena; NULL sets out_of_memory. */
void *schema_alloc(struct schema *schema, size_t count, size_t size);
const char *schema_copy(struct schema *schema, const char *text);

/* The text of a scalar, cut and made harmless for a message; lives as long as the block. */
#define schema_quote(node)                                                                         \
	diag_quote((char[DIAG_QUOTE_MAX]){0}, DIAG_QUOTE_MAX, (node)->text, (node)->length)

#define schema_error(schema, node, ...)                                                            \
	diags_add((schema)->diags, DIAG_ERROR, (schema)->file, (node)->line, (node)->column,       \
		  __VA_ARGS__)
#define schema_warning(schema, node, ...)                                                          \
	diags_add((schema)->diags, DIAG_WARNING, (schema)->file, (node)->line, (node)->column,     \
		  __VA_ARGS__)
