// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "options.h"

struct values {
	bool follow;
	bool quiet;
	const char *vault;
	struct option_number tag;
	struct option_list ranges;
};

static const struct option_spec specs[] = {
	{.name = "follow",
	 .letter = 'f',
	 .type = OPTION_FLAG,
	 .help = "",
	 .target = offsetof(struct values, follow)},
	{.name = "quiet",
	 .letter = 'q',
	 .type = OPTION_FLAG,
	 .help = "",
	 .target = offsetof(struct values, quiet)},
	{.name = "vault",
	 .letter = 'v',
	 .required = true,
	 .type = OPTION_TEXT,
	 .metavar = "VAULT",
	 .help = "",
	 .target = offsetof(struct values, vault)},
	{.name = "tag",
	 .type = OPTION_NUMBER,
	 .metavar = "N",
	 .help = "",
	 .minimum = 1,
	 .maximum = 100,
	 .target = offsetof(struct values, tag)},
	{.name = "range",
	 .type = OPTION_LIST,
	 .metavar = "RANGE",
	 .help = "",
	 .target = offsetof(struct values, ranges)},
	{0},
};

struct parsed {
	int ret;
	int first;
	struct values values;
	struct fault fault;
	char *words[12];
};

#define WORDS_MAX 10

/* `line`: words with a space between them; a lone _ is the empty word. */
static struct parsed parse(const char *line, bool stop_at_operand)
{
	static char copy[256];
	struct parsed parsed = {.first = -1, .words = {(char *)"vaultwall"}};
	const struct option_group group = {specs, &parsed.values};
	int count = 1;

	strncpy(copy, line, sizeof(copy) - 1);
	for (char *word = strtok(copy, " "); word && count < WORDS_MAX; word = strtok(NULL, " ")) {
		if (strcmp(word, "_") == 0)
			word[0] = '\0';
		parsed.words[count++] = word;
	}
	parsed.ret = options_parse(count, parsed.words, &group, 1, stop_at_operand, &parsed.first,
				   &parsed.fault);
	return parsed;
}

static void refuses(const char *line, const char *sentence)
{
	struct parsed parsed = parse(line, false);

	assert_int_equal(parsed.ret, -EINVAL);
	assert_int_equal(parsed.first, -1);
	assert_string_equal(parsed.fault.text, sentence);
}

static void every_type_is_stored(void **state)
{
	struct parsed parsed = parse("--vault contoso --tag=100 --follow", false);

	(void)state;
	assert_int_equal(parsed.ret, 0);
	assert_string_equal(parsed.values.vault, "contoso");
	assert_true(parsed.values.tag.given);
	assert_int_equal(parsed.values.tag.value, 100);
	assert_true(parsed.values.follow);
	assert_false(parsed.values.quiet);
	assert_int_equal(parsed.first, 5);
}

static void letters_stand_together_and_take_values(void **state)
{
	struct parsed parsed = parse("-fqvcontoso", false);

	(void)state;
	assert_int_equal(parsed.ret, 0);
	assert_true(parsed.values.follow);
	assert_true(parsed.values.quiet);
	assert_string_equal(parsed.values.vault, "contoso");
}

static void operands_may_stand_between_options(void **state)
{
	struct parsed parsed = parse("one --follow two -v x three", false);

	(void)state;
	assert_int_equal(parsed.ret, 0);
	assert_true(parsed.values.follow);
	assert_string_equal(parsed.words[parsed.first], "one");
	assert_string_equal(parsed.words[parsed.first + 2], "three");
}

static void options_of_the_command_are_left_to_it(void **state)
{
	struct parsed parsed = parse("--follow push --nothing-of-ours", true);

	(void)state;
	assert_int_equal(parsed.ret, 0);
	assert_string_equal(parsed.words[parsed.first], "push");
}

static void two_dashes_end_the_options(void **state)
{
	struct parsed parsed = parse("-- --follow", false);

	(void)state;
	assert_int_equal(parsed.ret, 0);
	assert_false(parsed.values.follow);
	assert_string_equal(parsed.words[parsed.first], "--follow");
}

static void a_dash_is_an_operand(void **state)
{
	struct parsed parsed = parse("- --follow", false);

	(void)state;
	assert_int_equal(parsed.ret, 0);
	assert_string_equal(parsed.words[parsed.first], "-");
}

static void the_last_of_two_counts(void **state)
{
	struct parsed parsed = parse("--vault a --vault b", false);

	(void)state;
	assert_int_equal(parsed.ret, 0);
	assert_string_equal(parsed.values.vault, "b");
}

static void a_list_keeps_all_of_them_in_order(void **state)
{
	struct parsed parsed = parse("--range a word --range=b --range a", false);

	(void)state;
	assert_int_equal(parsed.ret, 0);
	assert_int_equal(parsed.values.ranges.count, 3);
	assert_string_equal(parsed.values.ranges.items[0], "a");
	assert_string_equal(parsed.values.ranges.items[1], "b");
	assert_string_equal(parsed.values.ranges.items[2], "a");
	refuses("--range _", "option '--range' was given an empty value");
}

