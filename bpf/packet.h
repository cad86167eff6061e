/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes of a frame in, `struct packet` out. Knows headers, not rules: no maps and
 * no helpers, so it builds on the host as well, where the tests cut it short at
 * every byte. Whatever a header claims is compared with what is there.
 *
 * Ethernet; up to two VLAN tags; IPv4 with options; IPv6 with up to eight
 * extension headers; TCP, UDP. Tunnels are in tunnel.h.
 */
#pragma once

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __bpf__
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#define packet_ntohs(value) bpf_ntohs(value)
#define packet_htons(value) bpf_htons(value)
#define packet_ntohl(value) bpf_ntohl(value)
#else
#include <endian.h>
#define packet_ntohs(value) be16toh(value)
#define packet_htons(value) htobe16(value)
#define packet_ntohl(value) be32toh(value)
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#endif

#define PACKET_VLANS		  2
#define PACKET_EXTENSIONS	  8
#define PACKET_VLAN_ID		  0x0fffU
#define PACKET_FRAGMENT_OFFSET	  0x1fffU /* IPv4, RFC 791: in units of 8 bytes */
#define PACKET_MORE_FRAGMENTS	  0x2000U
#define PACKET_OFFSET6		  0xfff8U /* IPv6 fragment header, RFC 8200 section 4.5 */
#define PACKET_EXTENSION_AH	  51
#define PACKET_EXTENSION_BYTES	  0xfffU
#define PACKET_EXTENSION_MOBILITY 135

/* Where in a frame we read, and where it ends. `length` counts what lies past `end`, too. */
struct cursor {
	const void *at;
	const void *end;   /* of the bytes that can be read */
	const void *start; /* of the frame */
	__u32 length;	   /* of the whole frame, fragments of the buffer included */
};

enum packet_shape {
	PACKET_OTHER, /* not IP, or no protocol that a frontend speaks: not ours */
	PACKET_WHOLE,
	PACKET_MALFORMED, /* cut short or inconsistent */
	PACKET_FRAGMENT,
};

/* Scalars only: it outlives the pointers into the frame. */
struct packet {
	__u8 shape;    /* enum packet_shape */
	__u8 family;   /* 4, 6; 0: no IP header */
	__u8 protocol; /* IPPROTO_...; 0: not ours, or the headers before it could not be read */
	__u8 has_ports;
	__u8 later; /* 1: a fragment that is not the first */
	__u8 reserved;
	__u16 vlan;	  /* the outermost id, host order; 0: none */
	__be16 ethertype; /* behind the VLAN tags */
	__be16 source_port;
	__be16 destination_port;
	__u16 payload; /* offset in the frame of what follows UDP, or GRE's IP header */
	union {
		__be32 source4;
		__u64 source[2]; /* wire order */
	};
	union {
		__be32 destination4;
		__u64 destination[2];
	};
};

struct packet_vlan {
	__be16 tci;
	__be16 ethertype;
};

/* An IPv6 extension header: at least eight bytes, whichever it is (RFC 8200, RFC 4302, RFC 6275).
 */
struct packet_extension {
	__u8 next;
	__u8 length; /* in units of 8 bytes, less the first; AH: of 4, less two; fragment: reserved
		      */
	__be16 offset; /* of a fragment header */
	__be32 rest;
};

/* Keeps the compiler from turning arithmetic back into a branch: BPF has no cmov. */
#define PACKET_BARRIER(value) __asm__ volatile("" : "+r"(value))

/* 1 if equal, without a branch: one path for the verifier, and none to mispredict. */
static __always_inline __u64 packet_equal(__u64 a, __u64 b)
{
	__u64 differs = a ^ b;

	differs |= -differs;
	PACKET_BARRIER(differs);
	return (differs >> 63) ^ 1;
}

/* Moves past `size` bytes and returns where they begin; NULL, and no move, if they are not there.
 */
