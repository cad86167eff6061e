/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

/* Every kind of rule; the reader takes no YAML aliases. */
#define FULL_ACLS                                                                                  \
	"    network_acls:\n"                                                                      \
	"      bypass: trusted_services\n"                                                         \
	"      ip_rules:\n"                                                                        \
	"        - set:partners\n"                                                                 \
	"        - {range: 192.0.2.77, expires: 2001-01-01T00:00:00Z}\n"                           \
	"        - {range: 192.0.2.78, expires: 2099-01-01T00:00:00Z}\n"                           \
	"      virtual_network_rules:\n"                                                           \
	"        - {subnet: vnet-app/web}\n"                                                       \
	"        - {subnet: vnet-app/batch, ignore_missing_service_endpoint: true}\n"              \
	"        - {subnet: vnet-vlan/hosts}\n"

const char world_rules[] =
	"version: 1\n"
	"virtual_networks:\n"
	"  - name: vnet-app\n"
	"    tag: 7001\n"
	"    subnets:\n"
	"      - {name: web, prefix: 10.1.0.0/24, service_endpoint: true}\n"
	"      - {name: batch, prefix: 10.1.1.0/24, service_endpoint: false}\n"
	"  - name: vnet-other\n"
	"    tag: 7002\n"
	"    subnets: [{name: web, prefix: 10.1.0.0/24, service_endpoint: true}]\n"
	"  - name: vnet-vlan\n"
	"    tag: 700\n"
	"    subnets: [{name: hosts, prefix: 10.7.0.0/24, service_endpoint: true}]\n"
	"ip_sets:\n"
	"  - name: partners\n"
	"    ranges: [198.51.100.0/24]\n"
	"block:\n"
	"  ip_rules: [198.51.100.66]\n"
	"  tags: [666, 665]\n"
	"trusted_services:\n"
	"  - name: backup\n"
	"    ip_rules:\n"
	"      - 192.0.2.128/28\n"
	"      - {range: 192.0.2.160/28, expires: 2001-01-01T00:00:00Z}\n"
	"      - {range: 192.0.2.176/28, expires: 2099-01-01T00:00:00Z}\n"
	"    identities: [{kind: application, app_id: 262044b1-e2ce-469f-a196-69ab7ada62d3}]\n"
	"vaults:\n"
	"  - name: contoso\n"
	"    frontends: [203.0.113.10:443, \"[2001:db8::10]:443\"]\n" FULL_ACLS
	"  - name: audited\n"
	"    enforcement: audit\n"
	"    frontends: [203.0.113.11:443]\n" FULL_ACLS "  - name: open\n"
	"    frontends: [203.0.113.12:443, \"[2001:db8::12]:443\"]\n"
	"    network_acls: {default_action: allow}\n"
	"  - name: names\n"
	"    frontends: [203.0.113.13:53/udp, \"[2001:db8::13]:53/udp\"]\n"
	"    network_acls: {ip_rules: [set:partners]}\n"
	"  - name: wild\n"
	"    frontends: [\"*:8200\", \"*:5353/udp\"]\n" FULL_ACLS "  - name: left\n"
	"    frontends: [203.0.113.20:443, 203.0.113.22:443, 203.0.113.23:443]\n" FULL_ACLS
	"  - name: right\n"
	"    frontends: [203.0.113.20:443]\n"
	"  - name: quiet-left\n"
	"    enforcement: audit\n"
	"    frontends: [203.0.113.21:443, 203.0.113.22:443, 203.0.113.24:443]\n" FULL_ACLS
	"  - name: quiet-right\n"
	"    enforcement: audit\n"
	"    frontends: [203.0.113.21:443]\n"
	"  - name: open-too\n"
	"    frontends: [203.0.113.23:443]\n"
	"    network_acls: {default_action: allow}\n"
	"  - name: quiet-open\n"
	"    enforcement: audit\n"
	"    frontends: [203.0.113.24:443]\n"
	"    network_acls: {default_action: allow}\n";

const char world_node[] = "version: 1\n"
			  "interfaces: [{name: eth0}]\n"
			  "tags:\n"
			  "  - {transport: vxlan, peers: [192.0.2.0/28]}\n"
			  "  - {transport: geneve, peers: [192.0.2.0/28]}\n"
			  "  - {transport: gre, peers: [192.0.2.0/28]}\n"
			  "  - {transport: vlan, interfaces: [eth0]}\n"
			  "failsafe: [192.0.2.250]\n";

struct recipe world_recipe(const char *source, const char *destination)
{
	return (struct recipe){.source = craft_endpoint(source, 40000),
			       .destination = craft_endpoint(destination, 443)};
}

void world_tunnel(const struct recipe *inner, enum image_transport transport, uint32_t tag,
		  struct recipe *ret_outer)
{
	*ret_outer = world_recipe(WORLD_PEER, WORLD_NODE);
	ret_outer->tunnel.transport = transport;
	ret_outer->tunnel.tag = tag;
	ret_outer->inner = inner;
}
