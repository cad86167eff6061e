/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nginx says on a terminal, understood: which line is the fault, and which fault is none.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The line that says why it failed, fit to be printed, into BUFFER of SIZE (at least 1): the last
 * that is an error, else the last at all; "" if it said nothing. Where it names `from`, the file
 * that it read, `to` stands instead, where that file is to be found afterwards; both may be NULL.
 */
void nginx_words_problem(const char *output, const char *from, const char *to, char *buffer,
			 size_t size);

/* Whether it could not be told to reload because there is none that runs. */
bool nginx_words_not_running(const char *output);
