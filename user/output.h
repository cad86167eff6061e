/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats in which commands answer, behind one struct: a command hands over
 * what it learnt, as JSON in the shape that control.h documents, and never prints
 * it. A new format is one new file. What comes from outside (names, comments,
 * addresses) cannot speak to the terminal: every format escapes it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct printer {
	FILE *stream;
	bool colour;
};

struct output {
	/* {"ok", "file", "diagnostics": [D], "summary": {}|null} of cmd_check.c */
	void (*check)(const struct printer *printer, const json_t *report);
	void (*push)(const struct printer *printer, const json_t *answer);
	void (*network_rule)(const struct printer *printer, const json_t *answer);
	void (*network_rules)(const struct printer *printer, const json_t *list);
	void (*status)(const struct printer *printer, const json_t *answer);
	void (*show)(const struct printer *printer, const json_t *answer);
	void (*vault)(const struct printer *printer, const json_t *answer); /* show of one */
	void (*explain)(const struct printer *printer, const json_t *answer);
	void (*event_head)(const struct printer *printer);
	void (*event)(const struct printer *printer, const json_t *record);
};

extern const struct output output_text;
extern const struct output output_json;

enum hue { HUE_PLAIN, HUE_BOLD, HUE_DIM, HUE_GOOD, HUE_WARN, HUE_BAD };

/*
 * Prints formatted text, its control characters and invalid UTF-8 escaped as \xNN:
 * newlines, too. Those of our own come from output_newline().
 */
__attribute__((format(printf, 3, 4))) void output_print(const struct printer *printer, enum hue hue,
							const char *format, ...);
void output_newline(const struct printer *printer);

/* The same text in memory, to be freed; NULL if there is none left. */
char *output_escape(const char *text, size_t length);

/* Columns that a terminal needs for text that was escaped. */
size_t output_width(const char *text);
