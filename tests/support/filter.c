/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "cleanup.h"
#include "diag.h"
#include "world.h"

/* A test run comes in on the loopback interface of the namespace. */
#define TEST_RUN_INTERFACE 1U

static bool failed(const char *what, const struct fault *fault)
{
	(void)fprintf(stderr, "%s: %s\n", what, fault->text);
	return false;
}

bool filter_open(struct filter *filter)
{
	char instance[32];
	struct fault fault = {0};

	*filter = (struct filter){0};
	(void)signal(SIGPIPE, SIG_IGN); /* whoever stops reading must not stop the cleaning up */
	if (unshare(CLONE_NEWNET)) {
		(void)fprintf(stderr, "no network namespace: %s\n", strerror(errno));
		return false;
	}
	(void)snprintf(instance, sizeof(instance), "t%d", (int)getpid());
	if (paths_make(instance, &filter->paths, &fault))
		return failed("paths", &fault);
	if (loader_open(&filter->paths, &filter->loader, &fault))
		return failed("open", &fault);
	if (loader_set_clock(filter->loader, &fault))
		return failed("clock", &fault);
	return true;
}

static void drop_rules(struct filter *filter)
{
	if (filter->generation == 0)
		return;
	policy_free(&filter->policy);
	node_free(&filter->node);
}

void filter_close(struct filter *filter)
{
	struct fault fault = {0};

	drop_rules(filter);
	seating_free(&filter->seating);
	loader_close(filter->loader);
	if (loader_uninstall(&filter->paths, &fault))
		(void)failed("uninstall", &fault);
}

static void print_errors(const struct diags *diags)
{
	char line[DIAG_LINE_MAX];

	for (size_t i = 0; i < diags->count; i++) {
		if (diags->items[i].level != DIAG_ERROR)
			continue;
		(void)diag_format(&diags->items[i], line, sizeof(line));
		(void)fprintf(stderr, "%s\n", line);
	}
}

static int read_both(const char *rules, const char *node, struct diags *diags,
		     struct policy *ret_policy, struct node *ret_node)
{
	const struct rules_bundle bundle = {
		.document = {.name = "rules.yaml", .text = rules, .size = strlen(rules)}};
	const struct rules_file document = {
		.name = "node.yaml", .text = node, .size = strlen(node)};
	struct policy policy;
	int r = policy_read(&bundle, time(NULL), diags, &policy);

	if (r)
		return r;
	r = node_read(&document, diags, ret_node);
	if (r)
		policy_free(&policy);
	else
		*ret_policy = policy;
	return r;
}

/* With the policy and node that are in the filter already. */
static int publish(struct filter *filter, struct diags *diags, struct fault *fault)
{
	const struct image_stamp stamp = {.generation = filter->generation};
	cleanup(image_free) struct image image = {0};
	cleanup(seating_free) struct seating seating = {0};
	int r = seating_assign(&filter->policy, &filter->seating, VW_SEATS, diags, &seating);

	if (!r)
		r = image_compile(&filter->policy, &filter->node, &seating, &stamp,
				  LOADER_SLOT_LINES, diags, &image);
	if (!r)
		r = loader_publish(filter->loader, &image, &seating, fault);
	if (r)
		return r;
	seating_free(&filter->seating);
	filter->seating = seating;
	seating = (struct seating){0};
	loader_settle(filter->loader, &filter->seating);
	return 0;
}

bool filter_load(struct filter *filter, const char *rules, const char *node)
{
	struct diags diags = {0};
	struct fault fault = {.text = "see above"};
	struct policy policy;
	struct node read;
	int r = read_both(rules, node, &diags, &policy, &read);

	if (!r) {
		drop_rules(filter);
		filter->policy = policy;
		filter->node = read;
		filter->generation++;
		r = publish(filter, &diags, &fault);
	}
	print_errors(&diags);
	diags_clear(&diags);
	return r ? failed("load", &fault) : true;
}

