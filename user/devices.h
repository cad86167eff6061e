/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which network devices bear which endpoint tag: tunnel devices of the transports
 * that node.yaml turns on, VLAN devices on interfaces where VLAN ids are tags, and
 * what is stacked on them. Asks rtnetlink; steering needs it.
 *
 *   device                                tag
 *   vxlan, geneve with one VNI            the VNI
 *   gretap with one key                   the key's upper 24 bits
 *   gre with one key                      the key
 *   vlan on an interface of `vlan`        the VLAN id, if the rules know it
 *   one for all VNIs or keys (external)   none: its connections are refused
 *   vlan, macvlan, ipvlan on one of them  the same
 *   bridge, VRF: with one port            the same
 *   bridge, VRF: with more ports          none: refused
 *
 * Where node.yaml turns any on, the others are listed, too: what is not listed is not known.
 */
#pragma once

#include <stddef.h>

#include "fault.h"
#include "loader.h"
#include "node.h"

/* Starts as {0}, ends with devices_free(). */
struct devices {
	struct loader_device *items;
	size_t count;
	size_t refused; /* of them; their connections to frontends are refused */
};

int devices_scan(const struct node *node, struct devices *ret_devices, struct fault *fault);
void devices_free(struct devices *devices);
