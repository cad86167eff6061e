/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"

static const char *const colours[] = {"red", "green", "blue", NULL};
static const char *const switches[] = {"off", "on", NULL};

enum colour { RED, GREEN, BLUE };

/* A bird's ringing record: what is read here must not sound like rules. */
struct bird {
	const char *name;
	bool ringed;
	bool awake;
	uint32_t eggs;
	enum colour ring;
	int64_t seen;
	const char **friends;
	size_t friend_count;
};

static bool read_friend(struct schema *schema, const struct yaml_node *node, void *element)
{
	static const struct schema_field field = {.name = "friend"};

	if (node->kind == YAML_SCALAR && strcmp(node->text, "cat") == 0)
		return false;
	schema_string(schema, &field, node, element);
	return true;
}

static const struct schema_list friend_list = {sizeof(const char *),
					       offsetof(struct bird, friend_count), read_friend};

static const struct schema_field bird_fields[] = {
	{.name = "name",
	 .read = schema_string,
	 .offset = offsetof(struct bird, name),
	 .required = true},
	{.name = "ringed", .read = schema_boolean, .offset = offsetof(struct bird, ringed)},
	{.name = "awake",
	 .read = schema_either,
	 .offset = offsetof(struct bird, awake),
	 .words = switches},
	{.name = "eggs",
	 .read = schema_integer,
	 .offset = offsetof(struct bird, eggs),
	 .least = 1,
	 .most = 12},
	{.name = "ring",
	 .read = schema_word,
	 .offset = offsetof(struct bird, ring),
	 .words = colours},
	{.name = "seen", .read = schema_time, .offset = offsetof(struct bird, seen)},
	{.name = "friends",
	 .read = schema_list,
	 .offset = offsetof(struct bird, friends),
	 .least = 1,
	 .list = &friend_list},
	{0},
};

static const struct schema_mapping bird_mapping = {"a bird", bird_fields};

struct sample {
	struct arena arena;
	struct diags diags;
	struct yaml_document document;
	struct bird bird;
	bool faultless;
	bool out_of_memory;
};

static void sample_free(struct sample *sample)
{
	yaml_free(&sample->document);
	diags_clear(&sample->diags);
	arena_free_all(&sample->arena);
}

static void sample_read(struct sample *sample, const char *text)
{
	struct schema schema = {
		.arena = &sample->arena, .diags = &sample->diags, .file = "birds.yaml"};

	if (!sample->arena.limit)
		arena_init(&sample->arena, SIZE_MAX);
	assert_int_equal(
		yaml_read(text, strlen(text), "birds.yaml", &sample->diags, &sample->document), 0);
	sample->faultless =
		schema_read(&schema, &bird_mapping, sample->document.root, &sample->bird);
	sample->out_of_memory = schema.out_of_memory;
}

/* The one diagnostic that a text gives. */
static void assert_told(const char *text, const char *expected)
{
	cleanup(sample_free) struct sample sample = {0};
	char line[DIAG_LINE_MAX] = "";

	sample_read(&sample, text);
	assert_false(sample.faultless);
	assert_int_equal(sample.diags.count, 1);
	(void)diag_format(&sample.diags.items[0], line, sizeof(line));
	assert_string_equal(line, expected);
}

static void every_type_arrives_at_its_member(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample, "name: \"null\"\nringed: true\nawake: 'on'\neggs: 12\nring: blue\n"
			     "seen: 1970-01-02T00:00:00Z\nfriends: [tit, cat, wren]\n");
	assert_true(sample.faultless);
	assert_string_equal(sample.bird.name, "null");
	assert_true(sample.bird.ringed);
	assert_true(sample.bird.awake);
	assert_int_equal(sample.bird.eggs, 12);
	assert_int_equal(sample.bird.ring, BLUE);
	assert_int_equal(sample.bird.seen, 86400);
	assert_int_equal(sample.bird.friend_count, 2);
	assert_string_equal(sample.bird.friends[0], "tit");
	assert_string_equal(sample.bird.friends[1], "wren");
}

