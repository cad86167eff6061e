// SPDX-License-Identifier: Apache-2.0
/*
 * Connections per second to an allowed vault on three hosts that differ in what stands before it:
 * filter and steering, the filter alone, nothing. One thread is client and server: a connection is
 * made, accepted and reset, so that what is measured is the kernel's work and no waiting. The hosts
 * take turns every few milliseconds. A stranger has to be kept out where anything stands.
 * Usage: connections ADDRESS ADDRESS ADDRESS STRANGER     of the hosts, whose namespaces are
 *   /run/netns/{steer,filter,none}; STRANGER: an address of ours that the vault does not allow
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench_measure.h"
#include "cleanup.h"

#define RUNS_DEFAULT 7
#define HOSTS	     3
#define PORT	     443
#define BACKLOG	     64
#define BATCH	     64	 /* connections to one host before it is the next one's turn */
#define ROUNDS	     64	 /* batches of a run */
#define PATIENCE     150 /* milliseconds that a stranger waits */

struct host {
	const char *name;
	struct sockaddr_in address;
	int listener;
	double batches[ROUNDS]; /* nanoseconds */
	struct figure rate;
};

static bool enter(const char *path)
{
	cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
}

/* A socket belongs to the namespace that it was made in, whoever uses it. */
static bool listen_in(struct host *host)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	char path[64];

	(void)snprintf(path, sizeof(path), "/run/netns/%s", host->name);
	if (!enter(path))
		return false;
	host->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return host->listener >= 0 &&
	       bind(host->listener, (const struct sockaddr *)&any, sizeof(any)) == 0 &&
	       listen(host->listener, BACKLOG) == 0;
}

static bool open_hosts(struct host hosts[HOSTS], char **addresses)
{
	cleanup(close_fd) int ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < HOSTS; i++) {
		hosts[i].address.sin_family = AF_INET;
		hosts[i].address.sin_port = htons(PORT);
		if (inet_pton(AF_INET, addresses[i], &hosts[i].address.sin_addr) != 1 ||
		    !listen_in(&hosts[i]))
			return false;
	}
	return ours >= 0 && setns(ours, CLONE_NEWNET) == 0;
}

/* Reset, not closed: nothing is left of it on either side. */
static bool connect_once(const struct host *host)
{
	static const struct linger at_once = {.l_onoff = 1};
	cleanup(close_fd) int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cleanup(close_fd) int served = -1;

	if (client < 0 ||
	    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) < 0 ||
	    connect(client, (const struct sockaddr *)&host->address, sizeof(host->address)) < 0)
		return false;
	served = accept4(host->listener, NULL, NULL, SOCK_CLOEXEC);
	return served >= 0;
}

static double nanoseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static bool run_batch(const struct host *host, double *ret_time)
{
	double began = nanoseconds();

	for (size_t i = 0; i < BATCH; i++) {
		if (connect_once(host))
			continue;
		(void)fprintf(stderr, "bench: no connection to %s: %s\n", host->name,
			      strerror(errno));
		return false;
	}
	*ret_time = nanoseconds() - began;
	return true;
}

static int compare_doubles(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

/* Connections a second of the lower quartile: what interrupts a batch lengthens it. */
static double rate_of(struct host *host)
{
	qsort(host->batches, ROUNDS, sizeof(*host->batches), compare_doubles);
	return BATCH * 1e9 / host->batches[ROUNDS / 4];
}

static bool run(struct host hosts[HOSTS], bool counts)
{
	for (size_t i = 0; i < ROUNDS; i++)
		for (size_t j = 0; j < HOSTS; j++) {
			struct host *host = &hosts[(i + j) % HOSTS]; /* none is always the first */

			if (!run_batch(host, &host->batches[i]))
				return false;
		}
	for (size_t j = 0; j < HOSTS && counts; j++)
		figure_add(&hosts[j].rate, rate_of(&hosts[j]));
	return true;
}

/* Whether it gets a connection before its patience ends. */
static bool is_let_in(const struct host *host, const char *from)
{
	cleanup(close_fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in source = {.sin_family = AF_INET};
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	return inet_pton(AF_INET, from, &source.sin_addr) == 1 &&
	       bind(fd, (const struct sockaddr *)&source, sizeof(source)) == 0 &&
	       (connect(fd, (const struct sockaddr *)&host->address, sizeof(host->address)) == 0 ||
		errno == EINPROGRESS) &&
	       poll(&wait, 1, PATIENCE) == 1 && !(wait.revents & (POLLERR | POLLHUP));
}

static bool stranger_is_kept_out(const struct host hosts[HOSTS], const char *stranger)
{
	if (!is_let_in(&hosts[0], stranger) && !is_let_in(&hosts[1], stranger) &&
	    is_let_in(&hosts[2], stranger))
		return true;
	(void)fprintf(stderr, "bench: a stranger is not treated as he should be\n");
	return false;
}

static struct figure divide_runs(const struct figure *a, const struct figure *b)
{
	struct figure quotient = {0};

	for (size_t i = 0; i < a->count; i++)
		figure_add(&quotient, a->runs[i] / b->runs[i]);
	return quotient;
}

static bool report(const struct host hosts[HOSTS])
{
	const struct figure steered = divide_runs(&hosts[0].rate, &hosts[1].rate);
	const struct figure filtered = divide_runs(&hosts[1].rate, &hosts[2].rate);

	return figure_report(&hosts[0].rate, "connections_with_steer", "1/s") &&
	       figure_report(&hosts[1].rate, "connections_without_steer", "1/s") &&
	       figure_report(&hosts[2].rate, "connections_without_filter", "1/s") &&
	       figure_report(&filtered, "connections_filter_over_none", "ratio") &&
	       figure_report(&steered, "connections_with_steer_over_without", "ratio");
}

int main(int argc, char **argv)
{
	static struct host hosts[HOSTS] = {{.name = "steer"}, {.name = "filter"}, {.name = "none"}};
	size_t runs = bench_runs(RUNS_DEFAULT);

	if (argc != HOSTS + 2)
		return EXIT_FAILURE;
	bench_stay_put();
	if (!open_hosts(hosts, argv + 1)) {
		perror("bench: no place to listen");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i <= runs; i++)
		if (!run(hosts, i > 0)) /* the first is a warm-up */
			return EXIT_FAILURE;
	return stranger_is_kept_out(hosts, argv[HOSTS + 1]) && report(hosts) ? EXIT_SUCCESS
									     : EXIT_FAILURE;
}
