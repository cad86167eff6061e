// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "journal.h"
#include "store.h"

#define PATH_TEXT 256

struct place {
	char folder[64];
	struct store *store;
};

static void reopen(struct place *place)
{
	struct fault fault = {0};

	store_close(place->store);
	place->store = NULL;
	assert_int_equal(store_open(place->folder, getgid(), &place->store, &fault), 0);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/vaultwall-store-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	journal_set_level(JOURNAL_ERROR); /* damage is on purpose here */
	reopen(place);
	*state = place;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	struct place *place = *state;

	store_close(place->store);
	(void)nftw(place->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

static struct stored make_stored(uint32_t generation, const char *rules)
{
	struct stored stored = {
		.generation = generation, .pushed_at = 1700000000, .uid = 1000, .user = "ann"};
	struct fault fault = {0};
	json_t *json = json_pack("{s:s, s:s}", "name", "r.yaml", "rules", rules);

	assert_int_equal(bundle_from_json(json, &stored.bundle, &fault), 0);
	assert_int_equal(bundle_digest(&stored.bundle.rules, stored.digest), 0);
	json_decref(json);
	return stored;
}

static int save(struct place *place, uint32_t generation, struct fault *fault)
{
	char rules[32];

	(void)snprintf(rules, sizeof(rules), "version: %u\n", generation);
	cleanup(stored_free) struct stored stored = make_stored(generation, rules);

	return store_save(place->store, &stored, fault);
}

static void keep(struct place *place, uint32_t generation)
{
	struct fault fault = {0};

	assert_int_equal(save(place, generation, &fault), 0);
	assert_int_equal(store_commit(place->store, generation, &fault), 0);
}

static void path_of(const struct place *place, const char *name, char path[PATH_TEXT])
{
	(void)snprintf(path, PATH_TEXT, "%s/%s", place->folder, name);
}

static void overwrite(const struct place *place, const char *name, const char *text)
{
	char path[PATH_TEXT];
	FILE *file;

	path_of(place, name, path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static bool exists(const struct place *place, const char *name)
{
	char path[PATH_TEXT];

	path_of(place, name, path);
	return access(path, F_OK) == 0;
}

static uint32_t good(const struct place *place, uint32_t tried)
{
	cleanup(stored_free) struct stored stored = {0};

	return store_load_good(place->store, tried, &stored) == 0 ? stored.generation : 0;
}

static void what_was_saved_is_loaded(void **state)
{
	struct place *place = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};

	keep(place, 1);
	reopen(place);
	assert_int_equal(store_current(place->store), 1);
	assert_int_equal(store_load(place->store, 1, &stored, &fault), 0);
	assert_int_equal(stored.generation, 1);
	assert_int_equal(stored.pushed_at, 1700000000);
	assert_int_equal(stored.uid, 1000);
	assert_string_equal(stored.user, "ann");
	assert_int_equal(stored.bundle.rules.document.size, 11);
	assert_memory_equal(stored.bundle.rules.document.text, "version: 1\n", 11);
}

static void an_empty_store_has_nothing(void **state)
{
	struct place *place = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};

	assert_int_equal(store_current(place->store), 0);
	assert_int_equal(store_next(place->store), 1);
	assert_int_equal(store_load(place->store, 1, &stored, &fault), -ENOENT);
	assert_int_equal(store_load_good(place->store, 0, &stored), -ENOENT);
}

static void nobody_else_reads_the_rules(void **state)
{
	struct place *place = *state;
	struct stat status;
	char path[PATH_TEXT];

	keep(place, 1);
	path_of(place, "rules", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0007, 0);
	path_of(place, "rules/0000000001.rules", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void only_the_newest_are_kept(void **state)
{
	struct place *place = *state;
	cleanup(free_ptr) uint32_t *generations = NULL;
	size_t count = 0;

	for (uint32_t i = 1; i <= STORE_KEPT + 3; i++)
		keep(place, i);
	assert_int_equal(store_list(place->store, &generations, &count), 0);
	assert_int_equal(count, STORE_KEPT);
	assert_int_equal(generations[0], 4);
	assert_int_equal(store_next(place->store), STORE_KEPT + 4);
}

static void the_one_in_force_is_never_removed(void **state)
{
	struct place *place = *state;
	struct fault fault = {0};

	keep(place, 1);
	for (uint32_t i = 2; i <= STORE_KEPT + 5; i++)
		assert_int_equal(save(place, i, &fault), 0);
	assert_true(exists(place, "rules/0000000001.rules"));
	assert_false(exists(place, "rules/0000000002.rules"));
	store_discard(place->store, 1);
	assert_int_equal(good(place, 0), 1);
}

static void a_discarded_generation_is_gone(void **state)
{
	struct place *place = *state;
	struct fault fault = {0};

	keep(place, 1);
	assert_int_equal(save(place, 2, &fault), 0);
	store_discard(place->store, 2);
	assert_int_equal(store_next(place->store), 2);
}

static void a_crash_before_the_rename_leaves_no_trace(void **state)
{
	struct place *place = *state;

	keep(place, 1);
	overwrite(place, "rules/0000000002.rules.new", "{\"generation\": 2, \"pus");
	overwrite(place, "current.new", "2");
	reopen(place);
	assert_int_equal(store_current(place->store), 1);
	assert_int_equal(store_next(place->store), 2);
	assert_false(exists(place, "rules/0000000002.rules.new"));
	assert_false(exists(place, "current.new"));
}

static void a_crash_before_the_commit_leaves_the_old_one_current(void **state)
{
	struct place *place = *state;
	struct fault fault = {0};

	keep(place, 1);
	assert_int_equal(save(place, 2, &fault), 0);
	reopen(place);
	assert_int_equal(store_current(place->store), 1);
	assert_int_equal(good(place, 0), 1);
	assert_int_equal(good(place, 1), 2);
	assert_int_equal(good(place, 2), 0);
	assert_int_equal(store_next(place->store), 3);
}

static void what_never_came_into_force_can_be_discarded(void **state)
{
	struct place *place = *state;
	struct fault fault = {0};

	keep(place, 1);
	keep(place, 2);
	assert_int_equal(save(place, 3, &fault), 0);
	assert_int_equal(save(place, 4, &fault), 0);
	store_discard_newer(place->store);
	assert_int_equal(store_next(place->store), 3);
	assert_int_equal(good(place, 2), 1);
}

static void damaged_files_are_passed_over(void **state)
{
	static const char *const damages[] = {
		"",
		"{\"generation\": 3, \"pushed_at\": 17000",
		"[]\n",
		"{\"generation\": 3}\n",
		/* Another generation's, and rules that the digest does not fit. */
		"{\"generation\": 2, \"pushed_at\": 1, \"pushed_by\": {\"uid\": 0, \"user\": \"\"}, "
		"\"digest\": \"\", \"bundle\": {\"name\": \"r\", \"size\": 0}}\n",
		"{\"generation\": 3, \"pushed_at\": 1, \"pushed_by\": {\"uid\": 0, \"user\": \"\"}, "
		"\"digest\": \"00\", \"bundle\": {\"name\": \"r\", \"size\": 0}}\n",
		/* Cut short, and with something behind. */
		"{\"generation\": 3, \"pushed_at\": 1, \"pushed_by\": {\"uid\": 0, \"user\": \"\"}, "
		"\"digest\": \"00\", \"bundle\": {\"name\": \"r\", \"size\": 2}}\na",
		"{\"generation\": 3, \"pushed_at\": 1, \"pushed_by\": {\"uid\": 0, \"user\": \"\"}, "
		"\"digest\": \"00\", \"bundle\": {\"name\": \"r\", \"size\": 0}}\na",
	};
	struct place *place = *state;
	struct fault fault = {0};

	keep(place, 1);
	keep(place, 2);
	keep(place, 3);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		cleanup(stored_free) struct stored stored = {0};

		overwrite(place, "rules/0000000003.rules", damages[i]);
		assert_int_equal(store_load(place->store, 3, &stored, &fault), -EBADMSG);
		assert_non_null(strstr(fault.text, "is damaged"));
		assert_int_equal(good(place, 0), 2);
	}
	assert_int_equal(good(place, 2), 1);
}

/* As earlier versions wrote it. */
static void keep_as_json(const struct place *place, uint32_t generation, const char *rules)
{
	cleanup(stored_free) struct stored stored = make_stored(generation, rules);
	char digest[BUNDLE_DIGEST_TEXT], name[64];
	json_t *json;
	char *text;

	bundle_digest_format(stored.digest, digest);
	json = json_pack("{s:I, s:I, s:{s:I, s:s}, s:s, s:O}", "generation", (json_int_t)generation,
			 "pushed_at", (json_int_t)1700000000, "pushed_by", "uid", (json_int_t)1000,
			 "user", "ann", "digest", digest, "bundle", stored.bundle.json);
	text = json_dumps(json, JSON_COMPACT);
	assert_non_null(text);
	(void)snprintf(name, sizeof(name), "rules/%010u.json", generation);
	overwrite(place, name, text);
	free(text);
	json_decref(json);
}

static void what_an_earlier_version_kept_is_loaded(void **state)
{
	struct place *place = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};

	keep_as_json(place, 6, "version: 5\n");
	keep_as_json(place, 7, "version: 1\n");
	overwrite(place, "current", "7\n");
	reopen(place);
	assert_int_equal(store_next(place->store), 8);
	assert_int_equal(good(place, 0), 7);
	assert_int_equal(good(place, 7), 6);
	assert_int_equal(store_load(place->store, 7, &stored, &fault), 0);
	assert_string_equal(stored.user, "ann");
	assert_memory_equal(stored.bundle.rules.document.text, "version: 1\n", 11);
	overwrite(place, "rules/0000000007.json", "{\"generation\": 7, \"pus");
	assert_int_equal(good(place, 0), 6);
}

static void what_an_earlier_version_kept_goes_with_its_generation(void **state)
{
	struct place *place = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};
	cleanup(free_ptr) uint32_t *generations = NULL;
	size_t count = 0;

	keep_as_json(place, 1, "version: 1\n");
	keep_as_json(place, 2, "version: 1\n");
	keep(place, 2);
	assert_false(exists(place, "rules/0000000002.json"));
	keep_as_json(place, 2, "version: 7\n"); /* after a downgrade, later than the other */
	assert_int_equal(store_load(place->store, 2, &stored, &fault), 0);
	assert_memory_equal(stored.bundle.rules.document.text, "version: 7\n", 11);
	assert_int_equal(store_list(place->store, &generations, &count), 0);
	assert_int_equal(count, 2);
	for (uint32_t i = 3; i <= STORE_KEPT + 2; i++)
		keep(place, i);
	assert_false(exists(place, "rules/0000000001.json"));
	assert_false(exists(place, "rules/0000000002.json"));
	assert_false(exists(place, "rules/0000000002.rules"));
}

static void a_current_that_names_a_missing_one_is_passed_over(void **state)
{
	struct place *place = *state;

	keep(place, 1);
	overwrite(place, "current", "7\n");
	reopen(place);
	assert_int_equal(store_current(place->store), 7);
	assert_int_equal(good(place, 0), 1);
	assert_int_equal(store_next(place->store), 8);
}

static void a_damaged_current_is_none(void **state)
{
	static const char *const damages[] = {"", "x", "3x", "-1", "99999999999999"};
	struct place *place = *state;

	keep(place, 1);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		overwrite(place, "current", damages[i]);
		reopen(place);
		assert_int_equal(store_current(place->store), 0);
		assert_int_equal(good(place, 0), 1);
	}
}