static void what_is_left_out_stays_as_it_was(void **state)
{
	cleanup(sample_free) struct sample sample = {.bird = {.ringed = true, .eggs = 3}};

	(void)state;
	sample_read(&sample, "name: robin");
	assert_true(sample.faultless);
	assert_true(sample.bird.ringed);
	assert_int_equal(sample.bird.eggs, 3);
	assert_null(sample.bird.friends);
}

static void every_fault_has_its_words(void **state)
{
	(void)state;
	assert_told("robin", "birds.yaml:1:1: error: expected a mapping for a bird, found 'robin'");
	assert_told("name: {}",
		    "birds.yaml:1:7: error: expected a value for 'name', found a mapping");
	assert_told("name: ''", "birds.yaml:1:7: error: 'name' is empty");
	assert_told("name: ~", "birds.yaml:1:7: error: expected a value for 'name', found nothing");
	assert_told("ringed: true", "birds.yaml:1:1: error: missing key 'name' in a bird");
	assert_told("name: robin\negg: 3",
		    "birds.yaml:2:1: error: unknown key 'egg' in a bird; did you mean 'eggs'?");
	assert_told(
		"name: robin\nwingspan: 3",
		"birds.yaml:2:1: error: unknown key 'wingspan' in a bird (known: name, ringed, awake, eggs, ring, seen, friends)");
	assert_told("name: robin\nringed: no",
		    "birds.yaml:2:9: error: 'ringed' is true or false, not 'no'");
	assert_told("name: robin\neggs: 13",
		    "birds.yaml:2:7: error: 'eggs' is a number from 1 to 12, not '13'");
	assert_told(
		"name: robin\neggs: '3'",
		"birds.yaml:2:7: error: 'eggs' is a number from 1 to 12 without quotes, not '3'");
	assert_told(
		"name: robin\nring: grene",
		"birds.yaml:2:7: error: 'ring' is 'red', 'green' or 'blue', not 'grene'; did you mean 'green'?");
	assert_told("name: robin\nawake: true",
		    "birds.yaml:2:8: error: 'awake' is 'off' or 'on', not 'true'");
	assert_told("name: robin\nfriends: tit",
		    "birds.yaml:2:10: error: expected a list for 'friends', found 'tit'");
	assert_told(
		"name: robin\nfriends:\n",
		"birds.yaml:2:9: error: expected a list for 'friends', found nothing (an empty list is [])");
	assert_told("name: robin\nfriends: []",
		    "birds.yaml:2:10: error: 'friends' is empty, but needs at least one element");
}

static void all_faults_come_in_one_run(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_read(&sample, "nmae: robin\nringed: 1\neggs: x\nring: 7\nfriends: [[], {}, ~]\n");
	assert_false(sample.faultless);
	assert_int_equal(sample.diags.errors, 8);
}

static void earlier_errors_are_not_ones_own(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	diags_add(&sample.diags, DIAG_ERROR, "birds.yaml", 1, 1, "an earlier one");
	sample_read(&sample, "name: robin");
	assert_true(sample.faultless);
}

static void long_values_are_cut_in_messages(void **state)
{
	cleanup(sample_free) struct sample sample = {0};
	char text[5000] = "name: robin\nring: ";

	(void)state;
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	sample_read(&sample, text);
	assert_int_equal(sample.diags.count, 1);
	assert_true(strlen(sample.diags.items[0].text) < 200);
}

static void the_limit_of_memory_is_told_apart(void **state)
{
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	arena_init(&sample.arena, 1);
	sample_read(&sample, "name: robin\nfriends: [tit]\n");
	assert_false(sample.faultless);
	assert_true(sample.out_of_memory);
	assert_int_equal(sample.diags.errors, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_arrives_at_its_member),
		cmocka_unit_test(what_is_left_out_stays_as_it_was),
		cmocka_unit_test(every_fault_has_its_words),
		cmocka_unit_test(all_faults_come_in_one_run),
		cmocka_unit_test(earlier_errors_are_not_ones_own),
		cmocka_unit_test(long_values_are_cut_in_messages),
		cmocka_unit_test(the_limit_of_memory_is_told_apart),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