bool filter_set_vlan_tags(struct filter *filter, bool vlan_tags)
{
	cleanup(close_fd) int map = -1;
	char path[PATH_TEXT + 32];
	const uint32_t interface = TEST_RUN_INTERFACE, value = 1;
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/interfaces", filter->paths.bpf);
	map = bpf_obj_get(path);
	if (map < 0)
		r = map;
	else if (vlan_tags)
		r = bpf_map_update_elem(map, &interface, &value, BPF_ANY);
	else
		(void)bpf_map_delete_elem(map, &interface);
	filter->vlan_tags = vlan_tags;
	if (r)
		(void)fprintf(stderr, "%s: %s\n", path, strerror(-r));
	return r == 0;
}

bool filter_steer(struct filter *filter)
{
	struct fault fault = {0};

	filter->steered = loader_steer(filter->loader, &fault) == 0;
	return filter->steered ? true : failed("steer", &fault);
}

struct oracle_answer filter_expect(const struct filter *filter, const struct crafted *frame)
{
	const struct oracle_packet packet = {
		.frame = frame->bytes,
		.length = frame->length,
		.vlan_tags = filter->vlan_tags,
		.now = time(NULL),
	};

	return oracle_judge(&filter->policy, &filter->node, &packet);
}

bool filter_explain(struct filter *filter, const struct crafted *frame,
		    struct oracle_answer *ret_answer)
{
	struct vw_sighting sighting = {0};
	struct fault fault = {0};
	const char *name = "-";

	if (loader_explain(filter->loader, frame->bytes, frame->length, TEST_RUN_INTERFACE,
			   &sighting, &fault))
		return failed("explain", &fault);
	if (sighting.seat != IMAGE_SEAT_NODE)
		name = sighting.seat < filter->seating.count ? filter->seating.names[sighting.seat]
							     : NULL;
	ret_answer->reason = sighting.reason;
	ret_answer->verdict = sighting.verdict;
	(void)snprintf(ret_answer->seat, sizeof(ret_answer->seat), "%s",
		       name ? name : "(a seat that nobody has)");
	return true;
}

bool filter_run(struct filter *filter, const struct crafted *frame, uint32_t *ret_action)
{
	struct fault fault = {0};

	if (loader_test_run(filter->loader, frame->bytes, frame->length, ret_action, &fault))
		return failed("run", &fault);
	return true;
}

