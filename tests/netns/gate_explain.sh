#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `explain --request` says of each row of the gate's table what the audit record of the same request
# says then; it leaves no trace, is for nobody else than who may talk to the agent, and keeps the
# token to itself.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"
gate_start

query='?api-version=7.4'
secret=/secrets/greeting$query
good=$(token)
none=

# explained FROM VAULT PATH TOKEN [OPTION]...: the answer is in $work/explained
explained() {
  local from=$1 name=$2 path=$3 token=$4 options=()
  shift 4
  printf '%s\n' "$token" >"$work/token"
  [ -z "$token" ] || options=(--token "$work/token")
  "$vaultwall" --json explain --to "${frontend:-${frontend_of[$name]}}:$port" --from "$from" \
    --host "$name.vault.example" --request "GET $path" "${options[@]}" "$@" >"$work/explained"
}

gate_says() { jq -r ".gate | $1" "$work/explained"; }

# same SENTENCE ROW REASON FROM VAULT PATH TOKEN: before, by explain, and then in the record
same() {
  local sentence=$1 row=$2 reason=$3 from=$4 name=$5 path=$6 token=$7 header=()
  explained "$from" "$name" "$path" "$token"
  check "$sentence" "$row $reason" "$(gate_says '"\(.row) \(.reason)"')"
  [ -z "$token" ] || header=(-H "Authorization: Bearer $token")
  ask "$from" "$name" "$path" "${header[@]}" >/dev/null
  check "${sentence}_and_then_in_truth" "$(tail -n 1 "$work/audit/log" | jq -r '"\(.reason) " +
      "\(.verdict) \(.properties.httpStatusCode) \(.rule) \(.vault) \(.service) " +
      .resultDescription')" \
    "$(gate_says '"\(.reason) \(.verdict) \(.status) " +
      (if .row == 1 then "" else .rule | "\(.file):\(.line)" end) +
      " \(.vault // "") \(.service // "") \(.detail // "")"')"
}

rows() {
  local managed
  managed=$(token appid=99999999-0000-0000-0000-000000000000 \
    "xms_mirid=/subscriptions/$other_tenant/resourcegroups/a/providers/microsoft.recoveryservices/vaults/b")

  same row_2_ip_rule 2 ip_rule "$office" fabrikam "$secret" "$none"
  same row_3_bypass_none 3 not_allowed "$service" fabrikam "$secret" "$good"
  same row_3_not_from_there 3 not_allowed "$office" adatum "$secret" "$good"
  same row_4_no_token 4 no_token "$service" contoso "$secret" "$none"
  says row_4_tells_the_challenge '^Bearer authorization=' "$(gate_says .challenge)"
  same row_5_expired 5 invalid_token "$service" contoso "$secret" "$(token exp=@-120)"
  says row_5_tells_when 'It is valid until 20..-' "$(gate_says .advice)"
  check row_5_tells_what_is_claimed "$backup_app" "$(gate_says .token.claims.appid)"
  same row_5_audience 5 invalid_token "$service" contoso "$secret" "$(token aud=https://other.example)"
  says row_5_tells_the_audiences "for https://other.example; .*entra .*$audience" \
    "$(gate_says .advice)"
  same row_5_signature 5 invalid_token "$service" contoso "$secret" "${good%??????}AAAAAA"
  same row_6_unknown_app 6 unknown_caller "$service" contoso "$secret" \
    "$(token appid=99999999-0000-0000-0000-000000000000)"
  same row_6_a_user 6 unknown_caller "$service" contoso "$secret" "$(token idtyp=user)"
  says row_6_names_the_missing_claim 'idtyp: app' "$(gate_says .advice)"
  same row_6_another_subscription 6 unknown_caller "$service" contoso "$secret" "$managed"
  says row_6_names_the_subscription 'not in the vault.s subscription' "$(gate_says .advice)"
  same row_7_unknown_path 7 unknown_operation "$service" contoso "/what$query" "$good"
  same row_7_dot_segments 7 unknown_operation "$service" contoso "/secrets/../x$query" "$good"
  same row_7_other_operation 7 other_operation "$service" contoso "/keys/one$query" "$good"
  says row_7_names_the_operation 'Add keys/get to .operations. of the service backup' \
    "$(gate_says .advice)"
  same row_8_no_permission 8 no_permission "$service" contoso "/secrets$query" "$good"
  says row_8_names_permission_and_place \
    "Give object id $backup_oid the permission secrets/list in access_policies of vault contoso, .*rules.yaml:[0-9]+\\." \
    "$(gate_says .advice)"
  same row_9_a_service 9 trusted_service "$service" contoso "$secret" "$good"
  check row_9_names_the_identity "application $backup_app true" \
    "$(gate_says '"\(.identity.text) \(.identity.matches)"')"
  frontend=203.0.113.20
  same row_1_elsewhere 1 wrong_frontend "$office" contoso "$secret" "$none"
  says row_1_names_the_frontends 'is reached at 203.0.113.10:443' "$(gate_says .advice)"
  frontend=
}

