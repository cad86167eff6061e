// SPDX-License-Identifier: Apache-2.0
/* What stands between the socket and the decision: questions, counts, records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "authorizer_counts.h"
#include "authorizer_log.h"
#include "authorizer_question.h"
#include "cleanup.h"
#include "counter.h"

#define TURNS 200

/* A server whose handler reads a question, as one line: what it found, or the problem. */
struct place {
	char folder[64], path[96];
	struct http_server *server;
	enum question_manner manner;
	char found[512];
};

static void describe(const struct asked *asked, char *text, size_t size)
{
	const struct question *question = &asked->question;

	(void)snprintf(text, size, "%s %s %s %u.%u.%u.%u:%u %u:%u %s %s%s", question->method,
		       question->target, question->host, question->source.address[0],
		       question->source.address[1], question->source.address[2],
		       question->source.address[3], question->source.port,
		       question->frontend.family, question->frontend.port,
		       question->authorization ? question->authorization : "-",
		       asked->vault ? asked->vault : "-", question->tunnel ? " tunnel" : "");
}

static void handle_question(struct http_request *request, void *context)
{
	struct place *place = context;
	struct asked asked;
	const char *problem = question_read(request, place->manner, &asked);

	if (problem)
		(void)snprintf(place->found, sizeof(place->found), "! %s", problem);
	else
		describe(&asked, place->found, sizeof(place->found));
	if (problem)
		assert_null(asked.question.method);
	http_answer(request, 200, json_object());
}

