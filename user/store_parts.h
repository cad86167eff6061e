/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the store share. Only store*.c include it.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "store.h"
#include "store_file.h"

#define NAME_TEXT 32

/*
 * The later one counts where a generation has several: an earlier version writes none of the
 * former, so that what it left came after it, in a downgrade.
 */
enum store_form {
	FORM_EDITED, /* edits, on top of another generation's document */
	FORM_PACKED, /* all of it */
	FORM_JSON,   /* the same, of an earlier version; never written */
	FORMS,
};

struct store {
	char directory[PATH_MAX];
	int folder; /* state: has `current` */
	int rules;  /* state/rules */
	gid_t group;
	uint32_t current;
};

void generation_name(uint32_t generation, enum store_form form, char name[NAME_TEXT]);

/* 0 for what is no name of ours. */
uint32_t name_generation(const char *name);

/* Removes its file in every form but one; FORMS: in all. */
void generation_remove(const struct store *store, uint32_t generation, enum store_form but);

/* Whether all of it is in a file of its own. */
bool generation_is_whole(const struct store *store, uint32_t generation);

/* The generation whose document an edited one goes on from; 0: it is whole, or damaged. */
uint32_t generation_base(const struct store *store, uint32_t generation);

/* The line before the texts. NULL without memory. */
json_t *stored_line(const struct stored *stored, enum store_form form);
