/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define ETHERNET_BYTES	  14U
#define VLAN_BYTES	  4U
#define IPV4_BYTES	  20U
#define IPV6_BYTES	  40U
#define UDP_BYTES	  8U
#define TCP_BYTES	  20U
#define GRE_BYTES	  8U /* with a key */

#define TYPE_IPV4	  0x0800
#define TYPE_IPV6	  0x86dd
#define TYPE_VLAN	  0x8100
#define TYPE_ETHERNET	  0x6558 /* within Geneve and GRE */

#define VLAN_ID_MAX	  4094U
#define TAG_BITS_24	  0xffffffU

#define TCP_SYN		  0x02
#define VXLAN_VNI_PRESENT 0x08
#define GRE_KEY_PRESENT	  0x2000

/* Grows into bytes that are zero; whoever appends knows that FRAME_BYTES is far away. */
struct growing {
	uint8_t *bytes;
	size_t length;
};

static uint8_t *grow(struct growing *frame, size_t length)
{
	uint8_t *place = frame->bytes + frame->length;

	frame->length += length;
	return place;
}

static void put16(uint8_t *place, size_t value)
{
	place[0] = (uint8_t)(value >> 8);
	place[1] = (uint8_t)value;
}

static void put32(uint8_t *place, uint32_t value)
{
	put16(place, value >> 16);
	put16(place + 2, value & 0xffff);
}

