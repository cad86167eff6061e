/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text to a tree of nodes that know where they stood. Knows no word of any language written
 * in YAML. Of YAML it takes the plain part: no anchors, aliases, tags, merge keys or second
 * documents, and never a type: every scalar is text.
 *
 * Lies on the quote path only (-iquote), since <yaml.h> is libyaml's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "diag.h"

#define YAML_SIZE_MAX	((size_t)64 << 20)
#define YAML_DEPTH_MAX	32
#define YAML_NODES_MAX	4000000
#define YAML_SCALAR_MAX 65536

/* One byte, so that a node takes 48: a document may have millions. */
enum __attribute__((packed)) yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	bool plain;		    /* a scalar without quotes */
	uint32_t line;		    /* from 1 */
	uint32_t column;	    /* from 1, in characters */
	uint32_t length;	    /* scalar: bytes of text; others: number of children */
	const char *text;	    /* scalar: UTF-8, ends in a NUL and holds no other; else NULL */
	struct yaml_node *key;	    /* of a mapping's child: its key, always a scalar */
	struct yaml_node *children; /* the first child, in order */
	struct yaml_node *next;	    /* the next sibling */
};

struct yaml_document {
	struct arena arena;
	struct yaml_node *root; /* NULL: an empty document */
};

/*
 * Returns 0, or -EINVAL if there is no sensible tree, or -ENOMEM; every failure has its error in
 * DIAGS. Of duplicate keys the first is kept and the others are errors, yet there is a tree, so
 * that one run can report what else is wrong: a document is right only if diags->errors is 0.
 *
 * FILE is only named in diagnostics and is borrowed by them; TEXT is not needed afterwards.
 */
int yaml_read(const char *text, size_t size, const char *file, struct diags *diags,
	      struct yaml_document *ret_document);

/*
 * The same for whoever wants a single key of the document's mapping: nothing behind the end of its
 * value is looked at, and the tree ends there.
 */
int yaml_read_key(const char *text, size_t size, const char *file, const char *key,
		  struct diags *diags, struct yaml_document *ret_document);

/* The value of KEY; NULL if there is none, or if MAPPING is NULL or no mapping. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

/* Inline because libyaml.so exports a yaml_free() of its own, which ours would take the place of.
 */
static inline void yaml_free(struct yaml_document *document)
{
	arena_free_all(&document->arena);
	document->root = NULL;
}
