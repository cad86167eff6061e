/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"

#include <string.h>

/* What a first byte tells: how many bytes there are, and the least character they may stand for. */
struct form {
	uint8_t mask;
	uint8_t lead;
	uint8_t length;
	uint32_t least;
};

static const struct form forms[] = {
	{0x80, 0x00, 1, 0},
	{0xe0, 0xc0, 2, 0x80},
	{0xf0, 0xe0, 3, 0x800},
	{0xf8, 0xf0, 4, 0x10000},
};

static const struct form *form_find(uint8_t lead)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if ((lead & forms[i].mask) == forms[i].lead)
			return &forms[i];
	return NULL;
}

size_t utf8_decode(const char *text, size_t size, uint32_t *ret_character)
{
	const uint8_t *bytes = (const uint8_t *)text;
	const struct form *form = size ? form_find(bytes[0]) : NULL;
	uint32_t character;

	if (!form || form->length > size)
		return 0;
	character = bytes[0] & (uint8_t)~form->mask;
	for (size_t i = 1; i < form->length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (character < form->least || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return form->length;
}

/* Controls, marks that turn the direction of writing, separators, the byte order mark. */
static const struct {
	uint32_t first;
	uint32_t last;
} unprintable[] = {
	{0x00, 0x1f},	  {0x7f, 0x9f},	    {0x61c, 0x61c},   {0x200e, 0x200f},
	{0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff},
};

bool utf8_is_printable(uint32_t character)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (character >= unprintable[i].first && character <= unprintable[i].last)
			return false;
	return true;
}

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* In each byte of a word the high bit: below ' ', above '~', or beyond ASCII. */
static uint64_t unplain_bytes(uint64_t word)
{
	uint64_t below = (word - EACH_BYTE(0x20)) & ~word;
	uint64_t above = (word + EACH_BYTE(0x01)) | word;

	return (below | above) & EACH_BYTE(0x80);
}

size_t utf8_plain_run(const char *text, size_t size)
{
	size_t run = 0;
	uint64_t word;

	while (size - run >= sizeof(word)) {
		memcpy(&word, text + run, sizeof(word));
		if (unplain_bytes(word))
			break;
		run += sizeof(word);
	}
	while (run < size && text[run] >= ' ' && text[run] <= '~')
		run++;
	return run;
}

bool utf8_is_text(const char *text, size_t size)
{
	while (size) {
		uint32_t character = 0;
		size_t length = sizeof(uint64_t);
		uint64_t word = 0;

		if (size >= sizeof(word))
			memcpy(&word, text, sizeof(word));
		/* No NUL and nothing beyond ASCII; a shorter rest has NULs here. */
		if ((word | (word - EACH_BYTE(0x01))) & EACH_BYTE(0x80))
			length = utf8_decode(text, size, &character);
		else
			character = 1;
		if (!length || !character)
			return false;
		text += length;
		size -= length;
	}
	return true;
}