static void other_files_are_left_alone(void **state)
{
	struct place *place = *state;

	overwrite(place, "rules/notes.txt", "mine");
	overwrite(place, "rules/5.rules", "mine");
	reopen(place);
	assert_int_equal(store_next(place->store), 1);
	assert_true(exists(place, "rules/notes.txt"));
}

/* A file that may not grow stands in for a full disk. */
static void a_full_disk_changes_nothing(void **state)
{
	struct place *place = *state;
	struct rlimit before, none = {0};
	struct fault fault = {0};
	int r;

	keep(place, 1);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	r = save(place, 2, &fault);
	assert_int_equal(store_commit(place->store, 1, NULL), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(r, -EFBIG);
	assert_non_null(strstr(fault.text, "cannot write"));
	assert_false(exists(place, "rules/0000000002.rules"));
	assert_false(exists(place, "rules/0000000002.rules.new"));
	assert_int_equal(store_current(place->store), 1);
	reopen(place);
	assert_int_equal(good(place, 0), 1);
}

static void a_folder_that_cannot_be_is_told(void **state)
{
	struct store *store = NULL;
	struct fault fault = {0};

	(void)state;
	assert_int_equal(store_open("/proc/none/here", getgid(), &store, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, "/proc/none/here"));
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
		WITH_STORE(damaged_files_are_passed_over),
		WITH_STORE(what_an_earlier_version_kept_is_loaded),
		WITH_STORE(what_an_earlier_version_kept_goes_with_its_generation),
		WITH_STORE(a_current_that_names_a_missing_one_is_passed_over),
		WITH_STORE(a_damaged_current_is_none),
		WITH_STORE(other_files_are_left_alone),
		WITH_STORE(a_full_disk_changes_nothing),
		WITH_STORE(a_folder_that_cannot_be_is_told),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
