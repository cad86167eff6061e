// SPDX-License-Identifier: Apache-2.0
/*
 * Packets a second through a veth, against what an operator would use instead.
 * Sender and receiver share one CPU, so that nothing is lost and the time of both
 * counts. All packets are dropped at the receiver, whose own counters must say so.
 * Usage: wire PEERS.SH     BENCH_RUNS: how many of each (default 5)
 */
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench_frame.h"
#include "bench_lpm.h"
#include "bench_measure.h"
#include "bench_report.h"
#include "bench_rules.h"
#include "bench_subject.h"
#include "cleanup.h"
#include "counter.h"
#include "loader.h"

#include <bench_image.skel.h>
#include <bench_lpm.skel.h>
#include <bench_wire.skel.h>

#define LIST_TEXT	64
#define RUNS_DEFAULT	5
#define ATTEMPTS	5
#define PACKETS_FAST	(1U << 20)
#define PACKETS_SLOW	(1U << 18) /* for peers that take microseconds */
#define XDP_FILTER_ROOM 10000	   /* addresses that it holds */

static const char *peers_script;

/* Everything on the wire for one size of list. */
struct bench {
	const char *size; /* 1k, 100k */
	size_t runs;
	unsigned receiver; /* ifindex */
	struct bench_wire_bpf *wire;
	struct bench_rules rules;
	char list[LIST_TEXT]; /* path of the prefixes as text */
	struct figure empty;  /* packets a second */
	struct figure filter;
};

/* Who receives, and how it says what it dropped. */
struct receiver {
	const char *name;
	int program; /* for vb; -1: attached already */
	uint32_t packets;
	const struct subject *subject; /* NULL: ask peers.sh, or the wire if `name` is empty */
};

/* peers.sh ***************************************************************************************/

