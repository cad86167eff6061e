#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# TCP and UDP fragments for a frontend's address are dropped, since ports hide in them; ping, ARP,
# neighbour discovery and other ports never notice the filter.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

ping_host() {
  local status=0
  run_in client ping -q -c 2 -i 0.1 -W 60 "$@" >/dev/null 2>&1 || status=$?
  echo "$status"
}

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml

expect reply "$(ask --udp --size 1000 $friend "$frontend")" 'a datagram in one piece is answered'
expect silence "$(ask --udp --size 4000 $friend "$frontend")" 'a datagram in fragments is not'
expect 3 "$(counter contoso drop fragment)" 'each fragment is counted'

expect 0 "$(ping_host -I $stranger $host4)" 'ping'
expect 0 "$(ping_host -s 4000 $host4)" 'ping in fragments'
expect 0 "$(ping_host $host6)" 'ping with IPv6'
run_in client ip neigh flush all
expect 0 "$(ping_host -I $stranger $host4)" 'ping after ARP'
expect 0 "$(ping_host $host6)" 'ping with IPv6 after neighbour discovery'
expect reply "$(ask $stranger $host4:22)" 'another port, TCP'
expect reply "$(ask --udp $stranger $host4:22)" 'another port, UDP'
expect silence "$(ask $stranger "$frontend")" 'and yet the filter is there'
