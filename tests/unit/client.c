// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "answerer.h"
#include "cleanup.h"
#include "client.h"

#define PATIENCE 60 /* seconds, with an answer that is certain to come */

/* Asks for the status; the reply is the caller's. */
static int ask(struct server *server, struct client_reply *ret_reply, struct fault *fault)
{
	const struct client_request request = {.path = "/v1/status",
					       .timeout = server->hangs ? 1 : PATIENCE};
	int ret;

	server_start(server);
	ret = client_call(&server->paths, &request, ret_reply, fault);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	return ret;
}

static void refuses(struct server *server, int code, const char *words)
{
	struct client_reply reply = {0};
	struct fault fault = {0};

	assert_int_equal(ask(server, &reply, &fault), code);
	assert_non_null(strstr(fault.text, words));
	assert_null(reply.body);
}

static void an_answer_is_parsed(void **state)
{
	struct server *server = *state;
	cleanup(client_reply_free) struct client_reply reply = {0};
	struct fault fault = {0};

	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n";
	server->pieces[1] = "{\"generat";
	server->pieces[2] = "ion\": 7}";
	assert_int_equal(ask(server, &reply, &fault), 0);
	assert_int_equal(reply.status, 200);
	assert_int_equal(json_integer_value(json_object_get(reply.body, "generation")), 7);
	assert_memory_equal(server->request, "GET /v1/status HTTP/1.1\r\n", 25);
}

static void an_error_keeps_its_status_and_sentence(void **state)
{
	struct server *server = *state;
	cleanup(client_reply_free) struct client_reply reply = {0};
	struct fault fault = {0};

	server->pieces[0] = "HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n"
			    "{\"error\": {\"message\": \"no memory\"}}";
	assert_int_equal(ask(server, &reply, &fault), 0);
	assert_int_equal(reply.status, 503);
	assert_string_equal(client_error(&reply), "no memory");
}

static void an_error_without_a_sentence_has_one(void **state)
{
	struct server *server = *state;
	cleanup(client_reply_free) struct client_reply reply = {0};
	struct fault fault = {0};

	server->pieces[0] = "HTTP/1.1 500 No\r\nConnection: close\r\n\r\n{\"error\": 3}";
	assert_int_equal(ask(server, &reply, &fault), 0);
	assert_non_null(strstr(client_error(&reply), "refused"));
}

