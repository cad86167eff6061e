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

#include "bundle.h"
#include "cleanup.h"

#define WHOLE                                                                                      \
	"{\"name\": \"r.yaml\", \"rules\": \"a: 1\\n\", \"files\": {\"b.txt\": \"2\", \"a.txt\": \"1\"}}"

static void parse(const char *text, struct bundle *ret_bundle)
{
	struct fault fault = {0};

	assert_int_equal(bundle_parse(text, strlen(text), ret_bundle, &fault), 0);
}

static void refuse(const char *text, const char *part)
{
	struct bundle bundle = {0};
	struct fault fault = {0};

	assert_int_equal(bundle_parse(text, strlen(text), &bundle, &fault), -EINVAL);
	assert_non_null(strstr(fault.text, part));
	assert_null(bundle.json);
}

static void a_bundle_is_read(void **state)
{
	cleanup(bundle_free) struct bundle bundle = {0};

	(void)state;
	parse(WHOLE, &bundle);
	assert_string_equal(bundle.rules.document.name, "r.yaml");
	assert_string_equal(bundle.rules.document.text, "a: 1\n");
	assert_int_equal(bundle.rules.document.size, 5);
	assert_int_equal(bundle.rules.file_count, 2);
	assert_string_equal(bundle.rules.files[0].name, "b.txt");
	assert_string_equal(bundle.rules.files[0].text, "2");
}

static void files_may_be_left_out(void **state)
{
	cleanup(bundle_free) struct bundle bundle = {0};

	(void)state;
	parse("{\"name\": \"-\", \"rules\": \"\"}", &bundle);
	assert_int_equal(bundle.rules.file_count, 0);
	assert_int_equal(bundle.rules.document.size, 0);
}

static void what_is_no_bundle_is_refused(void **state)
{
	(void)state;
	refuse("", "not a rules bundle");
	refuse("{\"name\": \"a\",", "line 1, column");
	refuse("[]", "is a JSON object");
	refuse("{}", "the strings");
	refuse("{\"name\": 1, \"rules\": \"\"}", "the strings");
	refuse("{\"name\": \"a\", \"rules\": null}", "the strings");
	refuse("{\"name\": \"a\", \"rules\": \"\", \"more\": 1}", "no key \"more\"");
	refuse("{\"name\": \"a\", \"name\": \"b\", \"rules\": \"\"}", "duplicate");
	refuse("{\"name\": \"a\", \"rules\": \"\", \"files\": []}", "is an object");
	refuse("{\"name\": \"a\", \"rules\": \"\", \"files\": {\"f\": 1}}", "is a string");
	refuse("{\"name\": \"a\", \"rules\": \"\", \"files\": {\"\": \"\"}}", "1 to");
	refuse("{\"name\": \"a\", \"rules\": \"\", \"edits\": {}}", "is a string");
	refuse("{\"name\": \"\", \"rules\": \"\"}", "1 to");
	refuse("{\"name\": \"a\\nb\", \"rules\": \"\"}", "control character");
	refuse("{\"name\": \"a\", \"rules\": \"\\u0000\"}", "not a rules bundle");
	refuse("{\"name\": \"a\", \"rules\": \"\xff\"}", "not a rules bundle");
}

static void names_have_a_limit(void **state)
{
	char name[BUNDLE_NAME_MAX + 2];
	char text[BUNDLE_NAME_MAX + 64];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)snprintf(text, sizeof(text), "{\"name\": \"%s\", \"rules\": \"\"}", name);
	refuse(text, "1 to");
}

static void files_have_a_limit(void **state)
{
	json_t *files = json_object();
	json_t *json = json_pack("{s:s, s:s, s:o}", "name", "a", "rules", "", "files", files);
	cleanup(free_ptr) char *text = NULL;
	char name[16];

	(void)state;
	for (int i = 0; i <= BUNDLE_FILES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		(void)json_object_set_new(files, name, json_string(""));
	}
	text = json_dumps(json, 0);
	json_decref(json);
	refuse(text, "at most");
}

static void a_bundle_survives_the_way_to_json_and_back(void **state)
{
	cleanup(bundle_free) struct bundle first = {0};
	cleanup(bundle_free) struct bundle second = {0};
	uint8_t one[BUNDLE_DIGEST], two[BUNDLE_DIGEST];
	struct fault fault = {0};
	json_t *json = NULL;

	(void)state;
	parse(WHOLE, &first);
	assert_int_equal(bundle_to_json(&first.rules, &json, &fault), 0);
	assert_int_equal(bundle_from_json(json, &second, &fault), 0);
	json_decref(json);
	assert_int_equal(bundle_digest(&first.rules, one), 0);
	assert_int_equal(bundle_digest(&second.rules, two), 0);
	assert_memory_equal(one, two, sizeof(one));
}

