/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules on disk, one file a generation, and which of them is in force:
 *
 *   rules/0000000007.rules  a line {"generation", "pushed_at", "pushed_by": {"uid", "user"},
 *                           "digest", "bundle": head}, and the texts (bundle_pack.h)
 *   rules/0000000008.edits  the same line with "base": {"generation", "digest"} in place of the
 *                           bundle, and the text of the edits that were made since that
 *                           generation's document, whose digest it is (policy_edit.h)
 *   current                 the generation in force, in decimal
 *
 * What a generation that is kept goes on from is kept, too. Without it, or if it is another one,
 * the edits are damaged.
 *
 * rules/0000000007.json, of an earlier version that kept all of it as JSON, is read like the
 * first. An earlier version does not know the forms that came later: after a downgrade the rules
 * must be pushed again.
 *
 * Every change is a temporary file, fsync, rename and fsync of the directory, so
 * that a crash leaves the old state or the new one. The agent is the only writer.
 * What is damaged is passed over with a warning.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bundle.h"
#include "fault.h"

#define STORE_KEPT	32 /* generations; the one in force is kept besides */
#define STORE_USER_TEXT 64

struct store;

/* Rules as they are kept. Owns its bundle; starts as {0}. */
struct stored {
	uint32_t generation;
	int64_t pushed_at; /* seconds since the epoch */
	uid_t uid;
	char user[STORE_USER_TEXT];
	uint8_t digest[BUNDLE_DIGEST];
	uint8_t document[BUNDLE_DIGEST]; /* the same without the edits */
	uint32_t base; /* the generation that has the document on disk; 0: this one itself */
	struct bundle bundle;
};

/* Makes what is missing of the folder; files in it can be read by `group`. */
int store_open(const char *directory, gid_t group, struct store **ret_store, struct fault *fault);
void store_close(struct store *store);

/* The lowest generation that no file and no `current` has had. */
uint32_t store_next(const struct store *store);

/*
 * Writes `stored` under its generation, and removes the oldest beyond STORE_KEPT. With a
 * base only the edits are written; if that is gone, all of it, and `base` becomes 0.
 */
int store_save(struct store *store, struct stored *stored, struct fault *fault);

/* Takes back what store_save() wrote, after a push that failed. Never what is in force. */
void store_discard(struct store *store, uint32_t generation);

/* The same for all that are newer than the current one: a crash kept them from coming into force.
 */
void store_discard_newer(struct store *store);

/* Makes a saved generation the current one. */
int store_commit(struct store *store, uint32_t generation, struct fault *fault);

/* 0: none is. */
uint32_t store_current(const struct store *store);

/* -ENOENT: there is no such file; -EBADMSG: it is damaged. */
int store_load(const struct store *store, uint32_t generation, struct stored *ret_stored,
	       struct fault *fault);

/*
 * What to put in force when nothing is: the current generation, then the others
 * from the newest on. `tried` is 0 at first and then the generation that came
 * before. Passes over damaged ones; -ENOENT: there are no more.
 */
int store_load_good(const struct store *store, uint32_t tried, struct stored *ret_stored);

/* The generations there are, ascending, the caller's to free(). */
int store_list(const struct store *store, uint32_t **ret_generations, size_t *ret_count);

void stored_free(struct stored *stored);
