/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <errno.h>
#include <string.h>

#include "spelling.h"

#define CAPACITY_LEAST 16

/* FNV-1a, folded so that the low bits see every byte well. */
static uint32_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32);
}

/* The slot that holds the name, or the free one where it belongs. */
static struct name_slot *slot_find(const struct names *names, const char *name, uint32_t hash)
{
	size_t mask = names->capacity - 1;
	size_t at = hash & mask;

	/* Ends, since names_grow() leaves half of the slots free. */
	while (names->slots[at].name &&
	       (names->slots[at].hash != hash || strcmp(names->slots[at].name, name) != 0))
		at = (at + 1) & mask;
	return &names->slots[at];
}

/* Keeps at least half of the slots free. The old ones stay in the arena until it goes. */
static int names_grow(struct names *names, struct arena *arena)
{
	struct names grown = {.count = names->count};

	if (names->count < names->capacity / 2)
		return 0;
	grown.capacity = names->capacity ? names->capacity * 2 : CAPACITY_LEAST;
	grown.slots = (struct name_slot *)arena_alloc(arena, grown.capacity * sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	/* Hashes are kept, so that growing does not touch the names, which lie far apart. */
	for (size_t i = 0; i < names->capacity; i++) {
		const struct name_slot *slot = &names->slots[i];

		if (slot->name)
			*slot_find(&grown, slot->name, slot->hash) = *slot;
	}
	*names = grown;
	return 0;
}

int names_add(struct names *names, struct arena *arena, const char *name, const void *value,
	      const void **ret_value)
{
	uint32_t hash = hash_text(name);
	struct name_slot *slot = NULL;

	if (names_grow(names, arena) < 0)
		return -ENOMEM;
	slot = slot_find(names, name, hash);
	if (slot->name) {
		*ret_value = slot->value;
		return -EEXIST;
	}
	*slot = (struct name_slot){name, value, hash};
	names->count++;
	return 0;
}

const void *names_find(const struct names *names, const char *name)
{
	if (!names->capacity)
		return NULL;
	return slot_find(names, name, hash_text(name))->value;
}

const char *names_suggest(const struct names *names, const char *name)
{
	struct spelling spelling = {.written = name};

	for (size_t i = 0; i < names->capacity; i++) {
		if (names->slots[i].name)
			spelling_try(&spelling, names->slots[i].name);
	}
	return spelling.best;
}
