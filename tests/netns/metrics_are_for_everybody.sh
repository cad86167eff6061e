#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The counters can be read without rights and without the agent, in a form that Prometheus takes,
# and the maps tell the names of their fields.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

read_as_nobody() { as_nobody cat "$1"; }

make_pair
everybodys
write_rules rules.yaml $friend
start_agent
push rules.yaml
ask --udp $friend "$frontend" >/dev/null
ask --udp $stranger "$frontend" >/dev/null
kill_agent

metrics=$(read_as_nobody "/run/$instance/bpf/metrics")
row='vaultwall_packets_total{vault="contoso",verdict="drop",reason="not_allowed"} 1'
expect_match "$row" "$metrics" 'the counters, for nobody, without the agent'
expect_match 'vaultwall_rules_generation 1' "$metrics" 'the generation'
expect "$metrics" "$(read_as_nobody "/run/$instance/vaultwall.prom")" \
  'the file for the textfile collector'
expect "$metrics" "$(as_nobody "$work/vaultwall" --instance "$instance" metrics)" 'the command'
expect "$metrics" "$(cat "/sys/fs/bpf/$instance/metrics")" 'the pin itself, for root'
if command -v promtool >/dev/null; then
  expect '' "$(promtool check metrics <<<"$metrics" 2>&1)" 'promtool has nothing to say'
fi
expect_match slot "$(bpftool map dump pinned "/sys/fs/bpf/$instance/cell")" 'bpftool: the cell'
expect_match contoso "$(bpftool map dump pinned "/sys/fs/bpf/$instance/seats" | head -n 40)" \
  'bpftool: the seats'
expect_match outcomes "$(bpftool map lookup pinned "/sys/fs/bpf/$instance/counters" key 1 0 0 0)" \
  'bpftool: the counters'
expect_match kinds "$(bpftool map lookup pinned "/sys/fs/bpf/$instance/requests" key 1 0 0 0)" \
  'bpftool: the requests of the gate'
