/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rules document and the list files that it names, read from disk: what `check`
 * looks at and `push` sends. Does not judge the rules.
 */
#pragma once

#include "arena.h"
#include "diag.h"
#include "fault.h"
#include "policy.h"

#define READING_FILE_MAX  ((size_t)64 << 20)
#define READING_TOTAL_MAX ((size_t)128 << 20)
#define READING_STDIN	  "<stdin>" /* how a document from "-" is called */

/* Starts as {0}, ends with reading_free(). */
struct reading {
	struct rules_bundle bundle;
	char *document; /* the texts, which the bundle borrows */
	char **texts;
	size_t text_count;
	size_t total; /* bytes of them */
	struct arena names;
};

/*
 * `path` "-" is standard input. Files are found relative to the document, or to the
 * working directory for standard input. A list file that cannot be read is an
 * error in `diags` at the place that names it, and is empty in the bundle. -errno
 * with a fault if the document itself cannot be read. `diags` borrows `path`.
 */
int reading_open(const char *path, struct diags *diags, struct reading *ret_reading,
		 struct fault *fault);
void reading_free(struct reading *reading);
