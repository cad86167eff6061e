// SPDX-License-Identifier: Apache-2.0
/*
 * Nanoseconds a packet, of the filter, of its floor and of the same filter with the
 * kernel's own maps. A floor runs before each run, and their ratio is what counts.
 * Usage: packets [CASE]...     BENCH_RUNS: how many of each (default 7)
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "bench_frame.h"
#include "bench_lpm.h"
#include "bench_measure.h"
#include "bench_report.h"
#include "bench_rules.h"
#include "bench_subject.h"
#include "cleanup.h"
#include "loader.h"

#include <bench_image.skel.h>
#include <bench_lpm.skel.h>

enum traffic { TRAFFIC_HOT, TRAFFIC_COLD, TRAFFIC_OTHER, TRAFFIC_TAGGED, TRAFFIC_FLOOD };

struct scenario {
	const char *name;
	struct bench_size size;
	enum traffic traffic;
	uint32_t hits;	 /* percent; the others come from anywhere */
	bool lpm;	 /* the peer runs, too */
	bool on_request; /* no figure of its own, but it explains one */
};

#define THOUSAND                                                                                   \
	{                                                                                          \
		.vaults = 1000, .ranges = 1000, .networks = 1000, .block = 10000                   \
	}
#define SMALL                                                                                      \
	{                                                                                          \
		.vaults = 1, .ranges = 10                                                          \
	}

static const struct scenario scenarios[] = {
	{.name = "filter_hot", .size = THOUSAND, .traffic = TRAFFIC_HOT, .hits = 50, .lpm = true},
	{.name = "filter_cold", .size = THOUSAND, .traffic = TRAFFIC_COLD, .hits = 50, .lpm = true},
	{.name = "pass_other", .size = THOUSAND, .traffic = TRAFFIC_OTHER},
	{.name = "tagged", .size = THOUSAND, .traffic = TRAFFIC_TAGGED},
	{.name = "drop_flood", .size = THOUSAND, .traffic = TRAFFIC_FLOOD},
	{.name = "all_allowed",
	 .size = THOUSAND,
	 .traffic = TRAFFIC_HOT,
	 .hits = 100,
	 .on_request = true},
	{.name = "filter_10k_vaults",
	 .size = {.vaults = 10000, .ranges = 100, .block = 10000},
	 .traffic = TRAFFIC_COLD,
	 .hits = 50},
	{.name = "small", .size = SMALL, .traffic = TRAFFIC_HOT, .hits = 50, .on_request = true},
	{.name = "small_allowed",
	 .size = SMALL,
	 .traffic = TRAFFIC_HOT,
	 .hits = 100,
	 .on_request = true},
	{.name = "small_flood", .size = SMALL, .traffic = TRAFFIC_FLOOD, .on_request = true},
};

#define RUNS_DEFAULT 7

static uint32_t pick_source(const struct scenario *scenario, const struct bench_rules *rules,
			    size_t vault, struct random *random)
{
	if (random_percent(random, scenario->hits))
		return bench_pick(&rules->allowed[vault], random);
	return (uint32_t)random_next(random);
}

/* One packet, and whether it is to be allowed. */
static bool make_packet(const struct scenario *scenario, const struct bench_rules *rules,
			struct random *random, struct bench_packet *packet)
{
	bool one = scenario->traffic != TRAFFIC_COLD;
	size_t vaults = rules->size.vaults ? rules->size.vaults : 1;
	size_t vault = one ? BENCH_TUNNEL_VAULT % vaults : random_below(random, vaults);
	uint32_t source = pick_source(scenario, rules, vault, random), network;

	*packet = (struct bench_packet){.source = htonl(source),
					.destination = htonl(bench_frontend(vault))};
	if (scenario->traffic == TRAFFIC_OTHER) {
		packet->destination = htonl((uint32_t)random_next(random) | 0x80000000U);
		return true;
	}
	if (scenario->traffic != TRAFFIC_TAGGED)
		return bench_admits(rules, vault, source);
	network = random_below(random, rules->size.networks);
	source = rules->subnets[network].first + random_below(random, 256);
	packet->source = htonl(source);
	packet->vni = htonl(BENCH_TAG(network) << 8);
	return bench_admits_tagged(rules, BENCH_TAG(network), source);
}

/* In a flood nothing is allowed: who would be, is drawn again. */
static void make_trace(const struct scenario *scenario, const struct bench_rules *rules,
		       struct bench_packet *trace, struct bench_expected *expected)
{
	struct random random = {random_seed(1)};

	*expected = (struct bench_expected){0};
	for (uint32_t i = 0; trace && i < BENCH_PACKETS; i++) {
		bool allowed = make_packet(scenario, rules, &random, &trace[i]);

		while (allowed && scenario->traffic == TRAFFIC_FLOOD)
			allowed = make_packet(scenario, rules, &random, &trace[i]);
		expected->allowed += allowed;
		expected->sum += allowed ? i : 0;
	}
}