static __always_inline const void *cursor_take(struct cursor *cursor, __u32 size)
{
	const void *begin = cursor->at;

	if ((const char *)begin + size > (const char *)cursor->end)
		return NULL;
	cursor->at = (const char *)begin + size;
	return begin;
}

/* Bytes of the frame before the cursor. */
static __always_inline __u64 cursor_offset(const struct cursor *cursor)
{
	__u64 offset = (__u64)((const char *)cursor->at - (const char *)cursor->start);

	PACKET_BARRIER(offset); /* pointers are subtracted in 64 bits, or the verifier objects */
	return offset;
}

/* Bytes of the frame that can be read: all, but of a frame of several buffers only the first. */
static __always_inline __u64 cursor_readable(const struct cursor *cursor)
{
	__u64 readable = (__u64)((const char *)cursor->end - (const char *)cursor->start);

	PACKET_BARRIER(readable);
	return readable;
}

/* Bytes of the frame behind the cursor, those that cannot be read directly included. */
static __always_inline __u32 cursor_rest(const struct cursor *cursor)
{
	return cursor->length - (__u32)cursor_offset(cursor);
}

static __always_inline bool packet_is_vlan(__be16 ethertype)
{
	return ethertype == packet_htons(ETH_P_8021Q) || ethertype == packet_htons(ETH_P_8021AD);
}

/* Ethernet and VLAN tags. The ethertype stays 0 if they are cut short. */
static __always_inline void packet_read_link(struct cursor *cursor, struct packet *packet)
{
	const struct ethhdr *ethernet = cursor_take(cursor, sizeof(*ethernet));
	__be16 ethertype;

	if (!ethernet)
		return;
	ethertype = ethernet->h_proto;
#pragma clang loop unroll(full)
	for (int tags = 0; tags < PACKET_VLANS; tags++) {
		const struct packet_vlan *vlan;

		if (!packet_is_vlan(ethertype))
			break;
		vlan = cursor_take(cursor, sizeof(*vlan));
		if (!vlan)
			return;
		if (!tags)
			packet->vlan = packet_ntohs(vlan->tci) & PACKET_VLAN_ID;
		ethertype = vlan->ethertype;
	}
	packet->ethertype = ethertype;
}

/* The first four bytes of TCP and UDP alike. */
static __always_inline void packet_read_ports(const struct cursor *cursor, struct packet *packet)
{
	const __be16 *ports = cursor->at;

	if ((const char *)ports + 4 > (const char *)cursor->end)
		return;
	packet->source_port = ports[0];
	packet->destination_port = ports[1];
	packet->has_ports = 1;
}

/*
 * TCP and UDP headers against `rest`, the bytes of IP payload from the cursor on.
 * A first fragment's UDP length speaks of the whole datagram and is not compared.
 * Moves past the UDP header, for tunnels.
 */
static __always_inline bool
packet_transport_fits(struct cursor *cursor, const struct packet *packet, __u32 rest, bool fragment)
{
	if (packet->protocol == IPPROTO_TCP) {
		const struct tcphdr *tcp = cursor->at;

		if (rest < sizeof(*tcp) || (const void *)(tcp + 1) > cursor->end)
			return false;
		return tcp->doff * 4U >= (__u32)sizeof(*tcp) && tcp->doff * 4U <= rest;
	}
	if (packet->protocol == IPPROTO_UDP) {
		const struct udphdr *udp = cursor_take(cursor, sizeof(*udp));
		__u32 length;

		if (rest < sizeof(*udp) || !udp)
			return false;
		length = packet_ntohs(udp->len);
		return length >= sizeof(*udp) && (fragment || length <= rest);
	}
	return true;
}

static __always_inline bool packet_is_ours(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_GRE;
}

/* What comes after the IP headers, once `protocol` is known; sets the shape. */
static __always_inline void packet_read_transport(struct cursor *cursor, struct packet *packet,
						  __u32 rest, bool lying, bool fragment)
{
	if (packet->protocol != IPPROTO_GRE)
		packet_read_ports(cursor, packet);
	if (lying || !packet_transport_fits(cursor, packet, rest, fragment))
		packet->shape = PACKET_MALFORMED;
	else
		packet->shape = fragment ? PACKET_FRAGMENT : PACKET_WHOLE;
	packet->payload = (__u16)cursor_offset(cursor);
}