/* Runs it; what it prints goes to `answer` if that is not NULL. */
static bool ask_peers(const char *name, const char *verb, const char *argument, char *answer,
		      size_t size)
{
	ssize_t length = 0;
	int ends[2], status = 1;
	pid_t child;

	if (pipe(ends))
		return false;
	child = fork();
	if (child == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)close(ends[0]);
		(void)execl(peers_script, peers_script, name, verb, argument, (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	if (child > 0 && answer)
		length = read(ends[0], answer, size - 1);
	if (answer)
		answer[length > 0 ? length : 0] = '\0';
	if (child > 0)
		(void)waitpid(child, &status, 0);
	(void)close(ends[0]);
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Counting ***************************************************************************************/

static uint64_t count_subject(const struct subject *subject)
{
	int cpus = libbpf_num_possible_cpus();
	cleanup(free_ptr) struct vw_counters *counters = calloc((size_t)cpus, sizeof(*counters));
	uint32_t seat = 1; /* of the only vault */
	uint64_t count = 0;

	if (!counters || bpf_map_lookup_elem(subject_map(subject, "vw_counters"), &seat, counters))
		return 0;
	for (int cpu = 0; cpu < cpus; cpu++)
		count += counters[cpu].outcomes[VW_OUTCOME_NOT_ALLOWED_DROP].packets;
	return count;
}

static uint64_t count_dropped(const struct bench *bench, const struct receiver *receiver)
{
	char answer[64] = "";

	if (receiver->subject)
		return count_subject(receiver->subject);
	if (strcmp(receiver->name, "empty_xdp") == 0)
		return *(volatile __u64 *)&bench->wire->bss->wire_dropped;
	if (!ask_peers(receiver->name, "count", NULL, answer, sizeof(answer)))
		return UINT64_MAX;
	return strtoull(answer, NULL, 10);
}

/* Sending ****************************************************************************************/

static bool send_all(const struct bench *bench, uint32_t packets)
{
	struct bench_frame frame = bench_frame_plain();
	LIBBPF_OPTS(bpf_test_run_opts, options, .repeat = (int)packets, .data_in = frame.bytes,
		    .data_size_in = frame.length, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	memset(&bench->wire->bss->bench_state, 0, sizeof(bench->wire->bss->bench_state));
	return bpf_prog_test_run_opts(bpf_program__fd(bench->wire->progs.wire_send), &options) == 0;
}

/* One run, of which nothing may be lost: the rate is meant at the receiver. */
static bool run_once(const struct bench *bench, const struct receiver *receiver, double *ret_rate)
{
	struct bench_state *state = (struct bench_state *)&bench->wire->bss->bench_state;

	if (receiver->program >= 0 &&
	    bpf_xdp_attach((int)bench->receiver, receiver->program, XDP_FLAGS_DRV_MODE, NULL))
		return false;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		uint64_t before = count_dropped(bench, receiver), after;

		if (!send_all(bench, receiver->packets))
			return false;
		after = count_dropped(bench, receiver);
		*ret_rate = 1e9 / bench_quartile(state, receiver->packets / BENCH_SEGMENT);
		if (after - before == receiver->packets)
			return true;
		(void)fprintf(stderr, "bench: %s dropped %llu of %u packets; once more\n",
			      receiver->name, (unsigned long long)(after - before),
			      receiver->packets);
	}
	return false;
}

static bool measure(struct bench *bench, const struct receiver *receiver, struct figure *ret_rate)
{
	double rate = 0;

	*ret_rate = (struct figure){0};
	for (size_t i = 0; i < bench->runs; i++) {
		if (!run_once(bench, receiver, &rate)) {
			(void)fprintf(stderr, "bench: %s: no run without loss\n", receiver->name);
			return false;
		}
		figure_add(ret_rate, rate);
	}
	return true;
}

/* Reporting **************************************************************************************/

static bool report(const struct bench *bench, const char *prefix, const char *name,
		   const char *unit, const struct figure *figure)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "%s%s_%s", prefix, name, bench->size);
	return figure_report(figure, text, unit);
}

static bool report_rate(const struct bench *bench, const char *name, const struct figure *rate)
{
	struct figure millions = {0};

	for (size_t i = 0; i < rate->count; i++)
		figure_add(&millions, rate->runs[i] / 1e6);
	return report(bench, "rate_", name, "Mpps", &millions);
}

static bool report_over(const struct bench *bench, const char *name, const struct figure *rate)
{
	struct figure over = figure_divide(&bench->filter, rate);

	return report(bench, "over_", name, "x", &over);
}

/* Peers ******************************************************************************************/

/* In turn with the program that only drops: the share is taken run by run. */
static bool measure_filter(struct bench *bench, const struct subject *subject)
{
	const struct receiver empty = {
		.name = "empty_xdp",
		.program = bpf_program__fd(bench->wire->progs.wire_drop),
		.packets = PACKETS_FAST,
	};
	const struct receiver filter = {
		.name = "filter",
		.program = subject->programs[BENCH_WIRE],
		.packets = PACKETS_FAST,
		.subject = subject,
	};
	struct figure share = {0};
	double limit, rate;

	for (size_t i = 0; i <= bench->runs; i++) {
		if (!run_once(bench, &empty, &limit) || !run_once(bench, &filter, &rate))
			return false;
		if (!i)
			continue; /* a warm-up */
		figure_add(&bench->empty, limit);
		figure_add(&bench->filter, rate);
		figure_add(&share, rate / limit);
	}
	return report_rate(bench, "empty_xdp", &bench->empty) &&
	       report_rate(bench, "filter", &bench->filter) &&
	       report(bench, "drop_rate_over_", "empty_xdp", "x", &share);
}

static bool measure_lpm(struct bench *bench)
{
	struct bench_lpm_bpf *skeleton = bench_lpm_bpf__open();
	cleanup(subject_close) struct subject subject = {0};
	struct receiver receiver = {.name = "lpm", .packets = PACKETS_SLOW, .subject = &subject};
	struct figure rate;

	if (!skeleton || !subject_load(&subject, skeleton->obj, LPM_LINES, 1U << BENCH_WIRE) ||
	    !lpm_publish(&subject, &bench->rules))
		return false;
	receiver.program = subject.programs[BENCH_WIRE];
	return measure(bench, &receiver, &rate) && report_rate(bench, "lpm", &rate) &&
	       report_over(bench, "lpm", &rate);
}

/* One that peers.sh knows. `program` is what is on vb meanwhile. A missing one is told. */
static bool measure_peer(struct bench *bench, const char *name, int program)
{
	const struct receiver receiver = {
		.name = name, .program = program, .packets = PACKETS_SLOW};
	char missing[64] = "";
	struct figure rate;
	bool done;

	if (!ask_peers(name, "missing", NULL, missing, sizeof(missing)) || missing[0]) {
		(void)printf("  %s: skipped, there is no %s", name, missing);
		return true;
	}
	if (!ask_peers(name, "up", bench->list, NULL, 0)) {
		(void)printf("  %s: skipped, it cannot be set up here\n", name);
		return true;
	}
	done = measure(bench, &receiver, &rate);
	(void)ask_peers(name, "down", NULL, NULL, 0);
	return done && report_rate(bench, name, &rate) && report_over(bench, name, &rate);
}

/* What has no mark at this size: the short form goes without. */
static bool is_left_out(const struct bench *bench)
{
	const char *quick = getenv("QUICK"); // NOLINT(concurrency-mt-unsafe): one thread

	return quick && quick[0] && bench->rules.size.ranges < XDP_FILTER_ROOM;
}

static bool measure_peers(struct bench *bench)
{
	int pass = bpf_program__fd(bench->wire->progs.wire_pass);

	if (!is_left_out(bench) && (!measure_lpm(bench) || !measure_peer(bench, "nft_set", pass) ||
				    !measure_peer(bench, "ipset", pass)))
		return false;
	if (bpf_xdp_detach((int)bench->receiver, XDP_FLAGS_DRV_MODE, NULL))
		return false;
	return bench->rules.size.ranges >= XDP_FILTER_ROOM || measure_peer(bench, "xdp_filter", -1);
}

/* Setting up *************************************************************************************/

static bool write_prefix(void *context, uint32_t address, uint32_t length)
{
	const struct in_addr in = {htonl(address)};
	char text[INET_ADDRSTRLEN];

	return inet_ntop(AF_INET, &in, text, sizeof(text)) &&
	       fprintf(context, "%s/%u\n", text, length) > 0;
}

static bool write_list(struct bench *bench)
{
	const struct bench_list *list = &bench->rules.allowed[0];
	bool whole = true;
	FILE *file;

	(void)snprintf(bench->list, sizeof(bench->list), "/tmp/vaultwall-bench.%d.list",
		       (int)getpid());
	file = fopen(bench->list, "we");
	for (size_t i = 0; file && i < list->count && whole; i++)
		whole = bench_prefixes(list->items[i], write_prefix, file);
	return file && fclose(file) == 0 && whole;
}

/* Sources that no rule holds. */
static bool make_trace(const struct bench *bench)
{
	struct random random = {random_seed(1)};
	size_t size = BENCH_PACKETS * sizeof(struct bench_packet);
	struct bench_packet *trace = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
					  bpf_map__fd(bench->wire->maps.bench_trace), 0);

	if (trace == MAP_FAILED)
		return false;
	for (size_t i = 0; i < BENCH_PACKETS; i++) {
		uint32_t source;

		/* Unicast, or the kernel's IP layer drops it before a peer has seen it. */
		do
			source = (uint32_t)random_next(&random);
		while (bench_admits(&bench->rules, 0, source) || source >= 0xe0000000U ||
		       source >> 24 == 127 || source >> 24 == 0);
		trace[i] = (struct bench_packet){.source = htonl(source),
						 .destination = htonl(bench_frontend(0))};
	}
	return munmap(trace, size) == 0;
}

