/* SPDX-License-Identifier: Apache-2.0 */
#include "answerer.h"

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
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"

static struct sockaddr_un address_of(const struct server *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", server->paths.control);
	return address;
}

static void read_request(struct server *server, int fd)
{
	size_t used = 0;
	ssize_t got = 1;

	while (got > 0 && used < REQUEST_MAX - 1) {
		got = read(fd, server->request + used, REQUEST_MAX - 1 - used);
		used += got > 0 ? (size_t)got : 0;
		/* Bodies of the tests are objects, so that their end is easily seen. */
		if (strstr(server->request, "\r\n\r\n") &&
		    (strncmp(server->request, "GET", 3) == 0 || server->request[used - 1] == '}'))
			return;
	}
}

static void *serve(void *context)
{
	struct server *server = context;
	cleanup(close_fd) int fd = accept(server->listener, NULL, NULL);
	struct pollfd gone = {.fd = fd, .events = POLLRDHUP};

	if (fd < 0 || server->reset)
		return NULL;
	read_request(server, fd);
	for (size_t i = 0; server->pieces[i]; i++) {
		(void)!write(fd, server->pieces[i], strlen(server->pieces[i]));
		(void)usleep(2000); /* so that pieces arrive as pieces */
	}
	if (server->hangs)
		(void)poll(&gone, 1, 10000);
	return NULL;
}

int make_server(void **state)
{
	struct server *server = test_calloc(1, sizeof(*server));

	strcpy(server->folder, "/tmp/vaultwall-client-XXXXXX");
	assert_non_null(mkdtemp(server->folder));
	strcpy(server->paths.instance, "tested");
	(void)snprintf(server->paths.control, PATH_TEXT, "%s/control.sock", server->folder);
	(void)snprintf(server->paths.authorize, PATH_TEXT, "%s/authorize.sock", server->folder);
	server->listener = -1;
	*state = server;
	return 0;
}

int end_server(void **state)
{
	struct server *server = *state;

	close_fd(&server->listener);
	(void)unlink(server->paths.control);
	(void)rmdir(server->folder);
	test_free(server);
	return 0;
}

void server_listen(struct server *server)
{
	struct sockaddr_un address = address_of(server);

	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->listener, 1), 0);
}

void server_start(struct server *server)
{
	server_listen(server);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}