static void text_that_no_json_carries_is_refused(void **state)
{
	struct rules_file file = {"f", "\xff", 1};
	struct rules_bundle rules = {.document = {"r", "a\0b", 3}};
	struct fault fault = {0};
	json_t *json = NULL;

	(void)state;
	assert_int_equal(bundle_to_json(&rules, &json, &fault), -EINVAL);
	assert_string_equal(fault.text, "r is not UTF-8 text");
	rules = (struct rules_bundle){.document = {"r", "", 0}, .files = &file, .file_count = 1};
	assert_int_equal(bundle_to_json(&rules, &json, &fault), -EINVAL);
	assert_string_equal(fault.text, "f is not UTF-8 text");
}

static void digest_of(const char *text, char ret_digest[BUNDLE_DIGEST_TEXT])
{
	cleanup(bundle_free) struct bundle bundle = {0};
	uint8_t digest[BUNDLE_DIGEST];

	parse(text, &bundle);
	assert_int_equal(bundle_digest(&bundle.rules, digest), 0);
	bundle_digest_format(digest, ret_digest);
}

static void assert_same_digest(const char *left, const char *right, bool same)
{
	char one[BUNDLE_DIGEST_TEXT], two[BUNDLE_DIGEST_TEXT];

	digest_of(left, one);
	digest_of(right, two);
	assert_int_equal(strlen(one), 64);
	assert_int_equal(!strcmp(one, two), same);
}

static void the_digest_is_that_of_what_the_rules_say(void **state)
{
	(void)state;
	/* Another name of the document, another order of the files: the same rules. */
	assert_same_digest(
		WHOLE,
		"{\"files\": {\"a.txt\": \"1\", \"b.txt\": \"2\"}, \"rules\": \"a: 1\\n\", "
		"\"name\": \"/x/y\"}",
		true);
	assert_same_digest(WHOLE, "{\"name\": \"r.yaml\", \"rules\": \"a: 1\\n\"}", false);
	/* A text cannot be mistaken for a name, nor for its neighbour. */
	assert_same_digest("{\"name\": \"r\", \"rules\": \"x\", \"files\": {\"ab\": \"c\"}}",
			   "{\"name\": \"r\", \"rules\": \"x\", \"files\": {\"a\": \"bc\"}}",
			   false);
	assert_same_digest("{\"name\": \"r\", \"rules\": \"\", \"files\": {\"a\": \"\"}}",
			   "{\"name\": \"r\", \"rules\": \"a\"}", false);
}

#define EDITED "{\"name\": \"r\", \"rules\": \"a: 1\\n\", \"edits\": \"- {}\\n\"}"

static void edits_are_part_of_what_the_rules_say(void **state)
{
	cleanup(bundle_free) struct bundle first = {0};
	cleanup(bundle_free) struct bundle second = {0};
	struct fault fault = {0};
	json_t *json = NULL;

	(void)state;
	assert_same_digest(EDITED, "{\"name\": \"r\", \"rules\": \"a: 1\\n\"}", false);
	assert_same_digest(EDITED, "{\"name\": \"r\", \"rules\": \"a: 1\\n- {}\\n\"}", false);
	assert_same_digest("{\"name\": \"r\", \"rules\": \"a\", \"edits\": \"\"}",
			   "{\"name\": \"r\", \"rules\": \"a\"}", true);
	parse(EDITED, &first);
	assert_int_equal(bundle_to_json(&first.rules, &json, &fault), 0);
	assert_int_equal(bundle_from_json(json, &second, &fault), 0);
	json_decref(json);
	assert_string_equal(second.rules.edits.text, "- {}\n");
	assert_int_equal(bundle_set_edits(&second, "- a", 3), 0);
	assert_int_equal(bundle_set_edits(&second, "- b\n", 4), 0);
	assert_string_equal(second.rules.edits.text, "- b\n");
	assert_int_equal(second.rules.edits.size, 4);
}

static void the_digest_never_changes_between_versions(void **state)
{
	char digest[BUNDLE_DIGEST_TEXT];

	(void)state;
	/* printf '\0\0\0\0\0\0\0\0' | sha256sum: an empty document is its length. */
	digest_of("{\"name\": \"r\", \"rules\": \"\"}", digest);
	assert_string_equal(digest,
			    "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bundle_is_read),
		cmocka_unit_test(files_may_be_left_out),
		cmocka_unit_test(what_is_no_bundle_is_refused),
		cmocka_unit_test(names_have_a_limit),
		cmocka_unit_test(files_have_a_limit),
		cmocka_unit_test(a_bundle_survives_the_way_to_json_and_back),
		cmocka_unit_test(text_that_no_json_carries_is_refused),
		cmocka_unit_test(the_digest_is_that_of_what_the_rules_say),
		cmocka_unit_test(edits_are_part_of_what_the_rules_say),
		cmocka_unit_test(the_digest_never_changes_between_versions),
	};

	return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
