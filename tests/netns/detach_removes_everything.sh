#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `agent --detach` leaves nothing in the kernel: no program on an interface, no pin, no mount. The
# rules on disk stay.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

programs() { bpftool prog list | grep -c "name vw_" || true; }

make_pair
others=$(programs)
write_rules rules.yaml $friend
start_agent
push rules.yaml
stop_agent
expect_match eth0 "$(run_in host bpftool net list)" 'the filter is attached'
expect_match 'Took the filter from eth0' "$(vw agent --detach)" 'detach says what it does'
expect '' "$(run_in host bpftool -j net list | jq -r '.[0].xdp[].devname')" 'no program on eth0'
expect '' "$(ls -d "/sys/fs/bpf/$instance" 2>/dev/null)" 'no pins'
expect '' "$(grep -o "/run/$instance/bpf" /proc/mounts || true)" 'no mount'
expect '' "$(ls "/run/$instance/vaultwall.prom" 2>/dev/null)" 'no link to it'
gone() { [ "$(programs)" -le "$others" ]; }
wait_for gone || true
expect reply "$(ask --udp $stranger "$frontend")" 'nothing is filtered'
expect_status 0 '' vw agent --detach
start_agent
expect 1 "$(generation)" 'the next agent has the rules from disk'
