/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What is kept beside the rules and survives them: the cell that names the slot
 * in force, the seats (a vault's place in the counters, its own for as long as
 * its name is in the rules), and the counters. One writer each, named at the map.
 */
#pragma once

#include <linux/types.h>

#include "verdict.h"

/* Seat 0 is the node; 10,000 vaults and 2,287 shared frontends have room. */
#define VW_SEATS     12288U
#define VW_SEAT_NAME 64U

/* What is gated may come in once connections are steered. */
enum vw_steering {
	VW_STEERING_OFF,
	VW_STEERING_ON,	  /* and what is gated is refused, since no gate listens */
	VW_STEERING_GATE, /* and is led to the gate, which listened when the agent looked last */
};

/* The cell. Writer: the agent. The filter reads it once for each packet. */
struct vw_cell {
	__u32 slot;   /* 0 or 1: which image is in force; anything else: none, and all is denied */
	__u8 steered; /* enum vw_steering */
	__u8 settled; /* 1: no connection at the gate is older than the notes of tags (tag.h) */
	__be16 gate_port; /* where the gate listens; 0: there is no gate */
	__s64 clock; /* wall clock minus CLOCK_BOOTTIME, nanoseconds: expiries are wall times */
};

/* What a network device says of the packets that come in on it. Writer: the agent. */
enum vw_device_flag {
	VW_DEVICE_TAGGED = 1U << 0,  /* a tunnel or VLAN device: its packets bear `tag` */
	VW_DEVICE_REFUSED = 1U << 1, /* packets of several tags: which one cannot be told */
	VW_DEVICE_VLAN = 1U << 2,    /* tagged only if the rules know the tag */
	VW_DEVICE_APART = 1U << 3,   /* a VRF, where there are endpoint tags: see bpf/tags.h */
	VW_DEVICE_PLAIN = 1U << 4,   /* nothing of all this */
};

/* An index that no device has: where tags are configured, every device is listed, and this. */
#define VW_DEVICES_LISTED 0xffffffffU

struct vw_device {
	__u32 flags;
	__u32 tag;
};

/* Writer: the agent. An empty name marks a free seat. */
struct vw_seat {
	char name[VW_SEAT_NAME]; /* NUL-terminated; no character of it needs escaping */
};

struct vw_counter {
	__u64 packets;
	__u64 bytes; /* whole frames */
};

/* Whole cache lines of four, so that the counters of most seats begin with one. */
#define VW_OUTCOME_PLACES ((VW_OUTCOME_COUNT + 3U) / 4 * 4)

/* Writer: the filter. */
struct vw_counters {
	struct vw_counter outcomes[VW_OUTCOME_PLACES]; /* index: enum vw_outcome */
};

/*
 * New connections, by what became of them. Writer: steer. A map of another size is not taken over
 * from an earlier agent; whoever reorders the outcomes changes the places, too.
 */
struct vw_connections {
	__u64 outcomes[VW_OUTCOME_PLACES];
};

/* Metric families in the order in which they are printed; rows of a family stand together. */
enum vw_family {
	VW_FAMILY_PACKETS,
	VW_FAMILY_BYTES,
	VW_FAMILY_CONNECTIONS,
	VW_FAMILY_REQUESTS, /* of the gate: request.h */
	VW_FAMILY_COUNT,
};

_Static_assert(sizeof(struct vw_cell) == 16, "no padding crosses the border");
_Static_assert(sizeof(struct vw_counter) == 16, "no padding crosses the border");
_Static_assert(VW_OUTCOME_IP_RULE_ALLOW / 4 == VW_OUTCOME_NOT_ALLOWED_DROP / 4,
	       "what becomes of most packets is counted in one line");
