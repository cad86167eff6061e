/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of several runs: printed for people, and a JSON line each for bench.json. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "bench.h"

#define FIGURE_RUNS 32

struct figure {
	double runs[FIGURE_RUNS];
	size_t count;
};

void figure_add(struct figure *figure, double value);
double figure_median(const struct figure *figure);
double figure_min(const struct figure *figure);
double figure_max(const struct figure *figure);

/* The runs of `a` over the median of `b`. */
struct figure figure_divide(const struct figure *a, const struct figure *b);

/* Appends to the file that BENCH_FIGURES names; none: only prints. */
bool figure_report(const struct figure *figure, const char *name, const char *unit);

/*
 * Nanoseconds a packet, of `count` segments (at least 2, at most BENCH_SEGMENTS). The
 * lower quartile: whatever else runs on this machine lengthens the segments that it
 * interrupts, and shortens none.
 */
double bench_quartile(const struct bench_state *state, size_t count);
