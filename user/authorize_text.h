/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text put together in a buffer of fixed size. What has no room is left out and said so
 * in `cut`. Writes JSON texts so that they are plain ASCII on one line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text_buffer {
	char *text; /* always ends in NUL */
	size_t size;
	size_t length;
	bool cut;
};

/* SIZE is at least 1. */
struct text_buffer text_buffer_start(char *text, size_t size);

void text_add_bytes(struct text_buffer *buffer, const char *bytes, size_t count);

/* Here, so that the length of a literal is no question. */
static inline void text_add(struct text_buffer *buffer, const char *text)
{
	text_add_bytes(buffer, text, strlen(text));
}

/* In decimal, with zeros before it if it has fewer digits. */
void text_add_number(struct text_buffer *buffer, uint64_t number, unsigned int digits);

/* At most `most` bytes of it. */
void text_add_most(struct text_buffer *buffer, const char *text, size_t most);
__attribute__((format(printf, 2, 3))) void text_addf(struct text_buffer *buffer, const char *format,
						     ...);

/* At most `most` bytes of the text, between quotes and escaped; NULL becomes "". */
void text_add_json(struct text_buffer *buffer, const char *text, size_t most);
