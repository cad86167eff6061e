#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a frontend of two vaults the gate knows the endpoint tag of each connection: over a real VXLAN
# device and the plain wire beside it, with the same addresses and ports.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"

shared=203.0.113.20
client_of_app=10.1.0.5
client_of_both=10.1.0.200 # in the subnet of the one vault, and in the IP rules of the other
path='/secrets/greeting?api-version=7.4'
bearer='Authorization: Bearer whatever' # which the vaults want to see, and the gate does not read

write_node() {
  cat >"$work/node.yaml" <<YAML
version: 1
interfaces: [{name: eth0}]
tags: [{transport: vxlan, port: 4789, peers: [$stranger]}]
gate: {listen: 0.0.0.0:$listen_port}
failsafe: [192.0.2.250]
YAML
}

# fabrikam admits the virtual network, adatum addresses of the same range from outside.
write_rules() {
  cat >"$work/rules.yaml" <<YAML
version: 1
virtual_networks:
  - {name: app, tag: 7001, subnets: [{name: web, prefix: 10.1.0.0/24, service_endpoint: true}]}
vaults:
  - name: fabrikam
    hostnames: [fabrikam.vault.example]
    frontends: [$shared:$port]
    network_acls:
      ip_rules: [198.51.100.0/24]
      virtual_network_rules: [{subnet: app/web}]
    upstream: 127.0.0.1:8201
    tls: {certificate: $work/fabrikam.pem, key: $work/fabrikam.key}
  - name: adatum
    hostnames: [adatum.vault.example]
    frontends: [$shared:$port]
    network_acls:
      ip_rules: [10.1.0.128/25]
    upstream: 127.0.0.1:8202
    tls: {certificate: $work/adatum.pem, key: $work/adatum.key}
  - name: contoso
    hostnames: [contoso.vault.example]
    frontends: [203.0.113.10:$port]
    tenant: $tenant
    network_acls: {bypass: trusted_services}
    upstream: 127.0.0.1:8200
    tls: {certificate: $work/contoso.pem, key: $work/contoso.key}
issuers:
  - {name: entra, issuer: "https://issuer.test:9443/{tenant}/v2.0", audiences: [$audience]}
trusted_services:
  - name: backup
    ip_rules: [192.0.2.128/28]
    identities: [{kind: application, app_id: $backup_app}]
YAML
}

# The tunnel is on the same wire. Who comes from 10.1.0.0/24 takes the way that is open just now.
make_tunnel() {
  ip link add tag7001 mtu 1450 type vxlan id 7001 dstport 4789 local 203.0.113.10 remote "$stranger"
  ip link set tag7001 up
  in_client ip link add tag7001 mtu 1450 type vxlan id 7001 dstport 4789 local "$stranger" \
    remote 203.0.113.10
  in_client ip link set tag7001 up
  for address in "$client_of_app" "$client_of_both"; do
    in_client ip address add "$address/32" dev tag7001
  done
  in_client ip rule add from 10.1.0.0/24 lookup 9
  tagged
}

tagged() {
  ip route replace 10.1.0.0/24 dev tag7001
  in_client ip route replace 203.0.113.0/24 dev tag7001 table 9
}

untagged() {
  ip route replace 10.1.0.0/24 dev eth0
  in_client ip route replace 203.0.113.0/24 dev wire table 9
}

frontend_of[fabrikam]=$shared
frontend_of[adatum]=$shared
reason() { tail -n 1 "$work/audit/log" | jq -r .reason; }

# answers SENTENCE EXPECTED FROM VAULT [CURL OPTION]...
answers() {
  local sentence=$1 expected=$2 from=$3 vault=$4
  shift 4
  check "$sentence" "$expected" \
    "$(ask "$from" "$vault" "$path" -H "$bearer" "$@") $(reason)"
}

# once FROM:PORT VAULT: by these very ports
once() {
  echo | in_client "$support/gate_client.py" "$work/ca.pem" "$1" "$2.vault.example" "$shared" \
    "$port" "$path" "$work/token"
}

metrics() { cat "/run/$VAULTWALL_INSTANCE/bpf/metrics"; }
noted() { metrics | awk '$1 == "vaultwall_tags_noted" { print $2 }'; }
none_is_noted() { [ "$(noted)" = 0 ]; }
refused() { metrics | awk -v r="vaultwall_tags_refused_total{reason=\"$1\"}" '$1 == r { print $2 }'; }
in_authorizer_group() { setpriv --reuid=987 --regid=987 --clear-groups --inh-caps=-all "$@"; }

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
  exec 7> >(in_client "$support/gate_client.py" "$work/ca.pem" "$client_of_both:40002" \
    adatum.vault.example "$shared" "$port" "$path" "$work/token" >"$work/held.out")
  echo >&7
  wait_for 5 grep -q 403 "$work/held.out"
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
is_noted_once() { [ "$(noted)" = 1 ]; }
is_times() { [ "$(grep -c "$2" "$3")" = "$1" ]; }

syn_cookies() {
  sysctl -q -w net.ipv4.tcp_syncookies=2
  answers with_syn_cookies '200 virtual_network' $client_of_app fabrikam
  answers with_syn_cookies_and_another_s_address '403 unknown_subnet' $client_of_both adatum
  sysctl -q -w net.ipv4.tcp_syncookies=1
}

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

no_map() {
  rm "/run/$VAULTWALL_INSTANCE/bpf/tags"
  answers without_the_map_nothing_is_known_of_a_tag '403 unknown_tag' "$office" fabrikam
  answers and_nobody_is_let_in_by_one '403 unknown_tag' $client_of_app fabrikam
  answers a_frontend_of_one_vault_needs_none '401 invalid_token' "$service" contoso
  says the_log_says_so 'endpoint tags are unknown' "$(cat "$work/authorizer.log")"
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
  wait_for 10 authorizer_is_connected
  answers a_new_agent_and_authoriser_go_on '403 not_allowed' "$office" adatum
  after=$(row adatum 403 ForbiddenByFirewall)
  check and_count_on "$((${before##* } + 1))" "${after##* }"
  check status_has_the_sum "$(metrics | awk '/^vaultwall_gate_requests_total/ { n += $2 }
    END { print n }')" "$("$vaultwall" --json status | jq '[.requests[].count] | add')"
}
authorizer_is_connected() { authorizer_status | jq -e '.agent.connected == true'; }

pins() {
  check only_the_group_reads_what_is_not_for_all 'r--r-----:vaultwall rw-rw----:vaultwall' \
    "$(cd "/run/$VAULTWALL_INSTANCE/bpf" && stat -c '%A:%G' tags requests | sed 's/^.//' |
      paste -s -d ' ')"
  check nobody_else_opens_a_pin no "$(setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$support/fill_tags.py" empty "/run/$VAULTWALL_INSTANCE/bpf/tags" 2>/dev/null || echo no)"
}

gate_start
echo whatever >"$work/token"
make_tunnel
pins
by_tag
same_addresses_and_ports
syn_cookies
notes_of_the_gone
no_room
the_agent_s_end
counts
answers a_new_agent_shares_the_same_map '200 virtual_network' $client_of_app fabrikam
no_map
gate_finish
