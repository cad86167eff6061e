/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the HTTP server share. For http*.c only.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "http.h"

/* One descriptor to the outside: an epoll set of libmicrohttpd's, a timer and silent streams. */
struct http_server {
	struct http_options options;
	char *path; /* of the socket that is ours to remove; NULL: it was handed over */
	struct stat socket;
	struct MHD_Daemon *daemon;
	int epoll;
	int timer;
	int64_t alarm; /* milliseconds of CLOCK_MONOTONIC when the timer goes off; 0: it does not */
	int retired;   /* the listener, once no connection is taken any more */
	struct http_stream *streams;
	size_t stream_count;
	size_t bodies;		  /* bytes of all bodies under way */
	size_t under_way;	  /* requests */
	struct http_users *users; /* NULL: they are not counted */
	bool draining;
	bool closing;
};

struct http_request {
	struct http_server *server;
	struct MHD_Connection *connection;
	const char *method; /* libmicrohttpd's; NULL: its headers are not complete yet */
	char *target;
	http_handler *handle;
	char *body;
	size_t size, capacity;
	bool answered;
	bool too_large;
	bool no_memory;
	enum MHD_Result queued;
};

/* Refuses with 405 and the methods that there are. `allow` may be NULL. */
void http_refuse_method(struct http_request *request, const char *allow);

int http_connection_fd(struct MHD_Connection *connection);

/*
 * How many connections each user has, so that one of them cannot use up all. http_users.c; the
 * callback closes what is too much, and its context is a struct http_users.
 */
struct http_users *http_users_new(unsigned most); /* NULL: no memory */
void http_users_note(void *context, struct MHD_Connection *connection, void **mark,
		     enum MHD_ConnectionNotificationCode code);
