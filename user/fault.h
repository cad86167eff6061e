/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something failed, in one plain sentence that says what to do about it.
 * Whoever adds the last useful context fills it; whoever reports it prints it once.
 */
#pragma once

struct fault {
	int code; /* -errno; 0: nothing was set */
	char text[512];
};

/* Fills `fault` (may be NULL) and returns `code`, so that a failure is one statement. */
__attribute__((format(printf, 3, 4))) int fault_set(struct fault *fault, int code,
						    const char *format, ...);

/* Puts "CONTEXT: " before what is there. Returns fault->code. */
__attribute__((format(printf, 2, 3))) int fault_prefix(struct fault *fault, const char *format,
						       ...);
