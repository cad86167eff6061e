// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "journal.h"

#define LOG_TEXT 8192

/* stderr goes into a file while `write_log` runs; systemd = it reads that file. */
static void capture(void (*write_log)(void), int systemd, char log[LOG_TEXT])
{
	cleanup(close_fd) int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	cleanup(close_fd) int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	struct stat status;
	char stream[64];
	ssize_t size;

	assert_true(file >= 0 && before >= 0);
	assert_int_equal(fstat(file, &status), 0);
	(void)snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)status.st_dev,
		       (unsigned long)status.st_ino + !systemd);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	write_log();
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	size = pread(file, log, LOG_TEXT - 1, 0);
	assert_true(size >= 0);
	log[size] = '\0';
}

static void say_one_of_each(void)
{
	journal_set_level(JOURNAL_INFO);
	journal(JOURNAL_ERROR, "one %d", 1);
	journal(JOURNAL_WARNING, "two");
	journal(JOURNAL_NOTICE, "three");
	journal(JOURNAL_INFO, "four");
	journal(JOURNAL_DEBUG, "five");
}

static void say_something_ugly(void)
{
	journal(JOURNAL_INFO, "a\nb\x1b[31mc\x7f");
}

static void say_something_long(void)
{
	char text[LOG_TEXT];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	journal(JOURNAL_INFO, "%s", text);
}

static void systemd_gets_priorities(void **state)
{
	char log[LOG_TEXT];

	(void)state;
	capture(say_one_of_each, 1, log);
	assert_string_equal(log, "<3>error: one 1\n<4>warning: two\n<5>three\n<6>four\n");
}

static void others_get_the_time(void **state)
{
	char log[LOG_TEXT];

	(void)state;
	capture(say_one_of_each, 0, log);
	assert_null(strstr(log, "<3>"));
	assert_int_equal(log[10], 'T');
	assert_memory_equal(log + 23, "Z error: one 1\n", 15);
}

static void a_message_stays_one_line(void **state)
{
	char log[LOG_TEXT];

	(void)state;
	capture(say_something_ugly, 1, log);
	assert_string_equal(log, "<6>a?b?[31mc?\n");
}

static void a_long_message_is_cut(void **state)
{
	char log[LOG_TEXT];

	(void)state;
	capture(say_something_long, 1, log);
	assert_true(strlen(log) < 3000);
	assert_int_equal(log[strlen(log) - 1], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systemd_gets_priorities),
		cmocka_unit_test(others_get_the_time),
		cmocka_unit_test(a_message_stays_one_line),
		cmocka_unit_test(a_long_message_is_cut),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
