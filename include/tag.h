/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The endpoint tags of connections that were led to the gate: steer notes them, the agent takes
 * them out, the authoriser reads them. Why that is sound: bpf/tags.h.
 */
#pragma once

#include <linux/types.h>

/* A connection, as seen from this node. IPv4 addresses are written ::ffff:a.b.c.d. */
struct vw_tag_key {
	__u8 remote[16]; /* wire order */
	__u8 local[16];
	__be16 remote_port;
	__be16 local_port;
};

struct vw_tag {
	__u64 time; /* of the newest look-up, CLOCK_MONOTONIC, nanoseconds; 0: is being taken out */
	__u32 tag;
	__u32 flags;
};

enum vw_tag_flag {
	VW_TAG_VLAN = 1U << 0, /* a VLAN id: a tag only if the rules know it, as they are then */
};

/* Why a connection was refused although it is gated. */
#define VW_TAG_REFUSALS(X)                                                                         \
	X(NO_ROOM, "no_room") /* the map is full */                                                \
	X(TAKEN, "taken")     /* these addresses and ports are noted with another tag */           \
	X(APART, "apart")     /* it came in on a VRF */                                            \
	X(UNSEEN, "unseen")   /* on a device so new that the agent has not looked at it yet */

enum vw_tag_refusal {
#define X(name, label) VW_TAG_REFUSAL_##name,
	VW_TAG_REFUSALS(X)
#undef X
		VW_TAG_REFUSAL_COUNT,
};

/* Writers: steer and vw_forget, atomically. */
struct vw_tag_totals {
	__u64 noted;
	__u64 removed; /* the map holds the difference */
	__u64 refused[VW_TAG_REFUSAL_COUNT];
};

/* What vw_forget is asked to take out: the note as it was read. */
struct vw_tag_removal {
	struct vw_tag_key key;
	__u32 reserved;
	__u64 time;
};

#define VW_TAGS 262144U /* that the map has room for */

/* An IPv4 address where a key has 16 bytes. */
static inline void vw_tag_write4(__u8 to[16], const void *address)
{
	const __u8 *from = (const __u8 *)address;

	for (unsigned int i = 0; i < 10; i++)
		to[i] = 0;
	to[10] = to[11] = 0xff;
	for (unsigned int i = 0; i < 4; i++)
		to[12 + i] = from[i];
}

_Static_assert(sizeof(struct vw_tag_key) == 36, "a key has no padding");
_Static_assert(sizeof(struct vw_tag_removal) == 48, "no padding crosses the border");
_Static_assert(sizeof(struct vw_tag) == 16, "no padding crosses the border");