# No real request gets as far as the question of an unknown name: nginx has no server for it.
unknown_names() {
  frontend=203.0.113.10 explained "$office" nobody "$secret" "$none"
  check row_1_an_unknown_name '1 unknown_vault' "$(gate_says '"\(.row) \(.reason)"')"
}

packets() {
  explained "$service" contoso "$secret" "$good"
  check a_gated_packet_reaches_the_gate 'gate true' \
    "$(jq -r '"\(.verdict) \(.reaches_gate)"' "$work/explained")"
  explained "$stranger" contoso "$secret" "$good"
  check a_dropped_packet_does_not 'drop false 3' \
    "$(jq -r '"\(.verdict) \(.reaches_gate) \(.gate.row)"' "$work/explained")"
  explained "$office" contoso "$secret" "$good"
  check an_allowed_one_goes_past 'allow false 2' \
    "$(jq -r '"\(.verdict) \(.reaches_gate) \(.gate.row)"' "$work/explained")"
  "$vaultwall" explain --vault contoso --from "$service" --token "$work/token" \
    --request "GET /secrets$query" >"$work/screen"
  check it_is_one_screen yes "$([ "$(wc -l <"$work/screen")" -le 24 ] && echo yes)"
  says the_screen_says_why 'deny: no access policy .*\(no_permission\)' "$(cat "$work/screen")"
  check the_first_host_name_counts contoso.vault.example \
    "$("$vaultwall" --json explain --vault contoso --from "$service" --request 'GET /' |
      jq -r .gate.host)"
}

# status_of COMMAND...: its exit status, what it prints is in $work/{out,err}
status_of() {
  local status=0
  "$@" >"$work/out" 2>"$work/err" || status=$?
  echo "$status"
}

tokens_from_elsewhere() {
  local why=("$vaultwall" explain --vault contoso --from "$service")
  printf '%s\r\n' "$good" >"$work/token"
  check a_token_comes_from_standard_input 9 "$("${why[@]}" --json --token - \
    --request "GET $secret" <"$work/token" | jq .gate.row)"
  check a_token_comes_from_a_pipe 9 "$("${why[@]}" --json --token <(printf %s "$good") \
    --request "GET $secret" | jq .gate.row)"
  check the_longest_token_goes_along parts "$("${why[@]}" --json --request "GET $secret" \
    --token <(head -c 16384 /dev/zero | tr '\0' x) | jq -r .gate.token.fault)"
  check a_folder_is_no_token 1 "$(status_of "${why[@]}" --request 'GET /' --token "$work")"
  check a_longer_one_is_refused 1 "$(status_of "${why[@]}" --request 'GET /' \
    --token <(head -c 16385 /dev/zero | tr '\0' x))"
  printf 'Bearer %s\n' "$good" >"$work/token"
  check a_header_is_no_token 1 "$(status_of "${why[@]}" --request 'GET /' --token "$work/token")"
  check no_error_has_the_token_in_it '' "$(grep -F "${good:0:20}" "$work/err" || true)"
  check a_missing_file_is_told 1 "$(status_of "${why[@]}" --request 'GET /' --token "$work/nowhere")"
}

malformed() {
  local why=("$vaultwall" explain --vault contoso --from "$service") request
  for request in 'GET' 'GET ' '/secrets/x' 'GET secrets' 'GET /a b' 'GET /a HTTP/1.1' 'G-T /a'; do
    check "no_request:_$request" 1 "$(status_of "${why[@]}" --request "$request")"
  done
  check udp_is_no_request 1 "$(status_of "$vaultwall" explain --to "203.0.113.10:$port/udp" \
    --from "$service" --host a.example --request 'GET /')"
  check a_shared_frontend_needs_a_name 1 "$(status_of "$vaultwall" explain --request 'GET /' \
    --to "203.0.113.20:$port" --from "$service")"
  says the_packet_is_told_all_the_same '^gate: ' "$(cat "$work/out")"
}

ask_directly() {
  curl -q -s --max-time 60 --unix-socket "/run/$VAULTWALL_INSTANCE/authorize.sock" \
    --output "$work/direct" --write-out '%{http_code}' --data "$1" \
    http://vaultwall/v1/explain "${@:2}"
}

