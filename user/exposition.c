// SPDX-License-Identifier: Apache-2.0
#include "exposition.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"

/* A label's value, unescaped in place; moves *at past the closing quote. NULL: it has none. */
static json_t *take_value(char **at)
{
	const char *from = *at;
	char *to = *at;
	json_t *value;

	for (; *from && *from != '"'; from++) {
		bool escaped = *from == '\\' && from[1];

		from += escaped;
		*to = *from;
		if (escaped && *from == 'n')
			*to = '\n';
		to++;
	}
	if (!*from)
		return NULL;
	value = json_stringn(*at, (size_t)(to - *at));
	*at += from + 1 - *at;
	return value;
}

/* {name="value",...}; moves *at past the closing brace. */
static bool take_labels(char **at, json_t *labels)
{
	char *next = *at + 1;

	while (*next != '}') {
		size_t length = strspn(next, NAME_CHARACTERS);
		char *name = next;
		json_t *value;

		if (!length || strncmp(next + length, "=\"", 2) != 0)
			return false;
		next += length + 2;
		value = take_value(&next);
		name[length] = '\0';
		if (json_object_set_new(labels, name, value) < 0)
			return false;
		next += *next == ',';
	}
	*at = next + 1;
	return true;
}

static json_t *take_number(const char *text)
{
	char *end;
	long long whole = strtoll(text, &end, 10);
	double real;

	if (end > text && !*end)
		return json_integer(whole);
	real = strtod(text, &end);
	/* jansson takes neither infinity nor NaN, and neither is a count. */
	return end > text && !*end ? json_real(real) : NULL;
}

static json_t *take_sample(char *line)
{
	size_t length = strspn(line, NAME_CHARACTERS);
	char *at = line + length;
	json_t *labels = json_object();
	bool right = length > 0 && (*at != '{' || take_labels(&at, labels)) && *at == ' ';
	json_t *number = right ? take_number(at + strspn(at, " ")) : NULL;

	/* json_pack() takes what it is given, and lets go of it when it fails. */
	return json_pack("{s:s%, s:o, s:o}", "name", line, length, "labels", labels, "value",
			 number);
}

json_t *exposition_parse(const char *text, size_t *ret_bad_line)
{
	char *copy = strdup(text);
	json_t *samples = json_array();
	char *rest = copy;
	size_t number = 0;

	while (rest && *rest && samples) {
		char *line = strsep(&rest, "\n");

		number++;
		if (!*line || *line == '#')
			continue;
		if (json_array_append_new(samples, take_sample(line)) == 0)
			continue;
		json_decref(samples);
		samples = NULL;
		*ret_bad_line = number;
	}
	free(copy);
	return samples;
}
