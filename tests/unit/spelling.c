/* SPDX-License-Identifier: Apache-2.0 */
#include "spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *suggest(const char *written, const char *candidate)
{
	struct spelling spelling = {.written = written};

	spelling_try(&spelling, candidate);
	return spelling.best;
}

static void slips_of_the_finger_are_understood(void **state)
{
	(void)state;
	assert_non_null(suggest("defualt_action", "default_action")); /* swapped */
	assert_non_null(suggest("defaut_action", "default_action"));  /* left out */
	assert_non_null(suggest("defaulta_ction", "default_action"));
	assert_non_null(suggest("default-action", "default_action")); /* another */
	assert_non_null(suggest("DEFAULT_ACTION", "default_action"));
	assert_non_null(suggest("frontend", "frontends"));
}

static void another_word_is_not_suggested(void **state)
{
	(void)state;
	assert_null(suggest("acls", "tls"));
	assert_null(suggest("upstream", "tenant"));
	assert_null(suggest("", "name"));
	assert_null(suggest("x", "name"));
	assert_null(suggest("access", "actions"));
}

static void the_nearest_wins_and_then_the_first(void **state)
{
	struct spelling spelling = {.written = "listt"};

	(void)state;
	spelling_try(&spelling, "lists");
	assert_string_equal(spelling.best, "lists");
	spelling_try(&spelling, "list");
	assert_string_equal(spelling.best, "lists");
	spelling_try(&spelling, "listt");
	assert_string_equal(spelling.best, "listt");
}

static void long_words_are_left_alone(void **state)
{
	char word[1000];

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(suggest(word, word));
	assert_null(suggest("a", word));
	word[48] = '\0';
	assert_non_null(suggest(word, word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_of_the_finger_are_understood),
		cmocka_unit_test(another_word_is_not_suggested),
		cmocka_unit_test(the_nearest_wins_and_then_the_first),
		cmocka_unit_test(long_words_are_left_alone),
	};

	return cmocka_run_group_tests_name("spelling", tests, NULL, NULL);
}