static bool prepare(struct bench *bench, struct subject *subject, size_t ranges)
{
	const struct bench_size size = {.vaults = 1, .ranges = ranges};
	struct bench_image_bpf *skeleton = bench_image_bpf__open();

	bench->wire = bench_wire_bpf__open_and_load();
	bench->receiver = if_nametoindex("vb");
	if (!bench->wire || !bench->receiver || !skeleton ||
	    !subject_load(subject, skeleton->obj, LOADER_SLOT_LINES, 1U << BENCH_WIRE) ||
	    !bench_rules_make(&bench->rules, &size, random_seed(1)) ||
	    !subject_publish_rules(subject, &bench->rules) || !write_list(bench))
		return false;
	bench->wire->bss->wire_device = (int)if_nametoindex("va");
	return make_trace(bench);
}

static bool run_size(const char *name, size_t ranges, size_t runs)
{
	struct bench bench = {.size = name, .runs = runs};
	cleanup(subject_close) struct subject subject = {0};
	bool done = prepare(&bench, &subject, ranges);

	if (done)
		done = measure_filter(&bench, &subject) && measure_peers(&bench);
	if (bench.list[0])
		(void)unlink(bench.list);
	bench_wire_bpf__destroy(bench.wire);
	bench_rules_free(&bench.rules);
	return done;
}

/* All that is set up goes with these namespaces. */
static bool enter(void)
{
	bench_stay_put();
	if (unshare(CLONE_NEWNET | CLONE_NEWNS)) {
		perror("bench: namespaces");
		return false;
	}
	return ask_peers("wire", NULL, NULL, NULL, 0);
}

int main(int argc, char **argv)
{
	size_t runs = bench_runs(RUNS_DEFAULT);

	if (argc != 2) {
		(void)fprintf(stderr, "Usage: wire PEERS.SH\n");
		return 2;
	}
	peers_script = argv[1];
	if (!enter() || !run_size("1k", 1000, runs) || !run_size("100k", 100000, runs)) {
		(void)fprintf(stderr, "bench: wire: stopped\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
