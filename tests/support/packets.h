/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crafts frames for tests, well-formed and hostile. A recipe says what is in the
 * frame, outermost layer first; whatever it leaves at zero comes out right. Then
 * any byte may be overwritten where `at` says that a header is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "image.h"

#define CRAFT_BYTES	   4096
#define CRAFT_LAYERS	   3
#define CRAFT_VLANS	   4
#define CRAFT_EXTENSIONS   12
#define CRAFT_OPTIONS	   8

#define CRAFT_IPV4	   0x0800
#define CRAFT_IPV6	   0x86dd
#define CRAFT_VLAN	   0x8100
#define CRAFT_SERVICE_VLAN 0x88a8
#define CRAFT_ETHERNET	   0x6558

struct craft_vlan {
	uint16_t type; /* 0: 802.1Q */
	uint16_t id;
};

struct craft_extension {
	uint8_t type;
	uint8_t units; /* its length field: what it has beyond the eight bytes (AH: of 4, less two)
			*/
};

/* A fragment header is put behind the other extension headers. */
enum craft_fragment { CRAFT_WHOLE, CRAFT_FIRST, CRAFT_LATER, CRAFT_ATOMIC };

struct craft_option {
	uint8_t type;
	uint8_t words; /* of 4 bytes, behind its own header */
};

struct craft_tunnel {
	enum image_transport transport; /* NONE: what follows is TCP, UDP or nothing */
	uint16_t port;			/* VXLAN, Geneve; 0: the customary one */
	uint32_t tag;
	uint16_t flip; /* bits to turn over in the header's first two bytes */
	bool without_key, checksum, sequence; /* GRE */
	bool bare;			      /* Geneve, GRE: an IP packet instead of a frame */
	uint16_t type;			      /* Geneve, GRE: says that this is inside */
	struct craft_option options[CRAFT_OPTIONS]; /* Geneve */
	size_t option_count;
};

struct recipe {
	struct craft_vlan vlans[CRAFT_VLANS];
	size_t vlan_count;
	uint16_t type;			     /* says that this is behind Ethernet */
	struct endpoint source, destination; /* both of the destination's family */
	uint8_t protocol;		     /* 0: TCP; with a tunnel: the tunnel's */
	uint8_t ip_option_words;	     /* IPv4 */
	struct craft_extension extensions[CRAFT_EXTENSIONS]; /* IPv6 */
	size_t extension_count;
	enum craft_fragment fragment;
	uint8_t tcp_option_words;
	uint16_t payload; /* bytes behind TCP or UDP */
	struct craft_tunnel tunnel;
	const struct recipe *inner; /* of a tunnel */
};

/* Offsets in the frame. */
struct craft_places {
	size_t network;
	size_t transport; /* TCP, UDP or GRE */
	size_t tunnel;	  /* its header; 0: none */
};

struct crafted {
	uint8_t bytes[CRAFT_BYTES];
	size_t length;
	struct craft_places at[CRAFT_LAYERS];
	size_t layers;
};

struct endpoint craft_endpoint(const char *address, uint16_t port);

void craft_frame(const struct recipe *recipe, struct crafted *ret_frame);

void craft_set8(struct crafted *frame, size_t at, uint8_t value);
void craft_set16(struct crafted *frame, size_t at, uint16_t value);
uint16_t craft_get16(const struct crafted *frame, size_t at);
void craft_cut(struct crafted *frame, size_t length);
void craft_pad(struct crafted *frame, size_t bytes);
