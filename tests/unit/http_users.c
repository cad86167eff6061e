// SPDX-License-Identifier: Apache-2.0
/* That one user cannot use up all connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "http.h"

#define CONNECTIONS 8
#define ATTEMPTS    16 /* all of one user */
#define PER_USER    4
#define TURNS	    100
#define TURN_MS	    10

static const char question[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

struct place {
	char folder[64], path[96];
	struct http_server *server;
};

static void handle_hello(struct http_request *request, void *context)
{
	(void)context;
	http_answer(request, 200, json_object());
}

static const struct http_route routes[] = {{"GET", "/hello", handle_hello}, {0}};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct fault fault = {0};

	if (!place)
		return -1;
	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/vaultwall-users-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	(void)snprintf(place->path, sizeof(place->path), "%s/socket", place->folder);
	const struct http_options options = {
		.path = place->path,
		.group = "no-such-group",
		.routes = routes,
		.body_max = 100,
		.connections = CONNECTIONS,
		.connections_per_user = PER_USER,
		.timeout = 10,
	};
	*state = place;
	return http_open(&options, &place->server, &fault);
}

static int tear_down(void **state)
{
	struct place *place = *state;

	http_close(place->server);
	(void)rmdir(place->folder);
	free(place);
	return 0;
}

static void turn(const struct place *place)
{
	struct pollfd ready = {.fd = http_fd(place->server), .events = POLLIN};

	if (poll(&ready, 1, TURN_MS) > 0)
		assert_int_equal(http_run(place->server), 0);
}

/* As `uid`; the kernel notes who connects. */
static int connect_as(const struct place *place, uid_t uid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->path);
	assert_int_equal(setresuid((uid_t)-1, uid, (uid_t)-1), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setresuid((uid_t)-1, 0, (uid_t)-1), 0);
	turn(place);
	return fd;
}

/* Asks over it: whether there is an answer, and not an end. */
static bool is_answered(const struct place *place, int fd)
{
	char reply[1024];

	if (send(fd, question, strlen(question), MSG_NOSIGNAL) < 0)
		return false;
	for (int i = 0; i < TURNS; i++) {
		ssize_t n = recv(fd, reply, sizeof(reply), 0);

		if (n >= 0)
			return n > 0;
		turn(place);
	}
	return false;
}

static void one_user_cannot_use_up_all_connections(void **state)
{
	const struct place *place = *state;
	int fds[ATTEMPTS];
	int other = -1;

	if (geteuid() != 0)
		skip(); /* somebody else has to connect, too */
	assert_int_equal(chmod(place->folder, 0755), 0);
	assert_int_equal(chmod(place->path, 0666), 0);
	for (size_t i = 0; i < ATTEMPTS; i++)
		fds[i] = connect_as(place, 0);
	for (size_t i = 0; i < ATTEMPTS; i++)
		assert_int_equal(is_answered(place, fds[i]), i < PER_USER);
	other = connect_as(place, 1);
	assert_true(is_answered(place, other));
	close_fd(&fds[0]);
	turn(place);
	turn(place);
	close_fd(&fds[PER_USER]);
	fds[0] = connect_as(place, 0);
	assert_true(is_answered(place, fds[0]));
	for (size_t i = 0; i < ATTEMPTS; i++)
		close_fd(&fds[i]);
	close_fd(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_user_cannot_use_up_all_connections, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("http_users", tests, NULL, NULL);
}
