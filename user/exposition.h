/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus' text format as JSON: what the metrics file holds, for programs that
 * would rather not parse it. Pure.
 */
#pragma once

#include <jansson.h>

/*
 * [{"name", "labels": {...}, "value"}] in the order of the lines; comments are left
 * out. NULL: out of memory, or a line that is no sample, and then its number (from
 * 1) is in *ret_bad_line.
 */
json_t *exposition_parse(const char *text, size_t *ret_bad_line);
