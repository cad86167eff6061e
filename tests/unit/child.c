// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "child.h"

/* What `sh -c SCRIPT` comes to. */
static struct child_result shell(const char *script, unsigned seconds)
{
	const char *const arguments[] = {"/bin/sh", "-c", script, NULL};
	struct child_result result;
	struct fault fault = {0};

	assert_int_equal(child_run(arguments, seconds, &result, &fault), 0);
	return result;
}

static void status_and_output_are_told(void **state)
{
	struct child_result result = shell("echo out; echo err >&2; exit 3", 10);

	(void)state;
	assert_int_equal(result.status, 3);
	assert_string_equal(result.output, "out\nerr\n");
	assert_int_equal(shell("exit 0", 10).status, 0);
}

static void a_signal_is_no_status(void **state)
{
	struct child_result result = shell("kill -SEGV $$", 10);

	(void)state;
	assert_int_equal(result.status, -1);
	assert_false(result.late);
}

static void the_environment_is_ours(void **state)
{
	(void)state;
	assert_int_equal(setenv("NGINX", "3;", 1), 0);
	assert_string_equal(shell("echo \"$NGINX|$LC_ALL|$(pwd)\"; cat", 10).output, "|C|/\n");
}

static void descriptors_do_not_leak(void **state)
{
	(void)state;
	/* 3 is the folder that ls reads. */
	assert_string_equal(shell("ls /proc/self/fd | tr '\\n' ' '", 10).output, "0 1 2 3 ");
}

static void blocked_signals_are_not_blocked_there(void **state)
{
	sigset_t set, before;

	(void)state;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
	assert_int_equal(shell("kill -TERM $$; exit 5", 10).status, -1);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static void a_signal_that_waits_ends_it(void **state)
{
	const char *const arguments[] = {"/bin/sleep", "100", NULL};
	struct child_result result;
	struct fault fault = {0};
	sigset_t set, before;
	int taken = 0;

	(void)state;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(child_run(arguments, 50, &result, &fault), -EINTR);
	/* It is still there for the caller. */
	assert_int_equal(sigwait(&set, &taken), 0);
	assert_int_equal(taken, SIGTERM);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static void what_takes_too_long_is_ended(void **state)
{
	time_t began = time(NULL);
	struct child_result result = shell("echo begun; sleep 100 & sleep 100", 1);

	(void)state;
	assert_true(result.late);
	assert_int_equal(result.status, -1);
	assert_string_equal(result.output, "begun\n");
	assert_true(time(NULL) - began < 20);
}

/* One that goes on in the background, and keeps the pipe open, is not waited for. */
static void what_it_leaves_behind_is_ended(void **state)
{
	time_t began = time(NULL);

	(void)state;
	assert_int_equal(shell("sleep 100 & exit 0", 50).status, 0);
	assert_true(time(NULL) - began < 20);
}

static void the_end_of_much_output_is_kept(void **state)
{
	struct child_result result =
		shell("i=0; while [ $i -lt 9000 ]; do echo line $i; i=$((i+1)); done", 60);
	size_t length = strlen(result.output);

	(void)state;
	assert_int_equal(result.status, 0);
	assert_true(length >= CHILD_OUTPUT / 3 && length < CHILD_OUTPUT);
	assert_string_equal(result.output + length - 10, "line 8999\n");
}

static void a_program_that_is_not_there_is_told(void **state)
{
	const char *const arguments[] = {"/nonexistent/program", NULL};
	struct child_result result;
	struct fault fault = {0};

	(void)state;
	assert_int_equal(child_run(arguments, 1, &result, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, "/nonexistent/program"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_output_are_told),
		cmocka_unit_test(a_signal_is_no_status),
		cmocka_unit_test(the_environment_is_ours),
		cmocka_unit_test(descriptors_do_not_leak),
		cmocka_unit_test(blocked_signals_are_not_blocked_there),
		cmocka_unit_test(a_signal_that_waits_ends_it),
		cmocka_unit_test(what_takes_too_long_is_ended),
		cmocka_unit_test(what_it_leaves_behind_is_ended),
		cmocka_unit_test(the_end_of_much_output_is_kept),
		cmocka_unit_test(a_program_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
