// SPDX-License-Identifier: Apache-2.0
/*
 * How the cost of a packet grows with the length of one vault's list, for the
 * filter and for the same filter with an LPM_TRIE: the data of the plot.
 * Usage: growth RANGES...     ascending, up to 10,000,000. Prints: RANGES FLOOR FILTER LPM, in ns
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "bench_lpm.h"
#include "bench_measure.h"
#include "bench_rules.h"
#include "bench_subject.h"
#include "cleanup.h"
#include "loader.h"

#include <bench_image.skel.h>
#include <bench_lpm.skel.h>

#define RUNS_DEFAULT  3
#define RANGES_MOST   10000000
#define RANGES_BEYOND 4000000 /* more than a slot of the product has room for */

static void make_trace(const struct bench_rules *rules, struct bench_packet *trace,
		       struct bench_expected *expected)
{
	struct random random = {random_seed(1)};

	*expected = (struct bench_expected){0};
	for (uint32_t i = 0; i < BENCH_PACKETS; i++) {
		uint32_t source = random_percent(&random, 50)
					  ? bench_pick(&rules->allowed[0], &random)
					  : (uint32_t)random_next(&random);

		trace[i] = (struct bench_packet){.source = htonl(source),
						 .destination = htonl(bench_frontend(0))};
		if (!bench_admits(rules, 0, source))
			continue;
		expected->allowed++;
		expected->sum += i;
	}
}

static struct bench_plan make_plan(const char *name)
{
	return (struct bench_plan){.name = name, .runs = bench_runs(RUNS_DEFAULT)};
}

/* Loads the filter; anew only where its slot has to be larger. */
static bool load_image(struct subject *subject, size_t ranges)
{
	uint32_t lines = LOADER_SLOT_LINES * (ranges > RANGES_BEYOND ? 4 : 1);
	struct bench_image_bpf *skeleton;

	if (subject->object && subject->lines == lines)
		return true;
	subject_close(subject);
	skeleton = bench_image_bpf__open();
	return skeleton && subject_load(subject, skeleton->obj, lines, BENCH_PLAIN);
}

static bool measure_image(struct subject *subject, const struct bench_rules *rules,
			  struct bench_outcome *outcome)
{
	struct bench_expected expected;

	if (!load_image(subject, rules->size.ranges) || !subject_publish_rules(subject, rules))
		return false;
	make_trace(rules, subject->trace, &expected);
	return bench_measure(subject, make_plan("growth"), &expected, outcome);
}

static bool measure_lpm(const struct bench_rules *rules, struct bench_outcome *outcome)
{
	struct bench_lpm_bpf *skeleton = bench_lpm_bpf__open();
	cleanup(subject_close) struct subject subject = {0};
	struct bench_expected expected;

	if (!skeleton || !subject_load(&subject, skeleton->obj, LPM_LINES, BENCH_PLAIN) ||
	    !lpm_publish(&subject, rules))
		return false;
	make_trace(rules, subject.trace, &expected);
	return bench_measure(&subject, make_plan("growth with LPM_TRIE"), &expected, outcome);
}

static bool run_size(struct subject *subject, size_t ranges)
{
	const struct bench_size size = {.vaults = 1, .ranges = ranges, .sparse = true};
	cleanup(bench_rules_free) struct bench_rules rules = {0};
	struct bench_outcome image, lpm;

	if (!bench_rules_make(&rules, &size, random_seed(1)) ||
	    !measure_image(subject, &rules, &image) || !measure_lpm(&rules, &lpm))
		return false;
	(void)printf("%zu %.2f %.2f %.2f\n", ranges, figure_median(&image.floor),
		     figure_median(&image.total), figure_median(&lpm.total));
	return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
	cleanup(subject_close) struct subject subject = {0};

	bench_stay_put();
	for (int i = 1; i < argc; i++) {
		size_t ranges = strtoul(argv[i], NULL, 10);

		if (!ranges || ranges > RANGES_MOST || !run_size(&subject, ranges))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
