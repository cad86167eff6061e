/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the text format: a label and what it stands for. For output_text*.c only.
 */
#pragma once

#include <jansson.h>

#include "output.h"

void line_label(const struct printer *printer, const char *label);

/* Nothing for NULL and for "". */
void line_text(const struct printer *printer, const char *label, const char *text);

/* As many lines as it takes. */
void line_wrapped(const struct printer *printer, const char *label, const char *text);

/* What a push and an edit begin and end with: what is in force, and how long it took. */
void line_generation(const struct printer *printer, const json_t *answer);
void line_seconds(const struct printer *printer, const json_t *seconds);

/* A rule as control.h has it, and where it was written. */
void line_rule(const struct printer *printer, const json_t *rule);
