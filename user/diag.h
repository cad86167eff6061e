/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics that pure code collects, for whoever called it to print. Knows no stream, no
 * colour and no exit status. At most DIAGS_MAX are kept, the rest are only counted.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIAGS_MAX 1000

/* Bytes of one text, with its NUL; what is longer is cut and ends in an ellipsis. */
#define DIAG_TEXT_MAX 1024

/* Bytes that hold any line of diag_format(). */
#define DIAG_LINE_MAX 2048

/* Bytes for a piece of somebody's input within a text: the customary buffer of diag_quote(). */
#define DIAG_QUOTE_MAX 96

/* A note belongs to the error or warning it follows, and is kept, sorted and dropped with it. */
enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag {
	enum diag_level level;
	const char *file; /* borrowed: must outlive the struct diags; may be NULL */
	uint32_t line;	  /* from 1; 0: no position */
	uint32_t column;  /* from 1, in characters */
	char *text;
};

/* Starts as {0} and ends with diags_clear(). */
struct diags {
	struct diag *items;
	size_t count;
	size_t capacity;
	size_t errors;	 /* ever added, kept or not: nothing passes unless this is 0 */
	size_t warnings; /* ever added, kept or not */
	size_t dropped;	 /* of any level, not among the items */

	size_t kept_warnings; /* among the items */
	bool leader_dropped;  /* the last error or warning was not kept: nor are its notes */
};

/*
 * Never fails: what there is no memory or no room for is counted. When all places are taken a new
 * error takes that of the last warning. Control bytes and invalid UTF-8 anywhere in the text are
 * escaped, so that no rule file can speak to a terminal.
 */
void diags_add(struct diags *diags, enum diag_level level, const char *file, uint32_t line,
	       uint32_t column, const char *format, ...) __attribute__((format(printf, 6, 7)));
void diags_vadd(struct diags *diags, enum diag_level level, const char *file, uint32_t line,
		uint32_t column, const char *format, va_list arguments)
	__attribute__((format(printf, 6, 0)));

/* By file, line and column; equal ones stay as they were added, notes stay with their leader. */
void diags_sort(struct diags *diags);

void diags_clear(struct diags *diags);

/*
 * Writes one line without a newline, `FILE:LINE:COLUMN: error: TEXT`, or `FILE: error: TEXT`
 * without a position, or `error: TEXT` without a file; returns its length, below SIZE (at least 1).
 */
size_t diag_format(const struct diag *diag, char *buffer, size_t size);

/*
 * Makes text of unknown origin fit to be part of a message: control bytes (C1 and the marks that
 * turn the direction of writing included) and invalid UTF-8 become \xNN, and what exceeds SIZE (at
 * least 1) is cut at a whole character with an ellipsis. Returns BUFFER, for use as an argument.
 */
const char *diag_quote(char *buffer, size_t size, const char *text, size_t length);
