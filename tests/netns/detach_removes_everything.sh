#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `agent --detach` leaves nothing in the kernel: no program on an interface, no pin, no mount. The
# rules on disk stay.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

attached() { run_in host bpftool -j net list | jq -r ".[0].xdp[].$1"; }
is_gone_from_the_kernel() { ! bpftool prog show id "$1"; }

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
stop_agent
expect eth0 "$(attached devname)" 'the filter is attached'
filter=$(attached id)
expect_match 'Took the filter from eth0' "$(vw agent --detach)" 'detach says what it does'
expect '' "$(attached devname)" 'no program on eth0'
expect '' "$(ls -d "/sys/fs/bpf/$instance" 2>/dev/null)" 'no pins'
expect '' "$(grep -o "/run/$instance/bpf" /proc/mounts || true)" 'no mount'
expect '' "$(ls "/run/$instance/vaultwall.prom" 2>/dev/null)" 'no link to it'
wait_for is_gone_from_the_kernel "$filter"
expect reply "$(ask --udp $stranger "$frontend")" 'nothing is filtered'
expect_status 0 '' vw agent --detach
start_agent
expect 1 "$(generation)" 'the next agent has the rules from disk'
