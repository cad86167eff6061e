#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# With an MTU of 9000 a frame does not fit into one page: native mode takes it all the same.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

mtu=9000
make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
expect 'native true' "$(status_of '.interfaces[0] | "\(.mode) \(.frags)"')" 'native, with frags'
expect reply "$(ask --udp --size 8900 $friend "$frontend")" 'a large datagram of the friend'
expect reply "$(ask --size 60000 $friend "$frontend")" 'much of it over TCP'
expect silence "$(ask --udp --size 8900 $stranger "$frontend")" 'a large one of the stranger'
expect 1 "$(counter contoso drop not_allowed)" 'is counted'
expect_true "$(awk '/bytes_total.*not_allowed/ { print $2 }' "/run/$instance/bpf/metrics") > 8900" \
  'with all of its bytes'
