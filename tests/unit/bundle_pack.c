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

#include "bundle_pack.h"
#include "cleanup.h"

#define WHOLE                                                                                      \
	"{\"name\": \"r.yaml\", \"size\": 5, \"files\": [{\"name\": \"b.txt\", \"size\": 1}, "     \
	"{\"name\": \"a.txt\", \"size\": 0}]}\na: 1\n2"

/* In a block of the exact size, so that the sanitizer sees a byte too far. */
static int read_block(const char *text, size_t size, struct bundle *ret_bundle, struct fault *fault)
{
	char *block = malloc(size ? size : 1);
	int r;

	assert_non_null(block);
	memcpy(block, text, size);
	r = pack_read(&block, size, ret_bundle, fault);
	assert_int_equal(block == NULL, r == 0);
	free(block);
	return r;
}

static void refuse(const char *text, const char *part)
{
	struct bundle bundle = {0};
	struct fault fault = {0};

	assert_int_equal(read_block(text, strlen(text), &bundle, &fault), -EINVAL);
	if (!strstr(fault.text, part))
		fail_msg("'%s' is not in '%s'", part, fault.text);
	assert_null(bundle.json);
	assert_null(bundle.block);
}

static void texts_are_found_where_the_head_says(void **state)
{
	cleanup(bundle_free) struct bundle bundle = {0};
	struct fault fault = {0};

	(void)state;
	assert_int_equal(read_block(WHOLE, strlen(WHOLE), &bundle, &fault), 0);
	assert_string_equal(bundle.rules.document.name, "r.yaml");
	assert_int_equal(bundle.rules.document.size, 5);
	assert_memory_equal(bundle.rules.document.text, "a: 1\n", 5);
	assert_int_equal(bundle.rules.file_count, 2);
	assert_string_equal(bundle.rules.files[0].name, "b.txt");
	assert_int_equal(bundle.rules.files[0].size, 1);
	assert_memory_equal(bundle.rules.files[0].text, "2", 1);
	assert_int_equal(bundle.rules.files[1].size, 0);
}

static void what_is_no_pack_is_refused(void **state)
{
	(void)state;
	refuse("", "a line of JSON");
	refuse("{\"name\": \"a\", \"size\": 0}", "a line of JSON");
	refuse("\n", "a line of JSON");
	refuse("{\n}\n", "a line of JSON");
	refuse("[]\n", "no object");
	refuse("{}\n", "\"name\" and a \"size\"");
	refuse("{\"name\": \"a\", \"size\": \"0\"}\n", "\"name\" and a \"size\"");
	refuse("{\"name\": \"a\", \"size\": -1}\n", "\"name\" and a \"size\"");
	refuse("{\"name\": \"a\", \"size\": 0.0}\n", "\"name\" and a \"size\"");
	refuse("{\"name\": 1, \"size\": 0}\n", "\"name\" and a \"size\"");
	refuse("{\"name\": \"\", \"size\": 0}\n", "1 to");
	refuse("{\"name\": \"a\\nb\", \"size\": 0}\n", "control character");
	refuse("{\"name\": \"a\", \"size\": 0, \"size\": 0}\n", "a line of JSON");
	refuse("{\"name\": \"a\", \"size\": 0, \"more\": 1}\n", "unknown key");
	refuse("{\"name\": \"a\", \"size\": 0, \"edits\": \"1\"}\n1", "is a number");
	refuse("{\"name\": \"a\", \"size\": 0, \"edits\": -1}\n", "is a number");
	refuse("{\"name\": \"a\", \"size\": 0, \"edits\": 2}\n1", "cut short");
	refuse("{\"name\": \"a\", \"size\": 0, \"edits\": 1}\n12", "there is more");
	refuse("{\"name\": \"a\", \"size\": 0, \"files\": {}}\n", "is a list");
	refuse("{\"name\": \"a\", \"size\": 0, \"files\": [1]}\n", "\"name\" and a \"size\"");
	refuse("{\"name\": \"a\", \"size\": 0, \"files\": [{\"name\": \"b\", \"size\": 0, \"c\": 1}]}\n",
	       "unknown key");
	refuse("{\"name\": \"a\", \"size\": 0, \"files\": [{\"name\": \"b\", \"size\": 0}, "
	       "{\"name\": \"b\", \"size\": 0}]}\n",
	       "two files \"b\"");
}

static void sizes_come_to_what_there_is(void **state)
{
	(void)state;
	refuse("{\"name\": \"a\", \"size\": 2}\nx", "cut short");
	refuse("{\"name\": \"a\", \"size\": 9223372036854775807}\nx", "cut short");
	refuse("{\"name\": \"a\", \"size\": 0}\nx", "there is more");
	refuse("{\"name\": \"a\", \"size\": 1, \"files\": [{\"name\": \"b\", \"size\": 1}]}\nx",
	       "cut short");
}