static void parameters_are_escaped_and_the_environment_has_no_proxy(void **state)
{
	struct server *server = *state;
	const struct client_request request = {
		.path = "/v1/show",
		.parameters = {{"follow", NULL}, {"vault", "a&b=c d"}, {"limit", "3"}},
		.timeout = PATIENCE,
	};
	cleanup(client_reply_free) struct client_reply reply = {0};
	struct fault fault = {0};

	(void)setenv("http_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	server_start(server);
	assert_int_equal(client_call(&server->paths, &request, &reply, &fault), 0);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	assert_memory_equal(server->request, "GET /v1/show?vault=a%26b%3Dc%20d&limit=3 HTTP", 45);
	(void)unsetenv("http_proxy");
	(void)unsetenv("ALL_PROXY");
}

static void a_body_is_posted_as_json(void **state)
{
	struct server *server = *state;
	json_t *body = json_pack("{s:s}", "from", "10.0.0.1");
	const struct client_request request = {
		.path = "/v1/explain", .body = body, .timeout = PATIENCE};
	cleanup(client_reply_free) struct client_reply reply = {0};
	struct fault fault = {0};

	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	server_start(server);
	assert_int_equal(client_call(&server->paths, &request, &reply, &fault), 0);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	assert_memory_equal(server->request, "POST /v1/explain HTTP/1.1\r\n", 27);
	assert_non_null(strstr(server->request, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(server->request, "\r\n\r\n{\"from\":\"10.0.0.1\"}"));
	json_decref(body);
}

static void a_token_goes_to_the_authoriser_as_a_client_s(void **state)
{
	struct server *server = *state;
	json_t *body = json_pack("{s:s}", "method", "GET");
	const struct client_request request = {.server = CLIENT_AUTHORIZER,
					       .path = "/v1/explain",
					       .body = body,
					       .token = "a.b.c",
					       .timeout = PATIENCE};
	cleanup(client_reply_free) struct client_reply reply = {0};
	struct fault fault = {0};

	/* There is no authoriser: whoever is at the agent's socket does not get it. */
	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	assert_int_equal(client_call(&server->paths, &request, &reply, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, "the authoriser of instance 'tested' is not running"));
	assert_null(strstr(fault.text, "a.b.c"));
	memcpy(server->paths.authorize, server->paths.control, PATH_TEXT);
	server_start(server);
	assert_int_equal(client_call(&server->paths, &request, &reply, &fault), 0);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	assert_non_null(strstr(server->request, "Authorization: Bearer a.b.c\r\n"));
	assert_non_null(strstr(server->request, "\r\n\r\n{\"method\":\"GET\"}"));
	json_decref(body);
}

static void a_pack_is_posted_as_its_pieces(void **state)
{
	struct server *server = *state;
	struct rules_file file = {"p.txt", "10.0.0.1 # }", 12};
	struct rules_bundle rules = {
		.document = {"r.yaml", "a: 1\n", 5}, .files = &file, .file_count = 1};
	json_t *head = pack_head(&rules);
	cleanup(client_reply_free) struct client_reply reply = {0};
	cleanup(pack_free) struct pack pack = {0};
	struct fault fault = {0};

	assert_int_equal(pack_make(&rules, head, &pack), 0);
	json_decref(head);
	const struct client_request request = {
		.path = "/v1/push", .pack = &pack, .timeout = PATIENCE};

	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	server_start(server);
	assert_int_equal(client_call(&server->paths, &request, &reply, &fault), 0);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	assert_memory_equal(server->request, "POST /v1/push HTTP/1.1\r\n", 24);
	assert_non_null(strstr(server->request, "Content-Type: " PACK_TYPE "\r\n"));
	assert_non_null(strstr(server->request,
			       "\r\n\r\n{\"name\":\"r.yaml\",\"size\":5,\"files\":[{\"name\":"
			       "\"p.txt\",\"size\":12}]}\na: 1\n10.0.0.1 # }"));
}

static void rules_may_come_packed(void **state)
{
	struct server *server = *state;
	const struct client_request request = {
		.path = "/v1/rules", .accept_pack = true, .timeout = PATIENCE};
	cleanup(client_reply_free) struct client_reply reply = {0};
	struct fault fault = {0};

	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Type: " PACK_TYPE
			    "\r\nContent-Length: 5\r\n\r\n{}\na\n";
	server_start(server);
	assert_int_equal(client_call(&server->paths, &request, &reply, &fault), 0);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	assert_non_null(strstr(server->request, "Accept: " PACK_TYPE "\r\n"));
	assert_null(reply.body);
	assert_int_equal(reply.packed_size, 5);
	assert_memory_equal(reply.packed, "{}\na\n", 5);
}

/* Only who asked for it gets what is not JSON. */
static void a_pack_that_nobody_asked_for_is_refused(void **state)
{
	struct server *server = *state;

	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Type: " PACK_TYPE
			    "\r\nContent-Length: 5\r\n\r\n{}\na\n";
	refuses(server, -EPROTO, "makes no sense");
}

static void a_missing_socket_means_no_agent(void **state)
{
	struct server *server = *state;
	const struct client_request request = {.path = "/v1/status"};
	struct client_reply reply = {0};
	struct fault fault = {0};

	assert_int_equal(client_call(&server->paths, &request, &reply, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, "the agent of instance 'tested' is not running"));
	assert_non_null(strstr(fault.text, server->paths.control));
	assert_non_null(strstr(fault.text, "vaultwall --instance tested agent"));
}

static void a_socket_that_a_dead_agent_left_means_no_agent(void **state)
{
	struct server *server = *state;
	const struct client_request request = {.path = "/v1/status"};
	struct client_reply reply = {0};
	struct fault fault = {0};

	server_listen(server);
	close_fd(&server->listener);
	assert_int_equal(client_call(&server->paths, &request, &reply, &fault), -ECONNREFUSED);
	assert_non_null(strstr(fault.text, "is not running (nobody answers at"));
}

static void a_forbidden_socket_names_the_group(void **state)
{
	struct server *server = *state;
	const struct client_request request = {.path = "/v1/status"};
	struct client_reply reply = {0};
	struct fault fault = {0};
	bool root = geteuid() == 0;
	int ret;

	server_listen(server);
	assert_int_equal(chmod(server->folder, 0711), 0);
	assert_int_equal(chmod(server->paths.control, 0), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	ret = client_call(&server->paths, &request, &reply, &fault);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(ret, -EACCES);
	assert_non_null(strstr(fault.text, "permission denied"));
	assert_non_null(
		strstr(fault.text, root ? "is for root alone" : "is for root and the group"));
}

static void a_closed_connection_is_told(void **state)
{
	refuses(*state, -ECONNRESET, "closed the connection before it had answered");
}

static void a_reset_connection_is_told(void **state)
{
	struct server *server = *state;

	server->reset = true;
	refuses(server, -ECONNRESET, "closed the connection before it had answered");
}

static void an_answer_cut_short_is_told(void **state)
{
	struct server *server = *state;

	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"gen";
	refuses(server, -ECONNRESET, "closed the connection before it had answered");
}

static void half_a_header_is_told(void **state)
{
	struct server *server = *state;

	server->pieces[0] = "HTTP/1.1 200 OK\r\nConte";
	refuses(server, -EPROTO, "makes no sense");
}

static void silence_ends_in_time(void **state)
{
	struct server *server = *state;

	server->hangs = true;
	refuses(server, -ETIMEDOUT, "did not answer in time");
}

static void half_an_answer_ends_in_time(void **state)
{
	struct server *server = *state;

	server->hangs = true;
	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"gen";
	refuses(server, -ETIMEDOUT, "did not answer in time");
}

static void what_is_not_http_is_refused(void **state)
{
	struct server *server = *state;

	server->pieces[0] = "SSH-2.0-OpenSSH_9.2\r\n";
	refuses(server, -EPROTO, "makes no sense");
}

static void what_is_not_json_is_refused(void **state)
{
	struct server *server = *state;

	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>";
	refuses(server, -EPROTO, "makes no sense");
}

static void json_that_is_no_object_is_refused(void **state)
{
	struct server *server = *state;

	server->pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]";
	refuses(server, -EPROTO, "makes no sense");
}

static bool wait_never(void *context, double seconds)
{
	(void)context;
	(void)seconds;
	return false;
}

static void a_request_can_be_given_up(void **state)
{
	struct server *server = *state;
	const struct client_request request = {.path = "/v1/status", .wait = wait_never};
	struct client_reply reply = {0};
	struct fault fault = {0};

	server->hangs = true;
	server_start(server);
	assert_int_equal(client_call(&server->paths, &request, &reply, &fault), -EINTR);
	/* It may not have come as far as to connect. */
	(void)shutdown(server->listener, SHUT_RDWR);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
}

struct seen {
	int64_t numbers[8];
	size_t count, most;
};

static bool see(const json_t *record, void *context)
{
	struct seen *seen = context;

	seen->numbers[seen->count++] = json_integer_value(json_object_get(record, "n"));
	return seen->count < seen->most;
}

static int follow(struct server *server, struct seen *seen, struct fault *fault)
{
	const struct client_request request = {
		.path = "/v1/events",
		.parameters = {{"follow", "1"}},
	};
	int ret;

	server_start(server);
	ret = client_follow(&server->paths, &request, see, seen, fault);
	assert_int_equal(pthread_join(server->thread, NULL), 0);
	return ret;
}

static void a_stream_is_cut_into_its_lines(void **state)
{
	struct server *server = *state;
	struct seen seen = {.most = 8};
	struct fault fault = {0};

	server->pieces[0] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"n\": 1}\n{\"n\"";
	server->pieces[1] = ": 2";
	server->pieces[2] = "}\n\n{\"n\": 3}\n{\"n\": 4";
	assert_int_equal(follow(server, &seen, &fault), 0);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.numbers[0], 1);
	assert_int_equal(seen.numbers[1], 2);
	assert_int_equal(seen.numbers[2], 3);
}

static void a_stream_ends_when_nobody_wants_more(void **state)
{
	struct server *server = *state;
	struct seen seen = {.most = 2};
	struct fault fault = {0};

	server->hangs = true;
	server->pieces[0] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}\n{}\n{}\n{}\n";
	assert_int_equal(follow(server, &seen, &fault), 0);
	assert_int_equal(seen.count, 2);
}

