#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Native mode where the driver has it; where not, `auto` falls back to generic and says so, and
# `native` is refused with a reason. All of it filters.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# interface NAME FIELD
interface() { status_of ".interfaces[] | select(.name == \"$1\") | .$2"; }

make_pair
# A VXLAN device has no native XDP. Its tunnel is not on the list, so eth0 lets it through. It is
# bound to no device: below one with a program the kernel takes no other.
for end in host client; do
  far=$host4
  [ $end = client ] || far=$friend
  ip_in $end link add tunnel mtu 1450 type vxlan id 9 remote $far dstport 4999
  ip_in $end link set tunnel up
done
ip_in host address add 10.9.0.1/24 dev tunnel
ip_in client address add 10.9.0.2/24 dev tunnel
ip_in client address add 10.9.0.3/24 dev tunnel
kill "$(<"$work/server.pid")"
wait_for is_gone "$(<"$work/server.pid")"
serve "$frontend" 10.9.0.1:443

write_rules rules.yaml $friend 10.9.0.2
sed -i 's/frontends: \[/&"10.9.0.1:443", /' "$work/rules.yaml"
write_node 'interfaces: [{name: eth0, mode: auto}, {name: tunnel, mode: auto}]'
start_agent
push rules.yaml
expect 'native attached' "$(interface eth0 mode) $(interface eth0 state)" 'a veth device: native'
expect null "$(interface eth0 reason)" 'and nothing to say about it'
expect 'generic attached' "$(interface tunnel mode) $(interface tunnel state)" 'VXLAN: generic'
expect_match 'refused native mode' "$(interface tunnel reason)" 'and why'
expect reply "$(ask 10.9.0.2 10.9.0.1:443)" 'generic mode lets in'
expect silence "$(ask 10.9.0.3 10.9.0.1:443)" 'generic mode keeps out'

write_node 'interfaces: [{name: eth0, mode: generic}, {name: tunnel, mode: native}]'
kill -HUP "$agent"
wait_for grep -q 'was read again' "$work/agent.log"
expect 'generic attached' "$(interface eth0 mode) $(interface eth0 state)" 'generic where asked for'
expect 'null refused' "$(interface tunnel mode) $(interface tunnel state)" 'native is refused'
expect_match 'not supported' "$(interface tunnel reason)" 'and why'
expect reply "$(ask $friend "$frontend")" 'the friend is let in'
expect silence "$(ask $stranger "$frontend")" 'the stranger is kept out'
