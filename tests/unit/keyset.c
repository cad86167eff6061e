// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "journal.h"
#include "keyset.h"
#include "keyset_source.h"

#define KEY(id, x, y)                                                                              \
	"{\"keys\": [{\"kty\": \"EC\", \"crv\": \"P-256\", \"use\": \"sig\", \"kid\": \"" id       \
	"\", \"x\": \"" x "\", \"y\": \"" y "\"}]}"

static const char first_key[] = KEY("e1", "bHC6hAjkDJ67Qzt8nHaD0yrlvpll3vx5HkzqjD-a0SA",
				    "ShrORnn_QL6vlVHNVMCsSecS7-8SYrDbUjtEM7M0E8Y");
static const char second_key[] = KEY("e2", "z1OZwa_lFJcX0yGNpthdbT4O-03NARVCUF7wj7wrpXE",
				     "5gJuDBKu29L6nDVXZ5Zc3qsqtLqT83ZFF1-BZ3FDHSg");

/* A folder with a file of keys, and the sets of a policy that names it. */
struct place {
	char folder[64], path[96];
	struct issuer issuer;
	struct policy policy;
	struct keysets *keysets;
};

static void write_file(const struct place *place, const char *text)
{
	char fresh[112];
	FILE *file;

	(void)snprintf(fresh, sizeof(fresh), "%s.new", place->path);
	file = fopen(fresh, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(fresh, place->path), 0);
}

static int open_place(unsigned age_max, void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct keyset_options options = {.age_max = age_max, .retry = 1, .timeout = 2};
	struct fault fault = {0};

	if (!place)
		return -1;
	options.folder = place->folder;
	journal_set_level(JOURNAL_ERROR);
	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/vaultwall-keyset-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	(void)snprintf(place->path, sizeof(place->path), "%s/keys.json", place->folder);
	place->issuer = (struct issuer){
		.name = "i", .issuer = "https://issuer.example/{tenant}", .jwks_file = place->path};
	place->policy.issuers = &place->issuer;
	place->policy.issuer_count = 1;
	*state = place;
	return keysets_open(&options, &place->keysets, &fault);
}

static int set_up(void **state)
{
	return open_place(3600, state);
}

static int set_up_with_keys_that_age(void **state)
{
	return open_place(2, state);
}

static int tear_down(void **state)
{
	struct place *place = *state;

	keysets_close(place->keysets);
	(void)unlink(place->path);
	(void)rmdir(place->folder);
	free(place);
	return 0;
}

static bool has_key(const struct place *place, const char *id)
{
	const struct token_keys *keys = keysets_find(place->keysets, &place->issuer, "t");

	return keys && token_keys_find(keys, id);
}

/* Until the key is there or not, as said; at most a minute. */
static void wait_for_key(const struct place *place, const char *id, bool there)
{
	struct pollfd ready = {.fd = keysets_fd(place->keysets), .events = POLLIN};

	for (int i = 0; i < 600 && has_key(place, id) != there; i++)
		if (poll(&ready, 1, 100) > 0)
			keysets_run(place->keysets);
	assert_int_equal(has_key(place, id), there);
}

/* The error of the only set; the caller's to free(). */
static char *read_error(const struct place *place)
{
	json_t *status = keysets_status(place->keysets);
	const char *error = json_string_value(json_object_get(json_array_get(status, 0), "error"));
	char *copy = strdup(error ? error : "");

	json_decref(status);
	return copy;
}

static void has_problem(const struct place *place, const char *problem)
{
	json_t *status = keysets_status(place->keysets);
	const json_t *set = json_array_get(status, 0);

	assert_string_equal(json_string_value(json_object_get(set, "problem")), problem);
	assert_true(json_integer_value(json_object_get(set, "next_seconds")) >= 0);
	assert_string_equal(json_string_value(json_object_get(set, "issuer")), place->issuer.name);
	json_decref(status);
}

static void a_file_is_read_at_once_and_when_it_changes(void **state)
{
	const struct place *place = *state;
	uint64_t version;

	write_file(place, first_key);
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	assert_true(has_key(place, "e1"));
	assert_int_equal(keysets_pending(place->keysets), 0);
	version = keysets_version(place->keysets);
	write_file(place, second_key);
	wait_for_key(place, "e2", true);
	assert_false(has_key(place, "e1"));
	assert_int_not_equal(keysets_version(place->keysets), version);
}

static void a_relative_path_begins_in_the_folder(void **state)
{
	struct place *place = *state;

	place->issuer.jwks_file = "keys.json";
	write_file(place, first_key);
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	assert_true(has_key(place, "e1"));
}

static void an_unchanged_file_changes_nothing(void **state)
{
	const struct place *place = *state;
	uint64_t version;

	write_file(place, first_key);
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	version = keysets_version(place->keysets);
	write_file(place, first_key);
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	wait_for_key(place, "e1", true);
	assert_int_equal(keysets_version(place->keysets), version);
}

static void the_last_good_keys_stay(void **state)
{
	const struct place *place = *state;
	cleanup(free_ptr) char *error = NULL;

	write_file(place, first_key);
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	write_file(place, "[1, 2");
	(void)sleep(1);
	keysets_run(place->keysets);
	assert_true(has_key(place, "e1"));
	error = read_error(place);
	assert_string_not_equal(error, "");
}

static void but_not_for_ever(void **state)
{
	const struct place *place = *state;
	json_t *status;

	write_file(place, first_key);
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	write_file(place, "[1, 2");
	wait_for_key(place, "e1", false);
	keysets_run(place->keysets);
	status = keysets_status(place->keysets);
	assert_true(json_is_true(json_object_get(json_array_get(status, 0), "expired")));
	json_decref(status);
}

