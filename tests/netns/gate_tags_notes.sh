#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The notes of endpoint tags: with the same addresses and ports the first one stands; the agent takes
# out those of connections that are gone and no others.
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

# A SYN for a connection that has ended here, but whose last packets may still be on their way, is
# looked up as well.
in_time_wait() {
  local from=$client_of_both:40005
  tagged
  check the_gate_ends_a_connection 200 "$(once $from fabrikam close)"
  check and_remembers_it_for_a_while 1 \
    "$(ss -Htn state time-wait "dst $client_of_both and dport = :${from#*:}" | wc -l)"
  untagged
  check nobody_without_the_tag_takes_it_over ConnectionRefusedError "$(once $from adatum)"
  tagged
  check with_the_tag_it_is_made_anew 403 "$(once $from adatum)"
}

# One connection stays open, the others are gone: only their notes go.
notes_of_the_gone() {
  hold "$client_of_both:40002" adatum 403
  check notes_of_connections_that_are_gone_go yes "$(wait_for is_noted_once && echo yes)"
  sleep 13 # the next round
  check the_note_of_one_that_lives_stays 1 "$(noted)"
  echo >&7
  wait_for is_times 2 403 "$work/held.out"
  check and_is_still_believed 'unknown_subnet 2' "$(reason) $(grep -c 403 "$work/held.out")"
  untagged
  check whose_note_is_gone_may_be_another 200 "$(once $client_of_both:40001 adatum)"
  # Without a tag, for the one that lives: it stays what it is.
  in_client "$support/syn.py" "$client_of_both" 40002 "$shared" "$port" 20
  echo >&7
  wait_for is_times 3 403 "$work/held.out"
  check no_packet_takes_a_note_away 'unknown_subnet 3 1' \
    "$(reason) $(grep -c 403 "$work/held.out") $(noted)"
  tagged
  exec 7>&-
}

is_noted_once() { [ "$(noted)" = 1 ]; }

tags_start
same_addresses_and_ports
in_time_wait
notes_of_the_gone
gate_finish
