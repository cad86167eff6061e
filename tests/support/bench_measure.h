/* SPDX-License-Identifier: Apache-2.0 */
/* Floor and filter in turn over a trace, and whether what was decided is what the reference says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench_report.h"
#include "bench_subject.h"

/* What the slow reference says of a trace. */
struct bench_expected {
	uint64_t allowed;
	uint64_t sum; /* of the numbers of the allowed packets */
};

struct bench_plan {
	const char *name;
	bool tunnel;
	size_t runs; /* of each; one more goes before */
};

/* What was measured of one variant, in nanoseconds, and as a multiple of the floor. */
struct bench_outcome {
	struct figure floor;
	struct figure total;
	struct figure over;
	struct figure cost;
};

/* False, and says why, also if a verdict differs. */
bool bench_measure(struct subject *subject, struct bench_plan plan,
		   const struct bench_expected *expected, struct bench_outcome *ret_outcome);

/* BENCH_RUNS, or `otherwise`. */
size_t bench_runs(size_t otherwise);

/* To one CPU, so that caches stay warm. */
void bench_stay_put(void);
