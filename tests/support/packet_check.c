/* SPDX-License-Identifier: Apache-2.0 */
#include "packet_check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "dissect.h"

/*
 * What is in a tunnel cannot be aligned as its header is, and need not be: where it
 * must, the verifier sees to it.
 */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("alignment"))), apply_to = function)
#else
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#endif
#include "packet.h"
#include "tunnel.h"
#ifdef __clang__
#pragma clang attribute pop
#endif

/* As the kernel aligns a frame: so that the IP header behind Ethernet falls on four bytes. */
#define FRAME_OFFSET 2

struct block {
	uint8_t *bytes;
	struct cursor cursor;
};

static struct block block_of(const uint8_t *bytes, size_t length)
{
	struct block block = {.bytes = (uint8_t *)malloc(FRAME_OFFSET + length)};

	if (!block.bytes)
		abort();
	if (length)
		memcpy(block.bytes + FRAME_OFFSET, bytes, length);
	block.cursor.at = block.cursor.start = block.bytes + FRAME_OFFSET;
	block.cursor.end = block.bytes + FRAME_OFFSET + length;
	block.cursor.length = (uint32_t)length;
	return block;
}

static void block_free(struct block *block)
{
	free(block->bytes);
}

static bool differs(const char *what, uint64_t filter, uint64_t dissected)
{
	if (filter == dissected)
		return false;
	(void)fprintf(stderr, "%s: the filter reads %llu, the other %llu\n", what,
		      (unsigned long long)filter, (unsigned long long)dissected);
	return true;
}

static bool is_served(const struct dissected_ip *ip)
{
	return ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP ||
	       ip->protocol == IPPROTO_GRE;
}

static enum packet_shape shape_of(const struct dissected_ethernet *ethernet,
				  const struct dissected_ip *ip)
{
	if (ethernet->too_many_vlans)
		return PACKET_MALFORMED;
	if (!ip->present || (ip->protocol_known && !is_served(ip)))
		return PACKET_OTHER;
	if (ip->malformed)
		return PACKET_MALFORMED;
	return ip->fragment == NOT_FRAGMENTED ? PACKET_WHOLE : PACKET_FRAGMENT;
}

static bool same_addresses(const struct packet *packet, const struct dissected_ip *ip)
{
	size_t bytes = ip->family == 4 ? 4 : 16;

	return memcmp(&packet->source, ip->source, bytes) == 0 &&
	       memcmp(&packet->destination, ip->destination, bytes) == 0;
}

static bool same_ports(const struct packet *packet, const struct dissected_ip *ip)
{
	return !differs("has ports", packet->has_ports, ip->ports_known) &&
	       (!ip->ports_known ||
		(!differs("source port", ntohs(packet->source_port), ip->source_port) &&
		 !differs("destination port", ntohs(packet->destination_port),
			  ip->destination_port)));
}

static bool same_ip(const struct packet *packet, const struct dissected_ethernet *ethernet,
		    const struct dissected_ip *ip)
{
	if (differs("shape", packet->shape, shape_of(ethernet, ip)) ||
	    differs("family", packet->family, ip->present ? ip->family : 0))
		return false;
	if (!ip->present)
		return true;
	if (!same_addresses(packet, ip))
		return !differs("addresses", 1, 0);
	if (packet->shape == PACKET_OTHER)
		return true;
	return !differs("protocol", packet->protocol, ip->protocol_known ? ip->protocol : 0) &&
	       !differs("later", packet->later, ip->fragment == LATER_FRAGMENT) &&
	       same_ports(packet, ip);
}

/* The quick way, for the frames that it is for, reads the same. */
static bool reads_plain_alike(const uint8_t *bytes, size_t length, const struct dissected_ip *ip)
{
	static const struct dissected_ethernet plain = {.whole = true};
	cleanup(block_free) struct block block = block_of(bytes, length);
	struct packet packet = {0};

	return !packet_read_plain(&block.cursor, &packet) || same_ip(&packet, &plain, ip);
}

bool packet_check_frame(const uint8_t *bytes, size_t length)
{
	cleanup(block_free) struct block block = block_of(bytes, length);
	struct dissected_ethernet ethernet = dissect_ethernet((struct span){bytes, length});
	struct dissected_ip ip = {0};
	struct packet packet = {0};

	packet_read(&block.cursor, &packet);
	if (ethernet.whole)
		ip = dissect_ip(ethernet.type, ethernet.payload);
	return !differs("ethertype", ntohs(packet.ethertype), ethernet.whole ? ethernet.type : 0) &&
	       !differs("VLAN id", packet.vlan, ethernet.in_vlan ? ethernet.vlan_id : 0) &&
	       reads_plain_alike(bytes, length, &ip) && same_ip(&packet, &ethernet, &ip);
}

static enum tag_transport tag_transport_of(enum image_transport transport)
{
	if (transport == IMAGE_TRANSPORT_VXLAN)
		return TAG_VXLAN;
	return transport == IMAGE_TRANSPORT_GENEVE ? TAG_GENEVE : TAG_GRE;
}

static struct dissected_ip dissect_inner(const struct dissected_tunnel *tunnel,
					 struct dissected_ethernet *ret_ethernet)
{
	if (tunnel->inner_type != ETH_P_TEB) {
		ret_ethernet->too_many_vlans = dissect_is_vlan(tunnel->inner_type);
		return dissect_ip(tunnel->inner_type, tunnel->inner);
	}
	*ret_ethernet = dissect_ethernet(tunnel->inner);
	if (!ret_ethernet->whole)
		return (struct dissected_ip){0};
	return dissect_ip(ret_ethernet->type, ret_ethernet->payload);
}

bool packet_check_tunnel(enum image_transport transport, const uint8_t *bytes, size_t length)
{
	cleanup(block_free) struct block block = block_of(bytes, length);
	struct dissected_tunnel dissected =
		dissect_tunnel(tag_transport_of(transport), (struct span){bytes, length});
	struct dissected_ethernet ethernet = {0};
	struct dissected_ip ip = {0};
	struct packet packet = {0};
	struct tunnel tunnel = {0};

	tunnel_read(&block.cursor, transport, &tunnel, &packet);
	if (!dissected.readable)
		return same_ip(&packet, &ethernet, &ip);
	ip = dissect_inner(&dissected, &ethernet);
	return !differs("tag", tunnel.tag, dissected.tag) &&
	       !differs("invalid", tunnel.invalid, !dissected.valid) &&
	       same_ip(&packet, &ethernet, &ip);
}
