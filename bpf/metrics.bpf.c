// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metrics as Prometheus text: an iterator that is pinned in bpffs, so that
 * `cat` prints it with no agent alive. It walks vw_rows, one row for each family
 * and seat, families in a row as the format wants them; only what was ever counted
 * is printed.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "maps.h"

/* As much of the kernel's iterator context as is read here. */
struct seq_file;
struct bpf_map;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

const volatile __u32 metrics_cpus = 1; /* possible CPUs; set by the loader */

#define METRICS_LABEL 24

struct metrics_labels {
	char verdict[METRICS_LABEL];
	char reason[METRICS_LABEL];
};

/* An array of characters takes no string in parentheses. NOLINTBEGIN(bugprone-macro-parentheses) */
static const char metrics_verdicts[VW_VERDICT_COUNT][METRICS_LABEL] = {
#define X(name, label) [VW_VERDICT_##name] = label,
	VW_VERDICTS(X)
#undef X
};

static const char metrics_reasons[VW_REASON_COUNT][METRICS_LABEL] = {
#define X(name, label, help) [VW_REASON_##name] = label,
	VW_REASONS(X)
#undef X
};

static const char metrics_codes[VW_REQUEST_COUNT][METRICS_LABEL] = {
#define X(name, code, error) [VW_REQUEST_##name] = code,
	VW_REQUESTS(X)
#undef X
};

static const char metrics_errors[VW_REQUEST_COUNT][METRICS_LABEL] = {
#define X(name, code, error) [VW_REQUEST_##name] = error,
	VW_REQUESTS(X)
#undef X
};

static const char metrics_refusals[VW_TAG_REFUSAL_COUNT][METRICS_LABEL] = {
#define X(name, label) [VW_TAG_REFUSAL_##name] = label,
	VW_TAG_REFUSALS(X)
#undef X
};

/* NOLINTEND(bugprone-macro-parentheses) */

struct metrics_outcome {
	__u8 reason;
	__u8 verdict;
};

