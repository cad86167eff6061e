/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect.h"

#include <netinet/in.h>
#include <string.h>

#define EXTENSION_HEADERS_MAX 8

static uint8_t byte_at(struct span span, size_t at)
{
	return span.bytes[at];
}

static uint16_t u16_at(struct span span, size_t at)
{
	return (uint16_t)(span.bytes[at] << 8 | span.bytes[at + 1]);
}

static uint32_t u24_at(struct span span, size_t at)
{
	return (uint32_t)u16_at(span, at) << 8 | span.bytes[at + 2];
}

static uint32_t u32_at(struct span span, size_t at)
{
	return (uint32_t)u16_at(span, at) << 16 | u16_at(span, at + 2);
}

/* The bytes from `at` on; never past the end. */
static struct span from(struct span span, size_t at)
{
	return (struct span){span.bytes + at, span.length - at};
}

static struct span first_of(struct span span, size_t length)
{
	return (struct span){span.bytes, length < span.length ? length : span.length};
}

struct dissected_ethernet dissect_ethernet(struct span frame)
{
	struct dissected_ethernet result = {0};
	size_t at = 14;

	if (frame.length < 14)
		return result;
	result.type = u16_at(frame, 12);
	for (int tags = 0; tags < 2; tags++) {
		if (!dissect_is_vlan(result.type))
			break;
		if (frame.length < at + 4)
			return result;
		if (tags == 0) {
			result.in_vlan = true;
			result.vlan_id = u16_at(frame, at) & 0xfff;
		}
		result.type = u16_at(frame, at + 2);
		at += 4;
	}
	result.whole = true;
	result.too_many_vlans = dissect_is_vlan(result.type);
	result.payload = from(frame, at);
	return result;
}

/* They can be read wherever the frame has them, whatever the lengths say. */
static void read_ports(struct dissected_ip *ip)
{
	if (ip->in_frame.length < 4)
		return;
	ip->ports_known = true;
	ip->source_port = u16_at(ip->in_frame, 0);
	ip->destination_port = u16_at(ip->in_frame, 2);
}

static bool tcp_holds(struct span tcp)
{
	size_t header = 0;

	if (tcp.length < 20)
		return false;
	header = (size_t)(byte_at(tcp, 12) >> 4) * 4;
	return header >= 20 && header <= tcp.length;
}

/* A piece of a datagram rightly announces more than it holds. */
static bool udp_holds(struct span udp, bool piece)
{
	size_t length = 0;

	if (udp.length < 8)
		return false;
	length = u16_at(udp, 4);
	return length >= 8 && (piece || length <= udp.length);
}

static void read_transport(struct dissected_ip *ip)
{
	bool piece = ip->fragment != NOT_FRAGMENTED;

	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
		return;
	read_ports(ip);
	if (ip->protocol == IPPROTO_TCP && !tcp_holds(ip->payload))
		ip->malformed = true;
	if (ip->protocol == IPPROTO_UDP && !udp_holds(ip->payload, piece))
		ip->malformed = true;
}

static struct dissected_ip dissect_ipv4(struct span bytes)
{
	struct dissected_ip ip = {.family = 4};
	size_t header = 0, total = 0;
	uint16_t fragment = 0;

	if (bytes.length < 20)
		return ip;
	ip.present = true;
	memcpy(ip.source, bytes.bytes + 12, 4);
	memcpy(ip.destination, bytes.bytes + 16, 4);
	ip.protocol_known = true;
	ip.protocol = byte_at(bytes, 9);
	header = (size_t)(byte_at(bytes, 0) & 0xf) * 4;
	if (byte_at(bytes, 0) >> 4 != 4 || header < 20 || header > bytes.length) {
		ip.malformed = true;
		return ip;
	}
	total = u16_at(bytes, 2);
	if (total < header || total > bytes.length)
		ip.malformed = true;
	ip.in_frame = from(bytes, header);
	ip.payload = first_of(ip.in_frame, total < header ? 0 : total - header);
	fragment = u16_at(bytes, 6);
	if (fragment & 0x1fff)
		ip.fragment = LATER_FRAGMENT;
	else if (fragment & 0x2000)
		ip.fragment = FIRST_FRAGMENT;
	if (ip.fragment != LATER_FRAGMENT)
		read_transport(&ip);
	return ip;
}

static bool is_extension_header(uint8_t type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_FRAGMENT ||
	       type == IPPROTO_DSTOPTS || type == IPPROTO_AH || type == 135;
}

/* Bytes of the extension header that begins here; at least 8 are there. */
static size_t extension_length(uint8_t type, struct span header)
{
	if (type == IPPROTO_FRAGMENT)
		return 8;
	if (type == IPPROTO_AH)
		return ((size_t)byte_at(header, 1) + 2) * 4;
	return ((size_t)byte_at(header, 1) + 1) * 8;
}

/* Where the walk along the extension headers stands. */
struct chain {
	uint8_t next;
	struct span rest;     /* of the payload, as long as the IPv6 header says */
	struct span in_frame; /* the same, but to the end of the frame */
	int headers;
};