hostile() {
  local body bad
  body='{"source": "192.0.2.129:1", "frontend": "203.0.113.10:443", "method": "GET", "target": "/"}'
  check a_question_is_answered 200 "$(ask_directly "$body")"
  for bad in '' '{' '[]' '{}' "${body/GET/\\u0000}" "${body/192.0.2.129:1/localhost}" \
    "${body/:443/:443\/udp}" "${body/192.0.2.129:1/*:1}" "${body%\}}, \"x\": 1}" \
    "${body%\}}, \"tag\": 0}" "${body%\}}, \"tag\": \"1\"}" "${body%\}}, \"method\": \"PUT\"}"; do
    check "no_question:_$bad" 400 "$(ask_directly "$bad")"
  done
  check two_tokens_are_none 400 "$(ask_directly "$body" -H 'Authorization: Bearer a' \
    -H 'Authorization: Bearer b')"
  head -c 40000 /dev/zero | tr '\0' ' ' >"$work/large"
  check a_large_question_is_refused 413 "$(ask_directly "@$work/large")"
}

# As the filter has it: a VLAN id that no rule knows is no endpoint tag.
vlans() {
  local interface tagged
  interface=$("$vaultwall" status --json | jq -r '.interfaces[0].name')
  printf 'tags:\n  - {transport: vlan, interfaces: [%s]}\n' "$interface" >>"$work/node.yaml"
  kill -HUP "$agent"
  wait_for is_vlan_gated
  explained "$service" adatum "$secret" "$good" --tag 5
  tagged=$(gate_says '"\(.row) \(.reason)"')
  explained "$service" adatum "$secret" "$good"
  check an_unknown_vlan_id_is_no_tag "$(gate_says '"\(.row) \(.reason)"')" "$tagged"
}
is_vlan_gated() {
  explained "$service" adatum "$secret" "$good" --tag 5 &&
    [ "$(jq -r '"\(.verdict) \(.vlan)"' "$work/explained")" = 'gate true' ]
}

# Whoever takes a worker of the proxy over has its group, which is not the agent's.
strangers() {
  local body
  body='{"source": "192.0.2.129:1", "frontend": "203.0.113.10:443", "method": "GET", "target": "/"}'
  chmod 0777 "$work"
  check a_member_of_both_groups_may_ask 200 "$(as_user --groups=987,986 "$body")"
  check others_of_the_proxy_s_group_may_not 403 "$(as_user --init-groups "$body")"
  says nor_do_they_push_rules 'permission denied: .*control.sock is for root and the group vaultwall$' \
    "$(cp "$vaultwall" "$work/program" && setpriv --reuid=www-data --regid=www-data --init-groups \
      "$work/program" --instance "$VAULTWALL_INSTANCE" push "$work/rules.yaml" 2>&1)"
}

# as_user OPTION BODY: the status that www-data is told
as_user() {
  setpriv --reuid=www-data --regid=www-data "$1" curl -q -s --max-time 60 \
    --unix-socket "/run/$VAULTWALL_INSTANCE/authorize.sock" --output /dev/null \
    --write-out '%{http_code}' --data "$2" http://vaultwall/v1/explain
}

counted_requests() { grep '^vaultwall_gate_requests_total' "/run/$VAULTWALL_INSTANCE/bpf/metrics"; }

traces() {
  local records counts signature=${good##*.} payload=${good#*.}
  payload=${payload%%.*}
  records=$(wc -l <"$work/audit/log")
  counts=$(counted_requests)
  explained "$service" contoso "$secret" "$good"
  explained "$service" contoso "$secret" "$none"
  check explain_is_no_request "$records $counts" "$(wc -l <"$work/audit/log") $(counted_requests)"
  says explain_is_in_the_journal 'explained a request to uid 0: vault contoso, no_token' \
    "$(tail -n 1 "$work/authorizer.log")"
  check no_token_is_told_again '' "$(grep -lF -e "$signature" -e "$payload" -e "${good:0:24}" \
    "$work/explained" "$work/screen" "$work/err" "$work"/*.log || true)"
}

without_authoriser() {
  kill "$socket_holder"
  wait "$socket_holder" 2>/dev/null || true
  rm -f "/run/$VAULTWALL_INSTANCE/authorize.sock"
  check an_absent_authoriser_is_status_3 3 "$(status_of "$vaultwall" explain --vault contoso \
    --from "$service" --request 'GET /')"
  says the_sentence_says_what_to_do 'authoriser .* is not running .*: start it with' \
    "$(cat "$work/err")"
  says the_packet_is_told_without_it '^gate: ' "$(cat "$work/out")"
}

rows
unknown_names
packets
tokens_from_elsewhere
malformed
hostile
vlans
strangers
traces
without_authoriser
gate_finish
