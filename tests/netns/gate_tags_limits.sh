#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where endpoint tags end: a full map refuses them, a frontend that is shared no longer has none, and
# what came in before they were noted is closed.
set -euo pipefail

# shellcheck source=tests/support/gate_tags.sh
source "$(dirname "$0")/../support/gate_tags.sh"
gate_begin "$@"

no_room() {
  local pin=/sys/fs/bpf/$VAULTWALL_INSTANCE/tags
  check the_map_can_be_filled yes "$("$support/fill_tags.py" fill "$pin" |
    awk '$1 > 262000 { print "yes" }')"
  check without_room_a_tag_is_refused 000 "$(ask $client_of_app fabrikam "$path" -H "$bearer")"
  check_refused no_room
  answers who_has_none_needs_no_room '200 ip_rule' "$office" fabrikam
  "$support/fill_tags.py" empty "$pin" >/dev/null
  answers with_room_it_is_let_in '200 virtual_network' $client_of_app fabrikam
}
check_refused() { check that_is_counted yes "$([ "$(refused "$1")" -gt 0 ] && echo yes)"; }

# A frontend that is shared no longer: the gate asks for no tag there.
shared_no_longer() {
  hold "$client_of_app:40003" fabrikam 200
  cp "$work/rules.yaml" "$work/both.yaml"
  sed -i '/name: adatum/,/key: .*adatum.key/d' "$work/rules.yaml"
  push_rules
  echo >&7
  check whoever_has_a_tag_there_is_closed yes "$(wait_for is_closed && echo yes)"
  exec 7>&-
  cp "$work/both.yaml" "$work/rules.yaml"
  push_rules
}

# As after an upgrade from a version that took none.
no_notes_before() {
  hold "$office:40004" fabrikam 200
  kill -KILL "$agent"
  wait "$agent" 2>/dev/null || true
  rm "/sys/fs/bpf/$VAULTWALL_INSTANCE/tags"
  start_agent
  # Before that an answer may still come, and it is a refusal: nothing is known of tags yet.
  wait_for grep -q 'connections to shared frontends were closed' "$work/agent.log"
  wait_for grep -q 'the gate listens' "$work/agent.log"
  echo >&7
  wait_for is_closed
  exec 7>&-
  says what_was_there_before_notes_is_closed '1 connections to shared frontends were closed' \
    "$(cat "$work/agent.log")"
  answers notes_go_into_the_new_map '200 virtual_network' $client_of_app fabrikam
  answers and_are_read_there '403 unknown_subnet' $client_of_both adatum
  says the_counts_are_those_of_before ' [1-9]' \
    "$(metrics | grep -F 'vaultwall_gate_requests_total{vault="fabrikam",code="200"')"
}

# There connections of the same addresses and ports live beside each other.
by_vrf() {
  ip link add red type vrf table 10 2>/dev/null || { echo '# this kernel has no VRF' && return; }
  ip link set red up
  sysctl -q -w net.ipv4.tcp_l3mdev_accept=1
  ip link set tag7001 master red
  ip route add 10.1.0.0/24 dev tag7001 table 10
  ip route add local $shared/32 dev tag7001 table 10
  check that_is_counted_too yes "$(wait_for is_refused_apart && echo yes)"
  check a_vrf_is_no_way_to_a_shared_frontend 000 "$(ask $client_of_app fabrikam "$path")"
}
# Otherwise it is, until the agent has seen the device there.
is_refused_apart() {
  ask $client_of_app fabrikam "$path"
  [ "$(refused apart)" -gt 0 ]
}

tags_start
no_room
# Not behind a push: connections made in the moment after it may be closed by it.
no_notes_before
shared_no_longer
by_vrf
gate_finish
