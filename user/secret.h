/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token from a file, for one question. It stands in no text, and from the first call on the
 * process leaves no core file. Knows nothing of what a token says.
 */
#pragma once

#include <stddef.h>

#include "fault.h"

/* Ended with secret_free(), which wipes it. */
struct secret {
	char *text;
	size_t room;
};

/*
 * `path` "-" is standard input; a pipe will do. A newline at the end is left out. -EINVAL if there
 * is nothing, something with blanks in it or more than a token may have, with the fault filled.
 */
int secret_read(const char *path, struct secret *ret_secret, struct fault *fault);
void secret_free(struct secret *secret);
