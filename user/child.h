/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another program, run to its end: no shell, an environment of its own, a time limit, and no more
 * of what it says than fits. Knows no program in particular.
 */
#pragma once

#include <stdbool.h>

#include "fault.h"

#define CHILD_OUTPUT 16384

struct child_result {
	int status;		   /* that it exited with; -1: a signal ended it */
	bool late;		   /* that signal was ours: it took too long */
	char output[CHILD_OUTPUT]; /* the end of what it wrote to stdout and stderr */
};

/*
 * `arguments` end with NULL; the first is an absolute path. -errno with a fault if it could not be
 * run at all; -EINTR if it was ended since SIGTERM or SIGINT, which the caller blocks, waits for
 * the caller. Signals that are blocked here are not in it.
 */
int child_run(const char *const *arguments, unsigned seconds, struct child_result *ret_result,
	      struct fault *fault);
