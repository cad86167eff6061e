/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml_text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "utf8.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define TAG_DIRECTIVE	"%TAG"

static bool text_begins(const char *text, size_t size, const char *beginning)
{
	return size >= strlen(beginning) && memcmp(text, beginning, strlen(beginning)) == 0;
}

static bool is_allowed(uint32_t character)
{
	if (character < 0x20)
		return character == '\t' || character == '\n' || character == '\r';
	return character != 0x7f && (character < 0x80 || character > 0x9f || character == 0x85) &&
	       character != 0xfffe && character != 0xffff;
}

/* Whether a line ends here, as libyaml counts lines: it takes "\r\n" for one break. */
static bool is_break(uint32_t character, const char *next, const char *end)
{
	if (character == '\r')
		return next == end || *next != '\n';
	return character == '\n' || character == 0x85 || character == 0x2028 || character == 0x2029;
}

/* Reports the character at TEXT; LENGTH is 0 if the byte there begins none. */
static int character_refuse(const char *text, size_t length, uint32_t character, const char *file,
			    uint32_t line, uint32_t column, struct diags *diags)
{
	if (!length)
		diags_add(diags, DIAG_ERROR, file, line, column, "invalid UTF-8: byte 0x%02x",
			  (unsigned char)*text);
	else if (!character)
		diags_add(diags, DIAG_ERROR, file, line, column,
			  "NUL byte (the text must be UTF-8, not UTF-16)");
	else
		diags_add(diags, DIAG_ERROR, file, line, column, "control character U+%04X",
			  character);
	return -EINVAL;
}

static int characters_check(const char *text, size_t size, const char *file, struct diags *diags)
{
	const char *end = text + size;
	uint32_t line = 1;
	uint32_t column = 1;

	while (text < end) {
		uint32_t character = 0;
		size_t length;

		if (column == 1 && text_begins(text, (size_t)(end - text), TAG_DIRECTIVE)) {
			diags_add(diags, DIAG_ERROR, file, line, column,
				  "%s directives are not allowed", TAG_DIRECTIVE);
			return -EINVAL;
		}
		length = utf8_plain_run(text, (size_t)(end - text));
		text += length;
		column += (uint32_t)length;
		if (text == end)
			break;
		length = utf8_decode(text, (size_t)(end - text), &character);
		if (!length || !is_allowed(character))
			return character_refuse(text, length, character, file, line, column, diags);
		text += length;
		column++;
		if (is_break(character, text, end)) {
			line++;
			column = 1;
		}
	}
	return 0;
}

int yaml_text_check(const char **text, size_t *size, const char *file, struct diags *diags)
{
	if (text_begins(*text, *size, "\xff\xfe") || text_begins(*text, *size, "\xfe\xff")) {
		diags_add(diags, DIAG_ERROR, file, 1, 1, "UTF-16: the text must be UTF-8");
		return -EINVAL;
	}
	if (text_begins(*text, *size, BYTE_ORDER_MARK)) {
		*text += strlen(BYTE_ORDER_MARK);
		*size -= strlen(BYTE_ORDER_MARK);
	}
	return characters_check(*text, *size, file, diags);
}
