/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Records that leave the kernel: a sampled packet in the ring buffer, and the
 * answer of the `explain` program. Byte order is the packet's where a type says
 * __be16, and the machine's everywhere else.
 */
#pragma once

#include <linux/types.h>

/* What the filter knew of a packet when it decided. */
struct vw_sighting {
	__u8 source[16]; /* inner addresses; IPv4 in the first four bytes, wire order */
	__u8 destination[16];
	__be16 source_port; /* 0 where they could not be read */
	__be16 destination_port;
	__u8 family;	      /* 4 or 6; 0: no IP header could be read */
	__u8 protocol;	      /* IPPROTO_...; 0: could not be read */
	__u8 reason;	      /* enum vw_reason */
	__u8 verdict;	      /* enum vw_verdict */
	__u32 tag;	      /* meaningful if tagged */
	__u8 outer_source[4]; /* IPv4 source of the tunnel; 0.0.0.0 without one */
	__u16 seat;
	__u8 tagged;	  /* 0, 1 */
	__u8 transport;	  /* enum image_transport; NONE with tagged = 1: a VLAN id */
	__u32 generation; /* of the rules that decided */
};

struct vw_event {
	__u64 time;	  /* CLOCK_BOOTTIME, nanoseconds; coarse (a tick) */
	__u32 interface;  /* ifindex */
	__u32 suppressed; /* events of this CPU that the rate limit left out since its last one */
	__u32 length;	  /* bytes of the frame */
	__u32 reserved;
	struct vw_sighting sighting;
};

/* What `explain` is asked and what it answers. Writers: the agent, then the program. */
struct vw_answer {
	__u32 interface;	     /* in: ifindex that the frame is to have come in on */
	__u16 before;		     /* in: 1 asks the image in the slot that is not in force */
	__u16 earlier;		     /* in: so many seconds ago, as far as expiries go */
	struct vw_sighting sighting; /* out */
};

/* Events a second and CPU; beyond them a packet costs only its counter. */
#define VW_EVENTS_PER_SECOND 100U

_Static_assert(sizeof(struct vw_sighting) == 56, "no padding crosses the border");
_Static_assert(sizeof(struct vw_answer) == 64, "no padding crosses the border");
_Static_assert(sizeof(struct vw_event) == 80, "no padding crosses the border");
