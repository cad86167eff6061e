// SPDX-License-Identifier: Apache-2.0
#include "gate_report.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "utf8.h"

#define FILE_BYTES    255
#define PROBLEM_BYTES 511
#define NAME_BYTES    1024
#define TEXT_BYTES    1024
#define TIME_MAX      253402300799 /* the end of the year 9999 */

/* A member, and what it may be. */
struct member {
	const char *name;
	json_type type; /* JSON_TRUE: any boolean */
	bool nullable;
	json_int_t most; /* of a number, or bytes of a text, or items of an array */
};

static const struct member report_members[] = {
	{"file", JSON_STRING, false, FILE_BYTES},
	{"follows", JSON_TRUE, false, 0},
	{"generation", JSON_INTEGER, true, UINT32_MAX},
	{"wanted", JSON_INTEGER, false, UINT32_MAX},
	{"since", JSON_INTEGER, false, TIME_MAX},
	{"problem", JSON_STRING, true, PROBLEM_BYTES},
	{"unserved", JSON_INTEGER, false, UINT32_MAX},
	{"diagnostics", JSON_ARRAY, false, GATE_REPORT_DIAGNOSTICS},
	{0},
};

static const struct member diagnostic_members[] = {
	{"level", JSON_STRING, false, 16},	   {"file", JSON_STRING, true, NAME_BYTES},
	{"line", JSON_INTEGER, false, UINT32_MAX}, {"column", JSON_INTEGER, false, UINT32_MAX},
	{"text", JSON_STRING, false, TEXT_BYTES},  {0},
};

static bool is_printable(const char *text, size_t length)
{
	for (size_t used = 0; used < length;) {
		uint32_t c = 0;
		size_t bytes = utf8_decode(text + used, length - used, &c);

		if (bytes == 0 || !utf8_is_printable(c))
			return false;
		used += bytes;
	}
	return true;
}

static bool fits(const json_t *value, const struct member *member)
{
	switch (member->type) {
	case JSON_STRING:
		return json_string_length(value) <= (size_t)member->most &&
		       is_printable(json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
		return json_integer_value(value) >= 0 && json_integer_value(value) <= member->most;
	case JSON_ARRAY:
		return json_array_size(value) <= (size_t)member->most;
	default:
		return true;
	}
}

static bool has_type(const json_t *value, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

static int check_members(const json_t *object, const struct member *members, struct fault *fault)
{
	const json_t *null = json_null(); /* there is only one */
	size_t count = 0;

	for (; members[count].name; count++) {
		const struct member *member = &members[count];
		const json_t *value = json_object_get(object, member->name);

		if (member->nullable && value == null)
			continue;
		if (!value || !has_type(value, member->type) || !fits(value, member))
			return fault_set(fault, -EINVAL, "\"%s\" is missing, or cannot be that",
					 member->name);
	}
	if (json_object_size(object) != count)
		return fault_set(fault, -EINVAL, "there is a member that nobody knows");
	return 0;
}

int gate_report_check(json_t *report, struct fault *fault)
{
	size_t index;
	json_t *each;
	int r = check_members(report, report_members, fault);

	json_array_foreach(json_object_get(report, "diagnostics"), index, each)
	{
		if (r == 0)
			r = check_members(each, diagnostic_members, fault);
	}
	return r;
}
