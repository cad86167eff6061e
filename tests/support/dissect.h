/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads packets for the oracle, slowly and in the plainest way. It must not know
 * the filter's parser, and nothing here is shared with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node.h"

struct span {
	const uint8_t *bytes;
	size_t length;
};

struct dissected_ethernet {
	bool whole; /* false: cut short, the rest says nothing */
	bool in_vlan;
	uint16_t vlan_id; /* the outermost one's */
	bool too_many_vlans;
	uint16_t type; /* behind at most two VLAN tags */
	struct span payload;
};

enum dissected_fragment { NOT_FRAGMENTED, FIRST_FRAGMENT, LATER_FRAGMENT };

struct dissected_ip {
	bool present; /* false: no IP packet, or too little of it to tell */
	bool malformed;
	enum dissected_fragment fragment; /* IPv6: an atomic one is a first one */
	uint8_t family;
	uint8_t source[16]; /* IPv4 in the first four bytes */
	uint8_t destination[16];
	bool protocol_known;
	uint8_t protocol;
	bool ports_known;
	uint16_t source_port;
	uint16_t destination_port;
	struct span payload;  /* from the TCP, UDP or GRE header on, as the IP header has it */
	struct span in_frame; /* the same, but to the end of the frame */
};

/* Whether an ethertype is that of a VLAN tag. */
static inline bool dissect_is_vlan(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8;
}

/* A GRE protocol whose packets the kernel takes for IPv4; what is inside is not read. */
#define DISSECT_GRE_WCCP 0x883e

struct dissected_tunnel {
	bool readable; /* false: too short to have an inner packet, or carries something else */
	bool valid;
	uint32_t tag;
	uint16_t inner_type; /* an ethertype; 0x6558: an Ethernet frame; VLAN tags are not read */
	struct span inner;
};

struct dissected_ethernet dissect_ethernet(struct span frame);
struct dissected_ip dissect_ip(uint16_t type, struct span bytes);

/* `bytes`: what follows the UDP header, or the GRE header and what follows. */
struct dissected_tunnel dissect_tunnel(enum tag_transport transport, struct span bytes);
