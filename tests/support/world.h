/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules and the node that the packet tests share: a vault of each kind, each
 * kind of shared frontend, each transport. `tag` 7001 is vnet-app, 666 is blocked.
 */
#pragma once

#include "frame.h"
#include "packets.h"

extern const char world_rules[];
extern const char world_node[];

#define WORLD_TAG	   7001
#define WORLD_VLAN	   700 /* the tag of vnet-vlan */
#define WORLD_BLOCKED_TAG  666
#define WORLD_BLOCKED_VLAN 665
#define WORLD_OTHER_TAG	   7002 /* of a network that no vault lists */

/* Sources. */
#define WORLD_PARTNER	"198.51.100.7" /* in the IP rules of most vaults */
#define WORLD_STRANGER	"203.0.113.99" /* in no rule */
#define WORLD_SERVICE	"192.0.2.129"  /* a trusted service may come from there */
#define WORLD_FAILSAFE	"192.0.2.250"
#define WORLD_BLOCKED	"198.51.100.66"
#define WORLD_WEB	"10.1.0.5" /* vnet-app/web */
#define WORLD_BATCH	"10.1.1.5" /* vnet-app/batch, without the endpoint */
#define WORLD_VLAN_HOST "10.7.0.5" /* vnet-vlan/hosts */
#define WORLD_PEER	"192.0.2.3"
#define WORLD_NODE	"192.0.2.1"

/* Destinations; port 443 unless something else is said. */
#define WORLD_CONTOSO		"203.0.113.10"
#define WORLD_CONTOSO6		"2001:db8::10"
#define WORLD_AUDITED		"203.0.113.11"
#define WORLD_OPEN		"203.0.113.12"
#define WORLD_OPEN6		"2001:db8::12"
#define WORLD_NAMES		"203.0.113.13" /* 53/udp */
#define WORLD_NAMES6		"2001:db8::13"
#define WORLD_SHARED		"203.0.113.20" /* two that enforce */
#define WORLD_SHARED_AUDIT	"203.0.113.21" /* two in audit */
#define WORLD_SHARED_MIXED	"203.0.113.22" /* one of each */
#define WORLD_SHARED_OPEN	"203.0.113.23" /* one admits all */
#define WORLD_SHARED_AUDIT_OPEN "203.0.113.24"
#define WORLD_ANYWHERE		"203.0.113.77" /* nobody's, but `*:8200` and `*:5353/udp` */

/* TCP from an address to an address, port 443. */
struct recipe world_recipe(const char *source, const char *destination);

/* The same in a VXLAN tunnel from WORLD_PEER. `outer` is filled; the recipe points to `inner`. */
void world_tunnel(const struct recipe *inner, enum image_transport transport, uint32_t tag,
		  struct recipe *ret_outer);
