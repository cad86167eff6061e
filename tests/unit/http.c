// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
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

#define REPLY_MAX 65536
#define BODY_MAX  100000
#define TURNS	  200 /* of the loop, 10 ms each, before a test gives up */

/* A server and what its handlers saw. Client and server take turns in one thread. */
struct place {
	char folder[64], path[96];
	struct http_server *server;
	struct http_stream *stream;
	size_t size; /* of the body */
	uid_t uid;
	char query[32];
	int closed;
};

static void handle_hello(struct http_request *request, void *context)
{
	struct place *place = context;
	const char *query = http_query(request, "q");

	(void)snprintf(place->query, sizeof(place->query), "%s", query ? query : "-");
	place->uid = http_peer(request).uid;
	http_answer(request, 200, json_pack("{s:s}", "hello", "you"));
	http_answer(request, 500, json_pack("{}"));
}

static void handle_body(struct http_request *request, void *context)
{
	struct place *place = context;
	const char *body = http_body(request, &place->size);

	http_answer(request, 200, json_pack("{s:i}", "first", place->size ? body[0] : 0));
}

static void handle_nothing(struct http_request *request, void *context)
{
	(void)request;
	(void)context;
}

static void note_closed(struct http_stream *stream, void *context)
{
	struct place *place = context;

	if (stream == place->stream)
		place->stream = NULL;
	place->closed++;
}

static void handle_stream(struct http_request *request, void *context)
{
	struct place *place = context;

	place->stream = http_answer_stream(request, note_closed, place);
}

static const struct http_route routes[] = {
	{"GET", "/hello", handle_hello},   {"POST", "/body", handle_body},
	{"GET", "/body", handle_hello},	   {"GET", "/nothing", handle_nothing},
	{"GET", "/stream", handle_stream}, {0},
};

static void open_server(struct place *place)
{
	const struct http_options options = {
		.path = place->path,
		.group = "no-such-group",
		.routes = routes,
		.context = place,
		.body_max = BODY_MAX,
		.connections = 4,
		.timeout = 60,
	};
	struct fault fault = {0};

	assert_int_equal(http_open(&options, &place->server, &fault), 0);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/vaultwall-http-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	(void)snprintf(place->path, sizeof(place->path), "%s/test.sock", place->folder);
	open_server(place);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	http_close(place->server);
	(void)unlink(place->path);
	(void)rmdir(place->folder);
	free(place);
	return 0;
}

static int connect_client(const struct place *place)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void turn(const struct place *place)
{
	struct pollfd ready = {.fd = http_fd(place->server), .events = POLLIN};

	if (poll(&ready, 1, 10) > 0)
		assert_int_equal(http_run(place->server), 0);
}