static const struct http_route routes[] = {{"GET", "/authorize", handle_question}, {0}};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct fault fault = {0};

	if (!place)
		return -1;
	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/vaultwall-question-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	(void)snprintf(place->path, sizeof(place->path), "%s/socket", place->folder);
	const struct http_options options = {
		.path = place->path,
		.group = "no-such-group",
		.routes = routes,
		.context = place,
		.body_max = 100,
		.connections = 4,
		.timeout = 60,
		.otherwise = handle_question,
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

/* Sends a request and gives the server turns until it has been read. */
static const char *ask(struct place *place, const char *request)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	cleanup(close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd ready = {.fd = http_fd(place->server), .events = POLLIN};

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	place->found[0] = '\0';
	for (int i = 0; i < TURNS && !place->found[0]; i++)
		if (poll(&ready, 1, 10) > 0)
			assert_int_equal(http_run(place->server), 0);
	return place->found;
}

#define GET	 "GET /authorize HTTP/1.1\r\nHost: vaultwall\r\n"
#define METHOD	 "X-Original-Method: GET\r\n"
#define URI	 "X-Original-URI: //secrets/a%2Db?x=%20\r\n"
#define HOST	 "X-Original-Host: contoso.example:443\r\n"
#define SOURCE	 "X-Original-Source: 192.0.2.7:5000\r\n"
#define FRONTEND "X-Original-Frontend: 203.0.113.10:443\r\n"
#define END	 "\r\n"

static void a_question_is_read_as_it_was_sent(void **state)
{
	assert_string_equal(
		ask(*state, GET METHOD URI HOST SOURCE FRONTEND "Authorization: Bearer t\r\n" END),
		"GET //secrets/a%2Db?x=%20 contoso.example:443 192.0.2.7:5000 4:443 Bearer t -");
	assert_string_equal(
		ask(*state, GET METHOD URI HOST SOURCE FRONTEND "X-Vaultwall-Vault: contoso\r\n"
								"X-HTTP-Method: DELETE\r\n" END),
		"GET //secrets/a%2Db?x=%20 contoso.example:443 192.0.2.7:5000 4:443 - contoso tunnel");
}

static void each_header_is_there_once(void **state)
{
	static const char *const bad[] = {
		GET URI HOST SOURCE FRONTEND END,
		GET METHOD HOST SOURCE FRONTEND END,
		GET METHOD URI SOURCE FRONTEND END,
		GET METHOD URI HOST FRONTEND END,
		GET METHOD URI HOST SOURCE END,
		GET METHOD METHOD URI HOST SOURCE FRONTEND END,
		GET METHOD URI "x-original-uri: /\r\n" HOST SOURCE FRONTEND END,
		GET METHOD URI HOST HOST SOURCE FRONTEND END,
		GET METHOD URI HOST SOURCE SOURCE FRONTEND END,
		GET METHOD URI HOST SOURCE FRONTEND FRONTEND END,
		GET METHOD URI HOST SOURCE FRONTEND "Authorization: a\r\nAuthorization: b\r\n" END,
		GET METHOD URI HOST SOURCE FRONTEND
		"X-Vaultwall-Vault: a\r\nX-Vaultwall-Vault: b\r\n" END,
		GET METHOD URI HOST "X-Original-Source: 192.0.2.7, 192.0.2.8\r\n" FRONTEND END,
		GET METHOD URI HOST "X-Original-Source: localhost:1\r\n" FRONTEND END,
		GET METHOD URI HOST "X-Original-Source: *:1\r\n" FRONTEND END,
		GET METHOD URI HOST SOURCE "X-Original-Frontend: 203.0.113.10\r\n" END,
		GET METHOD URI HOST SOURCE "X-Original-Frontend: *:443\r\n" END,
		GET METHOD URI HOST SOURCE "X-Original-Frontend: 203.0.113.10:443/udp\r\n" END,
		GET END,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ask(*state, bad[i])[0], '!');
}

static void headers_of_another_manner_say_nothing(void **state)
{
	struct place *place = *state;

	assert_string_equal(
		ask(place, GET METHOD URI HOST SOURCE FRONTEND
		    "X-Forwarded-For: 198.51.100.1\r\n"
		    "X-Forwarded-Method: DELETE\r\nX-Forwarded-Method: PUT\r\n" END),
		"GET //secrets/a%2Db?x=%20 contoso.example:443 192.0.2.7:5000 4:443 - -");
	place->manner = QUESTIONS_FORWARDED;
	assert_int_equal(ask(place, GET METHOD URI HOST SOURCE FRONTEND END)[0], '!');
}

static void forwarded_questions_are_read(void **state)
{
	struct place *place = *state;

	place->manner = QUESTIONS_FORWARDED;
	assert_string_equal(ask(place,
				GET "X-Forwarded-Method: PUT\r\nX-Forwarded-Uri: /secrets/a\r\n"
				    "X-Forwarded-Host: h.example\r\n"
				    "X-Forwarded-For: 1.2.3.4, 192.0.2.9\r\n"
				    "X-Vaultwall-Vault: contoso\r\n" END),
			    "PUT /secrets/a h.example 192.0.2.9:0 0:0 - -");
}

static void envoy_s_questions_are_read(void **state)
{
	struct place *place = *state;

	place->manner = QUESTIONS_ENVOY;
	assert_string_equal(ask(place, "DELETE /authorize/secrets/a%2F..?x HTTP/1.1\r\n"
				       "Host: h.example\r\nX-Forwarded-For: 192.0.2.9\r\n" END),
			    "DELETE /secrets/a%2F..?x h.example 192.0.2.9:0 0:0 - -");
	assert_int_equal(ask(place, "GET /other HTTP/1.1\r\nHost: h.example\r\n"
				    "X-Forwarded-For: 192.0.2.9\r\n" END)[0],
			 '!');
}

/* Counts. */

/* The map that the kernel and the agent would have, in plain memory. */
static struct vw_requests *open_ledger(void)
{
	struct vw_requests *ledger = calloc(VW_SEATS, sizeof(*ledger));

	assert_non_null(ledger);
	(void)snprintf(ledger[0].vault, VW_REQUEST_VAULT, "-");
	(void)snprintf(ledger[7].vault, VW_REQUEST_VAULT, "a");
	(void)snprintf(ledger[5].vault, VW_REQUEST_VAULT, "b");
	return ledger;
}

static struct vault vaults[] = {{.name = "a"}, {.name = "b"}, {.name = "without-a-seat"}};
static const struct policy policy = {.vaults = vaults, .vault_count = 3};

static void counts_land_in_the_seat_of_their_vault(void **state)
{
	cleanup(free_ptr) struct vw_requests *ledger = open_ledger();
	cleanup(gate_counts_free) struct gate_counts counts = {0};

	(void)state;
	gate_counts_add(&counts, NULL, VW_REQUEST_FIREWALL); /* before there is anything */
	assert_int_equal(gate_counts_follow(&counts, &policy, ledger), 0);
	gate_counts_add(&counts, &vaults[0], VW_REQUEST_ALLOWED);
	gate_counts_add(&counts, &vaults[1], VW_REQUEST_POLICY);
	gate_counts_add(&counts, &vaults[1], VW_REQUEST_POLICY);
	gate_counts_add(&counts, NULL, VW_REQUEST_FIREWALL);
	gate_counts_add(&counts, &vaults[2], VW_REQUEST_FIREWALL);
	assert_int_equal(ledger[7].kinds[VW_REQUEST_ALLOWED], 1);
	assert_int_equal(ledger[5].kinds[VW_REQUEST_POLICY], 2);
	assert_int_equal(ledger[0].kinds[VW_REQUEST_FIREWALL], 2);
	assert_int_equal(counts.totals[VW_REQUEST_FIREWALL], 3);
	assert_string_equal(gate_counts_code(VW_REQUEST_POLICY), "403");
	assert_string_equal(gate_counts_error(VW_REQUEST_POLICY), "ForbiddenByPolicy");
}

static void a_seat_of_another_gets_no_count(void **state)
{
	cleanup(free_ptr) struct vw_requests *ledger = open_ledger();
	cleanup(gate_counts_free) struct gate_counts counts = {0};

	(void)state;
	assert_int_equal(gate_counts_follow(&counts, &policy, ledger), 0);
	(void)snprintf(ledger[7].vault, VW_REQUEST_VAULT, "c");
	gate_counts_add(&counts, &vaults[0], VW_REQUEST_ALLOWED);
	assert_int_equal(ledger[7].kinds[VW_REQUEST_ALLOWED], 0);
	assert_int_equal(ledger[0].kinds[VW_REQUEST_ALLOWED], 1);
}

/* Somebody who counts for vault "a" without end. */
struct counter {
	struct gate_counts counts;
	uint64_t turns;
	bool stop;
};

static void *count_on(void *context)
{
	struct counter *counter = context;

	while (!__atomic_load_n(&counter->stop, __ATOMIC_SEQ_CST)) {
		gate_counts_add(&counter->counts, &vaults[0], VW_REQUEST_ALLOWED);
		(void)__atomic_add_fetch(&counter->turns, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* A turn that was under way has ended by then, and so has the next. */
static void wait_a_turn(const struct counter *counter)
{
	uint64_t now = __atomic_load_n(&counter->turns, __ATOMIC_SEQ_CST);

	while (__atomic_load_n(&counter->turns, __ATOMIC_SEQ_CST) < now + 2)
		(void)sched_yield();
}

static void write_name(struct vw_requests *seat, const char *name)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	(void)snprintf(seat->vault, VW_REQUEST_VAULT, "%s", name);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#define HANDOVERS 20000

/* The seat changes hands as with the agent, at every moment of a count. */
static void no_count_lands_on_who_comes_next(void **state)
{
	cleanup(free_ptr) struct vw_requests *ledger = open_ledger();
	struct counter counter = {0};
	__u64 *count = &ledger[7].kinds[VW_REQUEST_ALLOWED];
	pthread_t thread;
	int wrong = 0;

	(void)state;
	assert_int_equal(gate_counts_follow(&counter.counts, &policy, ledger), 0);
	assert_int_equal(pthread_create(&thread, NULL, count_on, &counter), 0);
	for (int round = 0; round < HANDOVERS; round++) {
		write_name(&ledger[7], "a");
		for (int pause = 0; pause < round % 256; pause++)
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
		write_name(&ledger[7], "");
		__atomic_store_n(count, 0, __ATOMIC_SEQ_CST);
		write_name(&ledger[7], "c");
		wait_a_turn(&counter);
		wrong += __atomic_load_n(count, __ATOMIC_SEQ_CST) != 0;
	}
	__atomic_store_n(&counter.stop, true, __ATOMIC_SEQ_CST);
	assert_int_equal(pthread_join(thread, NULL), 0);
	gate_counts_free(&counter.counts);
	assert_int_equal(wrong, 0);
}

/* Files. */

static void read_file(const char *path, char *text, size_t size)
{
	cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);

	text[got < 0 ? 0 : got] = '\0';
}

static void records_go_on_in_a_new_file(void **state)
{
	const struct place *place = *state;
	char path[128], old[128], text[64];
	struct audit_log log = {.fd = -1};
	struct fault fault = {0};

	(void)snprintf(path, sizeof(path), "%s/log", place->folder);
	(void)snprintf(old, sizeof(old), "%s/log.1", place->folder);
	assert_int_equal(audit_log_open(path, &log, &fault), 0);
	audit_log_add(&log, "one");
	audit_log_add(&log, "two");
	audit_log_flush(&log);
	assert_int_equal(rename(path, old), 0);
	audit_log_add(&log, "three");
	assert_int_equal(audit_log_reopen(&log, &fault), 0);
	audit_log_add(&log, "four");
	audit_log_close(&log);
	read_file(old, text, sizeof(text));
	assert_string_equal(text, "one\ntwo\nthree\n");
	read_file(path, text, sizeof(text));
	assert_string_equal(text, "four\n");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(old), 0);
}

static void a_full_disk_loses_records_and_counts_them(void **state)
{
	struct audit_log log = {.fd = -1};
	struct fault fault = {0};

	(void)state;
	assert_int_equal(audit_log_open("/dev/full", &log, &fault), 0);
	audit_log_add(&log, "one");
	audit_log_add(&log, "two");
	audit_log_flush(&log);
	assert_int_equal(log.lost, 2);
	assert_int_equal(log.size, 0);
	audit_log_close(&log);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(a_question_is_read_as_it_was_sent),
		WITH_PLACE(each_header_is_there_once),
		WITH_PLACE(headers_of_another_manner_say_nothing),
		WITH_PLACE(forwarded_questions_are_read),
		WITH_PLACE(envoy_s_questions_are_read),
		cmocka_unit_test(counts_land_in_the_seat_of_their_vault),
		cmocka_unit_test(a_seat_of_another_gets_no_count),
		cmocka_unit_test(no_count_lands_on_who_comes_next),
		WITH_PLACE(records_go_on_in_a_new_file),
		cmocka_unit_test(a_full_disk_loses_records_and_counts_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
