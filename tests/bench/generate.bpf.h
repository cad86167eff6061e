/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generator and the clock, the same before every program that is measured: it
 * takes packet number `next` from the trace and writes it into the frame, where the
 * program has to read it again. For programs that have included filter.bpf.c.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bench.h"
#include "packet.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_PACKETS);
	__type(key, __u32);
	__type(value, struct bench_packet);
} bench_trace SEC(".maps");

struct bench_state bench_state;

/* The number of the packet that is written next. */
static __always_inline __u32 generate_number(void)
{
	__u64 next = bench_state.next++;

	if (!(next & (BENCH_SEGMENT - 1)))
		bench_state.stamps[(next / BENCH_SEGMENT) & (BENCH_SEGMENTS - 1)] =
			bpf_ktime_get_ns();
	return (__u32)next & (BENCH_PACKETS - 1);
}

static __always_inline bool generate_plain(const struct xdp_md *context, __u32 number)
{
	const struct bench_packet *packet = bpf_map_lookup_elem(&bench_trace, &number);
	void *frame = (void *)(long)context->data;

	if (!packet || frame + BENCH_PLAIN_BYTES > (void *)(long)context->data_end)
		return false;
	/* In whole words, as the parser reads them: it would wait for single bytes. */
	*(__be32 *)(frame + BENCH_SOURCE) = packet->source;
	*(__be32 *)(frame + BENCH_DESTINATION) = packet->destination;
	return true;
}

static __always_inline bool generate_tunnel(const struct xdp_md *context, __u32 number)
{
	const struct bench_packet *packet = bpf_map_lookup_elem(&bench_trace, &number);
	void *frame = (void *)(long)context->data;

	if (!packet || frame + BENCH_TUNNEL_BYTES > (void *)(long)context->data_end)
		return false;
	*(__be32 *)(frame + BENCH_VNI) = packet->vni;
	*(__be32 *)(frame + BENCH_INSIDE + BENCH_SOURCE) = packet->source;
	return true;
}

/* Without a branch, so that nothing is mispredicted that is not so in the filter. */
static __always_inline void generate_note(__u32 number, __u32 action)
{
	__u64 allowed = packet_equal(action, XDP_PASS);

	PACKET_BARRIER(allowed);
	bench_state.allowed += allowed;
	bench_state.sum += number & -allowed;
}
