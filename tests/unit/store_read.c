// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "shelf.h"

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
	struct shelf *shelf = *state;
	struct fault fault = {0};

	shelf_keep(shelf, 1);
	shelf_keep(shelf, 2);
	shelf_keep(shelf, 3);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		cleanup(stored_free) struct stored stored = {0};

		shelf_overwrite(shelf, "rules/0000000003.rules", damages[i]);
		assert_int_equal(store_load(shelf->store, 3, &stored, &fault), -EBADMSG);
		assert_non_null(strstr(fault.text, "is damaged"));
		assert_int_equal(shelf_good(shelf, 0), 2);
	}
	assert_int_equal(shelf_good(shelf, 2), 1);
}

/* As earlier versions wrote it. */
static void keep_as_json(const struct shelf *shelf, uint32_t generation, const char *rules)
{
	cleanup(stored_free) struct stored stored = shelf_make(generation, rules);
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
	shelf_overwrite(shelf, name, text);
	free(text);
	json_decref(json);
}

static void what_an_earlier_version_kept_is_loaded(void **state)
{
	struct shelf *shelf = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};

	keep_as_json(shelf, 6, "version: 5\n");
	keep_as_json(shelf, 7, "version: 1\n");
	shelf_overwrite(shelf, "current", "7\n");
	shelf_reopen(shelf);
	assert_int_equal(store_next(shelf->store), 8);
	assert_int_equal(shelf_good(shelf, 0), 7);
	assert_int_equal(shelf_good(shelf, 7), 6);
	assert_int_equal(store_load(shelf->store, 7, &stored, &fault), 0);
	assert_string_equal(stored.user, "ann");
	assert_memory_equal(stored.bundle.rules.document.text, "version: 1\n", 11);
	shelf_overwrite(shelf, "rules/0000000007.json", "{\"generation\": 7, \"pus");
	assert_int_equal(shelf_good(shelf, 0), 6);
}

static void what_an_earlier_version_kept_goes_with_its_generation(void **state)
{
	struct shelf *shelf = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};
	cleanup(free_ptr) uint32_t *generations = NULL;
	size_t count = 0;

	keep_as_json(shelf, 1, "version: 1\n");
	keep_as_json(shelf, 2, "version: 1\n");
	shelf_keep(shelf, 2);
	assert_false(shelf_has(shelf, "rules/0000000002.json"));
	keep_as_json(shelf, 2, "version: 7\n"); /* after a downgrade, later than the other */
	assert_int_equal(store_load(shelf->store, 2, &stored, &fault), 0);
	assert_memory_equal(stored.bundle.rules.document.text, "version: 7\n", 11);
	assert_int_equal(store_list(shelf->store, &generations, &count), 0);
	assert_int_equal(count, 2);
	for (uint32_t i = 3; i <= STORE_KEPT + 2; i++)
		shelf_keep(shelf, i);
	assert_false(shelf_has(shelf, "rules/0000000001.json"));
	assert_false(shelf_has(shelf, "rules/0000000002.json"));
	assert_false(shelf_has(shelf, "rules/0000000002.rules"));
}

static void an_edit_is_kept_without_its_document(void **state)
{
	struct shelf *shelf = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};
	uint8_t digest[BUNDLE_DIGEST];

	shelf_keep(shelf, 1);
	shelf_keep_edit(shelf, 2, 1, "- a\n");
	shelf_keep_edit(shelf, 3, 1, "- b\n");
	assert_false(shelf_has(shelf, "rules/0000000003.rules"));
	shelf_reopen(shelf);
	assert_int_equal(store_next(shelf->store), 4);
	assert_int_equal(store_load(shelf->store, 3, &stored, &fault), 0);
	assert_int_equal(stored.base, 1);
	assert_memory_equal(stored.bundle.rules.document.text, "version: 1\n", 11);
	assert_int_equal(stored.bundle.rules.edits.size, 4);
	assert_memory_equal(stored.bundle.rules.edits.text, "- b\n", 4);
	assert_int_equal(bundle_digest(&stored.bundle.rules, digest), 0);
	assert_memory_equal(stored.digest, digest, sizeof(digest));
	assert_int_equal(shelf_good(shelf, 3), 2);
}

