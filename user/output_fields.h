/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of JSON objects for output_text*.c: a missing or mistyped one reads as
 * nothing, since an agent of another version must not crash the command line.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "output.h"

#define FIELD_PLACE_TEXT 320

__attribute__((returns_nonnull)) const char *field_text(const json_t *object,
							const char *key); /* "" */
int64_t field_count(const json_t *object, const char *key);		  /* 0 */
double field_seconds(const json_t *object, const char *key);		  /* 0 */
bool field_flag(const json_t *object, const char *key);			  /* false */
bool field_given(const json_t *object, const char *key);		  /* there, and not null */

/* The members "file", "line" and "column" as "FILE:LINE:COLUMN"; "" without a position. */
const char *field_place(const json_t *object, char text[FIELD_PLACE_TEXT]);

/* An array of strings as one text, to be freed: "a, b, c"; NULL if it is empty. */
char *field_joined(const json_t *object, const char *key, const char *between);

enum hue field_verdict_hue(const char *verdict);
