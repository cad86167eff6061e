/* SPDX-License-Identifier: Apache-2.0 */
/* The query: nothing in it changes the operation, and what would is refused. */
#include <string.h>
#include <strings.h>

#include "operation_rows.h"

#define KEY_BYTES 64 /* longer keys are none that matter */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t operation_decode(const char *text, unsigned char *ret_byte)
{
	int high;
	int low;

	if (text[0] != '%') {
		*ret_byte = (unsigned char)text[0];
		return 1;
	}
	high = digit_value(text[1]);
	low = high < 0 ? -1 : digit_value(text[2]);
	if (low < 0)
		return 0;
	*ret_byte = (unsigned char)(high << 4 | low);
	return 3;
}

/* One of `key=value`, decoded; cut, which no word that is looked for survives. */
struct word {
	char text[KEY_BYTES];
	size_t length;
};

/* Some take a semicolon for an ampersand. */
static bool is_separator(char c)
{
	return c == '&' || c == ';' || c == '\0';
}

/* Reads up to a separator, and a key up to '='; *text is moved there. */
static enum operation_fault read_word(const char **text, bool key, struct word *ret_word)
{
	size_t length = 0;

	while (!is_separator(**text) && !(key && **text == '=')) {
		unsigned char byte = 0;
		size_t size = operation_decode(*text, &byte);

		if (!size)
			return OPERATION_ESCAPE;
		if (byte < ' ' || byte == 0x7f)
			return OPERATION_ENCODED_CONTROL;
		if (length + 1 < sizeof(ret_word->text))
			ret_word->text[length++] = (char)byte;
		*text += size;
	}
	ret_word->text[length] = '\0';
	ret_word->length = length;
	return OPERATION_NONE;
}

/* X-HTTP-Method, X-HTTP-Method-Override, X-HTTP-Request, X-Method-Override, _method. */
static bool is_tunnel(const char *key)
{
	if (key[0] != 'x' && key[0] != 'X' && key[0] != '_')
		return false;
	return strncasecmp(key, "x-http-", 7) == 0 || strncasecmp(key, "x-method", 8) == 0 ||
	       strcasecmp(key, "_method") == 0;
}

static bool is_version(const struct word *word)
{
	for (size_t i = 0; i < word->length; i++) {
		char c = word->text[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' && c != '.')
			return false;
	}
	return word->length < OPERATION_API_BYTES;
}

enum operation_fault operation_read_query(const char *query,
					  char ret_api_version[OPERATION_API_BYTES])
{
	while (*query) {
		struct word key = {.length = 0};
		struct word value = {.length = 0};
		enum operation_fault fault = read_word(&query, true, &key);

		if (!fault && *query == '=') {
			query++;
			fault = read_word(&query, false, &value);
		}
		if (fault)
			return fault;
		if (is_tunnel(key.text))
			return OPERATION_TUNNEL;
		if (strcasecmp(key.text, "api-version") == 0 && is_version(&value))
			memcpy(ret_api_version, value.text, value.length + 1);
		if (*query)
			query++;
	}
	return OPERATION_NONE;
}
