/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures as people read them. JSON never sees these.
 */
#pragma once

#include <stdint.h>

#define UNITS_TEXT 48

/* "1,234,567" */
const char *units_count(int64_t count, char text[UNITS_TEXT]);

/* "482 B", "1.2 MiB" */
const char *units_bytes(int64_t bytes, char text[UNITS_TEXT]);

/* "0.8 s", "12 s", "5 min 12 s", "3 h 4 min", "12 d 3 h" */
const char *units_duration(double seconds, char text[UNITS_TEXT]);

/* "1 vault", "2,000 vaults" */
const char *units_items(int64_t count, const char *noun, char text[UNITS_TEXT]);
