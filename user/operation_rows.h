/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's operations as a table, and a target cut into the segments that are
 * held against it. For user/operation*.c only.
 */
#pragma once

#include <stddef.h>

#include "operation.h"

#define OPERATION_SEGMENTS 5 /* of the longest path */

struct operation_row {
	const char *method;
	const char *path[OPERATION_SEGMENTS - 1]; /* behind the first; a name is OPERATION_NAME */
	const char *event;
	const char *permissions[3]; /* any of them; none: it takes no permission */
};

/* What the first segment of a path stands for. */
struct operation_collection {
	const char *word;
	enum permission_kind kind;
	const struct operation_row *rows; /* the one that ends them has no event */
};

/* Stands for a name or a version; known by its address. */
extern const char OPERATION_NAME[];

/* The one that ends them has no word. */
extern const struct operation_collection operation_collections[];

struct operation_segment {
	const char *text;
	bool behind_gap; /* more than one slash between it and the segment before */
};

struct operation_target {
	char text[OPERATION_PATH_BYTES]; /* decoded, a NUL behind each segment */
	struct operation_segment segments[OPERATION_SEGMENTS];
	size_t count;
	char api_version[OPERATION_API_BYTES];
};

enum operation_fault operation_read_target(const char *target, struct operation_target *ret_target);

/* `query` is what follows the question mark. */
enum operation_fault operation_read_query(const char *query,
					  char ret_api_version[OPERATION_API_BYTES]);

/* The byte that TEXT begins with, an escape read as one; returns its length, 0: no escape. */
size_t operation_decode(const char *text, unsigned char *ret_byte);
