/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Chunks grow with the arena, between these two. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
/* Each piece in a chunk of its own, so that the sanitizer sees an overrun. */
#define CHUNK_LEAST 0
#define CHUNK_MOST  0
#else
#define CHUNK_LEAST ((size_t)4 << 10)
#define CHUNK_MOST  ((size_t)1 << 20)
#endif

#define ALIGNMENT 8

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used; /* always a multiple of ALIGNMENT, unless all is used */
	char bytes[];
};

_Static_assert(sizeof(struct arena_chunk) % ALIGNMENT == 0, "pieces are aligned to 8");

static size_t clamp(size_t value, size_t least, size_t most)
{
	if (value < least)
		return least;
	return value > most ? most : value;
}

/* A chunk in front with room for SIZE bytes; the rest of the former one is given up. */
static struct arena_chunk *chunk_add(struct arena *arena, size_t size)
{
	size_t left = arena->limit - arena->size;
	size_t room = clamp(arena->size, CHUNK_LEAST, CHUNK_MOST);
	struct arena_chunk *chunk;

	if (left < sizeof(*chunk) || size > left - sizeof(*chunk))
		return NULL;
	room = clamp(room, size, left - sizeof(*chunk));
	chunk = (struct arena_chunk *)calloc(1, sizeof(*chunk) + room);
	if (!chunk)
		return NULL;
	chunk->size = room;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->size += sizeof(*chunk) + room;
	return chunk;
}

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){.limit = limit};
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	char *piece;

	size = size ? size : 1;
	if (!chunk || size > chunk->size - chunk->used)
		chunk = chunk_add(arena, size);
	if (!chunk)
		return NULL;
	piece = chunk->bytes + chunk->used;
	size += -size % ALIGNMENT;
	chunk->used = clamp(chunk->used + size, 0, chunk->size);
	return piece;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
	char *copy = length < SIZE_MAX ? (char *)arena_alloc(arena, length + 1) : NULL;

	if (copy && length)
		memcpy(copy, text, length);
	return copy;
}

void arena_free_all(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;

	while (chunk) {
		struct arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	arena->chunks = NULL;
	arena->size = 0;
}
