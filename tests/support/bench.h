/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the benchmark's programs in the kernel and in user space share: the trace
 * of packets, and what one run over it found. Read by both sides.
 */
#pragma once

#include <linux/types.h>

#define BENCH_PACKETS  (1U << 20) /* different ones, in a trace */
#define BENCH_SEGMENT  (1U << 14) /* packets between two looks at the clock */
#define BENCH_SEGMENTS (BENCH_PACKETS / BENCH_SEGMENT)

/*
 * What the generator writes into the frame, in wire order; the rest of it is always the
 * same. No more than that, since the trace takes room in the caches, too.
 */
struct bench_packet {
	__be32 source;
	union {
		__be32 destination;
		__be32 vni; /* upper 24 bits; of tunnel packets */
	};
};

/* Writer: the program that runs. User space zeroes it before a run. */
struct bench_state {
	__u64 next;		      /* packet of the trace */
	__u64 allowed;		      /* how many */
	__u64 sum;		      /* of the numbers of the allowed ones */
	__u64 stamps[BENCH_SEGMENTS]; /* clock at the start of each segment */
};

/* Offsets in the frames that the generator fills: Ethernet, IPv4, TCP, and that in VXLAN. */
#define BENCH_SOURCE	   26U
#define BENCH_DESTINATION  30U
#define BENCH_PLAIN_BYTES  64U
#define BENCH_VNI	   46U
#define BENCH_INSIDE	   50U
#define BENCH_TUNNEL_BYTES (BENCH_INSIDE + BENCH_PLAIN_BYTES)

/* Sets of the LPM_TRIE peer that have a trie of their own; other numbers share one. */
enum bench_set { BENCH_SET_NONE, BENCH_SET_BLOCK, BENCH_SET_FAILSAFE, BENCH_SET_FIRST };

struct bench_prefix {
	__u32 length; /* bits: 32 for the set, and the prefix's own */
	__be32 set;
	__be32 address;
};

struct bench_node_prefix {
	__u32 length;
	__be32 address;
};

_Static_assert(sizeof(struct bench_packet) == 8, "eight to a cache line");
