/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody may have meant by a word that is not known: `did you mean 'default_action'?`.
 */
#pragma once

#include <stddef.h>

/* Starts with the word as written; `best` is what to suggest in the end, or NULL. */
struct spelling {
	const char *written;
	const char *best;
	size_t distance;
};

/* Becomes the best so far if it is near enough to what was written; case does not matter. */
void spelling_try(struct spelling *spelling, const char *candidate);
