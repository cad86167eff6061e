#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `status` names what is wrong with the gate's keys and rules, and each of those denies.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"
gate_start

secret='/secrets/greeting?api-version=7.4'
good=$(token)
assertion=$(key=cluster algorithm=ES256 token iss=https://cluster.test \
  sub=system:serviceaccount:backup:worker aud=api://AzureADTokenExchange tid=- appid=- oid=- \
  idtyp=- ver=-)

status() { "$vaultwall" --json status; }
warnings() { status | jq -r '[.warnings[].name] | sort | join(" ")'; }
tells() { status | grep -qi "$1"; }
warned() { [ "$(warnings)" == "$1" ]; }

# denied SENTENCE FAULT TOKEN
denied() {
  check "$1" "401 $2" "$(ask "$service" contoso "$secret" -H "Authorization: Bearer $3") $(tail \
    -n 1 "$work/audit/log" | jq -r .properties.tokenFault)"
}

# Another process than $before answers, and has rules.
another_answers() {
  authorizer_status | jq -e ".pid != $before and .generation != null"
}

# Nothing is remembered, and so what is there now is all there is.
restart_authorizer() {
  before=$(cat "$work/authorizer.pid")
  kill "$before"
  wait_for another_answers
}

whole() {
  check nothing_is_wrong '' "$(warnings)"
  check it_tells_generation_keys_and_age '1 2 cluster 1 entra 1' \
    "$(status | jq -r '.authorizer | "\(.generation) \(.keysets | length) " +
      ([.keysets[] | select(.age_seconds < 60 and .next_seconds <= 3600) |
        "\(.issuer) \(.keys)"] | sort | join(" "))')"
  ask "$service" contoso "$secret" -H "Authorization: Bearer $good" >/dev/null
  check it_tells_totals 1 "$(status | jq '.authorizer.answers[] | select(.code == "200") | .count')"
  says people_read_it '^authoriser +answering, generation 1' "$("$vaultwall" status)"
  says people_read_of_keys '^entra +1 ' "$("$vaultwall" status)"
}

files() {
  mv "$work/cluster.json" "$work/cluster.away"
  restart_authorizer
  wait_for warned keys_unreadable
  check a_missing_file_is_told keys_unreadable "$(warnings)"
  denied a_missing_file_denies no_keys "$assertion"
  echo '{"keys": [' >"$work/cluster.json"
  wait_for tells 'it is no JSON'
  check a_file_of_something_else_is_told keys_unreadable "$(warnings)"
  denied a_file_of_something_else_denies no_keys "$assertion"
  echo '{"keys": []}' >"$work/cluster.json"
  wait_for warned keys_empty
  check an_empty_set_is_told keys_empty "$(warnings)"
  denied an_empty_set_denies no_keys "$assertion"
  install -m 0600 "$work/cluster.away" "$work/cluster.json"
  wait_for warned keys_unreadable
  says a_file_that_is_not_readable_is_told 'issuer cluster: its keys cannot be read .*Permission' \
    "$(status | jq -r '.warnings[].text')"
  denied a_file_that_is_not_readable_denies no_keys "$assertion"
  chmod 0644 "$work/cluster.json"
  wait_for warned ''
  check it_is_well_again 200 "$(ask "$service" contoso "$secret" -H "Authorization: Bearer $assertion")"
}

issuers() {
  kill "$issuer_pid"
  wait "$issuer_pid" 2>/dev/null || true
  restart_authorizer
  wait_for warned issuer_unreachable
  check an_issuer_that_is_down_is_told issuer_unreachable "$(warnings)"
  denied an_issuer_that_is_down_denies no_keys "$good"
  certificate issuer elsewhere.test
  start_issuer
  restart_authorizer
  wait_for tells certificate
  check an_issuer_with_another_certificate_is_told issuer_unreachable "$(warnings)"
  denied an_issuer_with_another_certificate_denies no_keys "$good"
  kill "$issuer_pid"
  wait "$issuer_pid" 2>/dev/null || true
  certificate issuer issuer.test
  start_issuer
  echo 'not JSON' >"$work/www/$tenant/keys"
  restart_authorizer
  wait_for warned keys_unreadable
  check an_issuer_that_says_something_else_is_told keys_unreadable "$(warnings)"
  denied an_issuer_that_says_something_else_denies no_keys "$good"
}

absent() {
  kill "$socket_holder"
  wait "$socket_holder" 2>/dev/null || true
  rm -f "/run/$VAULTWALL_INSTANCE/authorize.sock"
  check an_absent_authoriser_is_told 'authorizer_absent null' \
    "$(warnings) $(status | jq -r .authorizer)"
  says it_says_what_to_do 'no request passes the gate: .* start it with' "$("$vaultwall" status)"
  says people_read_that_it_is_absent '^authoriser +absent' "$("$vaultwall" status)"
}

whole
files
issuers
absent
gate_finish
