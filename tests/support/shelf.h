/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in a folder of its own, for the tests of it. Rules of generation N say "version: N".
 */
#pragma once

#include <stdbool.h>

#include "store.h"

#define PATH_TEXT 256

struct shelf {
	char folder[64];
	struct store *store;
};

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, shelf_set_up, shelf_tear_down)

int shelf_set_up(void **state);
int shelf_tear_down(void **state);
void shelf_reopen(struct shelf *shelf);

struct stored shelf_make(uint32_t generation, const char *rules);
int shelf_save(struct shelf *shelf, uint32_t generation, struct fault *fault);

/* Saves and commits; the second an edit of the rules of `base`. */
void shelf_keep(struct shelf *shelf, uint32_t generation);
void shelf_keep_edit(struct shelf *shelf, uint32_t generation, uint32_t base, const char *edits);

void shelf_path(const struct shelf *shelf, const char *name, char path[PATH_TEXT]);
void shelf_overwrite(const struct shelf *shelf, const char *name, const char *text);
bool shelf_has(const struct shelf *shelf, const char *name);

/* What store_load_good() gives after `tried`; 0: nothing. */
uint32_t shelf_good(const struct shelf *shelf, uint32_t tried);
