#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a frontend of two vaults the gate knows the endpoint tag of each connection, whatever the client
# says, and counts requests in the kernel; all without the agent, too.
set -euo pipefail

# shellcheck source=tests/support/gate_tags.sh
source "$(dirname "$0")/../support/gate_tags.sh"
gate_begin "$@"

by_tag() {
  answers a_client_of_the_virtual_network_needs_no_token '200 virtual_network' $client_of_app \
    fabrikam
  check its_record_has_the_tag 7001 "$(tail -n 1 "$work/audit/log" | jq -r .endpointTag)"
  answers and_does_not_get_into_the_other_vault '403 unknown_subnet' $client_of_app adatum
  answers nor_by_an_address_that_is_in_its_ip_rules '403 unknown_subnet' $client_of_both adatum
  answers the_address_lets_it_into_its_own '200 virtual_network' $client_of_both fabrikam
  answers from_outside_the_ip_rules_count '200 ip_rule' "$office" fabrikam
  answers from_outside_for_their_vault_alone '403 not_allowed' "$office" adatum
  answers what_a_client_pretends_changes_nothing '403 unknown_subnet' $client_of_both adatum \
    -H 'X-Original-Source: 10.1.0.200:1' -H "X-Original-Frontend: $shared:1" \
    -H 'X-Vaultwall-Vault: fabrikam' -H 'X-Vaultwall-Tag: 0' -H 'X-Forwarded-For: 10.1.0.200'
}

syn_cookies() {
  sysctl -q -w net.ipv4.tcp_syncookies=2
  answers with_syn_cookies '200 virtual_network' $client_of_app fabrikam
  answers with_syn_cookies_and_another_s_address '403 unknown_subnet' $client_of_both adatum
  sysctl -q -w net.ipv4.tcp_syncookies=1
}

# Both ways at once, by the same ports: whoever gets through with a tag is known by it.
at_once() {
  local ports=42000-42004 flood found='' each ended=0
  in_client "$support/syn.py" "$client_of_both" $ports "$shared" "$port" 1000000 wire &
  flood=$!
  for each in {42000..42004}; do
    found+="$(once "$client_of_both:$each" adatum) "
  done
  kill "$flood" 2>/dev/null || true # it may have sent all of it
  wait "$flood" 2>/dev/null || ended=$?
  check the_other_way_was_taken_all_the_while yes "$([[ $ended =~ ^(0|143)$ ]] && echo yes)"
  echo "# answers: $found; $(refused taken) refused"
  check who_has_a_tag_is_never_taken_for_one_without '' "$(grep -ow 200 <<<"$found" || true)"
  check most_get_through_all_the_same yes "$([ "$(grep -ow 403 <<<"$found" | wc -l)" -gt 2 ] &&
    echo yes)"
}

the_agent_s_end() {
  kill -KILL "$agent"
  wait "$agent" 2>/dev/null || true
  answers without_the_agent_tags_are_known '200 virtual_network' $client_of_app fabrikam
  answers as_they_were '403 unknown_subnet' $client_of_both adatum
  untagged
  answers and_so_is_their_absence '200 ip_rule' $client_of_both adatum
  tagged
}

row() { metrics | grep -F "vaultwall_gate_requests_total{vault=\"$1\",code=\"$2\",error=\"$3\"}"; }

counts() {
  local before after
  kill -TERM "$(cat "$work/authorizer.pid")"
  before=$(row adatum 403 ForbiddenByFirewall)
  says requests_are_counted_in_the_kernel ' [1-9][0-9]*$' "$before"
  check the_metrics_are_well_formed '' "$(metrics | promtool check metrics 2>&1)"
  check everybody_may_read_them "$before" "$(setpriv --reuid=65534 --regid=65534 --clear-groups \
    grep -F "${before% *}" "/run/$VAULTWALL_INSTANCE/bpf/metrics")"
  start_agent
  wait_for authorizer_is_connected
  answers a_new_agent_and_authoriser_go_on '403 not_allowed' "$office" adatum
  after=$(row adatum 403 ForbiddenByFirewall)
  check and_count_on "$((${before##* } + 1))" "${after##* }"
  check status_has_the_sum "$(metrics | awk '/^vaultwall_gate_requests_total/ { n += $2 }
    END { print n }')" "$("$vaultwall" --json status | jq '[.requests[].count] | add')"
}
authorizer_is_connected() { authorizer_status | jq -e '.agent.connected == true'; }

no_map() {
  rm "/run/$VAULTWALL_INSTANCE/bpf/tags"
  answers without_the_map_nothing_is_known_of_a_tag '403 unknown_tag' "$office" fabrikam
  answers and_nobody_is_let_in_by_one '403 unknown_tag' $client_of_app fabrikam
  answers a_frontend_of_one_vault_needs_none '401 invalid_token' "$service" contoso
  says the_log_says_so 'endpoint tags are unknown' "$(cat "$work/authorizer.log")"
}

pins() {
  check only_the_group_reads_what_is_not_for_all 'r--r-----:vaultwall rw-rw----:vaultwall' \
    "$(cd "/run/$VAULTWALL_INSTANCE/bpf" && stat -c '%A:%G' tags requests | sed 's/^.//' |
      paste -s -d ' ')"
  check nobody_else_opens_a_pin no "$(setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$support/fill_tags.py" empty "/run/$VAULTWALL_INSTANCE/bpf/tags" 2>/dev/null || echo no)"
}

tags_start
pins
by_tag
syn_cookies
at_once
the_agent_s_end
counts
answers a_new_agent_shares_the_same_map '200 virtual_network' $client_of_app fabrikam
no_map
gate_finish
