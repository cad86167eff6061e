// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "shelf.h"

static void what_was_saved_is_loaded(void **state)
{
	struct shelf *shelf = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};

	shelf_keep(shelf, 1);
	shelf_reopen(shelf);
	assert_int_equal(store_current(shelf->store), 1);
	assert_int_equal(store_load(shelf->store, 1, &stored, &fault), 0);
	assert_int_equal(stored.generation, 1);
	assert_int_equal(stored.pushed_at, 1700000000);
	assert_int_equal(stored.uid, 1000);
	assert_string_equal(stored.user, "ann");
	assert_int_equal(stored.bundle.rules.document.size, 11);
	assert_memory_equal(stored.bundle.rules.document.text, "version: 1\n", 11);
}

static void an_empty_store_has_nothing(void **state)
{
	struct shelf *shelf = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};

	assert_int_equal(store_current(shelf->store), 0);
	assert_int_equal(store_next(shelf->store), 1);
	assert_int_equal(store_load(shelf->store, 1, &stored, &fault), -ENOENT);
	assert_int_equal(store_load_good(shelf->store, 0, &stored), -ENOENT);
}

static void nobody_else_reads_the_rules(void **state)
{
	struct shelf *shelf = *state;
	struct stat status;
	char path[PATH_TEXT];

	shelf_keep(shelf, 1);
	shelf_path(shelf, "rules", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0007, 0);
	shelf_path(shelf, "rules/0000000001.rules", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void only_the_newest_are_kept(void **state)
{
	struct shelf *shelf = *state;
	cleanup(free_ptr) uint32_t *generations = NULL;
	size_t count = 0;

	for (uint32_t i = 1; i <= STORE_KEPT + 3; i++)
		shelf_keep(shelf, i);
	assert_int_equal(store_list(shelf->store, &generations, &count), 0);
	assert_int_equal(count, STORE_KEPT);
	assert_int_equal(generations[0], 4);
	assert_int_equal(store_next(shelf->store), STORE_KEPT + 4);
}

static void the_one_in_force_is_never_removed(void **state)
{
	struct shelf *shelf = *state;
	struct fault fault = {0};

	shelf_keep(shelf, 1);
	for (uint32_t i = 2; i <= STORE_KEPT + 5; i++)
		assert_int_equal(shelf_save(shelf, i, &fault), 0);
	assert_true(shelf_has(shelf, "rules/0000000001.rules"));
	assert_false(shelf_has(shelf, "rules/0000000002.rules"));
	store_discard(shelf->store, 1);
	assert_int_equal(shelf_good(shelf, 0), 1);
}

static void a_discarded_generation_is_gone(void **state)
{
	struct shelf *shelf = *state;
	struct fault fault = {0};

	shelf_keep(shelf, 1);
	assert_int_equal(shelf_save(shelf, 2, &fault), 0);
	store_discard(shelf->store, 2);
	assert_int_equal(store_next(shelf->store), 2);
}

static void a_crash_before_the_rename_leaves_no_trace(void **state)
{
	struct shelf *shelf = *state;

	shelf_keep(shelf, 1);
	shelf_overwrite(shelf, "rules/0000000002.rules.new", "{\"generation\": 2, \"pus");
	shelf_overwrite(shelf, "current.new", "2");
	shelf_reopen(shelf);
	assert_int_equal(store_current(shelf->store), 1);
	assert_int_equal(store_next(shelf->store), 2);
	assert_false(shelf_has(shelf, "rules/0000000002.rules.new"));
	assert_false(shelf_has(shelf, "current.new"));
}

static void a_crash_before_the_commit_leaves_the_old_one_current(void **state)
{
	struct shelf *shelf = *state;
	struct fault fault = {0};

	shelf_keep(shelf, 1);
	assert_int_equal(shelf_save(shelf, 2, &fault), 0);
	shelf_reopen(shelf);
	assert_int_equal(store_current(shelf->store), 1);
	assert_int_equal(shelf_good(shelf, 0), 1);
	assert_int_equal(shelf_good(shelf, 1), 2);
	assert_int_equal(shelf_good(shelf, 2), 0);
	assert_int_equal(store_next(shelf->store), 3);
}

static void what_never_came_into_force_can_be_discarded(void **state)
{
	struct shelf *shelf = *state;
	struct fault fault = {0};

	shelf_keep(shelf, 1);
	shelf_keep(shelf, 2);
	assert_int_equal(shelf_save(shelf, 3, &fault), 0);
	assert_int_equal(shelf_save(shelf, 4, &fault), 0);
	store_discard_newer(shelf->store);
	assert_int_equal(store_next(shelf->store), 3);
	assert_int_equal(shelf_good(shelf, 2), 1);
}

static void a_current_that_names_a_missing_one_is_passed_over(void **state)
{
	struct shelf *shelf = *state;

	shelf_keep(shelf, 1);
	shelf_overwrite(shelf, "current", "7\n");
	shelf_reopen(shelf);
	assert_int_equal(store_current(shelf->store), 7);
	assert_int_equal(shelf_good(shelf, 0), 1);
	assert_int_equal(store_next(shelf->store), 8);
}

static void a_damaged_current_is_none(void **state)
{
	static const char *const damages[] = {"", "x", "3x", "-1", "99999999999999"};
	struct shelf *shelf = *state;

	shelf_keep(shelf, 1);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		shelf_overwrite(shelf, "current", damages[i]);
		shelf_reopen(shelf);
		assert_int_equal(store_current(shelf->store), 0);
		assert_int_equal(shelf_good(shelf, 0), 1);
	}
}

static void other_files_are_left_alone(void **state)
{
	struct shelf *shelf = *state;

	shelf_overwrite(shelf, "rules/notes.txt", "mine");
	shelf_overwrite(shelf, "rules/5.rules", "mine");
	shelf_reopen(shelf);
	assert_int_equal(store_next(shelf->store), 1);
	assert_true(shelf_has(shelf, "rules/notes.txt"));
}

/* A file that may not grow stands in for a full disk. */
static void a_full_disk_changes_nothing(void **state)
{
	struct shelf *shelf = *state;
	struct rlimit before, none = {0};
	struct fault fault = {0};
	int r;

	shelf_keep(shelf, 1);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	r = shelf_save(shelf, 2, &fault);
	assert_int_equal(store_commit(shelf->store, 1, NULL), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(r, -EFBIG);
	assert_non_null(strstr(fault.text, "cannot write"));
	assert_false(shelf_has(shelf, "rules/0000000002.rules"));
	assert_false(shelf_has(shelf, "rules/0000000002.rules.new"));
	assert_int_equal(store_current(shelf->store), 1);
	shelf_reopen(shelf);
	assert_int_equal(shelf_good(shelf, 0), 1);
}

static void a_folder_that_cannot_be_is_told(void **state)
{
	struct store *store = NULL;
	struct fault fault = {0};

	(void)state;
	assert_int_equal(store_open("/proc/none/here", getgid(), &store, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, "/proc/none/here"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(what_was_saved_is_loaded),
		WITH_STORE(an_empty_store_has_nothing),
		WITH_STORE(nobody_else_reads_the_rules),
		WITH_STORE(only_the_newest_are_kept),
		WITH_STORE(the_one_in_force_is_never_removed),
		WITH_STORE(a_discarded_generation_is_gone),
		WITH_STORE(a_crash_before_the_rename_leaves_no_trace),
		WITH_STORE(a_crash_before_the_commit_leaves_the_old_one_current),
		WITH_STORE(what_never_came_into_force_can_be_discarded),
		WITH_STORE(a_current_that_names_a_missing_one_is_passed_over),
		WITH_STORE(a_damaged_current_is_none),
		WITH_STORE(other_files_are_left_alone),
		WITH_STORE(a_full_disk_changes_nothing),
		WITH_STORE(a_folder_that_cannot_be_is_told),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
