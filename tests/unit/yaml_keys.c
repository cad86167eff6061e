/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "yaml_keys.h"

#define KEYS_MANY 100000

/* A mapping whose children stand on a line each. */
struct sample {
	struct yaml_node mapping;
	struct yaml_node *values;
	struct yaml_node *keys;
	char (*texts)[12];
};

static void sample_free(struct sample *sample)
{
	free(sample->values);
	free(sample->keys);
	free(sample->texts);
}

static void sample_fill(struct sample *sample, uint32_t count)
{
	sample->values = calloc(count, sizeof(*sample->values));
	sample->keys = calloc(count, sizeof(*sample->keys));
	sample->texts = calloc(count, sizeof(*sample->texts));
	assert_true(sample->values && sample->keys && sample->texts);
	sample->mapping = (struct yaml_node){
		.kind = YAML_MAPPING, .length = count, .children = sample->values};
	for (uint32_t i = 0; i < count; i++) {
		sample->keys[i].line = i + 1;
		sample->keys[i].column = 1;
		sample->values[i].key = &sample->keys[i];
		sample->values[i].next = i + 1 < count ? &sample->values[i + 1] : NULL;
	}
}

static void key_set(struct sample *sample, uint32_t index, uint32_t number, int digits)
{
	struct yaml_node *key = &sample->keys[index];

	key->length = (uint32_t)snprintf(sample->texts[index], sizeof(*sample->texts), "%0*u",
					 digits, number);
	key->text = sample->texts[index];
}

static void letters_fill(struct sample *sample, const char *letters)
{
	uint32_t count = (uint32_t)strlen(letters);

	sample_fill(sample, count);
	for (uint32_t i = 0; i < count; i++) {
		sample->texts[i][0] = letters[i];
		sample->keys[i].text = sample->texts[i];
		sample->keys[i].length = 1;
	}
}

static void assert_line(const struct diag *diag, const char *expected)
{
	char line[DIAG_LINE_MAX];

	diag_format(diag, line, sizeof(line));
	assert_string_equal(line, expected);
}

static void the_first_of_equal_keys_stays_in_its_place(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_keys_free) struct yaml_keys keys = {0};
	cleanup(sample_free) struct sample sample = {0};
	char left[16] = "";

	(void)state;
	letters_fill(&sample, "bacbbda");
	assert_int_equal(yaml_keys_check(&keys, &sample.mapping, "f", &diags), 0);
	for (const struct yaml_node *child = sample.mapping.children; child; child = child->next)
		strncat(left, child->key->text, sizeof(left) - strlen(left) - 1);
	assert_string_equal(left, "bacd");
	assert_int_equal(sample.mapping.length, 4);
	diags_sort(&diags);
	assert_int_equal(diags.count, 6);
	assert_line(&diags.items[0], "f:4:1: error: duplicate key 'b'");
	assert_line(&diags.items[1], "f:1:1: note: it was first given here");
	assert_line(&diags.items[2], "f:5:1: error: duplicate key 'b'");
	assert_line(&diags.items[3], "f:1:1: note: it was first given here");
	assert_line(&diags.items[4], "f:7:1: error: duplicate key 'a'");
	assert_line(&diags.items[5], "f:2:1: note: it was first given here");
}

static void a_beginning_is_no_duplicate(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_keys_free) struct yaml_keys keys = {0};
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_fill(&sample, 9);
	for (uint32_t i = 0; i < 9; i++)
		key_set(&sample, i, 0, (int)i + 1);
	assert_int_equal(yaml_keys_check(&keys, &sample.mapping, "f", &diags), 0);
	assert_int_equal(diags.count, 0);
	assert_int_equal(sample.mapping.length, 9);
}

static void a_hundred_thousand_keys_take_no_time(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_keys_free) struct yaml_keys keys = {0};
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_fill(&sample, KEYS_MANY);
	for (uint32_t i = 0; i < KEYS_MANY; i++)
		key_set(&sample, i, i * 7919 % KEYS_MANY, 1);
	assert_int_equal(yaml_keys_check(&keys, &sample.mapping, "f", &diags), 0);
	assert_int_equal(diags.count, 0);
	key_set(&sample, KEYS_MANY - 1, 0, 1);
	assert_int_equal(yaml_keys_check(&keys, &sample.mapping, "f", &diags), 0);
	assert_line(&diags.items[0], "f:100000:1: error: duplicate key '0'");
	assert_int_equal(sample.mapping.length, KEYS_MANY - 1);
}

static void equal_keys_alone_take_no_time_either(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_keys_free) struct yaml_keys keys = {0};
	cleanup(sample_free) struct sample sample = {0};

	(void)state;
	sample_fill(&sample, KEYS_MANY);
	for (uint32_t i = 0; i < KEYS_MANY; i++)
		key_set(&sample, i, 42, 1);
	assert_int_equal(yaml_keys_check(&keys, &sample.mapping, "f", &diags), 0);
	assert_int_equal(diags.errors, KEYS_MANY - 1);
	assert_int_equal(sample.mapping.length, 1);
	assert_ptr_equal(sample.mapping.children, &sample.values[0]);
}

static void an_empty_mapping_has_none(void **state)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(yaml_keys_free) struct yaml_keys keys = {0};
	struct yaml_node mapping = {.kind = YAML_MAPPING};

	(void)state;
	assert_int_equal(yaml_keys_check(&keys, &mapping, "f", &diags), 0);
	assert_int_equal(diags.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_equal_keys_stays_in_its_place),
		cmocka_unit_test(a_beginning_is_no_duplicate),
		cmocka_unit_test(a_hundred_thousand_keys_take_no_time),
		cmocka_unit_test(equal_keys_alone_take_no_time_either),
		cmocka_unit_test(an_empty_mapping_has_none),
	};

	return cmocka_run_group_tests_name("yaml_keys", tests, NULL, NULL);
}
