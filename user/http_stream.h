/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streaming answers of the HTTP server: what http.c needs of them. A stream
 * whose buffer is empty is suspended; libmicrohttpd does not watch a suspended
 * connection, so its descriptor is in an epoll set of ours, for the hang-up.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "http.h"

#define STREAM_BUFFER_MAX ((size_t)1 << 20)

struct http_stream {
	struct http_stream *next, **link;  /* in the list of its server */
	size_t *count;			   /* of that list */
	struct MHD_Connection *connection; /* borrowed, as are the descriptors */
	int epoll, fd;
	int timer; /* wakes the loop: libmicrohttpd sees a resumed connection only when it runs */
	bool suspended;
	bool ended; /* nothing will be added */
	bool gone;  /* the client hung up */
	char *text; /* bytes `from` ... `to` are still to be sent */
	size_t from, to, capacity;
	void (*closed)(struct http_stream *stream, void *context);
	void *context;
};

/* Puts the stream into `list`; its response owns it. NULL: no memory. */
struct MHD_Response *http_stream_response(struct http_stream *stream, struct http_stream **list,
					  size_t *count);

/* The client hung up: the connection wakes, and ends. */
void http_stream_hang_up(struct http_stream *stream);