static struct bench_plan plan_of(const struct scenario *scenario)
{
	return (struct bench_plan){.name = scenario->name,
				   .tunnel = scenario->traffic == TRAFFIC_TAGGED,
				   .runs = bench_runs(RUNS_DEFAULT)};
}

/* The peer is slow and its figures lie close together: half as many. */
static struct bench_plan plan_of_lpm(const struct scenario *scenario)
{
	struct bench_plan plan = plan_of(scenario);

	plan.runs = (plan.runs + 1) / 2;
	return plan;
}

/* The kernel's own share of every figure here. */
static bool measure_loop(struct subject *subject, size_t runs)
{
	struct figure figure = {0};
	struct bench_run run;

	for (size_t i = 0; i < runs; i++) {
		if (!subject_run(subject, BENCH_EMPTY, &run))
			return false;
		figure_add(&figure, run.nanoseconds);
	}
	return figure_report(&figure, "test_loop_ns", "ns");
}

static bool report(const char *name, const char *suffix, const char *unit,
		   const struct figure *figure)
{
	char text[80];

	(void)snprintf(text, sizeof(text), "%s%s", name, suffix);
	return figure_report(figure, text, unit);
}

static bool report_filter(const struct scenario *scenario, const struct bench_outcome *outcome)
{
	return report(scenario->name, "_floor_ns", "ns", &outcome->floor) &&
	       report(scenario->name, "_ns", "ns", &outcome->total) &&
	       report(scenario->name, "_over_floor", "x", &outcome->over);
}

/* Of "filter_hot" the names are lpm_hot_over_filter and lpm_hot_cost_over_filter. */
static bool report_lpm(const struct scenario *scenario, const struct bench_outcome *filter,
		       const struct bench_outcome *lpm)
{
	struct figure over = figure_divide(&lpm->total, &filter->total);
	struct figure cost = figure_divide(&lpm->cost, &filter->cost);
	char name[48];

	(void)snprintf(name, sizeof(name), "lpm_%s", strchr(scenario->name, '_') + 1);
	return report(name, "_ns", "ns", &lpm->total) && report(name, "_over_filter", "x", &over) &&
	       report(name, "_cost_over_filter", "x", &cost);
}

/* Rules of one size in force, for as long as scenarios ask for it. */
struct stage {
	struct bench_rules rules; /* of no vault: not set yet */
	struct subject image;
	struct subject lpm; /* no object: not needed yet */
};

static void stage_close(struct stage *stage)
{
	subject_close(&stage->image);
	subject_close(&stage->lpm);
	bench_rules_free(&stage->rules);
}

static bool same_size(const struct bench_size *a, const struct bench_size *b)
{
	return a->vaults == b->vaults && a->ranges == b->ranges && a->networks == b->networks &&
	       a->block == b->block && a->sparse == b->sparse;
}

static bool stage_set(struct stage *stage, const struct bench_size *size)
{
	struct bench_image_bpf *skeleton;

	if (same_size(&stage->rules.size, size))
		return true;
	stage_close(stage);
	skeleton = bench_image_bpf__open();
	return skeleton &&
	       subject_load(&stage->image, skeleton->obj, LOADER_SLOT_LINES,
			    1U << BENCH_EMPTY | BENCH_PLAIN |
				    (size->networks ? BENCH_TUNNEL : 0)) &&
	       bench_rules_make(&stage->rules, size, random_seed(1)) &&
	       subject_publish_rules(&stage->image, &stage->rules);
}

static bool stage_set_lpm(struct stage *stage)
{
	struct bench_lpm_bpf *skeleton;

	if (stage->lpm.object)
		return true;
	skeleton = bench_lpm_bpf__open();
	return skeleton && subject_load(&stage->lpm, skeleton->obj, LPM_LINES, BENCH_PLAIN) &&
	       lpm_publish(&stage->lpm, &stage->rules);
}

static bool run_scenario(struct stage *stage, const struct scenario *scenario)
{
	struct bench_outcome filter, lpm;
	struct bench_expected expected;

	if (!stage_set(stage, &scenario->size))
		return false;
	make_trace(scenario, &stage->rules, stage->image.trace, &expected);
	if (scenario == scenarios && !measure_loop(&stage->image, bench_runs(RUNS_DEFAULT)))
		return false;
	if (!bench_measure(&stage->image, plan_of(scenario), &expected, &filter) ||
	    !report_filter(scenario, &filter))
		return false;
	if (!scenario->lpm)
		return true;
	if (!stage_set_lpm(stage))
		return false;
	memcpy(stage->lpm.trace, stage->image.trace, BENCH_PACKETS * sizeof(struct bench_packet));
	return bench_measure(&stage->lpm, plan_of_lpm(scenario), &expected, &lpm) &&
	       report_lpm(scenario, &filter, &lpm);
}

static bool is_wanted(const struct scenario *scenario, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], scenario->name) == 0)
			return true;
	return argc == 1 && !scenario->on_request;
}

int main(int argc, char **argv)
{
	cleanup(stage_close) struct stage stage = {0};

	bench_stay_put();
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
		if (is_wanted(&scenarios[i], argc, argv) && !run_scenario(&stage, &scenarios[i]))
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