/* The Internet checksum's sum, in a form that may be continued behind even lengths. */
static uint32_t sum16(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void append_ethernet(struct growing *frame, uint16_t type)
{
	static const uint8_t addresses[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint8_t *header = grow(frame, ETHERNET_BYTES);

	memcpy(header, addresses, sizeof(addresses));
	put16(header + 12, type);
}

static void append_vlan(struct growing *frame, uint32_t id, uint16_t type)
{
	uint8_t *tag = NULL;

	append_ethernet(frame, TYPE_VLAN);
	tag = grow(frame, VLAN_BYTES);
	put16(tag, id);
	put16(tag + 2, type);
}

static void append_ipv4(struct growing *frame, const struct endpoint *source,
			const struct endpoint *destination, uint8_t protocol, size_t payload)
{
	uint8_t *header = grow(frame, IPV4_BYTES);

	header[0] = 0x45;
	put16(header + 2, IPV4_BYTES + payload);
	put16(header + 6, 0x4000); /* do not fragment */
	header[8] = 64;
	header[9] = protocol;
	memcpy(header + 12, source->address, 4);
	memcpy(header + 16, destination->address, 4);
	put16(header + 10, fold(sum16(0, header, IPV4_BYTES)));
}

static void append_ipv6(struct growing *frame, const struct endpoint *source,
			const struct endpoint *destination, uint8_t protocol, size_t payload)
{
	uint8_t *header = grow(frame, IPV6_BYTES);

	header[0] = 0x60;
	put16(header + 4, payload);
	header[6] = protocol;
	header[7] = 64;
	memcpy(header + 8, source->address, 16);
	memcpy(header + 24, destination->address, 16);
}

static void append_ip(struct growing *frame, const struct endpoint *source,
		      const struct endpoint *destination, uint8_t protocol, size_t payload)
{
	if (source->family == 6)
		append_ipv6(frame, source, destination, protocol, payload);
	else
		append_ipv4(frame, source, destination, protocol, payload);
}

/* What TCP and UDP checksums cover besides their own bytes. */
static uint32_t sum_pseudo(const struct endpoint *source, const struct endpoint *destination,
			   uint8_t protocol, size_t length)
{
	size_t bytes = source->family == 6 ? 16 : 4;
	uint32_t sum = sum16(0, source->address, bytes);

	return sum16(sum, destination->address, bytes) + protocol + (uint32_t)length;
}

static void append_tcp_syn(struct growing *frame, const struct endpoint *source,
			   const struct endpoint *destination)
{
	uint8_t *header = grow(frame, TCP_BYTES);
	uint32_t sum = sum_pseudo(source, destination, IPPROTO_TCP, TCP_BYTES);

	put16(header, source->port);
	put16(header + 2, destination->port);
	header[12] = (TCP_BYTES / 4) << 4;
	header[13] = TCP_SYN;
	put16(header + 14, 0xffff);
	put16(header + 16, fold(sum16(sum, header, TCP_BYTES)));
}

/* Returns the header, for finish_udp() once the payload is there. */
static uint8_t *append_udp(struct growing *frame, const struct endpoint *source,
			   const struct endpoint *destination, size_t payload)
{
	uint8_t *header = grow(frame, UDP_BYTES);

	put16(header, source->port);
	put16(header + 2, destination->port);
	put16(header + 4, UDP_BYTES + payload);
	return header;
}

static void finish_udp(uint8_t *header, const struct endpoint *source,
		       const struct endpoint *destination, size_t payload)
{
	size_t length = UDP_BYTES + payload;
	uint32_t sum = sum_pseudo(source, destination, IPPROTO_UDP, length);
	uint16_t checksum = fold(sum16(sum, header, length));

	put16(header + 6, checksum ? checksum : 0xffff); /* 0 would mean: none */
}

static size_t inner_ip_bytes(const struct frame_plan *plan)
{
	return (plan->source.family == 6 ? IPV6_BYTES : IPV4_BYTES) +
	       (plan->protocol == IPPROTO_TCP ? TCP_BYTES : UDP_BYTES);
}

static uint16_t inner_type(const struct frame_plan *plan)
{
	return plan->source.family == 6 ? TYPE_IPV6 : TYPE_IPV4;
}

static void append_inner_ip(struct growing *frame, const struct frame_plan *plan)
{
	const struct endpoint *source = &plan->source;
	const struct endpoint *destination = &plan->destination;

	if (plan->protocol == IPPROTO_TCP) {
		append_ip(frame, source, destination, IPPROTO_TCP, TCP_BYTES);
		append_tcp_syn(frame, source, destination);
	} else {
		append_ip(frame, source, destination, IPPROTO_UDP, UDP_BYTES);
		finish_udp(append_udp(frame, source, destination, 0), source, destination, 0);
	}
}

static void append_inner_frame(struct growing *frame, const struct frame_plan *plan)
{
	append_ethernet(frame, inner_type(plan));
	append_inner_ip(frame, plan);
}

/* VXLAN and Geneve have headers of the same size, and the tag in the same place. */
static void append_udp_tunnel(struct growing *frame, const struct frame_plan *plan)
{
	struct endpoint source = plan->outer_source, destination = plan->outer_destination;
	size_t payload = 8 + ETHERNET_BYTES + inner_ip_bytes(plan);
	uint8_t *udp = NULL, *header = NULL;

	destination.port = plan->tunnel_port;
	append_ethernet(frame, TYPE_IPV4);
	append_ip(frame, &source, &destination, IPPROTO_UDP, UDP_BYTES + payload);
	udp = append_udp(frame, &source, &destination, payload);
	header = grow(frame, 8);
	if (plan->transport == IMAGE_TRANSPORT_VXLAN)
		header[0] = VXLAN_VNI_PRESENT;
	else
		put16(header + 2, TYPE_ETHERNET);
	put32(header + 4, plan->tag << 8);
	append_inner_frame(frame, plan);
	finish_udp(udp, &source, &destination, payload);
}

static void append_gre_tunnel(struct growing *frame, const struct frame_plan *plan)
{
	size_t ethernet = plan->gre_ip ? 0 : ETHERNET_BYTES;
	uint8_t *header = NULL;

	append_ethernet(frame, TYPE_IPV4);
	append_ip(frame, &plan->outer_source, &plan->outer_destination, IPPROTO_GRE,
		  GRE_BYTES + ethernet + inner_ip_bytes(plan));
	header = grow(frame, GRE_BYTES);
	put16(header, GRE_KEY_PRESENT);
	if (plan->gre_ip) {
		put16(header + 2, inner_type(plan));
		put32(header + 4, plan->tag);
		append_inner_ip(frame, plan);
	} else {
		put16(header + 2, TYPE_ETHERNET);
		put32(header + 4, plan->tag << 8);
		append_inner_frame(frame, plan);
	}
}

static bool is_family(const struct endpoint *endpoint, uint8_t family)
{
	return endpoint->family == family;
}

/* A tag must fit its field, or the frame would carry another. */
static bool tag_fits(const struct frame_plan *plan)
{
	switch (plan->transport) {
	case IMAGE_TRANSPORT_NONE:
		return plan->tag >= 1 && plan->tag <= VLAN_ID_MAX;
	case IMAGE_TRANSPORT_VXLAN:
	case IMAGE_TRANSPORT_GENEVE:
		return plan->tag <= TAG_BITS_24 && plan->tunnel_port != 0;
	case IMAGE_TRANSPORT_GRE:
		return plan->gre_ip || plan->tag <= TAG_BITS_24;
	}
	return false;
}

static bool plan_holds(const struct frame_plan *plan)
{
	uint8_t family = plan->source.family;

	if ((family != 4 && family != 6) || !is_family(&plan->destination, family))
		return false;
	if (plan->protocol != IPPROTO_TCP && plan->protocol != IPPROTO_UDP)
		return false;
	if (!plan->tagged)
		return plan->transport == IMAGE_TRANSPORT_NONE;
	if (plan->transport != IMAGE_TRANSPORT_NONE &&
	    (!is_family(&plan->outer_source, 4) || !is_family(&plan->outer_destination, 4)))
		return false;
	return tag_fits(plan);
}

int frame_build(const struct frame_plan *plan, uint8_t frame[FRAME_BYTES])
{
	struct growing growing = {.bytes = frame};

	if (!plan_holds(plan))
		return -EINVAL;
	memset(frame, 0, FRAME_BYTES);
	if (!plan->tagged) {
		append_inner_frame(&growing, plan);
	} else if (plan->transport == IMAGE_TRANSPORT_NONE) {
		append_vlan(&growing, plan->tag, inner_type(plan));
		append_inner_ip(&growing, plan);
	} else if (plan->transport == IMAGE_TRANSPORT_GRE) {
		append_gre_tunnel(&growing, plan);
	} else {
		append_udp_tunnel(&growing, plan);
	}
	return (int)growing.length;
}