static __always_inline void packet_read_ipv4(struct cursor *cursor, struct packet *packet)
{
	__u32 present = cursor_rest(cursor);
	const struct iphdr *ip = cursor_take(cursor, sizeof(*ip));
	__u32 header, total, fragment;

	if (!ip)
		return;
	packet->family = 4;
	packet->source4 = ip->saddr;
	packet->destination4 = ip->daddr;
	if (!packet_is_ours(ip->protocol))
		return;
	packet->protocol = ip->protocol;
	header = ip->ihl * 4U;
	total = packet_ntohs(ip->tot_len);
	fragment = packet_ntohs(ip->frag_off);
	packet->shape = PACKET_MALFORMED;
	if (ip->version != 4 || header < sizeof(*ip))
		return;
	cursor->at = ip;
	if (!cursor_take(cursor, header))
		return;
	if (fragment & PACKET_FRAGMENT_OFFSET) {
		packet->later = 1;
		if (total >= header && total <= present)
			packet->shape = PACKET_FRAGMENT;
		return;
	}
	packet_read_transport(cursor, packet, total - header, total < header || total > present,
			      fragment & PACKET_MORE_FRAGMENTS);
}

/* A walk along the IPv6 header chain. */
struct extensions {
	__u32 rest; /* bytes of the IPv6 payload that are left */
	__u8 next;  /* type of the header at the cursor */
	__u8 fragment;
};

enum extension_step {
	EXTENSION_PASSED,
	EXTENSION_LATER, /* what follows is from the middle of a datagram */
	EXTENSION_CUT,
};

#define PACKET_EXTENSIONS_BELOW_64                                                                 \
	(1ULL << IPPROTO_HOPOPTS | 1ULL << IPPROTO_ROUTING | 1ULL << IPPROTO_FRAGMENT |            \
	 1ULL << PACKET_EXTENSION_AH | 1ULL << IPPROTO_DSTOPTS)

static __always_inline bool packet_is_extension(__u64 type)
{
	return type < 64 ? PACKET_EXTENSIONS_BELOW_64 >> type & 1
			 : type == PACKET_EXTENSION_MOBILITY;
}

/* Passes the extension header at the cursor. All its kinds go one way through the code. */
static __always_inline enum extension_step packet_read_extension(struct cursor *cursor,
								 struct extensions *chain)
{
	const struct packet_extension *extension = cursor_take(cursor, sizeof(*extension));
	__u32 fragment = (__u32)packet_equal(chain->next, IPPROTO_FRAGMENT);
	__u32 short_unit = (__u32)packet_equal(chain->next, PACKET_EXTENSION_AH);
	__u32 size;

	if (!extension)
		return EXTENSION_CUT;
	size = ((extension->length & (fragment - 1)) << (3 - short_unit)) +
	       (__u32)sizeof(*extension);
	PACKET_BARRIER(size);
	size &= PACKET_EXTENSION_BYTES; /* it is no more: said for the verifier */
	cursor->at = extension;
	if (chain->rest < size || !cursor_take(cursor, size))
		return EXTENSION_CUT;
	chain->rest -= size;
	chain->next = extension->next;
	chain->fragment |= (__u8)fragment;
	if (packet_ntohs(extension->offset) & PACKET_OFFSET6 & -fragment)
		return EXTENSION_LATER;
	return EXTENSION_PASSED;
}

/* A later fragment begins with what its fragment header says: a protocol, or who knows what. */
static __always_inline void packet_read_later6(struct packet *packet, __u8 next, bool lying)
{
	packet->later = 1;
	if (packet_is_ours(next))
		packet->protocol = next;
	else if (!packet_is_extension(next)) {
		packet->shape = PACKET_OTHER;
		return;
	}
	packet->shape = lying ? PACKET_MALFORMED : PACKET_FRAGMENT;
}

