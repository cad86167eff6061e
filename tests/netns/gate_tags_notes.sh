#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The notes of endpoint tags: with the same addresses and ports the first one stands, a full map
# refuses, the agent takes out those of connections that are gone and no others.
set -euo pipefail

# shellcheck source=tests/support/gate_tags.sh
source "$(dirname "$0")/../support/gate_tags.sh"
gate_begin "$@"

same_addresses_and_ports() {
  local from=$client_of_both:40001
  check with_a_tag_by_these_ports 200 "$(once $from fabrikam)"
  untagged
  check while_it_is_noted_nobody_else_has_them ConnectionRefusedError "$(once $from adatum)"
  check and_that_is_counted 1 "$(refused taken)"
  answers others_come_in_untagged '200 ip_rule' $client_of_both adatum
  answers and_are_judged_so '403 not_allowed' $client_of_both fabrikam
  tagged
  check with_the_same_tag_as_often_as_they_like '200 200' \
    "$(once $from fabrikam) $(once $from fabrikam)"
}

# One connection stays open, the others are gone: only their notes go.
notes_of_the_gone() {
  hold "$client_of_both:40002" adatum 403
  check notes_of_connections_that_are_gone_go yes "$(wait_for 40 is_noted_once && echo yes)"
  sleep 13 # the next round
  check the_note_of_one_that_lives_stays 1 "$(noted)"
  echo >&7
  wait_for 5 is_times 2 403 "$work/held.out"
  check and_is_still_believed 'unknown_subnet 2' "$(reason) $(grep -c 403 "$work/held.out")"
  untagged
  check whose_note_is_gone_may_be_another 200 "$(once $client_of_both:40001 adatum)"
  # Without a tag, for the one that lives: it stays what it is.
  in_client "$support/syn.py" "$client_of_both" 40002 "$shared" "$port" 20
  echo >&7
  wait_for 5 is_times 3 403 "$work/held.out"
  check no_packet_takes_a_note_away 'unknown_subnet 3 1' \
    "$(reason) $(grep -c 403 "$work/held.out") $(noted)"
  tagged
  exec 7>&-
}

# hold FROM:PORT VAULT STATUS: a connection that stays; another line to descriptor 7 asks again
hold() {
  exec 7> >(in_client "$support/gate_client.py" "$work/ca.pem" "$1" "$2.vault.example" "$shared" \
    "$port" "$path" "$work/token" >"$work/held.out")
  echo >&7
  wait_for 5 grep -q "$3" "$work/held.out"
}
is_closed() { grep -qE 'Error|Disconnected' "$work/held.out"; }
is_noted_once() { [ "$(noted)" = 1 ]; }
is_times() { [ "$(grep -c "$2" "$3")" = "$1" ]; }

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
  check whoever_has_a_tag_there_is_closed yes "$(wait_for 5 is_closed && echo yes)"
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
  wait_for 10 grep -q 'the gate listens' "$work/agent.log"
  echo >&7
  wait_for 5 is_closed
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
  sleep 1 # until the agent has seen it
  check a_vrf_is_no_way_to_a_shared_frontend 000 "$(ask $client_of_app fabrikam "$path")"
  check that_is_counted_too yes "$([ "$(refused apart)" -gt 0 ] && echo yes)"
}

tags_start
same_addresses_and_ports
notes_of_the_gone
no_room
shared_no_longer
no_notes_before
by_vrf
gate_finish
