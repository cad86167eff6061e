/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rules bundle in the form that costs nothing but copying: what `push` sends and
 * what the store keeps. A line of JSON that ends in a head, and behind it the texts as they are,
 * the document first:
 *
 *   {"name": "rules.yaml", "size": 1234, "files": [{"name": "partners.txt", "size": 56}],
 *    "edits": 78}
 *
 * The sizes are bytes and come to all that follows the line; the edits stand last. "files"
 * and "edits" may be left out; nothing else may be there, and no file twice. Pure, as bundle.h.
 */
#pragma once

#include "bundle.h"

#define PACK_TYPE     "application/vnd.vaultwall.bundle" /* Content-Type */
#define PACK_LINE_MAX ((size_t)8 << 20)

struct pack_piece {
	const char *text;
	size_t size;
};

/* Starts as {0}. */
struct pack {
	struct pack_piece *pieces; /* the line, then the texts, which are borrowed */
	size_t count;
	size_t size; /* of all pieces */
	char *line;
};

/* -EINVAL for what no bundle can carry: a NUL, bytes that are not UTF-8. */
int pack_check(const struct rules_bundle *rules, struct fault *fault);

/* NULL without memory. */
json_t *pack_head(const struct rules_bundle *rules);

/* `line` is the head, or an object with it. -ENOMEM. */
int pack_make(const struct rules_bundle *rules, const json_t *line, struct pack *ret_pack);
void pack_free(struct pack *pack);

/* All of it in a block of its own that ends in a NUL, for the caller to free(); NULL without
 * memory. */
char *pack_text(const struct rules_bundle *rules);

/* The line before the texts, and where they begin. -EINVAL: there is none. */
int pack_read_line(const char *block, size_t size, json_t **ret_line, size_t *ret_texts,
		   struct fault *fault);

/*
 * The bundle of a head and a block of `size` bytes whose texts begin at `texts`. On
 * success it has its own reference to the head and takes the block, malloc()ed.
 * -EINVAL: it is no bundle.
 */
int pack_open(json_t *head, char **block, size_t texts, size_t size, struct bundle *ret_bundle,
	      struct fault *fault);

/* Both, for a line that is the head. */
int pack_read(char **block, size_t size, struct bundle *ret_bundle, struct fault *fault);
