/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8, strictly: shortest form only, no surrogates, nothing past U+10FFFF.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The bytes of the character that TEXT begins with, 1 to 4; 0 if it is none or SIZE cuts it. */
size_t utf8_decode(const char *text, size_t size, uint32_t *ret_character);
