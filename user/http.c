// SPDX-License-Identifier: Apache-2.0
#include "http_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "cleanup.h"
#include "http_stream.h"
#include "journal.h"
#include "listener.h"

#define CONNECTION_MEMORY ((size_t)32 << 10) /* headers beyond it are refused with 431 */
#define WAKEUPS		  16
#define TURNS		  8

/* Routes. */

static const struct http_route *find_route(const struct http_route *routes, const char *method,
					   const char *path)
{
	for (; routes->method; routes++)
		if (!strcmp(routes->path, path) && !strcmp(routes->method, method))
			return routes;
	return NULL;
}

/* "GET, POST"; empty: there is no such path. */
static void find_methods(const struct http_route *routes, const char *path, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (; routes->method && used < size; routes++)
		if (!strcmp(routes->path, path))
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
						 routes->method);
}

static void refuse_route(struct http_request *request, const char *path)
{
	char methods[64];

	find_methods(request->server->options.routes, path, methods, sizeof(methods));
	if (!methods[0])
		http_refuse(request, MHD_HTTP_NOT_FOUND, "there is no %.200s here", path);
	else
		http_refuse_method(request, methods);
}

static void refuse_size(struct http_request *request)
{
	http_refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "a request has at most %zu bytes",
		    request->server->options.body_max);
}

/*
 * A request's life: create() with its first line, begin() with its headers, receive() for each
 * piece of the body, finish(), complete(). Only create() sees the target as it was sent.
 */

static void *create(void *context, const char *target, struct MHD_Connection *connection)
{
	struct http_server *server = context;
	cleanup(free_ptr) struct http_request *request = calloc(1, sizeof(*request));

	if (request)
		request->target = strdup(target);
	if (!request || !request->target)
		return NULL;
	request->server = server;
	request->connection = connection;
	request->queued = MHD_NO;
	server->under_way++;
	return take_ptr(&request);
}

static http_handler *find_handler(const struct http_options *options, const char *method,
				  const char *path)
{
	const struct http_route *route = find_route(options->routes, method, path);

	return route ? route->handle : options->otherwise;
}

static enum MHD_Result begin(struct http_request *request, const char *method, const char *path)
{
	const struct http_server *server = request->server;
	const char *length = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	request->method = method;
	request->handle = find_handler(&server->options, method, path);
	if (!request->handle)
		refuse_route(request, path);
	else if (length && strtoull(length, NULL, 10) > server->options.body_max)
		refuse_size(request);
	else
		return MHD_YES;
	return request->queued;
}

static bool grow_body(struct http_request *request, size_t need)
{
	struct http_server *server = request->server;
	size_t capacity = need < 32768 ? 65536 : 2 * need;
	char *larger;

	if (need <= request->capacity)
		return true;
	if (server->bodies - request->capacity + capacity > 4 * server->options.body_max)
		return false;
	larger = realloc(request->body, capacity);
	if (!larger)
		return false;
	server->bodies += capacity - request->capacity;
	request->body = larger;
	request->capacity = capacity;
	return true;
}

/* What cannot be kept is read to its end all the same, so that the client reads the answer. */
static void receive(struct http_request *request, const char *data, size_t size)
{
	if (request->size + size > request->server->options.body_max)
		request->too_large = true;
	if (request->too_large || request->no_memory)
		return;
	if (!grow_body(request, request->size + size)) {
		request->no_memory = true;
		return;
	}
	memcpy(request->body + request->size, data, size);
	request->size += size;
}

static enum MHD_Result finish(struct http_request *request)
{
	if (request->too_large)
		refuse_size(request);
	else if (request->no_memory)
		http_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory for the request");
	else
		request->handle(request, request->server->options.context);
	if (!request->answered)
		http_refuse(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "the request failed");
	return request->queued;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **address)
{
	struct http_request *request = *address;

	(void)context;
	(void)connection;
	(void)version;
	if (!request)
		return MHD_NO;
	if (!request->method)
		return begin(request, method, path);
	if (*size == 0)
		return finish(request);
	receive(request, data, *size);
	*size = 0;
	return MHD_YES;
}

static void complete(void *context, struct MHD_Connection *connection, void **address,
		     enum MHD_RequestTerminationCode code)
{
	struct http_server *server = context;
	struct http_request *request = *address;

	(void)connection;
	(void)code;
	if (!request)
		return;
	server->under_way--;
	server->bodies -= request->capacity;
	free(request->target);
	free(request->body);
	free(request);
	*address = NULL;
}

/* The server. */

static int watch(const struct http_server *server, int fd, void *mark)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = mark};

	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int64_t milliseconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * A timer that goes off too early only makes one more turn, so it is set anew when it has to be
 * earlier, and not for each request.
 */
static void arm_timer(struct http_server *server)
{
	struct itimerspec when = {0};
	MHD_UNSIGNED_LONG_LONG wait;
	int64_t now, alarm;

	if (MHD_get_timeout(server->daemon, &wait) != MHD_YES) {
		if (server->alarm == 0)
			(void)timerfd_settime(server->timer, 0, &when, NULL);
		return;
	}
	now = milliseconds_now();
	alarm = now + (int64_t)wait;
	if (server->alarm > now && server->alarm <= alarm)
		return;
	when.it_value.tv_sec = (time_t)(wait / 1000);
	when.it_value.tv_nsec = (long)(wait % 1000) * 1000000 + 1;
	if (timerfd_settime(server->timer, 0, &when, NULL) == 0)
		server->alarm = alarm;
}

