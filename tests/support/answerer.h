/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in for a server on a unix socket: takes one connection and says what the
 * test wants. For cmocka's setup and teardown.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "paths.h"

#define REQUEST_MAX 4096

struct server {
	char folder[64];
	struct paths paths;
	int listener;
	pthread_t thread;
	const char *pieces[8]; /* of the answer, sent one by one; NULL ends them */
	bool hangs;	       /* keeps the connection open until the client goes */
	bool reset;	       /* ends it without having read the request */
	char request[REQUEST_MAX];
};

/* A folder for the socket, and `*state`. */
int make_server(void **state);
int end_server(void **state);

/* Only listens, with nobody who accepts. */
void server_listen(struct server *server);

/* Listens and takes one connection, in a thread to be joined. */
void server_start(struct server *server);
