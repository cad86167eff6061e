/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "utf8.h"

static size_t encode(uint32_t character, char text[4])
{
	if (character < 0x80) {
		text[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		text[0] = (char)(0xc0 | character >> 6);
		text[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		text[0] = (char)(0xe0 | character >> 12);
		text[1] = (char)(0x80 | (character >> 6 & 0x3f));
		text[2] = (char)(0x80 | (character & 0x3f));
		return 3;
	}
	text[0] = (char)(0xf0 | character >> 18);
	text[1] = (char)(0x80 | (character >> 12 & 0x3f));
	text[2] = (char)(0x80 | (character >> 6 & 0x3f));
	text[3] = (char)(0x80 | (character & 0x3f));
	return 4;
}

static void every_character_is_decoded_and_surrogates_are_not(void **state)
{
	(void)state;
	for (uint32_t character = 0; character <= 0x10ffff; character++) {
		char text[4];
		uint32_t decoded = 0;
		size_t length = encode(character, text);

		if (character >= 0xd800 && character <= 0xdfff) {
			assert_int_equal(utf8_decode(text, length, &decoded), 0);
			continue;
		}
		assert_int_equal(utf8_decode(text, length, &decoded), length);
		assert_int_equal(decoded, character);
		assert_int_equal(utf8_decode(text, length - 1, &decoded), 0);
	}
}

/* Were an overlong form or a stray byte taken, there would be more of them than characters. */
static void there_are_no_more_forms_than_characters(void **state)
{
	uint32_t counts[5] = {0};
	uint32_t character = 0;

	(void)state;
	for (uint32_t bytes = 0; bytes < 1U << 24; bytes++) {
		char text[3] = {(char)(bytes >> 16), (char)(bytes >> 8), (char)bytes};

		counts[utf8_decode(text, sizeof(text), &character)]++;
	}
	assert_int_equal(counts[1], 0x80 * 0x10000);
	assert_int_equal(counts[2], (0x800 - 0x80) * 0x100);
	assert_int_equal(counts[3], 0x10000 - 0x800 - 0x800);
	assert_int_equal(counts[4], 0);
}

static void what_is_beyond_unicode_is_refused(void **state)
{
	static const char *const texts[] = {
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xff\xff\xff\xff",
		"\xf1\x80\x80\x41", "\x80\x80\x80\x80", "\xfc\x84\x80\x80\x80",
	};
	uint32_t character = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(utf8_decode(texts[i], strlen(texts[i]), &character), 0);
	assert_int_equal(utf8_decode("", 0, &character), 0);
	assert_int_equal(character, 42);
}

/* At every place of a word, with every byte. */
static void a_plain_run_ends_at_the_first_other_byte(void **state)
{
	char text[24];

	(void)state;
	for (int byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < sizeof(text); at++) {
			bool plain = byte >= ' ' && byte <= '~';

			memset(text, at % 2 ? '~' : ' ', sizeof(text));
			text[at] = (char)byte;
			assert_int_equal(utf8_plain_run(text, sizeof(text)),
					 plain ? sizeof(text) : at);
			assert_int_equal(utf8_plain_run(text, at), at);
		}
}

static void text_has_no_nul_and_no_stray_byte(void **state)
{
	static const char lock[4] = {'\xf0', '\x9f', '\x94', '\x92'};
	char text[24];

	(void)state;
	for (int byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, 'a', sizeof(text));
			text[at] = (char)byte;
			assert_int_equal(utf8_is_text(text, sizeof(text)), byte > 0 && byte < 0x80);
			assert_true(utf8_is_text(text, at));
		}
	for (size_t at = 0; at + 3 < sizeof(text); at++) {
		memset(text, 'a', sizeof(text));
		memcpy(text + at, lock, sizeof(lock));
		assert_true(utf8_is_text(text, sizeof(text)));
		assert_false(utf8_is_text(text, at + 3));
	}
	assert_true(utf8_is_text("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_is_decoded_and_surrogates_are_not),
		cmocka_unit_test(there_are_no_more_forms_than_characters),
		cmocka_unit_test(what_is_beyond_unicode_is_refused),
		cmocka_unit_test(a_plain_run_ends_at_the_first_other_byte),
		cmocka_unit_test(text_has_no_nul_and_no_stray_byte),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
