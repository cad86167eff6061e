// SPDX-License-Identifier: Apache-2.0
#include "output.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cleanup.h"
#include "diag.h"
#include "utf8.h"

/* A byte that has to be escaped becomes \xNN. */
#define ESCAPED_BYTES 4

static const char *const hue_codes[] = {
	[HUE_PLAIN] = "",  [HUE_BOLD] = "1",  [HUE_DIM] = "2",
	[HUE_GOOD] = "32", [HUE_WARN] = "33", [HUE_BAD] = "1;31",
};

char *output_escape(const char *text, size_t length)
{
	size_t size = length * ESCAPED_BYTES + 1;
	char *escaped = malloc(size);

	if (escaped)
		(void)diag_quote(escaped, size, text, length);
	return escaped;
}

void output_print(const struct printer *printer, enum hue hue, const char *format, ...)
{
	cleanup(free_ptr) char *escaped = NULL;
	cleanup(free_ptr) char *text = NULL;
	bool coloured = printer->colour && hue != HUE_PLAIN;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		text = NULL; /* vasprintf() leaves it undefined */
	else
		escaped = output_escape(text, (size_t)length);
	if (!escaped)
		return;
	if (coloured)
		(void)fprintf(printer->stream, "\033[%sm%s\033[0m", hue_codes[hue], escaped);
	else
		(void)fputs(escaped, printer->stream);
}

void output_newline(const struct printer *printer)
{
	(void)fputc('\n', printer->stream);
}

size_t output_width(const char *text)
{
	size_t left = strlen(text);
	size_t width = 0;

	while (left) {
		uint32_t character = 0;
		size_t bytes = utf8_decode(text, left, &character);
		int columns = bytes ? wcwidth((wchar_t)character) : 1;

		bytes = bytes ? bytes : 1;
		width += columns < 0 ? 1 : (size_t)columns;
		text += bytes;
		left -= bytes;
	}
	return width;
}
