// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "nginx_words.h"

static void says(const char *output, const char *expected)
{
	char text[200];

	nginx_words_problem(output, "/etc/.f.new", "/etc/.f.refused", text, sizeof(text));
	assert_string_equal(text, expected);
}

static void the_error_is_told_and_not_the_warnings(void **state)
{
	(void)state;
	says("nginx: [warn] conflicting name in /etc/.f.new:3\n"
	     "nginx: [emerg] unknown directive \"x\" in /etc/.f.new:7\n"
	     "nginx: configuration file /etc/.f.new test failed\n",
	     "[emerg] unknown directive \"x\" in /etc/.f.refused:7");
}

static void time_and_process_are_left_out(void **state)
{
	(void)state;
	says("2026/11/24 14:01:13 [error] 495#495: open() \"/x\" failed (2: No such file)\n",
	     "[error] 495#495: open() \"/x\" failed (2: No such file)");
}

static void without_an_error_it_is_the_last_line(void **state)
{
	(void)state;
	says("one\ntwo\n\n", "two");
	says("no newline", "no newline");
	says("\n\n", "");
	says("", "");
}

static void every_mention_of_the_file_is_replaced(void **state)
{
	(void)state;
	says("/etc/.f.new and /etc/.f.new:1", "/etc/.f.refused and /etc/.f.refused:1");
	says("/etc/.f.newer", "/etc/.f.refuseder"); /* no harm: it is only told */
}

static void nothing_speaks_to_the_terminal(void **state)
{
	(void)state;
	says("[emerg] \x1b[2J\xff", "[emerg] \\x1b[2J\\xff");
}

static void long_lines_are_cut(void **state)
{
	char output[5000], text[100];

	(void)state;
	memset(output, 'x', sizeof(output) - 1);
	output[sizeof(output) - 1] = '\0';
	nginx_words_problem(output, "x", "a-longer-name", text, sizeof(text));
	assert_true(strlen(text) < sizeof(text));
	nginx_words_problem(output, NULL, NULL, text, sizeof(text));
	assert_true(strlen(text) < sizeof(text));
	nginx_words_problem(output, NULL, NULL, text, 1);
	assert_string_equal(text, "");
}

static void only_an_absent_nginx_counts_as_absent(void **state)
{
	static const char *const absent[] = {
		"nginx: [error] open() \"/run/nginx.pid\" failed (2: No such file or directory)\n",
		"2026/11/24 14:01:13 [error] 4#4: invalid PID number \"\" in \"/run/gate.pid\"\n",
		"2026/11/24 14:01:13 [alert] 4#4: kill(77, 1) failed (3: No such process)\n",
	};
	static const char *const faults[] = {
		"",
		"nginx: [emerg] open() \"/etc/nginx/mime.types\" failed (2: No such file or directory)\n",
		"nginx: [error] invalid PID number \"x\" in \"/run/gate.pid\"\n",
		"nginx: [error] open() \"/run/nginx.pid\" failed (13: Permission denied)\n",
		"nginx: [alert] kill(77, 1) failed (1: Operation not permitted)\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_true(nginx_words_not_running(absent[i]));
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		assert_false(nginx_words_not_running(faults[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_error_is_told_and_not_the_warnings),
		cmocka_unit_test(time_and_process_are_left_out),
		cmocka_unit_test(without_an_error_it_is_the_last_line),
		cmocka_unit_test(every_mention_of_the_file_is_replaced),
		cmocka_unit_test(nothing_speaks_to_the_terminal),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(only_an_absent_nginx_counts_as_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
