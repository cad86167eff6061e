// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "secret.h"
#include "token.h"

static char path[] = "/tmp/vaultwall-secret-XXXXXX";

static void write_file(const char *text, size_t size)
{
	cleanup(close_fd) int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, text, size), size);
}

static void reads(const char *text, size_t size, const char *expected)
{
	cleanup(secret_free) struct secret secret = {0};
	struct fault fault = {0};

	write_file(text, size);
	assert_int_equal(secret_read(path, &secret, &fault), 0);
	assert_string_equal(secret.text, expected);
}

/* And says so without a piece of it. */
static void refuses(const char *text, size_t size, const char *words)
{
	struct secret secret = {0};
	struct fault fault = {0};

	write_file(text, size);
	assert_int_equal(secret_read(path, &secret, &fault), -EINVAL);
	assert_non_null(strstr(fault.text, words));
	assert_null(strstr(fault.text, "eyJ"));
	assert_null(secret.text);
}

static void a_newline_at_the_end_is_left_out(void **state)
{
	(void)state;
	reads("eyJ.a.b", 7, "eyJ.a.b");
	reads("eyJ.a.b\n", 8, "eyJ.a.b");
	reads("eyJ.a.b\r\n", 9, "eyJ.a.b");
}

static void what_is_no_token_is_refused(void **state)
{
	(void)state;
	refuses("", 0, "holds no token");
	refuses("\n", 1, "holds no token");
	refuses("Bearer eyJ", 10, "without blanks");
	refuses("eyJ\n\n", 5, "without blanks");
	refuses("eyJ\0x", 5, "without blanks");
	refuses("eyJ\xff", 4, "without blanks");
}

static void a_token_has_a_size(void **state)
{
	cleanup(free_ptr) char *large = malloc(TOKEN_BYTES + 4);

	(void)state;
	memset(large, 'x', TOKEN_BYTES + 1);
	large[TOKEN_BYTES + 1] = '\0';
	refuses(large, TOKEN_BYTES + 1, "longer than a token may be");
	memcpy(large + TOKEN_BYTES, "\r\n", 3);
	write_file(large, TOKEN_BYTES + 2);
	large[TOKEN_BYTES] = '\0';
	reads(large, TOKEN_BYTES, large);
}

static void places_that_hold_none_are_told(void **state)
{
	struct secret secret = {0};
	struct fault fault = {0};

	(void)state;
	assert_int_equal(secret_read("/tmp", &secret, &fault), -EISDIR);
	assert_int_equal(secret_read("/nowhere/at/all", &secret, &fault), -ENOENT);
	assert_int_equal(secret_read("/dev/zero", &secret, &fault), -EINVAL);
}

static void nobody_gets_a_core_file_with_it(void **state)
{
	(void)state;
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	reads("eyJ", 3, "eyJ");
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}

static int make_file(void **state)
{
	cleanup(close_fd) int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_newline_at_the_end_is_left_out),
		cmocka_unit_test(what_is_no_token_is_refused),
		cmocka_unit_test(a_token_has_a_size),
		cmocka_unit_test(places_that_hold_none_are_told),
		cmocka_unit_test(nobody_gets_a_core_file_with_it),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
