/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP server on a unix socket, for one event loop: routes are a table,
 * answers are JSON, or a stream of lines that lasts. Knows nothing of what is
 * served. The only module that sees libmicrohttpd.
 *
 * Failures that it finds itself (404, 405, 413, 500, 503) have the body
 * {"error": {"message": "..."}} like those of its handlers.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fault.h"

struct http_server;
struct http_request;
struct http_stream;

/* Answers `request` before it returns; else the client is told 500. */
typedef void http_handler(struct http_request *request, void *context);

/* A row; a list of them ends with {0}. */
struct http_route {
	const char *method;
	const char *path; /* whole, without the query */
	http_handler *handle;
};

struct http_options {
	const char *path;  /* of the socket; one that is there is replaced */
	const char *group; /* who may talk besides root, mode 0660; without such a group: nobody */
	const struct http_route *routes;
	void *context;	 /* for the handlers */
	size_t body_max; /* bytes of one request's body; memory for all under way: four times that
			  */
	unsigned connections;
	unsigned connections_per_user; /* more of one are closed at once; 0: no limit */
	unsigned timeout;	       /* seconds that a connection may be idle */
	size_t memory;		       /* of a connection, for what comes in; 0: 32 KiB */

	int listener; /* one that listens already, from a service manager: it stays; 0: none */
	http_handler *otherwise; /* for what fits no route, any method; NULL: 404 and 405 */
};

int http_open(const struct http_options *options, struct http_server **ret_server,
	      struct fault *fault);

/*
 * The end without a lost request: no connection is taken any more, and each answer closes its own.
 * Whoever listens next on the same socket, or in its place, takes the rest.
 */
void http_drain(struct http_server *server);
bool http_is_idle(const struct http_server *server); /* no request is under way */

/* Ends all connections and removes the socket. NULL is fine. */
void http_close(struct http_server *server);

/* For epoll; whenever it is readable, http_run(). */
int http_fd(const struct http_server *server);
int http_run(struct http_server *server);

/* What was asked. Pointers live as long as the handler runs. */
const char *http_query(const struct http_request *request, const char *key); /* NULL: not there */
const char *http_body(const struct http_request *request, size_t *ret_size);
char *http_take_body(struct http_request *request,
		     size_t *ret_size); /* yours to free; NULL: none */

const char *http_method(const struct http_request *request);
const char *http_target(const struct http_request *request); /* path and query as they were sent */

/* How often a header is there, its name without case; the value of the first, or NULL. */
unsigned http_header(const struct http_request *request, const char *name, const char **ret_value);

struct http_peer {
	pid_t pid; /* for the log only: it may be another process by now */
	uid_t uid;
	gid_t gid;
};

struct http_peer http_peer(const struct http_request *request);

/* Whether the peer was a member of the group when it connected. */
bool http_peer_is_in(const struct http_request *request, gid_t group);

/* Answers. The first counts. `body` is taken. */
void http_answer(struct http_request *request, unsigned status, json_t *body);
void http_refuse(struct http_request *request, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct http_header {
	const char *name;
	const char *value; /* NULL: left out */
};

/* Anything but JSON. `text` is taken, malloc()ed; `headers` end with {0}, NULL: none. */
void http_answer_text(struct http_request *request, unsigned status, const char *type, char *text,
		      const struct http_header *headers);

/*
 * Answers 200 with lines of JSON that may go on for long. `closed` is called once,
 * when the client is gone or the stream has ended and all was sent; the stream
 * must not be used afterwards. NULL: no memory, and the client was told.
 */
struct http_stream *http_answer_stream(struct http_request *request,
				       void (*closed)(struct http_stream *stream, void *context),
				       void *context);

/* A line. -ENOBUFS if the client reads too slowly: nothing was added. */
int http_stream_send(struct http_stream *stream, const json_t *line);

/* What is buffered is still sent. */
void http_stream_end(struct http_stream *stream);
