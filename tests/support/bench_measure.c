// SPDX-License-Identifier: Apache-2.0
#include "bench_measure.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static bool agrees(const char *name, const struct bench_run *run,
		   const struct bench_expected *expected)
{
	if (run->allowed == expected->allowed && run->sum == expected->sum)
		return true;
	(void)fprintf(stderr,
		      "bench: %s: %llu allowed (sum %llu), and the reference says %llu (%llu)\n",
		      name, (unsigned long long)run->allowed, (unsigned long long)run->sum,
		      (unsigned long long)expected->allowed, (unsigned long long)expected->sum);
	return false;
}

bool bench_measure(struct subject *subject, struct bench_plan plan,
		   const struct bench_expected *expected, struct bench_outcome *ret_outcome)
{
	struct bench_outcome outcome = {0};
	struct bench_run floor, run;

	for (size_t i = 0; i <= plan.runs; i++) {
		if (!subject_run(subject, plan.tunnel ? BENCH_FLOOR_TUNNEL : BENCH_FLOOR, &floor) ||
		    !subject_run(subject, plan.tunnel ? BENCH_FILTER_TUNNEL : BENCH_FILTER, &run) ||
		    !agrees(plan.name, &run, expected))
			return false;
		if (!i)
			continue; /* a warm-up */
		figure_add(&outcome.floor, floor.nanoseconds);
		figure_add(&outcome.total, run.nanoseconds);
		figure_add(&outcome.over, run.nanoseconds / floor.nanoseconds);
		figure_add(&outcome.cost, run.nanoseconds - floor.nanoseconds);
	}
	*ret_outcome = outcome;
	return true;
}

size_t bench_runs(size_t otherwise)
{
	const char *text = getenv("BENCH_RUNS"); // NOLINT(concurrency-mt-unsafe): one thread
	size_t runs = text ? strtoul(text, NULL, 10) : otherwise;

	return runs && runs < FIGURE_RUNS ? runs : otherwise;
}

void bench_stay_put(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		perror("bench: affinity (ignored)");
}
