/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"

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