static __always_inline void packet_copy_address(__u64 to[2], const struct in6_addr *from)
{
	const __u32 *words = from->s6_addr32; /* the frame aligns addresses to four bytes at most */

	__builtin_memcpy(to, words, sizeof(*from));
}

/* The rest of an IPv6 packet, once its chain has been walked to the end. */
static __always_inline void packet_end_chain(struct cursor *cursor, struct packet *packet,
					     const struct extensions *chain, bool later, bool lying)
{
	if (later)
		packet_read_later6(packet, chain->next, lying);
	else if (packet_is_extension(chain->next))
		packet->shape = PACKET_MALFORMED; /* too many */
	else if (!packet_is_ours(chain->next))
		packet->shape = PACKET_OTHER;
	else {
		packet->protocol = chain->next;
		packet_read_transport(cursor, packet, chain->rest, lying, chain->fragment);
	}
}

static __always_inline void packet_read_ipv6(struct cursor *cursor, struct packet *packet)
{
	const struct ipv6hdr *ip = cursor_take(cursor, sizeof(*ip));
	enum extension_step step = EXTENSION_PASSED;
	struct extensions chain = {};
	__u32 present;

	if (!ip)
		return;
	packet->family = 6;
	packet_copy_address(packet->source, &ip->saddr);
	packet_copy_address(packet->destination, &ip->daddr);
	packet->shape = PACKET_MALFORMED;
	if (ip->version != 6)
		return;
	present = cursor_rest(cursor);
	chain.rest = packet_ntohs(ip->payload_len);
	chain.next = ip->nexthdr;
#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
	for (int links = 0; links < PACKET_EXTENSIONS && packet_is_extension(chain.next); links++) {
		step = packet_read_extension(cursor, &chain);
		if (step != EXTENSION_PASSED)
			break;
	}
	if (step == EXTENSION_CUT)
		return;
	packet_end_chain(cursor, packet, &chain, step == EXTENSION_LATER,
			 ip->payload_len == 0 || packet_ntohs(ip->payload_len) > present);
}

/* The network layer and above; the ethertype is set. A VLAN tag here is one too many. */
static __always_inline void packet_read_network(struct cursor *cursor, struct packet *packet)
{
	if (packet->ethertype == packet_htons(ETH_P_IP))
		packet_read_ipv4(cursor, packet);
	else if (packet->ethertype == packet_htons(ETH_P_IPV6))
		packet_read_ipv6(cursor, packet);
	else if (packet_is_vlan(packet->ethertype))
		packet->shape = PACKET_MALFORMED; /* the kernel would take it off and go on */
}

/* A whole frame. `packet` is all zero before. */
static __always_inline void packet_read(struct cursor *cursor, struct packet *packet)
{
	packet_read_link(cursor, packet);
	packet_read_network(cursor, packet);
}

/* The same, if it is IPv4 right behind Ethernet; else false, and nothing was read. */
static __always_inline bool packet_read_plain(struct cursor *cursor, struct packet *packet)
{
	const struct ethhdr *ethernet = cursor->at;

	if ((const void *)(ethernet + 1) > cursor->end ||
	    ethernet->h_proto != packet_htons(ETH_P_IP))
		return false;
	cursor->at = ethernet + 1;
	packet->ethertype = ethernet->h_proto;
	packet_read_ipv4(cursor, packet);
	return true;
}

/*
 * Whether the IP header could not be reached although the frame goes on: in a frame
 * of several buffers a program can read only the first one.
 */
static __always_inline bool packet_is_hidden(const struct cursor *cursor,
					     const struct packet *packet)
{
	return !packet->family && cursor->length > cursor_readable(cursor) &&
	       (!packet->ethertype || packet->ethertype == packet_htons(ETH_P_IP) ||
		packet->ethertype == packet_htons(ETH_P_IPV6));
}
