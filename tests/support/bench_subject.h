/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured: an object with the programs of tests/bench/programs.h, loaded
 * with maps of its own, and runs of them over a trace.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bench.h"
#include "bench_rules.h"
#include "compile.h"

struct bpf_object;

enum bench_program {
	BENCH_EMPTY,
	BENCH_FLOOR,
	BENCH_FILTER,
	BENCH_FLOOR_TUNNEL,
	BENCH_FILTER_TUNNEL,
	BENCH_WIRE, /* the product's own, as it is attached */
	BENCH_PROGRAMS,
};

struct subject {
	struct bpf_object *object;
	uint32_t lines; /* that an image may have */
	int programs[BENCH_PROGRAMS];
	struct bench_state *state;  /* mapped */
	struct bench_packet *trace; /* mapped */
};

#define BENCH_PLAIN  (1U << BENCH_FLOOR | 1U << BENCH_FILTER)
#define BENCH_TUNNEL (1U << BENCH_FLOOR_TUNNEL | 1U << BENCH_FILTER_TUNNEL)

/*
 * Loads an opened object and takes it over; `programs` has a bit for each that is to
 * run. These print why they failed, and return false.
 */
bool subject_load(struct subject *subject, struct bpf_object *object, uint32_t lines,
		  uint32_t programs);
/* Puts an image in force: this one, or that of rules as the product compiles them. */
bool subject_publish(struct subject *subject, const struct image *image);
bool subject_publish_rules(struct subject *subject, const struct bench_rules *rules);
void subject_close(struct subject *subject);

int subject_map(const struct subject *subject, const char *name);

/* What one run over the whole trace found. */
struct bench_run {
	double nanoseconds; /* a packet: the lower quartile of the segments */
	uint64_t allowed;
	uint64_t sum;
};

bool subject_run(struct subject *subject, enum bench_program program, struct bench_run *ret_run);
