/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One set of keys: how it is looked for, and what becomes of what was found. For keyset*.c only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "arena.h"
#include "keyset.h"
#include "keyset_source.h"
#include "names.h"

#define KEYSET_DIGEST	   32
#define KEYSET_ISSUER_TEXT 96 /* holds any name in rules */

/* What the last attempt came to.   X(NAME, label) */
#define KEYSET_PROBLEMS(X)                                                                         \
	X(NONE, NULL)                                                                              \
	X(UNREADABLE, "unreadable")                                                                \
	X(UNREACHABLE, "unreachable")                                                              \
	X(EMPTY, "empty")

enum keyset_problem {
#define X(name, label) KEYSET_PROBLEM_##name,
	KEYSET_PROBLEMS(X)
#undef X
};

/* Times are seconds of the clock that goes on while the host sleeps. */
struct keyset {
	struct keyset *next;
	struct keysets *owner;
	char *name;
	char issuer[KEYSET_ISSUER_TEXT]; /* whose they are, as the rules call him now */
	enum keyset_kind kind;
	const char *location; /* within the name */
	struct token_keys keys;
	bool has_keys;
	uint8_t digest[KEYSET_DIGEST]; /* of the text that they were read from */
	struct stat seen;	       /* the file that was read last */
	bool broken;		       /* and it held no keys */
	int64_t good;		       /* when they were last known to be right */
	int64_t due;		       /* when to look again */
	int64_t missed;	   /* when a key that is not there last made us look; 0: never */
	unsigned failures; /* in a row */
	bool under_way;
	bool wanted;
	bool expired; /* there were keys, and they became too old */
	enum keyset_problem kind_of_problem;
	char problem[512]; /* of the last attempt */
};

struct keysets {
	struct keyset_options options;
	struct fetcher *fetcher;
	struct keyset *sets;
	struct arena arena; /* of the index */
	struct names index;
	uint64_t version;
	unsigned under_way;
	int epoll;
	int timer;
};

int64_t keyset_now(void);

/* Looks for newer keys: a file at once, anything else when its answer comes. */
void keyset_look(struct keyset *set, int64_t now);
void keyset_drop_keys(struct keyset *set);