static void what_edits_go_on_from_is_kept(void **state)
{
	struct shelf *shelf = *state;
	cleanup(free_ptr) uint32_t *generations = NULL;
	size_t count = 0;

	shelf_keep(shelf, 1);
	shelf_keep(shelf, 2);
	for (uint32_t i = 3; i <= STORE_KEPT + 9; i++)
		shelf_keep_edit(shelf, i, 2, "- a\n");
	assert_int_equal(store_list(shelf->store, &generations, &count), 0);
	assert_int_equal(count, STORE_KEPT + 1);
	assert_int_equal(generations[0], 2);
	assert_int_equal(generations[1], 10);
	assert_int_equal(shelf_good(shelf, 0), STORE_KEPT + 9);
	for (uint32_t i = STORE_KEPT + 10; i <= 2 * STORE_KEPT + 9; i++)
		shelf_keep(shelf, i);
	assert_false(shelf_has(shelf, "rules/0000000002.rules"));
}

static void the_base_of_the_one_in_force_is_kept(void **state)
{
	struct shelf *shelf = *state;
	struct fault fault = {0};

	shelf_keep(shelf, 1);
	shelf_keep_edit(shelf, 2, 1, "- a\n");
	for (uint32_t i = 3; i <= STORE_KEPT + 5; i++)
		assert_int_equal(shelf_save(shelf, i, &fault), 0);
	assert_true(shelf_has(shelf, "rules/0000000001.rules"));
	assert_int_equal(shelf_good(shelf, 0), 2);
}

static void an_edit_whose_base_is_lost_is_kept_whole(void **state)
{
	struct shelf *shelf = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};
	char path[PATH_TEXT];

	shelf_keep(shelf, 1);
	shelf_path(shelf, "rules/0000000001.rules", path);
	assert_int_equal(unlink(path), 0);
	shelf_keep_edit(shelf, 2, 1, "- a\n");
	assert_true(shelf_has(shelf, "rules/0000000002.rules"));
	assert_int_equal(store_load(shelf->store, 2, &stored, &fault), 0);
	assert_int_equal(stored.base, 0);
	assert_memory_equal(stored.bundle.rules.edits.text, "- a\n", 4);
}

static void an_edit_of_another_document_is_passed_over(void **state)
{
	struct shelf *shelf = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};

	shelf_keep(shelf, 1);
	shelf_keep(shelf, 2);
	shelf_keep_edit(shelf, 3, 2, "- a\n");
	cleanup(stored_free) struct stored other = shelf_make(2, "version: 7\n");
	assert_int_equal(store_save(shelf->store, &other, &fault), 0);
	assert_int_equal(store_load(shelf->store, 3, &stored, &fault), -EBADMSG);
	assert_non_null(strstr(fault.text, "generation 2 is not the one that was edited"));
	assert_int_equal(shelf_good(shelf, 0), 2);
}

static void damaged_edits_are_passed_over(void **state)
{
	static const char *const damages[] = {
		"",
		"{}\n",
		"{\"generation\": 2, \"base\": {\"generation\": 2, \"digest\": \"\"}}\n",
		"{\"generation\": 2, \"base\": {\"generation\": 9, \"digest\": \"\"}}\n",
		"{\"generation\": 2, \"base\": {\"generation\": -1, \"digest\": 1}}\n- a\n",
	};
	struct shelf *shelf = *state;
	cleanup(stored_free) struct stored stored = {0};
	struct fault fault = {0};

	shelf_keep(shelf, 1);
	shelf_keep_edit(shelf, 2, 1, "- a\n");
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		shelf_overwrite(shelf, "rules/0000000002.edits", damages[i]);
		assert_int_equal(store_load(shelf->store, 2, &stored, &fault), -EBADMSG);
		assert_int_equal(shelf_good(shelf, 0), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(damaged_files_are_passed_over),
		WITH_STORE(what_an_earlier_version_kept_is_loaded),
		WITH_STORE(what_an_earlier_version_kept_goes_with_its_generation),
		WITH_STORE(an_edit_is_kept_without_its_document),
		WITH_STORE(what_edits_go_on_from_is_kept),
		WITH_STORE(the_base_of_the_one_in_force_is_kept),
		WITH_STORE(an_edit_whose_base_is_lost_is_kept_whole),
		WITH_STORE(an_edit_of_another_document_is_passed_over),
		WITH_STORE(damaged_edits_are_passed_over),
	};

	return cmocka_run_group_tests_name("store_read", tests, NULL, NULL);
}
