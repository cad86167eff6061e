#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is gated is led to the gate's listener on the frontend's own address and port; the gate may
# be started anew; nobody reaches its port in any other way.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

gate_state() { [ "$(status_of .gate.state)" = "$1" ]; }
gate_up() { awk '$1 == "vaultwall_gate_up" { print $2 }' "/run/$instance/bpf/metrics"; }

make_pair
write_node 'interfaces: [{name: eth0}]' 'gate: {listen: 0.0.0.0:8443}'
write_gating_rules $friend
start_agent
push rules.yaml
expect absent "$(status_of .gate.state)" 'status says that no gate listens'
expect 0 "$(gate_up)" 'a metric says so as well'
expect refused "$(ask $other "$frontend")" 'and what is gated is refused'
start host gate $python "$traffic" serve 0.0.0.0:8443
wait_for gate_state stands
expect 1 "$(gate_up)" 'and that it stands'
expect reply "$(ask $other "$frontend")" 'the gate answers the service at the frontend'
expect_true "$(run_in host ss -Htn state established "sport = :8443" | wc -l) == 0" \
  'on the port of the frontend, not its own'
expect refused "$(ask $other "$host4:8443")" 'the port of the gate itself is closed'
expect refused "$(ask $friend "$host4:8443")" 'even to those that the vault lets in'
expect silence "$(ask $stranger "$frontend")" 'the stranger is kept out'
kill "$(<"$work/gate.pid")"
wait_for gate_state absent
expect 0 "$(gate_up)" 'and that it is gone'
expect refused "$(ask $other "$frontend")" 'the gate is gone: refused'
start host gate $python "$traffic" serve 0.0.0.0:8443
wait_for gate_state stands
expect reply "$(ask $other "$frontend")" 'it is back: found again'
expect reply "$(ask $friend "$frontend")" 'the friend was let in all the time'
kill_agent
expect reply "$(ask $other "$frontend")" 'the same without the agent'