static void a_file_that_is_not_there_is_told(void **state)
{
	const struct place *place = *state;
	cleanup(free_ptr) char *error = NULL;

	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	assert_false(has_key(place, "e1"));
	error = read_error(place);
	assert_non_null(strstr(error, "No such file"));
	has_problem(place, "unreadable");
	write_file(place, "{\"keys\": []}");
	(void)sleep(1);
	keysets_run(place->keysets);
	has_problem(place, "empty");
	write_file(place, first_key);
	wait_for_key(place, "e1", true);
}

static void what_rules_want_no_more_goes(void **state)
{
	const struct place *place = *state;
	const struct policy nothing = {0};

	write_file(place, first_key);
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	assert_true(has_key(place, "e1"));
	assert_int_equal(keysets_want(place->keysets, &nothing), 0);
	assert_false(has_key(place, "e1"));
	keysets_miss(place->keysets, &place->issuer, "t");
}

static void an_issuer_that_cannot_be_reached_is_told(void **state)
{
	struct place *place = *state;
	struct pollfd ready = {.fd = keysets_fd(place->keysets), .events = POLLIN};
	cleanup(free_ptr) char *error = NULL;

	place->issuer.jwks_file = NULL;
	place->issuer.jwks_url = "https://127.0.0.1:1/keys";
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	assert_int_equal(keysets_pending(place->keysets), 1);
	assert_null(keysets_find(place->keysets, &place->issuer, NULL));
	for (int i = 0; i < 50 && keysets_pending(place->keysets); i++)
		if (poll(&ready, 1, 100) > 0)
			keysets_run(place->keysets);
	error = read_error(place);
	assert_non_null(strstr(error, "127.0.0.1"));
	has_problem(place, "unreachable");
}

static void a_fetch_under_way_can_be_given_up(void **state)
{
	struct place *place = *state;
	const struct policy nothing = {0};

	place->issuer.jwks_file = NULL;
	place->issuer.jwks_url = "https://192.0.2.1/keys";
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
	assert_int_equal(keysets_want(place->keysets, &nothing), 0);
	keysets_run(place->keysets);
	assert_int_equal(keysets_want(place->keysets, &place->policy), 0);
}

static void a_set_is_named_by_issuer_and_tenant(void **state)
{
	const struct issuer issuer = {.issuer = "https://i.example/{tenant}/v2.0"};
	const struct issuer plain = {.issuer = "https://i.example"};
	const struct issuer url = {.issuer = "https://i.example/{tenant}",
				   .jwks_url = "https://k.example"};
	char name[KEYSET_NAME_MAX];
	const char *location;

	(void)state;
	assert_true(keyset_name(&issuer, "t1", name));
	assert_string_equal(name, "discovery:https://i.example/t1/v2.0");
	assert_int_equal(keyset_name_split(name, &location), KEYSET_DISCOVERY);
	assert_string_equal(location, "https://i.example/t1/v2.0");
	assert_false(keyset_name(&issuer, NULL, name));
	assert_true(keyset_name(&plain, NULL, name));
	assert_true(keyset_name(&url, NULL, name));
	assert_int_equal(keyset_name_split(name, &location), KEYSET_URL);
	assert_string_equal(location, "https://k.example");
	assert_true(keyset_discovery_url("https://i.example/t1/", name));
	assert_string_equal(name, "https://i.example/t1/.well-known/openid-configuration");
}

static int read_discovery(const char *text, char url[KEYSET_NAME_MAX], struct fault *fault)
{
	return keyset_discovery_read("https://i.example", text, strlen(text), url, fault);
}

static void a_discovery_document_is_the_issuer_s_own(void **state)
{
	static const char *const bad[] = {
		"{\"issuer\": \"https://j.example\", \"jwks_uri\": \"https://i.example/k\"}",
		"{\"issuer\": \"https://i.example/\", \"jwks_uri\": \"https://i.example/k\"}",
		"{\"issuer\": \"https://i.example\", \"jwks_uri\": \"http://i.example/k\"}",
		"{\"issuer\": \"https://i.example\", \"jwks_uri\": \"file:///etc/shadow\"}",
		"{\"issuer\": \"https://i.example\", \"jwks_uri\": \"https://i.example/a b\"}",
		"{\"issuer\": \"https://i.example\", \"jwks_uri\": \"https://k\", \"jwks_uri\": \"https://k\"}",
		"{\"issuer\": \"https://i.example\"}",
		"{\"issuer\": [], \"jwks_uri\": 1}",
		"[]",
		"",
	};
	char url[KEYSET_NAME_MAX];
	struct fault fault = {0};

	(void)state;
	assert_int_equal(read_discovery("{\"issuer\": \"https://i.example\", \"x\": 1,"
					" \"jwks_uri\": \"https://k.example/k\"}",
					url, &fault),
			 0);
	assert_string_equal(url, "https://k.example/k");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_discovery(bad[i], url, &fault), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_read_at_once_and_when_it_changes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_relative_path_begins_in_the_folder, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_unchanged_file_changes_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_last_good_keys_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(but_not_for_ever, set_up_with_keys_that_age,
						tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_not_there_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_rules_want_no_more_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_issuer_that_cannot_be_reached_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_fetch_under_way_can_be_given_up, set_up,
						tear_down),
		cmocka_unit_test(a_set_is_named_by_issuer_and_tenant),
		cmocka_unit_test(a_discovery_document_is_the_issuer_s_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
