// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"

#define MANY 300000 /* more than a pipe holds: both ends see short counts */

static char sent[MANY], came[MANY];

struct writer {
	int fd;
	int result;
};

static void *write_all(void *context)
{
	struct writer *writer = context;

	writer->result = bytes_write(writer->fd, sent, sizeof(sent));
	(void)close(writer->fd);
	return NULL;
}

static void all_of_them_come_through_a_pipe(void **state)
{
	struct writer writer;
	pthread_t thread;
	size_t size = 0;
	int ends[2];

	(void)state;
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 31 + i / 255);
	assert_int_equal(pipe(ends), 0);
	writer = (struct writer){.fd = ends[1], .result = -1};
	assert_int_equal(pthread_create(&thread, NULL, write_all, &writer), 0);
	assert_int_equal(bytes_read(ends[0], came, 1000, &size), 0);
	assert_int_equal(size, 1000);
	assert_int_equal(bytes_read(ends[0], came + 1000, sizeof(came) - 1000, &size), 0);
	assert_int_equal(size, sizeof(came) - 1000);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(writer.result, 0);
	assert_memory_equal(came, sent, sizeof(sent));
	assert_int_equal(bytes_read(ends[0], came, sizeof(came), &size), 0);
	assert_int_equal(size, 0);
	(void)close(ends[0]);
}

static void a_failure_is_told(void **state)
{
	size_t size = 7;

	(void)state;
	assert_int_equal(bytes_read(-1, came, sizeof(came), &size), -EBADF);
	assert_int_equal(size, 7);
	assert_int_equal(bytes_write(-1, sent, sizeof(sent)), -EBADF);
	assert_int_equal(bytes_write(-1, sent, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_them_come_through_a_pipe),
		cmocka_unit_test(a_failure_is_told),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
