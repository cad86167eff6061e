/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is handed out piece by piece and given back all at once. The struct itself may be
 * moved; the pieces stay where they are.
 */
#pragma once

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* the newest first; only it has room */
	size_t limit;
	size_t size; /* bytes got from the system, headers included: never above the limit */
};

void arena_init(struct arena *arena, size_t limit);

/* Zeroed and aligned to 8; NULL when memory or the limit is exhausted. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of LENGTH bytes with a NUL behind them. */
char *arena_copy(struct arena *arena, const char *text, size_t length);

/* Takes a zeroed arena too, and leaves one that keeps its limit. */
void arena_free_all(struct arena *arena);
