#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two instances in one namespace, each with an interface of its own, and a third one elsewhere:
# each has rules, counters, state and an end of its own.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# use NAME PLACE INTERFACE: the words of the library are about that instance from now on
use() {
  instance=$id-$1 place=$2
  write_node "interfaces: [{name: $3}]"
}

ask_from() { run_in "$1" $python "$traffic" ask --udp "${@:2}"; }

make_pair
add_namespace second
add_wire host eth1 second eth0
ip_in host address add 203.0.114.10/24 dev eth1
ip_in second address add 203.0.114.50/24 dev eth0
ip_in second address add 203.0.114.66/24 dev eth0
start host second $python "$traffic" serve 203.0.114.10:443
add_namespace elsewhere
add_wire elsewhere eth0 client eth9

write_rules first.yaml $friend
frontend=203.0.114.10:443 frontend6='[2001:db8::11]:443'
write_rules second.yaml 203.0.114.50
frontend=$host4:443

use a host eth0
start_agent
push first.yaml
use b host eth1
start_agent
agent_b=$agent
push second.yaml
use c elsewhere eth0
start_agent
push first.yaml
push second.yaml

expect reply "$(ask_from client $friend "$frontend")" 'the friend of the first'
expect silence "$(ask_from client $stranger "$frontend")" 'the stranger of the first'
expect reply "$(ask_from second 203.0.114.50 203.0.114.10:443)" 'the friend of the second'
expect silence "$(ask_from second 203.0.114.66 203.0.114.10:443)" 'the stranger of the second'
instance=$id-a
expect '1 1' "$(generation) $(counter contoso drop not_allowed)" 'the first counts for itself'
instance=$id-b
expect '1 1' "$(generation) $(counter contoso drop not_allowed)" 'the second counts for itself'
instance=$id-c
expect '2 0' "$(generation) $(counter contoso drop not_allowed)" 'the third counts for itself'

agent=$agent_b
stop_agent
vw --instance "$id-b" agent --detach >/dev/null
expect reply "$(ask_from second 203.0.114.66 203.0.114.10:443)" 'the second has ended'
expect silence "$(ask_from client $stranger "$frontend")" 'the first goes on'

use d host eth0
start_agent
push first.yaml
expect refused "$(status_of '.interfaces[0].state')" 'none takes the interface of another'
expect_match 'another XDP program' "$(status_of '.interfaces[0].reason')" 'but says why'
