#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An interface that has an XDP program keeps it; status says whose it is and what to do, and when
# it has left, the filter comes. Ours cannot be replaced by such a program either.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

state() { status_of '.interfaces[0].state'; }
is_attached() { [ "$(state)" = attached ]; }
fails() { ! "$@"; }
attached_program() { run_in host bpftool -j net list | jq '.[0].xdp | map(.id) | first // 0'; }

command -v bpftool >/dev/null || skip 'needs bpftool'
make_pair
write_rules rules.yaml $friend
start_agent
# Any XDP program will do as a foreign one.
foreign=/sys/fs/bpf/$instance/explain
run_in host bpftool net attach xdp pinned "$foreign" dev eth0
theirs=$(attached_program)
push rules.yaml
expect refused "$(state)" 'the interface is taken'
expect_match 'another XDP program is attached' "$(status_of '.interfaces[0].reason')" 'and why'
expect_match "id $theirs" "$(status_of '.interfaces[0].reason')" 'whose'
expect_match 'ip link set dev eth0 xdp off' "$(status_of '.interfaces[0].reason')" 'what to do'
expect "$theirs" "$(attached_program)" 'it is still theirs'
expect false "$(status_of .enforcing)" 'status does not claim to enforce'

run_in host bpftool net detach xdp dev eth0
kill -HUP "$agent"
wait_for is_attached
expect silence "$(ask --udp $stranger "$frontend")" 'once it has left, the filter comes'
expect_status 0 '' fails run_in host bpftool net attach xdp pinned "$foreign" dev eth0
expect_status 0 '' fails ip_in host link set dev eth0 xdp off
expect silence "$(ask --udp $stranger "$frontend")" 'ours stays'
