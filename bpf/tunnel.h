/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The header of a tunnel: from the first byte behind UDP, or behind GRE's IP
 * header, to the tag and the packet inside. Like packet.h it knows no rules.
 *
 * An invalid header is read as far as its lengths allow and marked: only what
 * would reach a frontend is refused for it.
 */
#pragma once

#include "image.h"
#include "packet.h"

#define TUNNEL_VXLAN_I	       0x08U /* RFC 7348 section 5: the VNI is valid */

#define TUNNEL_GENEVE_VERSION  0xc0U /* RFC 8926 section 3.4 */
#define TUNNEL_GENEVE_OPTIONS  0x3fU /* in units of 4 bytes */
#define TUNNEL_GENEVE_CRITICAL 0x40U
#define TUNNEL_OPTION_CRITICAL 0x80U
#define TUNNEL_OPTION_LENGTH   0x1fU
#define TUNNEL_OPTIONS_MAX     63 /* an option is at least 4 bytes */

#define TUNNEL_GRE_CHECKSUM    0x8000U /* RFC 2784, RFC 2890 */
#define TUNNEL_GRE_KEY	       0x2000U
#define TUNNEL_GRE_SEQUENCE    0x1000U
#define TUNNEL_GRE_FLAGS       (TUNNEL_GRE_CHECKSUM | TUNNEL_GRE_KEY | TUNNEL_GRE_SEQUENCE)

#define TUNNEL_GRE_WCCP	       0x883eU /* IPv4 inside, maybe behind four more bytes: Linux guesses */

struct tunnel {
	__u32 tag;	 /* host order */
	__be16 protocol; /* of what is inside: an ethertype; 0: could not be read */
	__u8 invalid;	 /* 1: the header is none that may assert a tag */
	__u8 hidden;	 /* 1: what is inside lies where only the kernel can read it */
};

struct tunnel_vxlan {
	__u8 flags;
	__u8 reserved[3];
	__be32 vni; /* upper 24 bits */
};

struct tunnel_geneve {
	__u8 version_length;
	__u8 flags;
	__be16 protocol;
	__be32 vni; /* upper 24 bits */
};

struct tunnel_option {
	__be16 class;
	__u8 type;
	__u8 length;
};

struct tunnel_gre {
	__be16 flags;
	__be16 protocol;
};

static __always_inline void tunnel_read_vxlan(struct cursor *cursor, struct tunnel *tunnel)
{
	const struct tunnel_vxlan *vxlan = cursor_take(cursor, sizeof(*vxlan));

	if (!vxlan)
		return;
	tunnel->invalid = !(vxlan->flags & TUNNEL_VXLAN_I);
	tunnel->tag = packet_ntohl(vxlan->vni) >> 8;
	tunnel->protocol = packet_htons(ETH_P_TEB);
}

/* True if every option is whole and none is critical: we understand none of them. */
static __always_inline bool tunnel_options_fit(struct cursor *cursor, __u32 rest)
{
#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
	for (int options = 0; options < TUNNEL_OPTIONS_MAX && rest; options++) {
		const struct tunnel_option *option = cursor->at;
		__u32 size;

		if ((const void *)(option + 1) > cursor->end ||
		    option->type & TUNNEL_OPTION_CRITICAL)
			return false;
		size = (__u32)sizeof(*option) + (option->length & TUNNEL_OPTION_LENGTH) * 4U;
		if (size > rest || !cursor_take(cursor, size))
			return false;
		rest -= size;
	}
	return !rest;
}

static __always_inline void tunnel_read_geneve(struct cursor *cursor, struct tunnel *tunnel)
{
	const struct tunnel_geneve *geneve = cursor_take(cursor, sizeof(*geneve));
	struct cursor options = *cursor;
	__u32 length;

	if (!geneve)
		return;
	length = (geneve->version_length & TUNNEL_GENEVE_OPTIONS) * 4U;
	if (length && !cursor_take(cursor, length))
		return;
	tunnel->invalid = geneve->version_length & TUNNEL_GENEVE_VERSION ||
			  geneve->flags & TUNNEL_GENEVE_CRITICAL ||
			  !tunnel_options_fit(&options, length);
	tunnel->tag = packet_ntohl(geneve->vni) >> 8;
	tunnel->protocol = geneve->protocol;
}

static __always_inline void tunnel_read_gre(struct cursor *cursor, struct tunnel *tunnel)
{
	const struct tunnel_gre *gre = cursor_take(cursor, sizeof(*gre));
	const __be32 *key;
	__u32 flags;

	if (!gre)
		return;
	flags = packet_ntohs(gre->flags);
	if (flags & TUNNEL_GRE_CHECKSUM && !cursor_take(cursor, 4))
		return;
	tunnel->invalid = (flags & ~TUNNEL_GRE_FLAGS) || !(flags & TUNNEL_GRE_KEY);
	if (flags & TUNNEL_GRE_KEY) {
		key = cursor_take(cursor, 4);
		if (!key)
			return;
		tunnel->tag = packet_ntohl(*key);
	}
	if (flags & TUNNEL_GRE_SEQUENCE && !cursor_take(cursor, 4))
		return;
	if (gre->protocol == packet_htons(ETH_P_TEB))
		tunnel->tag >>= 8; /* RFC 7637: VSID, then a flow id */
	tunnel->protocol = gre->protocol;
	tunnel->hidden = gre->protocol == packet_htons(TUNNEL_GRE_WCCP);
}

/* Reads the header, and the packet inside up to its transport. Both are all zero before. */
static __always_inline void tunnel_read(struct cursor *cursor, __u32 transport,
					struct tunnel *tunnel, struct packet *inside)
{
	if (transport == IMAGE_TRANSPORT_VXLAN)
		tunnel_read_vxlan(cursor, tunnel);
	else if (transport == IMAGE_TRANSPORT_GENEVE)
		tunnel_read_geneve(cursor, tunnel);
	else
		tunnel_read_gre(cursor, tunnel);
	if (tunnel->protocol == packet_htons(ETH_P_TEB))
		packet_read_link(cursor, inside);
	else
		inside->ethertype = tunnel->protocol;
	packet_read_network(cursor, inside);
}