static const struct metrics_outcome metrics_outcomes[VW_OUTCOME_COUNT] = {
#define X(reason, verdict)                                                                         \
	[VW_OUTCOME_##reason##_##verdict] = {VW_REASON_##reason, VW_VERDICT_##verdict},
	VW_OUTCOMES(X)
#undef X
};

/* Rules in force: their generation and when they were compiled; nothing without rules. */
static __always_inline void print_rules(struct seq_file *seq)
{
	__u32 zero = 0, identity = IMAGE_LINE_IDENTITY, slot;
	struct vw_cell *cell = bpf_map_lookup_elem(&vw_cell, &zero);
	union image_line *line;
	void *image;

	if (!cell)
		return;
	slot = cell->slot;
	image = bpf_map_lookup_elem(&vw_slots, &slot);
	if (!image)
		return;
	line = bpf_map_lookup_elem(image, &identity);
	if (!line)
		return;
	BPF_SEQ_PRINTF(seq,
		       "# HELP vaultwall_rules_generation Generation of the rules in force.\n"
		       "# TYPE vaultwall_rules_generation gauge\n"
		       "vaultwall_rules_generation %u\n",
		       line->identity.generation);
	BPF_SEQ_PRINTF(seq,
		       "# HELP vaultwall_rules_timestamp_seconds When they were compiled.\n"
		       "# TYPE vaultwall_rules_timestamp_seconds gauge\n"
		       "vaultwall_rules_timestamp_seconds %llu\n",
		       line->identity.created);
}

/* Only where node.yaml has a gate. */
static __always_inline void print_gate(struct seq_file *seq)
{
	__u32 zero = 0;
	const struct vw_cell *cell = bpf_map_lookup_elem(&vw_cell, &zero);

	if (!cell || !cell->gate_port)
		return;
	BPF_SEQ_PRINTF(seq,
		       "# HELP vaultwall_gate_up Whether the gate listens, as the agent saw last.\n"
		       "# TYPE vaultwall_gate_up gauge\n"
		       "vaultwall_gate_up %d\n",
		       cell->steered == VW_STEERING_GATE);
}

/* Notes of endpoint tags; only where one was ever taken or refused. */
static __always_inline void print_tags(struct seq_file *seq)
{
	__u32 zero = 0;
	const struct vw_tag_totals *totals = bpf_map_lookup_elem(&vw_tag_totals, &zero);
	__u64 refused = 0;

	if (!totals)
		return;
	for (__u32 i = 0; i < VW_TAG_REFUSAL_COUNT; i++)
		refused += totals->refused[i];
	if (!totals->noted && !refused)
		return;
	BPF_SEQ_PRINTF(
		seq,
		"# HELP vaultwall_tags_noted Gated connections whose endpoint tag is noted.\n"
		"# TYPE vaultwall_tags_noted gauge\n"
		"vaultwall_tags_noted %llu\n",
		totals->noted - totals->removed);
	BPF_SEQ_PRINTF(seq,
		       "# HELP vaultwall_tags_limit How many can be.\n"
		       "# TYPE vaultwall_tags_limit gauge\n"
		       "vaultwall_tags_limit %u\n",
		       VW_TAGS);
	BPF_SEQ_PRINTF(seq, "# HELP vaultwall_tags_refused_total Gated connections refused, since "
			    "their tag could not be noted.\n"
			    "# TYPE vaultwall_tags_refused_total counter\n");
	for (__u32 i = 0; i < VW_TAG_REFUSAL_COUNT; i++)
		BPF_SEQ_PRINTF(seq, "vaultwall_tags_refused_total{reason=\"%s\"} %llu\n",
			       metrics_refusals[i], totals->refused[i]);
}

static __always_inline void print_family(struct seq_file *seq, __u32 family)
{
	if (family == VW_FAMILY_PACKETS)
		BPF_SEQ_PRINTF(seq, "# HELP vaultwall_packets_total Packets decided.\n"
				    "# TYPE vaultwall_packets_total counter\n");
	else if (family == VW_FAMILY_BYTES)
		BPF_SEQ_PRINTF(seq, "# HELP vaultwall_bytes_total Bytes of the frames decided.\n"
				    "# TYPE vaultwall_bytes_total counter\n");
	else if (family == VW_FAMILY_CONNECTIONS)
		BPF_SEQ_PRINTF(seq, "# HELP vaultwall_connections_total New connections decided.\n"
				    "# TYPE vaultwall_connections_total counter\n");
	else
		BPF_SEQ_PRINTF(seq, "# HELP vaultwall_gate_requests_total Requests that the gate "
				    "answered.\n"
				    "# TYPE vaultwall_gate_requests_total counter\n");
}

#define METRICS_FAMILIES 4U /* of packets and connections, rounded up to a mask */

static const char metrics_families[METRICS_FAMILIES][METRICS_LABEL] = {
	[VW_FAMILY_PACKETS] = "packets",
	[VW_FAMILY_BYTES] = "bytes",
	[VW_FAMILY_CONNECTIONS] = "connections",
};

static __always_inline void print_count(struct seq_file *seq, __u32 family, const char *vault,
					__u32 outcome, __u64 count)
{
	__u32 reason = metrics_outcomes[outcome].reason;
	__u32 verdict = metrics_outcomes[outcome].verdict;

	if (reason >= VW_REASON_COUNT || verdict >= VW_VERDICT_COUNT)
		return;
	BPF_SEQ_PRINTF(seq, "vaultwall_%s_total{vault=\"%s\",verdict=\"%s\",reason=\"%s\"} %llu\n",
		       metrics_families[family & (METRICS_FAMILIES - 1)], vault,
		       metrics_verdicts[verdict], metrics_reasons[reason], count);
}

struct metrics_sums {
	__u64 outcomes[VW_OUTCOME_COUNT];
};

/* Where a family's counts of one CPU lie, and how many words are between two of them. */
struct metrics_row {
	const __u64 *counts;
	__u32 stride;
};

static __always_inline struct metrics_row find_row(__u32 seat, __u32 family, __u32 cpu)
{
	const struct vw_connections *connections;
	const struct vw_counters *counters;

	if (family == VW_FAMILY_CONNECTIONS) {
		connections = bpf_map_lookup_percpu_elem(&vw_connections, &seat, cpu);
		return (struct metrics_row){connections ? connections->outcomes : NULL, 1};
	}
	counters = bpf_map_lookup_percpu_elem(&vw_counters, &seat, cpu);
	if (!counters)
		return (struct metrics_row){};
	return (struct metrics_row){family == VW_FAMILY_PACKETS ? &counters->outcomes[0].packets
								: &counters->outcomes[0].bytes,
				    sizeof(struct vw_counter) / sizeof(__u64)};
}

/*
 * One family of a seat's counters, summed over all CPUs. The verifier checks it by
 * itself: its cost grows with the CPUs, and is not multiplied with what calls it.
 */
__attribute__((noinline)) int vw_sum_seat(__u32 seat, __u32 family, struct metrics_sums *sums)
{
	if (!sums)
		return -1;
	for (__u32 cpu = 0; cpu < metrics_cpus; cpu++) {
		struct metrics_row row = find_row(seat, family, cpu);

		if (!row.counts)
			break;
		if (row.stride == 1)
			for (__u32 outcome = 0; outcome < VW_OUTCOME_COUNT; outcome++)
				sums->outcomes[outcome] += row.counts[outcome];
		else
			for (__u64 outcome = 0; outcome < VW_OUTCOME_COUNT; outcome++)
				sums->outcomes[outcome] += row.counts[outcome * 2];
	}
	return 0;
}

static __always_inline void print_requests(struct seq_file *seq, __u32 seat, const char *vault)
{
	const struct vw_requests *requests = bpf_map_lookup_elem(&vw_requests, &seat);

	if (!requests)
		return;
	for (__u32 kind = 0; kind < VW_REQUEST_COUNT; kind++)
		if (requests->kinds[kind])
			BPF_SEQ_PRINTF(seq,
				       "vaultwall_gate_requests_total{vault=\"%s\",code=\"%s\","
				       "error=\"%s\"} %llu\n",
				       vault, metrics_codes[kind], metrics_errors[kind],
				       requests->kinds[kind]);
}

SEC("iter/bpf_map_elem")
int vw_metrics(struct bpf_iter__bpf_map_elem *context)
{
	struct seq_file *seq = context->meta->seq;
	const __u32 *key = context->key;
	struct metrics_sums sums = {};
	struct vw_seat *name;
	__u32 family, seat;

	if (!key)
		return 0;
	family = *key / VW_SEATS;
	seat = *key % VW_SEATS;
	if (!*key) {
		print_rules(seq);
		print_gate(seq);
		print_tags(seq);
	}
	if (!seat)
		print_family(seq, family);
	name = bpf_map_lookup_elem(&vw_seats, &seat);
	if (!name || !name->name[0])
		return 0;
	if (family == VW_FAMILY_REQUESTS) {
		print_requests(seq, seat, name->name);
		return 0;
	}
	vw_sum_seat(seat, family, &sums);
	for (__u32 outcome = 1; outcome < VW_OUTCOME_COUNT; outcome++)
		if (sums.outcomes[outcome])
			print_count(seq, family, name->name, outcome, sums.outcomes[outcome]);
	return 0;
}

char LICENSE_METRICS[] SEC("license") = "GPL";
