/* SPDX-License-Identifier: Apache-2.0 */
/* A report that passes can be shown: it is small, and nothing in it speaks to a terminal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gate_report.h"

static void check_text(const char *text, size_t length)
{
	if (strlen(text) != length || length > 1024)
		abort();
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			abort();
}

static void check_members(const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		if (json_is_string(value))
			check_text(json_string_value(value), json_string_length(value));
		if (json_is_integer(value) && json_integer_value(value) < 0)
			abort();
	}
}

static void check(const json_t *report)
{
	const json_t *diagnostics = json_object_get(report, "diagnostics");

	check_members(report);
	for (size_t i = 0; i < json_array_size(diagnostics); i++)
		check_members(json_array_get(diagnostics, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *report =
		json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);

	if (gate_report_check(report, NULL) == 0)
		check(report);
	json_decref(report);
	return 0;
}