static bool step_over(struct dissected_ip *ip, struct chain *chain)
{
	size_t length = 8;

	if (++chain->headers > EXTENSION_HEADERS_MAX || chain->rest.length < 8)
		return false;
	length = extension_length(chain->next, chain->rest);
	if (length > chain->rest.length)
		return false;
	if (chain->next == IPPROTO_FRAGMENT)
		ip->fragment = u16_at(chain->rest, 2) & 0xfff8 ? LATER_FRAGMENT : FIRST_FRAGMENT;
	chain->next = byte_at(chain->rest, 0);
	chain->rest = from(chain->rest, length);
	chain->in_frame = from(chain->in_frame, length);
	return true;
}

static void walk_extension_headers(struct dissected_ip *ip, struct chain *chain)
{
	while (is_extension_header(chain->next) && ip->fragment != LATER_FRAGMENT) {
		if (!step_over(ip, chain)) {
			ip->malformed = true;
			return;
		}
	}
	ip->protocol_known = !is_extension_header(chain->next);
	ip->protocol = ip->protocol_known ? chain->next : 0;
	ip->payload = chain->rest;
	ip->in_frame = chain->in_frame;
	if (ip->fragment != LATER_FRAGMENT)
		read_transport(ip);
}

static struct dissected_ip dissect_ipv6(struct span bytes)
{
	struct dissected_ip ip = {.family = 6};
	struct chain chain = {0};
	size_t payload = 0;

	if (bytes.length < 40)
		return ip;
	ip.present = true;
	memcpy(ip.source, bytes.bytes + 8, 16);
	memcpy(ip.destination, bytes.bytes + 24, 16);
	if (byte_at(bytes, 0) >> 4 != 6) {
		ip.malformed = true;
		return ip;
	}
	payload = u16_at(bytes, 4);
	chain.next = byte_at(bytes, 6);
	chain.in_frame = from(bytes, 40);
	chain.rest = first_of(chain.in_frame, payload);
	if (payload == 0 || payload > chain.in_frame.length)
		ip.malformed = true;
	walk_extension_headers(&ip, &chain);
	return ip;
}

struct dissected_ip dissect_ip(uint16_t type, struct span bytes)
{
	if (type == 0x0800)
		return dissect_ipv4(bytes);
	if (type == 0x86dd)
		return dissect_ipv6(bytes);
	return (struct dissected_ip){0};
}

static struct dissected_tunnel dissect_vxlan(struct span bytes)
{
	struct dissected_tunnel tunnel = {0};

	if (bytes.length < 8)
		return tunnel;
	tunnel.readable = true;
	tunnel.valid = byte_at(bytes, 0) & 0x08;
	tunnel.tag = u24_at(bytes, 4);
	tunnel.inner_type = 0x6558;
	tunnel.inner = from(bytes, 8);
	return tunnel;
}

static bool is_inner_type(uint16_t type)
{
	return type == 0x6558 || type == 0x0800 || type == 0x86dd || dissect_is_vlan(type);
}

/* None critical, none that leaves the list. */
static bool geneve_options_hold(struct span options)
{
	while (options.length > 0) {
		size_t length = 0;

		if (options.length < 4 || byte_at(options, 2) & 0x80)
			return false;
		length = 4 + (size_t)(byte_at(options, 3) & 0x1f) * 4;
		if (length > options.length)
			return false;
		options = from(options, length);
	}
	return true;
}

static struct dissected_tunnel dissect_geneve(struct span bytes)
{
	struct dissected_tunnel tunnel = {0};
	size_t options = 0;
	bool critical = false;

	if (bytes.length < 8)
		return tunnel;
	options = (size_t)(byte_at(bytes, 0) & 0x3f) * 4;
	tunnel.inner_type = u16_at(bytes, 2);
	if (8 + options > bytes.length || !is_inner_type(tunnel.inner_type))
		return tunnel;
	critical = byte_at(bytes, 1) & 0x40;
	tunnel.readable = true;
	tunnel.valid = byte_at(bytes, 0) >> 6 == 0 && !critical &&
		       geneve_options_hold(first_of(from(bytes, 8), options));
	tunnel.tag = u24_at(bytes, 4);
	tunnel.inner = from(bytes, 8 + options);
	return tunnel;
}

static struct dissected_tunnel dissect_gre(struct span bytes)
{
	struct dissected_tunnel tunnel = {0};
	bool checksum = false, key = false, sequence = false;
	size_t header = 4;
	uint16_t flags = 0;

	if (bytes.length < 4)
		return tunnel;
	flags = u16_at(bytes, 0);
	checksum = flags & 0x8000;
	key = flags & 0x2000;
	sequence = flags & 0x1000;
	header += checksum * 4U + key * 4U + sequence * 4U;
	tunnel.inner_type = u16_at(bytes, 2);
	if (header > bytes.length ||
	    !(is_inner_type(tunnel.inner_type) || tunnel.inner_type == DISSECT_GRE_WCCP))
		return tunnel;
	tunnel.readable = true;
	tunnel.valid = key && (flags & ~0xb000) == 0;
	if (key)
		tunnel.tag = u32_at(bytes, checksum ? 8 : 4);
	if (tunnel.inner_type == 0x6558)
		tunnel.tag >>= 8;
	tunnel.inner = from(bytes, header);
	return tunnel;
}

struct dissected_tunnel dissect_tunnel(enum tag_transport transport, struct span bytes)
{
	switch (transport) {
	case TAG_VXLAN:
		return dissect_vxlan(bytes);
	case TAG_GENEVE:
		return dissect_geneve(bytes);
	case TAG_GRE:
		return dissect_gre(bytes);
	case TAG_VLAN:
		break;
	}
	return (struct dissected_tunnel){0};
}
