// SPDX-License-Identifier: Apache-2.0
#include "bench_subject.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench_frame.h"
#include "bench_report.h"
#include "cleanup.h"
#include "counter.h"

#define TRACE_BYTES (BENCH_PACKETS * sizeof(struct bench_packet))

static const char *const program_names[BENCH_PROGRAMS] = {
	[BENCH_EMPTY] = "bench_empty",
	[BENCH_FLOOR] = "bench_floor",
	[BENCH_FILTER] = "bench_filter",
	[BENCH_FLOOR_TUNNEL] = "bench_floor_tunnel",
	[BENCH_FILTER_TUNNEL] = "bench_filter_tunnel",
	[BENCH_WIRE] = "vw_filter",
};

static bool failed(const char *what, int error)
{
	(void)fprintf(stderr, "bench: %s: %s\n", what, strerror(error < 0 ? -error : error));
	return false;
}

int subject_map(const struct subject *subject, const char *name)
{
	return bpf_object__find_map_fd_by_name(subject->object, name);
}

/* The globals: a map named after the object and their section. */
static int find_globals(const struct subject *subject)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, subject->object)
	{
		const char *dot = strrchr(bpf_map__name(map), '.');

		if (dot && strcmp(dot, ".bss") == 0)
			return bpf_map__fd(map);
	}
	return -1;
}

/* Never MAP_FAILED: NULL says it. */
static void *map_whole(int map, size_t size)
{
	void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	return mapped == MAP_FAILED ? NULL : mapped;
}

static bool find_all(struct subject *subject, uint32_t programs)
{
	for (size_t i = 0; i < BENCH_PROGRAMS; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(subject->object, program_names[i]);

		subject->programs[i] = program ? bpf_program__fd(program) : -1;
		if (programs >> i & 1 && subject->programs[i] < 0)
			return failed(program_names[i], ENOENT);
	}
	subject->state = map_whole(find_globals(subject), sizeof(*subject->state));
	subject->trace = map_whole(subject_map(subject, "bench_trace"), TRACE_BYTES);
	if (!subject->state || !subject->trace)
		return failed("trace", errno);
	return true;
}

/* The verifier takes longest of all, so it sees only what is to run. */
static void choose_programs(struct bpf_object *object, uint32_t programs)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		bool wanted = false;

		for (size_t i = 0; i < BENCH_PROGRAMS && !wanted; i++)
			wanted = programs >> i & 1 &&
				 strcmp(bpf_program__name(program), program_names[i]) == 0;
		(void)bpf_program__set_autoload(program, wanted);
	}
}

static int make_lines(uint32_t lines)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_lines", sizeof(uint32_t), IMAGE_LINE_BYTES,
			      lines, &options);
}

bool subject_load(struct subject *subject, struct bpf_object *object, uint32_t lines,
		  uint32_t programs)
{
	struct bpf_map *slots = bpf_object__find_map_by_name(object, "vw_slots");
	cleanup(close_fd) int inner = make_lines(lines);
	int r;

	*subject = (struct subject){.object = object, .lines = lines};
	choose_programs(object, programs);
	r = bpf_map__set_inner_map_fd(slots, inner);
	if (!r)
		r = bpf_object__load(object);
	return r ? failed("load", r) : find_all(subject, programs);
}

void subject_close(struct subject *subject)
{
	if (subject->state)
		(void)munmap(subject->state, sizeof(*subject->state));
	if (subject->trace)
		(void)munmap(subject->trace, TRACE_BYTES);
	bpf_object__close(subject->object);
	*subject = (struct subject){0};
}

static bool fill(int map, const struct image *image)
{
	size_t size = image->count * sizeof(*image->lines);
	void *mapped = map_whole(map, size);

	if (!mapped)
		return failed("image", errno);
	memcpy(mapped, image->lines, size);
	(void)munmap(mapped, size);
	return true;
}

bool subject_publish(struct subject *subject, const struct image *image)
{
	struct vw_cell cell = {.slot = 0};
	uint32_t slot = cell.slot;
	cleanup(close_fd) int map = make_lines(subject->lines);
	int r;

	if (image->count > subject->lines)
		return failed("image", ENOSPC);
	if (map < 0)
		return failed("image", map);
	if (!fill(map, image))
		return false;
	r = bpf_map_update_elem(subject_map(subject, "vw_slots"), &slot, &map, BPF_ANY);
	if (!r)
		r = bpf_map_update_elem(subject_map(subject, "vw_cell"), &slot, &cell, BPF_ANY);
	return r ? failed("publish", r) : true;
}

bool subject_publish_rules(struct subject *subject, const struct bench_rules *rules)
{
	const struct image_stamp stamp = {.generation = 1};
	cleanup(image_free) struct image image = {0};
	cleanup(seating_free) struct seating seating = {0};
	cleanup(diags_clear) struct diags diags = {0};
	int r = seating_assign(&rules->policy, NULL, VW_SEATS, &diags, &seating);

	if (!r)
		r = image_compile(&rules->policy, &rules->node, &seating, &stamp, subject->lines,
				  &diags, &image);
	if (!r)
		return subject_publish(subject, &image);
	return failed("compile", r);
}

/* Running. ******************************************************************/

bool subject_run(struct subject *subject, enum bench_program program, struct bench_run *ret_run)
{
	bool tunnel = program == BENCH_FLOOR_TUNNEL || program == BENCH_FILTER_TUNNEL;
	struct bench_frame frame = tunnel ? bench_frame_tunnel() : bench_frame_plain();
	LIBBPF_OPTS(bpf_test_run_opts, options, .repeat = BENCH_PACKETS, .data_in = frame.bytes,
		    .data_size_in = frame.length);
	int r;

	memset(subject->state, 0, sizeof(*subject->state));
	r = bpf_prog_test_run_opts(subject->programs[program], &options);
	if (r || options.retval != XDP_DROP)
		return failed(program_names[program], r ? r : EPROTO);
	*ret_run = (struct bench_run){
		.nanoseconds = bench_quartile(subject->state, BENCH_SEGMENTS),
		.allowed = subject->state->allowed,
		.sum = subject->state->sum,
	};
	return true;
}
