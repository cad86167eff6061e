// SPDX-License-Identifier: Apache-2.0
/* Hash tables of an image: whole lines, open addressing, every probe sequence bounded. */
#include <errno.h>
#include <string.h>

#include "image_builder.h"

/* A kind of entry: how many fit a line, and where each one's search begins. */
struct table_kind {
	size_t slots;
	size_t size; /* bytes of an entry */
	uint32_t (*hash)(const void *entry);
	bool (*used)(const void *slot);
	void (*note)(void *slot, uint32_t hash); /* that a search begins here; may be NULL */
};

static uint32_t hash4(const void *entry)
{
	return image_hash(((const struct image_frontend4 *)entry)->key.whole);
}

static bool used4(const void *slot)
{
	return ((const struct image_frontend4 *)slot)->key.used;
}

static void note4(void *slot, uint32_t hash)
{
	((struct image_frontend4 *)slot)->kinds |= 1U << IMAGE_KIND(hash);
}

static uint32_t hash6(const void *entry)
{
	const struct image_frontend6 *frontend = entry;

	return image_hash(image_fold6(frontend->address[0], frontend->address[1], frontend->port,
				      frontend->protocol));
}

static bool used6(const void *slot)
{
	return ((const struct image_frontend6 *)slot)->used;
}

static uint32_t hash_tag(const void *entry)
{
	const struct image_tag *tag = entry;

	return image_hash(image_fold_tag(tag->owner, tag->tag));
}

static bool used_tag(const void *slot)
{
	return ((const struct image_tag *)slot)->flags & IMAGE_TAG_USED;
}

static const struct table_kind kind4 = {1, sizeof(struct image_frontend4), hash4, used4, note4};
static const struct table_kind kind6 = {1, sizeof(struct image_frontend6), hash6, used6, NULL};
static const struct table_kind kind_tag = {IMAGE_SLOTS_TAG, sizeof(struct image_tag), hash_tag,
					   used_tag, NULL};

/* A free slot in the first line of a probe sequence that has one; NULL: none has. */
static char *find_slot(union image_line *lines, uint32_t mask, const struct table_kind *kind,
		       uint32_t hash)
{
	for (uint32_t line = hash; line - hash < IMAGE_PROBES; line++) {
		char *slots = (char *)&lines[line & mask];

		for (size_t slot = 0; slot < kind->slots; slot++)
			if (!kind->used(slots + slot * kind->size))
				return slots + slot * kind->size;
	}
	return NULL;
}

static bool place_entry(union image_line *lines, uint32_t mask, const struct table_kind *kind,
			const void *entry)
{
	uint32_t hash = kind->hash(entry);
	char *slot = find_slot(lines, mask, kind, hash);

	if (!slot)
		return false;
	memcpy(slot, entry, kind->size);
	if (kind->note)
		kind->note(&lines[hash & mask], hash);
	return true;
}

static bool place_all(union image_line *lines, uint32_t mask, const struct table_kind *kind,
		      const char *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!place_entry(lines, mask, kind, entries + i * kind->size))
			return false;
	return true;
}

/*
 * Of the slots at most half are taken if a line has one, so that most searches see one
 * line, and else two thirds; fewer as long as a probe sequence gets too long.
 */
static int add_table(struct image_builder *builder, const struct table_kind *kind,
		     const void *entries, size_t count, struct image_table *ret_table)
{
	size_t start = builder->count;
	size_t lines = 1;

	while (lines * kind->slots < (kind->slots == 1 ? count * 2 : count * 3 / 2))
		lines *= 2;
	for (;; lines *= 2) {
		uint32_t first;
		int r = image_reserve(builder, lines, &first);

		if (r)
			return r;
		if (place_all(builder->lines + first, (uint32_t)lines - 1, kind, entries, count)) {
			*ret_table = (struct image_table){first, (uint32_t)lines - 1};
			return 0;
		}
		builder->count = start;
	}
}

int image_add_table4(struct image_builder *builder, const struct image_frontend4 *entries,
		     size_t count, struct image_table *ret_table)
{
	return add_table(builder, &kind4, entries, count, ret_table);
}

int image_add_table6(struct image_builder *builder, const struct image_frontend6 *entries,
		     size_t count, struct image_table *ret_table)
{
	return add_table(builder, &kind6, entries, count, ret_table);
}

int image_add_tags(struct image_builder *builder, const struct image_tag *entries, size_t count,
		   struct image_table *ret_table)
{
	return add_table(builder, &kind_tag, entries, count, ret_table);
}