static void a_list_has_an_end(void **state)
{
	static char *words[2 * OPTION_LIST_MAX + 4];
	static struct values values;
	const struct option_group group = {specs, &values};
	struct fault fault = {0};
	int first = 0;

	(void)state;
	words[0] = (char *)"vaultwall";
	for (int i = 1; i < 2 * OPTION_LIST_MAX + 3; i += 2) {
		words[i] = (char *)"--range";
		words[i + 1] = (char *)"a";
	}
	assert_int_equal(
		options_parse(2 * OPTION_LIST_MAX + 1, words, &group, 1, false, &first, &fault), 0);
	values.ranges.count = 0;
	assert_int_equal(
		options_parse(2 * OPTION_LIST_MAX + 3, words, &group, 1, false, &first, &fault),
		-EINVAL);
	assert_string_equal(fault.text, "option '--range' was given more than 1000 times");
}

static void an_unknown_option_is_named(void **state)
{
	(void)state;
	refuses("--nonsense", "there is no option '--nonsense'");
	refuses("--folow", "there is no option '--folow'; did you mean '--follow'?");
	refuses("--vualt=x", "there is no option '--vualt=x'; did you mean '--vault'?");
	refuses("-x", "there is no option '-x'");
	refuses("-fx", "there is no option '-x'");
	refuses("-\x1b[2J", "there is no option '-\\x1b'");
	refuses("--\x1b[2J", "there is no option '--\\x1b[2J'");
}

static void an_abbreviation_is_no_option(void **state)
{
	(void)state;
	refuses("--fol", "there is no option '--fol'; did you mean '--follow'?");
	refuses("--vaul contoso", "there is no option '--vaul'; did you mean '--vault'?");
	refuses("--vaul=contoso", "there is no option '--vaul=contoso'; did you mean '--vault'?");
}

static void a_missing_value_is_told(void **state)
{
	(void)state;
	refuses("--vault", "option '--vault' needs a value: --vault VAULT");
	refuses("--tag", "option '--tag' needs a value: --tag N");
	refuses("-v", "option '--vault' needs a value: --vault VAULT");
	refuses("--vault=", "option '--vault' was given an empty value");
	refuses("--vault _", "option '--vault' was given an empty value");
}

static void a_value_for_a_flag_is_refused(void **state)
{
	(void)state;
	refuses("--follow=yes", "option '--follow' takes no value");
}

static void what_is_no_number_in_range_is_refused(void **state)
{
	(void)state;
	refuses("--tag 0", "option '--tag': '0' is no number from 1 to 100");
	refuses("--tag 101", "option '--tag': '101' is no number from 1 to 100");
	refuses("--tag 7x", "option '--tag': '7x' is no number from 1 to 100");
	refuses("--tag -7", "option '--tag': '-7' is no number from 1 to 100");
	refuses("--tag +7", "option '--tag': '+7' is no number from 1 to 100");
	refuses("--tag 0x7", "option '--tag': '0x7' is no number from 1 to 100");
	refuses("--tag 18446744073709551617",
		"option '--tag': '18446744073709551617' is no number from 1 to 100");
}

static void a_required_option_is_asked_for(void **state)
{
	struct values values = {.follow = true};
	const struct option_group group = {specs, &values};
	struct fault fault = {0};

	(void)state;
	assert_int_equal(options_require(&group, &fault), -EINVAL);
	assert_string_equal(fault.text, "option '--vault VAULT' is missing");
	values.vault = "contoso";
	assert_int_equal(options_require(&group, &fault), 0);
}

static void groups_fill_their_own_structs(void **state)
{
	static const struct option_spec other[] = {{.name = "json", .type = OPTION_FLAG}, {0}};
	char *words[] = {(char *)"vaultwall", (char *)"--json", (char *)"--follow", NULL};
	struct values values = {0};
	bool json = false;
	const struct option_group groups[] = {{specs, &values}, {NULL, NULL}, {other, &json}};
	struct fault fault = {0};
	int first = 0;

	(void)state;
	assert_int_equal(options_parse(3, words, groups, 3, false, &first, &fault), 0);
	assert_true(json);
	assert_true(values.follow);
}

static void a_near_name_is_found(void **state)
{
	static const char *const names[] = {"check", "push", "status", "show", "explain"};

	(void)state;
	assert_string_equal(options_nearest("chekc", names, 5), "check");
	assert_string_equal(options_nearest("stat", names, 5), "status");
	assert_string_equal(options_nearest("ex", names, 5), "explain");
	assert_null(options_nearest("nonsense", names, 5));
	assert_null(options_nearest("", names, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_stored),
		cmocka_unit_test(letters_stand_together_and_take_values),
		cmocka_unit_test(operands_may_stand_between_options),
		cmocka_unit_test(options_of_the_command_are_left_to_it),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(a_dash_is_an_operand),
		cmocka_unit_test(the_last_of_two_counts),
		cmocka_unit_test(a_list_keeps_all_of_them_in_order),
		cmocka_unit_test(a_list_has_an_end),
		cmocka_unit_test(an_unknown_option_is_named),
		cmocka_unit_test(an_abbreviation_is_no_option),
		cmocka_unit_test(a_missing_value_is_told),
		cmocka_unit_test(a_value_for_a_flag_is_refused),
		cmocka_unit_test(what_is_no_number_in_range_is_refused),
		cmocka_unit_test(a_required_option_is_asked_for),
		cmocka_unit_test(groups_fill_their_own_structs),
		cmocka_unit_test(a_near_name_is_found),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