uint32_t filter_action(const struct filter *filter, enum vw_verdict verdict)
{
	if (verdict == VW_VERDICT_GATE)
		return filter->steered ? XDP_PASS : XDP_DROP;
	return verdict == VW_VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

const char *filter_reason_label(enum vw_reason reason)
{
	static const char *const labels[] = {
#define X(name, label, help) label,
		VW_REASONS(X)
#undef X
	};

	return reason < VW_REASON_COUNT ? labels[reason] : "(no reason)";
}

const char *filter_verdict_label(enum vw_verdict verdict)
{
	static const char *const labels[] = {
#define X(name, label) label,
		VW_VERDICTS(X)
#undef X
	};

	return verdict < VW_VERDICT_COUNT ? labels[verdict] : "(no verdict)";
}

enum vw_outcome filter_outcome(enum vw_reason reason, enum vw_verdict verdict)
{
	static const struct {
		enum vw_reason reason;
		enum vw_verdict verdict;
	} outcomes[] = {
#define X(why, what) {VW_REASON_##why, VW_VERDICT_##what},
		VW_OUTCOMES(X)
#undef X
	};

	for (enum vw_outcome i = 0; i < VW_OUTCOME_COUNT; i++)
		if (outcomes[i].reason == reason && outcomes[i].verdict == verdict)
			return i;
	return VW_OUTCOME_COUNT;
}

/* Comparing. ****************************************************************/

/* All counters at one time; the caller frees them. */
static struct vw_counters *read_counters(struct filter *filter)
{
	struct vw_counters *counters =
		(struct vw_counters *)calloc(filter->seating.count + 1, sizeof(*counters));
	struct fault fault = {0};

	for (uint32_t seat = 0; counters && seat < filter->seating.count; seat++)
		if (loader_counters(filter->loader, seat, &counters[seat], &fault))
			(void)failed("counters", &fault);
	return counters;
}

static bool same_counters(const struct filter *filter, const struct vw_counters *a,
			  const struct vw_counters *b)
{
	return memcmp(a, b, (filter->seating.count + 1) * sizeof(*a)) == 0;
}

static bool is_same(const struct oracle_answer *a, const struct oracle_answer *b)
{
	return a->reason == b->reason && a->verdict == b->verdict &&
	       (a->reason == VW_REASON_NOT_OURS || strcmp(a->seat, b->seat) == 0);
}

static void print_answer(const char *who, const struct oracle_answer *answer)
{
	(void)fprintf(stderr, "  %-9s %s, %s, %s\n", who, filter_reason_label(answer->reason),
		      filter_verdict_label(answer->verdict), answer->seat);
}

static void print_frame(const struct crafted *frame)
{
	for (size_t i = 0; i < frame->length; i++)
		(void)fprintf(stderr, "%s%02x", i % 32 ? i % 4 ? "" : " " : "\n  ",
			      frame->bytes[i]);
	(void)fprintf(stderr, "\n");
}

/* Adds to `counters` what the frame must add. */
static void count_expected(const struct filter *filter, const struct crafted *frame,
			   const struct oracle_answer *expected, struct vw_counters *counters)
{
	enum vw_outcome outcome = filter_outcome(expected->reason, expected->verdict);
	uint32_t seat = 0;

	if (expected->reason == VW_REASON_NOT_OURS || outcome >= VW_OUTCOME_COUNT)
		return;
	for (uint32_t i = 1; i < filter->seating.count; i++)
		if (filter->seating.names[i] &&
		    strcmp(filter->seating.names[i], expected->seat) == 0)
			seat = i;
	counters[seat].outcomes[outcome].packets++;
	counters[seat].outcomes[outcome].bytes += frame->length;
}

/* What `explain`, the run and the counters say; the first of them that differs. */
static const char *find_dissent(struct filter *filter, const struct crafted *frame,
				const struct oracle_answer *expected,
				struct oracle_answer *ret_explained)
{
	cleanup(free_ptr) struct vw_counters *before = read_counters(filter);
	cleanup(free_ptr) struct vw_counters *between = NULL;
	cleanup(free_ptr) struct vw_counters *after = NULL;
	uint32_t action = XDP_ABORTED;

	if (!filter_explain(filter, frame, ret_explained))
		return "explain failed";
	between = read_counters(filter);
	if (!filter_run(filter, frame, &action))
		return "the run failed";
	after = read_counters(filter);
	if (!is_same(expected, ret_explained))
		return "explain differs";
	if (action != filter_action(filter, expected->verdict))
		return "the filter's action differs";
	if (!before || !between || !after || !same_counters(filter, before, between))
		return "explain counted something";
	count_expected(filter, frame, expected, between);
	return same_counters(filter, between, after) ? NULL : "the counters differ";
}

static bool agrees(struct filter *filter, const char *name, const struct crafted *frame,
		   const struct oracle_answer *expected)
{
	struct oracle_answer by_oracle = filter_expect(filter, frame);
	struct oracle_answer explained = {0};
	const char *dissent = find_dissent(filter, frame, expected, &explained);

	if (!dissent && !is_same(expected, &by_oracle))
		dissent = "the oracle differs";
	if (!dissent)
		return true;
	(void)fprintf(stderr, "%s: %s\n", name, dissent);
	print_answer("expected", expected);
	print_answer("oracle", &by_oracle);
	print_answer("explain", &explained);
	print_frame(frame);
	return false;
}

bool filter_agrees(struct filter *filter, const char *name, const struct crafted *frame,
		   enum vw_reason reason, enum vw_verdict verdict, const char *seat)
{
	struct oracle_answer expected = {.reason = reason, .verdict = verdict};

	(void)snprintf(expected.seat, sizeof(expected.seat), "%s", seat);
	return agrees(filter, name, frame, &expected);
}

bool filter_agrees_with_oracle(struct filter *filter, const char *name, const struct crafted *frame)
{
	struct oracle_answer expected = filter_expect(filter, frame);

	return agrees(filter, name, frame, &expected);
}

static struct filter world;

int filter_setup_world(void **state)
{
	*state = &world;
	return filter_open(&world) && filter_load(&world, world_rules, world_node) ? 0 : -1;
}

int filter_teardown_world(void **state)
{
	filter_close((struct filter *)*state);
	return 0;
}