__attribute__((format(printf, 2, 0))) static void log_message(void *context, const char *format,
							      va_list arguments)
{
	char message[512];

	(void)context;
	(void)vsnprintf(message, sizeof(message), format, arguments);
	message[strcspn(message, "\n")] = '\0';
	journal(JOURNAL_DEBUG, "http: %s", message);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int fd)
{
	const struct http_options *options = &server->options;
	const struct MHD_OptionItem per_user[] = {
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_users_note, server->users},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem roomy[] = {
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)options->memory, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (intptr_t)options->memory / 2, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			MHD_USE_SUPPRESS_DATE_NO_CLOCK,
		0, NULL, NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_message, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, create, server,
		MHD_OPTION_NOTIFY_COMPLETED, complete, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, options->connections,
		MHD_OPTION_CONNECTION_TIMEOUT, options->timeout, MHD_OPTION_ARRAY,
		server->users ? per_user : none, MHD_OPTION_ARRAY, options->memory ? roomy : none,
		MHD_OPTION_END);
}

static int start(struct http_server *server, int *fd)
{
	const union MHD_DaemonInfo *info;

	if (server->options.connections_per_user)
		server->users = http_users_new(server->options.connections_per_user);
	if (server->options.connections_per_user && !server->users)
		return -ENOMEM;
	server->daemon = start_daemon(server, *fd);
	if (!server->daemon)
		return -EIO;
	(void)take_fd(fd); /* it closes the socket from now on */
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!info || server->epoll < 0 || server->timer < 0)
		return -EIO;
	return watch(server, info->epoll_fd, NULL) < 0 ||
			       watch(server, server->timer, &server->timer) < 0
		       ? -EIO
		       : 0;
}

static void free_server(struct http_server **server)
{
	http_close(*server);
}

/* Removes the socket unless another process has put its own there by now. */
static void remove_socket(const struct http_server *server)
{
	struct stat there;

	if (server->path && stat(server->path, &there) == 0 &&
	    there.st_ino == server->socket.st_ino && there.st_dev == server->socket.st_dev)
		(void)unlink(server->path);
}

static int open_listener(struct http_server *server, int *ret_fd, struct fault *fault)
{
	const struct http_options *options = &server->options;
	int r;

	if (options->listener > 0) {
		*ret_fd = options->listener;
		return 0;
	}
	r = listener_open(options->path, options->group, ret_fd, fault);
	if (r < 0)
		return r;
	server->path = strdup(options->path);
	if (!server->path || stat(options->path, &server->socket) < 0)
		return fault_set(fault, -EIO, "cannot start the HTTP server");
	return 0;
}

int http_open(const struct http_options *options, struct http_server **ret_server,
	      struct fault *fault)
{
	cleanup(free_server) struct http_server *server = calloc(1, sizeof(*server));
	cleanup(close_fd) int fd = -1;
	int r;

	if (!server)
		return fault_set(fault, -ENOMEM, "no memory for the HTTP server");
	server->epoll = server->timer = server->retired = -1;
	server->options = *options;
	r = open_listener(server, &fd, fault);
	if (r < 0)
		return r;
	if (start(server, &fd) < 0)
		return fault_set(fault, -EIO, "cannot start the HTTP server");
	arm_timer(server);
	*ret_server = take_ptr(&server);
	return 0;
}

void http_drain(struct http_server *server)
{
	if (server->draining)
		return;
	server->draining = true;
	server->retired = MHD_quiesce_daemon(server->daemon);
}

bool http_is_idle(const struct http_server *server)
{
	return server->under_way == 0;
}

void http_close(struct http_server *server)
{
	if (!server)
		return;
	server->closing = true;
	for (struct http_stream *stream = server->streams; stream; stream = stream->next)
		http_stream_hang_up(stream);
	/* MHD_stop_daemon() shuts its listener down, and so for everybody who shares the socket. */
	if (server->daemon && server->options.listener > 0)
		http_drain(server);
	if (server->daemon) {
		/* libmicrohttpd does not stop while a connection is suspended. */
		(void)MHD_run(server->daemon);
		MHD_stop_daemon(server->daemon);
	}
	remove_socket(server);
	close_fd(&server->retired);
	close_fd(&server->epoll);
	close_fd(&server->timer);
	free(server->users);
	free(server->path);
	free(server);
}

int http_fd(const struct http_server *server)
{
	return server->epoll;
}

static void note_wakeups(struct http_server *server, const struct epoll_event *events, int count)
{
	for (int i = 0; i < count; i++)
		if (events[i].data.ptr == &server->timer)
			server->alarm = 0; /* it is quiet again once it is set */
		else if (events[i].data.ptr)
			http_stream_hang_up(events[i].data.ptr);
}

/*
 * A busy server goes on for some turns: to go round the whole loop for each would cost more than a
 * request.
 */
int http_run(struct http_server *server)
{
	struct epoll_event events[WAKEUPS];

	for (int i = 0; i < TURNS; i++) {
		int count = epoll_wait(server->epoll, events, WAKEUPS, 0);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0 && i > 0)
			break;
		note_wakeups(server, events, count);
		if (MHD_run(server->daemon) != MHD_YES)
			return -EIO;
	}
	arm_timer(server);
	return 0;
}