static void texts_are_utf8_without_a_nul(void **state)
{
	static const char nul[] = "{\"name\": \"a\", \"size\": 1}\n\0";
	cleanup(bundle_free) struct bundle bundle = {0};
	struct fault fault = {0};

	(void)state;
	refuse("{\"name\": \"a\", \"size\": 1}\n\xff", "a is not UTF-8");
	refuse("{\"name\": \"a\", \"size\": 0, \"files\": [{\"name\": \"b\", \"size\": 1}]}\n\xff",
	       "b is not UTF-8");
	/* Half a character each: neither is one. */
	refuse("{\"name\": \"a\", \"size\": 1, \"files\": [{\"name\": \"b\", \"size\": 1}]}\n\xc3\xbc",
	       "a is not UTF-8");
	assert_int_equal(read_block(nul, sizeof(nul) - 1, &bundle, &fault), -EINVAL);
}

static void files_have_a_limit(void **state)
{
	json_t *files = json_array();
	json_t *json = json_pack("{s:s, s:i, s:o}", "name", "a", "size", 0, "files", files);
	cleanup(free_ptr) char *text = NULL;
	cleanup(free_ptr) char *line = NULL;
	char name[16];

	(void)state;
	for (int i = 0; i <= BUNDLE_FILES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		(void)json_array_append_new(files,
					    json_pack("{s:s, s:i}", "name", name, "size", 0));
	}
	text = json_dumps(json, 0);
	json_decref(json);
	assert_true(asprintf(&line, "%s\n", text) > 0);
	refuse(line, "at most");
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t size = 0; size < strlen(WHOLE); size++) {
		struct bundle bundle = {0};
		struct fault fault = {0};

		assert_int_equal(read_block(WHOLE, size, &bundle, &fault), -EINVAL);
	}
}

static char *join(const struct pack *pack)
{
	char *text = calloc(1, pack->size + 1);
	size_t used = 0;

	assert_non_null(text);
	for (size_t i = 0; i < pack->count; i++) {
		memcpy(text + used, pack->pieces[i].text, pack->pieces[i].size);
		used += pack->pieces[i].size;
	}
	assert_int_equal(used, pack->size);
	return text;
}

static void a_bundle_survives_the_way_out_and_back(void **state)
{
	struct rules_file files[] = {{"b.txt", "2\n", 2}, {"a.txt", "", 0}};
	struct rules_bundle rules = {
		.document = {"\xc3\xbc.yaml", "a: \xc3\xbc\n", 6},
		.files = files,
		.file_count = 2,
		.edits = {"network-rule", "- {}\n", 5},
	};
	cleanup(bundle_free) struct bundle back = {0};
	cleanup(pack_free) struct pack pack = {0};
	uint8_t one[BUNDLE_DIGEST], two[BUNDLE_DIGEST];
	cleanup(free_ptr) char *text = NULL;
	struct fault fault = {0};
	json_t *head = NULL;

	(void)state;
	assert_int_equal(pack_check(&rules, &fault), 0);
	head = pack_head(&rules);
	assert_int_equal(pack_make(&rules, head, &pack), 0);
	json_decref(head);
	text = join(&pack);
	assert_int_equal(pack_read(&text, pack.size, &back, &fault), 0);
	assert_int_equal(bundle_digest(&rules, one), 0);
	assert_int_equal(bundle_digest(&back.rules, two), 0);
	assert_memory_equal(one, two, sizeof(one));
	assert_string_equal(back.rules.document.name, rules.document.name);
	assert_int_equal(back.rules.edits.size, 5);
	assert_memory_equal(back.rules.edits.text, "- {}\n", 5);
}

static void what_no_bundle_carries_is_told_before(void **state)
{
	struct rules_file file = {"f", "\xff", 1};
	struct rules_bundle rules = {.document = {"r", "a\0b", 3}};
	struct fault fault = {0};

	(void)state;
	assert_int_equal(pack_check(&rules, &fault), -EINVAL);
	assert_string_equal(fault.text, "r is not UTF-8 text");
	rules = (struct rules_bundle){.document = {"r", "", 0}, .files = &file, .file_count = 1};
	assert_int_equal(pack_check(&rules, &fault), -EINVAL);
	assert_string_equal(fault.text, "f is not UTF-8 text");
	rules = (struct rules_bundle){.document = {"b\xff", "", 0}};
	assert_int_equal(pack_check(&rules, &fault), -EINVAL);
	assert_string_equal(fault.text, "the name of the file b\xff is not UTF-8 text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_found_where_the_head_says),
		cmocka_unit_test(what_is_no_pack_is_refused),
		cmocka_unit_test(sizes_come_to_what_there_is),
		cmocka_unit_test(texts_are_utf8_without_a_nul),
		cmocka_unit_test(files_have_a_limit),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(a_bundle_survives_the_way_out_and_back),
		cmocka_unit_test(what_no_bundle_carries_is_told_before),
	};

	return cmocka_run_group_tests_name("bundle_pack", tests, NULL, NULL);
}
