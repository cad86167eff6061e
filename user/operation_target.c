/* SPDX-License-Identifier: Apache-2.0 */
/* The target: one reading, or none. */
#include <string.h>

#include "operation_rows.h"

/* What may stand nowhere in a target, before anything is decoded. */
static enum operation_fault check_bytes(const char *target)
{
	if (target[0] != '/')
		return OPERATION_FORM;
	for (size_t i = 0; target[i]; i++) {
		unsigned char byte = (unsigned char)target[i];

		if (i >= OPERATION_TARGET_MAX)
			return OPERATION_TOO_LONG;
		if (byte <= ' ' || byte >= 0x7f)
			return OPERATION_BYTE;
		if (byte == '#')
			return OPERATION_FRAGMENT;
		if (byte == '\\')
			return OPERATION_BACKSLASH;
	}
	return OPERATION_NONE;
}

/* What nobody encodes who means what he writes. */
static enum operation_fault check_decoded(unsigned char byte)
{
	switch (byte) {
	case '/':
		return OPERATION_ENCODED_SLASH;
	case '\\':
		return OPERATION_BACKSLASH;
	case '.':
		return OPERATION_ENCODED_DOT;
	case '%':
		return OPERATION_ESCAPE;
	default:
		return byte < ' ' || byte == 0x7f ? OPERATION_ENCODED_CONTROL : OPERATION_NONE;
	}
}

/* Decodes the path to `text`, which has room; *ret_end is where it ends. */
static enum operation_fault decode_path(const char *target, char text[OPERATION_PATH_BYTES],
					const char **ret_end)
{
	size_t length = 0;

	while (*target && *target != '?') {
		unsigned char byte = 0;
		size_t size = operation_decode(target, &byte);
		enum operation_fault fault = OPERATION_NONE;

		if (!size)
			return OPERATION_ESCAPE;
		if (size > 1)
			fault = check_decoded(byte);
		if (fault)
			return fault;
		if (length + 1 >= OPERATION_PATH_BYTES)
			return OPERATION_TOO_LONG;
		text[length++] = (char)byte;
		target += size;
	}
	text[length] = '\0';
	*ret_end = target;
	return OPERATION_NONE;
}

static bool is_dots(const char *segment, size_t length)
{
	return length <= 2 && memcmp(segment, "..", length) == 0;
}

/* Slashes, however many, part segments; before the first and behind the last they mean nothing. */
static enum operation_fault cut_segments(struct operation_target *target)
{
	char *text = target->text;

	while (*text) {
		const char *slash = text;
		const char *start = NULL;

		*text++ = '\0'; /* ends the segment before */
		while (*text == '/')
			text++;
		if (!*text)
			break;
		if (target->count == OPERATION_SEGMENTS)
			return OPERATION_UNKNOWN;
		start = text;
		while (*text && *text != '/')
			text++;
		if (is_dots(start, (size_t)(text - start)))
			return OPERATION_DOT_SEGMENT;
		target->segments[target->count] =
			(struct operation_segment){start, start > slash + 1 && target->count > 0};
		target->count++;
	}
	return OPERATION_NONE;
}

enum operation_fault operation_read_target(const char *target, struct operation_target *ret_target)
{
	const char *end = NULL;
	enum operation_fault fault = check_bytes(target);

	ret_target->count = 0;
	ret_target->api_version[0] = '\0';
	if (!fault)
		fault = decode_path(target, ret_target->text, &end);
	if (!fault)
		fault = cut_segments(ret_target);
	if (!fault && *end)
		fault = operation_read_query(end + 1, ret_target->api_version);
	return fault;
}