static void a_stream_of_rubbish_is_refused(void **state)
{
	struct server *server = *state;
	struct seen seen = {.most = 8};
	struct fault fault = {0};

	server->pieces[0] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"n\": 1}\nrubbish\n";
	assert_int_equal(follow(server, &seen, &fault), -EPROTO);
	assert_int_equal(seen.count, 1);
}

static void a_stream_that_is_refused_says_why(void **state)
{
	struct server *server = *state;
	struct seen seen = {.most = 8};
	struct fault fault = {0};

	server->pieces[0] = "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n"
			    "{\"error\": {\"message\": \"no vault 'x'\"}}";
	assert_int_equal(follow(server, &seen, &fault), -EBADMSG);
	assert_string_equal(fault.text, "no vault 'x'");
	assert_int_equal(seen.count, 0);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, make_server, end_server)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(an_answer_is_parsed),
		WITH_SERVER(an_error_keeps_its_status_and_sentence),
		WITH_SERVER(an_error_without_a_sentence_has_one),
		WITH_SERVER(parameters_are_escaped_and_the_environment_has_no_proxy),
		WITH_SERVER(a_body_is_posted_as_json),
		WITH_SERVER(a_token_goes_to_the_authoriser_as_a_client_s),
		WITH_SERVER(a_pack_is_posted_as_its_pieces),
		WITH_SERVER(rules_may_come_packed),
		WITH_SERVER(a_pack_that_nobody_asked_for_is_refused),
		WITH_SERVER(a_missing_socket_means_no_agent),
		WITH_SERVER(a_socket_that_a_dead_agent_left_means_no_agent),
		WITH_SERVER(a_forbidden_socket_names_the_group),
		WITH_SERVER(a_closed_connection_is_told),
		WITH_SERVER(a_reset_connection_is_told),
		WITH_SERVER(an_answer_cut_short_is_told),
		WITH_SERVER(half_a_header_is_told),
		WITH_SERVER(silence_ends_in_time),
		WITH_SERVER(half_an_answer_ends_in_time),
		WITH_SERVER(what_is_not_http_is_refused),
		WITH_SERVER(what_is_not_json_is_refused),
		WITH_SERVER(json_that_is_no_object_is_refused),
		WITH_SERVER(a_request_can_be_given_up),
		WITH_SERVER(a_stream_is_cut_into_its_lines),
		WITH_SERVER(a_stream_ends_when_nobody_wants_more),
		WITH_SERVER(a_stream_of_rubbish_is_refused),
		WITH_SERVER(a_stream_that_is_refused_says_why),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
