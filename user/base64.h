/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64url as tokens and key sets have it: no padding, no blanks, no bits left over.
 * Each text has one meaning and each meaning one text.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes that LENGTH characters stand for. */
static inline size_t base64url_size(size_t length)
{
	return length / 4 * 3 + length % 4 * 3 / 4;
}

/* Writes base64url_size(LENGTH) bytes. 0, or -EINVAL; then what was written means nothing. */
int base64url_decode(const char *text, size_t length, uint8_t *ret_bytes);
