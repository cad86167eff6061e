#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Over real VXLAN devices: a client of the right virtual network is let in, one of another is not,
# and whoever is no peer may claim what he likes.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# tunnel NAMESPACE DEVICE VNI REMOTE ADDRESS [FRONTEND]
tunnel() {
  ip_in "$1" link add "$2" mtu 1450 type vxlan id "$3" dstport 4789 ${4:+remote "$4"}
  ip_in "$1" address add "$5/24" dev "$2"
  ip_in "$1" link set "$2" up
  [ -z "${6-}" ] || ip_in "$1" route add "$6" dev "$2"
}

ask_from() { run_in "$1" $python "$traffic" ask "${@:2}"; }

make_pair
add_namespace forger
add_wire host eth1 forger eth0
ip_in host address add 203.0.114.10/24 dev eth1
ip_in forger address add 203.0.114.66/24 dev eth0
for address in 203.0.113.20 203.0.113.21; do
  ip_in host address add $address/32 dev lo
done
tunnel host right 7001 '' 10.1.0.1
tunnel host wrong 7002 '' 10.2.0.1
tunnel client right 7001 $host4 10.1.0.5 203.0.113.20
tunnel client wrong 7002 $host4 10.2.0.5 203.0.113.21
tunnel forger forged 7001 203.0.114.10 10.1.0.66 203.0.113.20
ip_in client address add 10.1.9.9/32 dev right
start host vaults $python "$traffic" serve 203.0.113.20:443 203.0.113.21:443

cat >"$work/rules.yaml" <<'YAML'
version: 1
virtual_networks:
  - {name: app, tag: 7001, subnets: [{name: web, prefix: 10.1.0.0/24, service_endpoint: true}]}
vaults:
  - name: contoso
    frontends: [203.0.113.20:443, 203.0.113.20:443/udp, 203.0.113.21:443, 203.0.113.21:443/udp]
    network_acls:
      virtual_network_rules: [{subnet: app/web}]
YAML
write_node 'interfaces: [{name: eth0}, {name: eth1}]' \
  "tags: [{transport: vxlan, port: 4789, peers: [$friend, $other, $stranger]}]"
start_agent
expect reply "$(ask_from forger 10.1.0.66 203.0.113.20:443)" 'before there are rules, all get in'
expect reply "$(ask 10.2.0.5 203.0.113.21:443)" 'whatever their tag is'
push rules.yaml

expect reply "$(ask 10.1.0.5 203.0.113.20:443)" 'the right network, TCP'
expect reply "$(ask --udp 10.1.0.5 203.0.113.20:443)" 'the right network, UDP'
expect silence "$(ask --udp 10.2.0.5 203.0.113.21:443)" 'another network'
expect 1 "$(counter contoso drop unknown_subnet)" 'is counted'
# The way back is there, too.
ip_in host route add 10.1.9.0/24 dev right
ip_in host neigh add 10.1.9.9 dev right \
  lladdr "$(ip_in client -j link show right | jq -r '.[0].address')"
expect silence "$(ask --udp 10.1.9.9 203.0.113.20:443)" 'the right tag, but no address of the subnet'
expect 2 "$(counter contoso drop unknown_subnet)" 'is counted, too'
expect silence "$(ask_from forger --udp 10.1.0.66 203.0.113.20:443)" 'the right tag from no peer'
expect 1 "$(counter contoso drop untrusted_tunnel)" 'is counted'
wait_for is_last_event .reason untrusted_tunnel
expect '7001 vxlan 203.0.114.66 10.1.0.66' \
  "$(last_event '"\(.tag) \(.transport) \(.outer_source) \(.source)"')" \
  'its event says all about it'
ip_in client route add 203.0.113.20 via $host4 dev eth0 table 9
ip_in client rule add from $friend lookup 9
expect silence "$(ask --udp $friend 203.0.113.20:443)" 'without a tag'
expect 1 "$(counter contoso drop not_allowed)" 'is counted'
