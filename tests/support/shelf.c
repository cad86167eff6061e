// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shelf.h"

#include "cleanup.h"
#include "journal.h"

void shelf_reopen(struct shelf *shelf)
{
	struct fault fault = {0};

	store_close(shelf->store);
	shelf->store = NULL;
	assert_int_equal(store_open(shelf->folder, getgid(), &shelf->store, &fault), 0);
}

int shelf_set_up(void **state)
{
	struct shelf *shelf = calloc(1, sizeof(*shelf));

	if (!shelf)
		return -1;
	(void)snprintf(shelf->folder, sizeof(shelf->folder), "/tmp/vaultwall-store-XXXXXX");
	if (!mkdtemp(shelf->folder))
		return -1;
	journal_set_level(JOURNAL_ERROR); /* damage is on purpose here */
	shelf_reopen(shelf);
	*state = shelf;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

int shelf_tear_down(void **state)
{
	struct shelf *shelf = *state;

	store_close(shelf->store);
	(void)nftw(shelf->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(shelf);
	return 0;
}

struct stored shelf_make(uint32_t generation, const char *rules)
{
	struct stored stored = {
		.generation = generation, .pushed_at = 1700000000, .uid = 1000, .user = "ann"};
	struct fault fault = {0};
	json_t *json = json_pack("{s:s, s:s}", "name", "r.yaml", "rules", rules);

	assert_int_equal(bundle_from_json(json, &stored.bundle, &fault), 0);
	assert_int_equal(bundle_digest(&stored.bundle.rules, stored.digest), 0);
	memcpy(stored.document, stored.digest, sizeof(stored.document));
	json_decref(json);
	return stored;
}

int shelf_save(struct shelf *shelf, uint32_t generation, struct fault *fault)
{
	char rules[32];

	(void)snprintf(rules, sizeof(rules), "version: %u\n", generation);
	cleanup(stored_free) struct stored stored = shelf_make(generation, rules);

	return store_save(shelf->store, &stored, fault);
}

void shelf_keep(struct shelf *shelf, uint32_t generation)
{
	struct fault fault = {0};

	assert_int_equal(shelf_save(shelf, generation, &fault), 0);
	assert_int_equal(store_commit(shelf->store, generation, &fault), 0);
}

/* An edit of the rules of `base`, as shelf_keep() made them. */
void shelf_keep_edit(struct shelf *shelf, uint32_t generation, uint32_t base, const char *edits)
{
	struct fault fault = {0};
	char rules[32];

	(void)snprintf(rules, sizeof(rules), "version: %u\n", base);
	cleanup(stored_free) struct stored stored = shelf_make(generation, rules);

	stored.base = base;
	assert_int_equal(bundle_set_edits(&stored.bundle, edits, strlen(edits)), 0);
	assert_int_equal(bundle_digest(&stored.bundle.rules, stored.digest), 0);
	assert_int_equal(store_save(shelf->store, &stored, &fault), 0);
	assert_int_equal(store_commit(shelf->store, generation, &fault), 0);
}

void shelf_path(const struct shelf *shelf, const char *name, char path[PATH_TEXT])
{
	(void)snprintf(path, PATH_TEXT, "%s/%s", shelf->folder, name);
}

void shelf_overwrite(const struct shelf *shelf, const char *name, const char *text)
{
	char path[PATH_TEXT];
	FILE *file;

	shelf_path(shelf, name, path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

bool shelf_has(const struct shelf *shelf, const char *name)
{
	char path[PATH_TEXT];

	shelf_path(shelf, name, path);
	return access(path, F_OK) == 0;
}

uint32_t shelf_good(const struct shelf *shelf, uint32_t tried)
{
	cleanup(stored_free) struct stored stored = {0};

	return store_load_good(shelf->store, tried, &stored) == 0 ? stored.generation : 0;
}
