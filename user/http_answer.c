// SPDX-License-Identifier: Apache-2.0
#include "http_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "http_stream.h"

/* Answers. */

static void send_response(struct http_request *request, unsigned status,
			  struct MHD_Response *response, const char *type)
{
	if (type)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (request->server->draining)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	request->queued = MHD_queue_response(request->connection, status, response);
	request->answered = true;
	MHD_destroy_response(response);
}

void http_answer_text(struct http_request *request, unsigned status, const char *type, char *text,
		      const struct http_header *headers)
{
	struct MHD_Response *response = NULL;

	if (!text[0])
		type = NULL; /* of nothing */
	if (!request->answered)
		response =
			MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		request->answered = true; /* with nothing but a closed connection */
		return;
	}
	for (; headers && headers->name; headers++)
		if (headers->value)
			(void)MHD_add_response_header(response, headers->name, headers->value);
	send_response(request, status, response, type);
}

static void answer(struct http_request *request, unsigned status, json_t *body, const char *allow)
{
	const struct http_header headers[] = {{MHD_HTTP_HEADER_ALLOW, allow}, {0}};
	char *text = json_dumps(body, JSON_COMPACT);

	if (text)
		http_answer_text(request, status, "application/json", text, headers);
	json_decref(body);
}

void http_answer(struct http_request *request, unsigned status, json_t *body)
{
	answer(request, status, body, NULL);
}

/* A message may quote what the client sent, or cut it within a character. */
static json_t *error_json(char *message)
{
	json_t *text = json_string(message);

	for (char *c = message; !text && *c; c++)
		if (*c & 0x80)
			*c = '?';
	return json_pack("{s:{s:o}}", "error", "message", text ? text : json_string(message));
}

void http_refuse(struct http_request *request, unsigned status, const char *format, ...)
{
	char message[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	answer(request, status, error_json(message), NULL);
}

void http_refuse_method(struct http_request *request, const char *allow)
{
	answer(request, MHD_HTTP_METHOD_NOT_ALLOWED,
	       json_pack("{s:{s:s}}", "error", "message", "the path has other methods"), allow);
}

struct http_stream *http_answer_stream(struct http_request *request,
				       void (*closed)(struct http_stream *stream, void *context),
				       void *context)
{
	struct http_server *server = request->server;
	struct MHD_Response *response = NULL;
	struct http_stream *stream = NULL;

	/* Streams last: half of the connections stay for short questions. */
	if (!server->closing && server->stream_count < server->options.connections / 2)
		stream = calloc(1, sizeof(*stream));
	if (stream) {
		stream->connection = request->connection;
		stream->epoll = server->epoll;
		stream->timer = server->timer;
		stream->fd = http_connection_fd(request->connection);
		stream->closed = closed;
		stream->context = context;
		response = http_stream_response(stream, &server->streams, &server->stream_count);
	}
	if (!response) {
		free(stream);
		http_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many clients follow");
		return NULL;
	}
	send_response(request, MHD_HTTP_OK, response, "application/x-ndjson");
	return stream;
}

/* Questions. */

const char *http_method(const struct http_request *request)
{
	return request->method;
}

const char *http_target(const struct http_request *request)
{
	return request->target;
}

struct header_search {
	const char *name;
	size_t length; /* of the name: most others differ in it */
	const char *value;
	unsigned count;
};

static enum MHD_Result note_header(void *context, enum MHD_ValueKind kind, const char *name,
				   size_t name_length, const char *value, size_t value_length)
{
	struct header_search *search = context;

	(void)kind;
	(void)value_length;
	if (name_length == search->length && !strcasecmp(name, search->name) &&
	    search->count++ == 0)
		search->value = value ? value : "";
	return MHD_YES;
}

unsigned http_header(const struct http_request *request, const char *name, const char **ret_value)
{
	struct header_search search = {.name = name, .length = strlen(name)};

	(void)MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, note_header,
					  &search);
	*ret_value = search.value;
	return search.count;
}

const char *http_query(const struct http_request *request, const char *key)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, key);
}

const char *http_body(const struct http_request *request, size_t *ret_size)
{
	*ret_size = request->size;
	return request->body ? request->body : "";
}

char *http_take_body(struct http_request *request, size_t *ret_size)
{
	/* What it had grown beyond its size goes back. */
	char *fitting = request->size ? realloc(request->body, request->size) : NULL;
	char *body = fitting ? fitting : request->body;

	request->server->bodies -= request->capacity;
	request->capacity = 0;
	request->body = NULL;
	*ret_size = request->size;
	return body;
}

struct http_peer http_peer(const struct http_request *request)
{
	struct ucred credentials = {.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
	socklen_t size = sizeof(credentials);

	(void)getsockopt(http_connection_fd(request->connection), SOL_SOCKET, SO_PEERCRED,
			 &credentials, &size);
	return (struct http_peer){credentials.pid, credentials.uid, credentials.gid};
}

bool http_peer_is_in(const struct http_request *request, gid_t group)
{
	int fd = http_connection_fd(request->connection);
	cleanup(free_ptr) gid_t *groups = NULL;
	socklen_t size = 0;
	gid_t none = 0;

	if (http_peer(request).gid == group)
		return true;
	/* The first call only says how much room it takes. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &none, &size) == 0 || errno != ERANGE)
		return false;
	groups = malloc(size);
	if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}
