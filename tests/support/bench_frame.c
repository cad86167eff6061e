// SPDX-License-Identifier: Apache-2.0
#include "bench_frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "bench_rules.h"

/* Locally administered; peers.sh gives the first one to the receiver. */
#define RECEIVER                                                                                   \
	{                                                                                          \
		0x02, 0, 0, 0, 0, 0x02                                                             \
	}
#define SENDER                                                                                     \
	{                                                                                          \
		0x02, 0, 0, 0, 0, 0x01                                                             \
	}

struct vxlan_header {
	uint8_t flags;
	uint8_t reserved[3];
	__be32 vni;
};

#define VXLAN_I 0x08 /* the VNI is valid */

struct plain_frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct tcphdr tcp;
	uint8_t pad[BENCH_PLAIN_BYTES - 54];
} __attribute__((packed));

struct tunnel_frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	struct vxlan_header vxlan;
	struct plain_frame inside;
} __attribute__((packed));

_Static_assert(sizeof(struct plain_frame) == BENCH_PLAIN_BYTES, "where the generator writes");
_Static_assert(sizeof(struct tunnel_frame) == BENCH_TUNNEL_BYTES, "where the generator writes");

static struct plain_frame make_plain(void)
{
	return (struct plain_frame){
		.ethernet = {.h_dest = RECEIVER, .h_source = SENDER, .h_proto = htons(ETH_P_IP)},
		.ip = {.version = 4,
		       .ihl = 5,
		       .ttl = 64,
		       .protocol = IPPROTO_TCP,
		       .tot_len = htons(sizeof(struct iphdr) + sizeof(struct tcphdr))},
		.tcp = {.dest = htons(BENCH_FRONTEND_PORT), .doff = 5, .syn = 1},
	};
}

static struct tunnel_frame make_tunnel(void)
{
	struct tunnel_frame frame = {
		.ethernet = {.h_dest = RECEIVER, .h_source = SENDER, .h_proto = htons(ETH_P_IP)},
		.ip = {.version = 4,
		       .ihl = 5,
		       .ttl = 64,
		       .protocol = IPPROTO_UDP,
		       .saddr = htonl(BENCH_PEER),
		       .daddr = htonl(BENCH_FRONTEND_NODE)},
		.udp = {.dest = htons(BENCH_TUNNEL_PORT)},
		.vxlan = {.flags = VXLAN_I},
		.inside = make_plain(),
	};

	frame.inside.ip.daddr = htonl(bench_frontend(BENCH_TUNNEL_VAULT));
	frame.ip.tot_len = htons(sizeof(frame) - offsetof(struct tunnel_frame, ip));
	frame.udp.len = htons(sizeof(frame) - offsetof(struct tunnel_frame, udp));
	return frame;
}

struct bench_frame bench_frame_plain(void)
{
	struct plain_frame plain = make_plain();
	struct bench_frame frame = {.length = sizeof(plain)};

	memcpy(frame.bytes, &plain, sizeof(plain));
	return frame;
}

struct bench_frame bench_frame_tunnel(void)
{
	struct tunnel_frame tunnel = make_tunnel();
	struct bench_frame frame = {.length = sizeof(tunnel)};

	memcpy(frame.bytes, &tunnel, sizeof(tunnel));
	return frame;
}
