/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8, strictly: shortest form only, no surrogates, nothing past U+10FFFF.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character that TEXT begins with, 1 to 4; 0 if it is none or SIZE cuts it. */
size_t utf8_decode(const char *text, size_t size, uint32_t *ret_character);

/* Not so: controls, what turns the direction of writing, separators, the byte order mark. */
bool utf8_is_printable(uint32_t character);

/* Whether all of it is characters, and none of them NUL. */
bool utf8_is_text(const char *text, size_t size);

/* How many bytes TEXT begins with that are printable ASCII: most of any text, and quick to see. */
size_t utf8_plain_run(const char *text, size_t size);
