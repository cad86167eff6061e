/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds Ethernet frames for `explain` and for the tests: plain ones, in a VLAN,
 * or in a tunnel with an endpoint tag. Pure. Checksums are valid.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"

#define FRAME_BYTES 2048

struct endpoint {
	uint8_t family;	     /* 4 or 6 */
	uint8_t address[16]; /* wire order; IPv4 in the first four bytes */
	uint16_t port;	     /* host order */
};

struct frame_plan {
	struct endpoint source, destination; /* same family */
	uint8_t protocol;		     /* IPPROTO_TCP (a SYN) or IPPROTO_UDP */
	bool tagged;
	uint32_t tag;
	enum image_transport transport; /* of the tag; NONE: an 802.1Q VLAN id */
	uint16_t tunnel_port;		/* host order; VXLAN, Geneve */
	bool gre_ip; /* GRE carries IP and the tag is its whole key; else Ethernet, VSID */
	struct endpoint outer_source, outer_destination; /* IPv4, with a tunnel */
};

/* Returns the frame's length, or -EINVAL for a plan that cannot be (mixed families, VLAN id over
 * 4094 ...). */
int frame_build(const struct frame_plan *plan, uint8_t frame[FRAME_BYTES]);
