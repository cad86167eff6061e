/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a name stands for: a hash table from strings to whatever the caller keeps. Names are
 * borrowed; the table itself lies in the arena that it is given, and needs no freeing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct name_slot {
	const char *name; /* NULL: free */
	const void *value;
	uint32_t hash;
};

/* Starts as {0}. */
struct names {
	struct name_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* 0, -ENOMEM, or -EEXIST and then what the name stands for already is in *ret_value. */
int names_add(struct names *names, struct arena *arena, const char *name, const void *value,
	      const void **ret_value);

/* NULL if there is no such name. */
const void *names_find(const struct names *names, const char *name);

/* The known name that looks most like this one; NULL if none does. Visits all of them. */
const char *names_suggest(const struct names *names, const char *name);
