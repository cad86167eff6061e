/* SPDX-License-Identifier: Apache-2.0 */
#include "authorize_text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

#define REPLACEMENT   0xfffd
#define NUMBER_DIGITS 20 /* of the largest there is */

struct text_buffer text_buffer_start(char *text, size_t size)
{
	text[0] = '\0';
	return (struct text_buffer){.text = text, .size = size};
}

void text_add_bytes(struct text_buffer *buffer, const char *bytes, size_t count)
{
	if (buffer->cut || count >= buffer->size - buffer->length) {
		buffer->cut = true;
		return;
	}
	memcpy(buffer->text + buffer->length, bytes, count);
	buffer->length += count;
	buffer->text[buffer->length] = '\0';
}

void text_add_most(struct text_buffer *buffer, const char *text, size_t most)
{
	text_add_bytes(buffer, text, strnlen(text, most));
}

void text_add_number(struct text_buffer *buffer, uint64_t number, unsigned int digits)
{
	char text[NUMBER_DIGITS];
	size_t at = sizeof(text);

	while (at > 0 && (number > 0 || at + digits > sizeof(text))) {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	}
	text_add_bytes(buffer, text + at, sizeof(text) - at);
}

void text_addf(struct text_buffer *buffer, const char *format, ...)
{
	size_t room = buffer->size - buffer->length;
	char *end = buffer->text + buffer->length;
	va_list arguments;
	int length;

	if (buffer->cut)
		return;
	va_start(arguments, format);
	length = vsnprintf(end, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= room) {
		*end = '\0';
		buffer->cut = true;
		return;
	}
	buffer->length += (size_t)length;
}

static void add_escaped(struct text_buffer *buffer, uint32_t character)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const char *place = character < 0x80 && character ? strchr(plain, (int)character) : NULL;

	if (place)
		text_addf(buffer, "\\%c", letters[place - plain]);
	else if (character >= 0x10000)
		text_addf(buffer, "\\u%04x\\u%04x", 0xd800 + ((character - 0x10000) >> 10),
			  0xdc00 + ((character - 0x10000) & 0x3ff));
	else
		text_addf(buffer, "\\u%04x", character);
}

static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Not cut in the middle of an escape. */
void text_add_json(struct text_buffer *buffer, const char *text, size_t most)
{
	size_t length = text ? strnlen(text, most) : 0;
	size_t i = 0;

	text_add_bytes(buffer, "\"", 1);
	while (i < length) {
		uint32_t character = 0;
		size_t run = i;
		size_t size;

		while (run < length && is_plain(text[run]))
			run++;
		if (run > i) {
			text_add_bytes(buffer, text + i, run - i);
			i = run;
			continue;
		}
		size = utf8_decode(text + i, length - i, &character);
		add_escaped(buffer, size ? character : REPLACEMENT);
		i += size ? size : 1;
	}
	text_add_bytes(buffer, "\"", 1);
}