static void send_all(const struct place *place, int fd, const char *text, size_t size)
{
	size_t sent = 0;

	for (int i = 0; i < TURNS && sent < size; i++) {
		ssize_t n = send(fd, text + sent, size - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		turn(place);
	}
}

/* Until `text` has come, or the server has closed; then "" if it never came. */
static void await(const struct place *place, int fd, const char *text, char reply[REPLY_MAX])
{
	size_t used = strlen(reply);

	for (int i = 0; i < TURNS && !(text && strstr(reply, text)); i++) {
		ssize_t n = recv(fd, reply + used, REPLY_MAX - 1 - used, 0);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			return;
		used += n > 0 ? (size_t)n : 0;
		reply[used] = '\0';
		turn(place);
	}
}

static void ask(const struct place *place, const char *request, const char *end, char *reply)
{
	cleanup(close_fd) int fd = connect_client(place);

	reply[0] = '\0';
	send_all(place, fd, request, strlen(request));
	await(place, fd, end, reply);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static void a_route_is_answered_once(void **state)
{
	struct place *place = *state;
	char reply[REPLY_MAX];

	ask(place, GET("/hello?q=a%20b"), "}", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 200"));
	assert_non_null(strstr(reply, "Content-Type: application/json"));
	assert_non_null(strstr(reply, "{\"hello\":\"you\"}"));
	assert_string_equal(place->query, "a b");
	assert_int_equal(place->uid, getuid());
}

static void other_paths_are_404(void **state)
{
	char reply[REPLY_MAX];

	ask(*state, GET("/hello/"), "}}", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 404"));
	assert_non_null(strstr(reply, "{\"error\":{\"message\":\"there is no /hello/ here\"}}"));
}

static void what_is_not_utf8_is_refused_as_such(void **state)
{
	char reply[REPLY_MAX];

	ask(*state, GET("/%ff%00x"), "}}", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 404"));
	assert_non_null(strstr(reply, "there is no /?"));
}

static void other_methods_are_405_and_told(void **state)
{
	char reply[REPLY_MAX];

	ask(*state, "DELETE /body HTTP/1.1\r\nHost: x\r\n\r\n", "}}", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 405"));
	assert_non_null(strstr(reply, "Allow: POST, GET"));
}

static void a_handler_that_says_nothing_is_500(void **state)
{
	char reply[REPLY_MAX];

	ask(*state, GET("/nothing"), "}}", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 500"));
}

static void post(struct place *place, const char *header, size_t size, char *reply)
{
	cleanup(close_fd) int fd = connect_client(place);
	cleanup(free_ptr) char *body = malloc(size + 1);

	assert_non_null(body);
	memset(body, 'b', size);
	reply[0] = '\0';
	send_all(place, fd, header, strlen(header));
	send_all(place, fd, body, size);
	await(place, fd, "}", reply);
}

static void a_body_arrives_whole(void **state)
{
	struct place *place = *state;
	char reply[REPLY_MAX];

	post(place, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", BODY_MAX,
	     reply);
	assert_int_equal(place->size, BODY_MAX);
	assert_non_null(strstr(reply, "{\"first\":98}"));
}

static void too_large_a_body_is_413_before_it_is_sent(void **state)
{
	char reply[REPLY_MAX];

	ask(*state, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n", "}}",
	    reply);
	assert_non_null(strstr(reply, "HTTP/1.1 413"));
}

static void too_large_a_body_in_chunks_is_413_too(void **state)
{
	struct place *place = *state;
	cleanup(close_fd) int fd = connect_client(place);
	static const char head[] =
		"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
	char chunk[8192], reply[REPLY_MAX] = "";
	int size = snprintf(chunk, sizeof(chunk), "%x\r\n%08000d\r\n", 8000U, 7);

	send_all(place, fd, head, strlen(head));
	for (int i = 0; i < 13; i++)
		send_all(place, fd, chunk, (size_t)size);
	send_all(place, fd, "0\r\n\r\n", 5);
	await(place, fd, "}}", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 413"));
	assert_int_equal(place->size, 0);
}

static void large_headers_are_refused(void **state)
{
	struct place *place = *state;
	cleanup(free_ptr) char *request = malloc(200000);
	char reply[REPLY_MAX];
	int used = snprintf(request, 200000, "GET /hello HTTP/1.1\r\nHost: x\r\nX: ");

	assert_non_null(request);
	memset(request + used, 'x', 100000);
	(void)snprintf(request + used + 100000, 100, "\r\n\r\n");
	ask(place, request, "431", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 431"));
}

static void half_a_request_is_given_up(void **state)
{
	struct place *place = *state;
	cleanup(close_fd) int fd = connect_client(place);
	char reply[REPLY_MAX] = "", byte;

	send_all(place, fd, "GET /hel", strlen("GET /hel"));
	for (int i = 0; i < 40; i++)
		await(place, fd, NULL, reply);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void a_client_that_leaves_mid_request_harms_nobody(void **state)
{
	static const char half[] =
		"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc";
	struct place *place = *state;
	char reply[REPLY_MAX];

	for (int i = 0; i < 10; i++) {
		cleanup(close_fd) int fd = connect_client(place);

		send_all(place, fd, half, strlen(half));
	}
	ask(place, GET("/hello"), "}", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 200"));
}

static void tell(struct place *place, const char *word)
{
	json_t *line = json_pack("{s:s}", "word", word);

	assert_non_null(place->stream);
	assert_int_equal(http_stream_send(place->stream, line), 0);
	json_decref(line);
}

static void a_stream_brings_lines_as_they_come(void **state)
{
	struct place *place = *state;
	cleanup(close_fd) int fd = connect_client(place);
	char reply[REPLY_MAX] = "";

	send_all(place, fd, GET("/stream"), strlen(GET("/stream")));
	await(place, fd, "x-ndjson", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 200"));
	tell(place, "one");
	await(place, fd, "{\"word\":\"one\"}\n", reply);
	assert_non_null(strstr(reply, "{\"word\":\"one\"}\n"));
	tell(place, "two");
	tell(place, "three");
	http_stream_end(place->stream);
	await(place, fd, "0\r\n\r\n", reply);
	assert_non_null(strstr(reply, "{\"word\":\"three\"}\n"));
	assert_non_null(strstr(reply, "0\r\n\r\n"));
	assert_int_equal(place->closed, 1);
}

static void a_stream_ends_when_its_client_hangs_up(void **state)
{
	struct place *place = *state;
	int fd = connect_client(place);
	char reply[REPLY_MAX] = "";

	send_all(place, fd, GET("/stream"), strlen(GET("/stream")));
	await(place, fd, "x-ndjson", reply);
	assert_non_null(place->stream);
	close_fd(&fd);
	for (int i = 0; i < TURNS && !place->closed; i++)
		turn(place);
	assert_int_equal(place->closed, 1);
}

static void a_slow_client_does_not_fill_the_memory(void **state)
{
	struct place *place = *state;
	cleanup(close_fd) int fd = connect_client(place);
	char reply[REPLY_MAX] = "";
	json_t *line;
	int r = 0;

	send_all(place, fd, GET("/stream"), strlen(GET("/stream")));
	await(place, fd, "x-ndjson", reply);
	line = json_pack("{s:s}", "word", "0123456789012345678901234567890123456789");
	for (int i = 0; i < 1000000 && r == 0; i++)
		r = http_stream_send(place->stream, line);
	json_decref(line);
	assert_int_equal(r, -ENOBUFS);
}

static void streams_leave_room_for_questions(void **state)
{
	struct place *place = *state;
	int fds[3];
	char reply[REPLY_MAX] = "";

	for (int i = 0; i < 3; i++) {
		reply[0] = '\0';
		fds[i] = connect_client(place);
		send_all(place, fds[i], GET("/stream"), strlen(GET("/stream")));
		await(place, fds[i], i < 2 ? "x-ndjson" : "}}", reply);
	}
	assert_non_null(strstr(reply, "HTTP/1.1 503"));
	ask(place, GET("/hello"), "}", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 200"));
	for (int i = 0; i < 3; i++)
		close_fd(&fds[i]);
}

static void a_closing_server_ends_its_streams(void **state)
{
	struct place *place = *state;
	cleanup(close_fd) int fd = connect_client(place);
	char reply[REPLY_MAX] = "";

	send_all(place, fd, GET("/stream"), strlen(GET("/stream")));
	await(place, fd, "x-ndjson", reply);
	http_close(place->server);
	place->server = NULL;
	assert_int_equal(place->closed, 1);
	assert_int_equal(access(place->path, F_OK), -1);
}

static void the_socket_is_for_its_group_only(void **state)
{
	const struct place *place = *state;
	struct stat status;

	assert_int_equal(stat(place->path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0660);
	assert_int_equal(status.st_gid, 0);
}

static void a_socket_that_was_left_behind_is_replaced(void **state)
{
	struct place *place = *state;
	char left[128], reply[REPLY_MAX];

	(void)snprintf(left, sizeof(left), "%s.left", place->path);
	assert_int_equal(rename(place->path, left), 0);
	http_close(place->server);
	assert_int_equal(rename(left, place->path), 0);
	open_server(place);
	ask(place, GET("/hello"), "}", reply);
	assert_non_null(strstr(reply, "HTTP/1.1 200"));
}

static void a_place_that_is_not_there_is_told(void **state)
{
	const struct http_options options = {
		.path = "/proc/none/x.sock", .group = "root", .routes = routes, .connections = 1};
	struct http_server *server = NULL;
	struct fault fault = {0};

	(void)state;
	assert_true(http_open(&options, &server, &fault) < 0);
	assert_non_null(strstr(fault.text, "cannot listen on /proc/none/x.sock"));
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(a_route_is_answered_once),
		WITH_SERVER(other_paths_are_404),
		WITH_SERVER(what_is_not_utf8_is_refused_as_such),
		WITH_SERVER(other_methods_are_405_and_told),
		WITH_SERVER(a_handler_that_says_nothing_is_500),
		WITH_SERVER(a_body_arrives_whole),
		WITH_SERVER(too_large_a_body_is_413_before_it_is_sent),
		WITH_SERVER(too_large_a_body_in_chunks_is_413_too),
		WITH_SERVER(large_headers_are_refused),
		WITH_SERVER(half_a_request_is_given_up),
		WITH_SERVER(a_client_that_leaves_mid_request_harms_nobody),
		WITH_SERVER(a_stream_brings_lines_as_they_come),
		WITH_SERVER(a_stream_ends_when_its_client_hangs_up),
		WITH_SERVER(a_slow_client_does_not_fill_the_memory),
		WITH_SERVER(streams_leave_room_for_questions),
		WITH_SERVER(a_closing_server_ends_its_streams),
		WITH_SERVER(the_socket_is_for_its_group_only),
		WITH_SERVER(a_socket_that_was_left_behind_is_replaced),
		WITH_SERVER(a_place_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
