// SPDX-License-Identifier: Apache-2.0
#include "output_fields.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

const char *field_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

int64_t field_count(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

double field_seconds(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

bool field_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

bool field_given(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return value && !json_is_null(value);
}

const char *field_place(const json_t *object, char text[FIELD_PLACE_TEXT])
{
	text[0] = '\0';
	if (field_count(object, "line"))
		(void)snprintf(text, FIELD_PLACE_TEXT, "%.256s:%lld:%lld",
			       field_text(object, "file"), (long long)field_count(object, "line"),
			       (long long)field_count(object, "column"));
	return text;
}

char *field_joined(const json_t *object, const char *key, const char *between)
{
	const json_t *array = json_object_get(object, key);
	cleanup(free_ptr) char *joined = NULL;
	size_t size = 1;
	char *end;

	for (size_t i = 0; i < json_array_size(array); i++)
		size += json_string_length(json_array_get(array, i)) + strlen(between);
	joined = size > 1 ? malloc(size) : NULL;
	if (!joined)
		return NULL;
	end = joined;
	*end = '\0';
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (text && end > joined)
			end = stpcpy(end, between);
		if (text)
			end = stpcpy(end, text);
	}
	return take_ptr(&joined);
}

enum hue field_verdict_hue(const char *verdict)
{
	if (strcmp(verdict, "drop") == 0)
		return HUE_BAD;
	if (strcmp(verdict, "allow") == 0 || strcmp(verdict, "pass") == 0)
		return HUE_GOOD;
	return HUE_WARN;
}
