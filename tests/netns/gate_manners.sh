#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each row of the gate's table in the two manners of asking that do not tell the frontend, as
# Traefik and Caddy, and as Envoy put the question: the host name alone says which vault is meant,
# and where it does not, the answer is no. What a client puts into such headers does no harm.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"

manner=forwarded
write_node() {
  printf 'version: 1\ninterfaces: [{name: eth0}]\ngate: {listen: "0.0.0.0:%s", questions: %s}\n' \
    "$listen_port" "$manner" >"$work/node.yaml"
}
start_gate() { :; }
eval "plain_$(declare -f write_rules)"
write_rules() {
  plain_write_rules
  cat >>"$work/rules.yaml" <<YAML
  - name: twin-a
    hostnames: [twin.vault.example]
    frontends: [203.0.113.30:443]
    network_acls: {ip_rules: [198.51.100.0/24]}
  - name: twin-b
    hostnames: [twin.vault.example]
    frontends: [203.0.113.31:443]
    network_acls: {default_action: allow}
  - name: datagrams
    hostnames: [datagrams.vault.example]
    frontends: [203.0.113.32:443/udp]
    network_acls: {default_action: allow}
YAML
}
gate_start

query='?api-version=7.4'
secret=/secrets/greeting$query
good=$(token)

question() {
  curl -q -s --max-time 60 --unix-socket "/run/$VAULTWALL_INSTANCE/authorize.sock" --path-as-is \
    --dump-header "$work/head" --output "$work/body" --write-out '%{http_code}' "$@"
  wait_for authorizer_is_at_rest
}

# forwarded METHOD TARGET HOST FOR [CURL OPTION]...: what Traefik and Caddy send
forwarded() {
  local method=$1 target=$2 host=$3 for=$4
  shift 4
  question -H "X-Forwarded-Method: $method" -H "X-Forwarded-Uri: $target" \
    -H "X-Forwarded-Host: $host" -H "X-Forwarded-For: $for" -H 'X-Forwarded-Proto: https' "$@" \
    http://vaultwall/authorize
}

# envoy METHOD TARGET HOST FOR [CURL OPTION]...: the request itself, behind the prefix
envoy() {
  local method=$1 target=$2 host=$3 for=$4
  shift 4
  question -X "$method" -H "Host: $host" -H "X-Forwarded-For: $for" -H 'Content-Length: 0' "$@" \
    "http://vaultwall/authorize$target"
}

# A yes has no body.
error_or_none() {
  if [ -s "$work/body" ]; then inner_error; else echo -; fi
}

# row SENTENCE ANSWER REASON METHOD TARGET VAULT FOR [CURL OPTION]...
row() {
  local sentence=$1 answer=$2 reason=$3 method=$4 target=$5 name=$6 for=$7
  shift 7
  check "${sentence}_$manner" "$answer $reason" "$("$manner" "$method" "$target" \
    "$name.vault.example" "$for" "$@") $(error_or_none) $(tail -n 1 "$work/audit/log" |
    jq -r .reason)"
}

rows() {
  local no='403 ForbiddenByFirewall' bearer="Authorization: Bearer $good"
  row row_1_no_such_vault "$no" unknown_vault GET "$secret" nobody "$office"
  row row_1_two_vaults_of_one_name "$no" ambiguous_vault GET "$secret" twin "$office"
  row row_1_a_vault_that_is_not_behind_it "$no" wrong_frontend GET "$secret" datagrams "$office"
  row row_1_no_address "$no" unreadable GET "$secret" contoso 'unknown'
  row row_1_two_headers "$no" unreadable GET "$secret" contoso "$office" \
    -H "X-Forwarded-For: $office"
  row row_2_a_shared_frontend '200 -' ip_rule GET "$secret" fabrikam "$office"
  row row_2_a_vault_of_its_own '200 -' ip_rule GET "$secret" contoso "$office"
  row row_3_bypass_is_none "$no" not_allowed GET "$secret" fabrikam "$service" -H "$bearer"
  row row_3_not_from_there "$no" not_allowed GET "$secret" adatum "$office" -H "$bearer"
  row row_4_no_token '401 -' no_token GET "$secret" contoso "$service"
  says "row_4_has_the_challenge_$manner" '^Bearer authorization=.*, resource=' "$(challenge)"
  row row_5_expired '401 -' invalid_token GET "$secret" contoso "$service" \
    -H "Authorization: Bearer $(token exp=@-120)"
  row row_6_unknown "$no" unknown_caller GET "$secret" contoso "$service" \
    -H "Authorization: Bearer $(token idtyp=user)"
  row row_7_other_operation "$no" other_operation GET "/keys/one$query" contoso "$service" \
    -H "$bearer"
  row row_7_dot_segments "$no" unknown_operation GET "/secrets/../x$query" contoso "$service" \
    -H "$bearer"
  row row_7_tunnel "$no" unknown_operation GET "$secret" contoso "$service" -H "$bearer" \
    -H 'X-HTTP-Method-Override: DELETE'
  row row_7_a_method "$no" other_operation DELETE "/secrets/one$query" contoso "$service" \
    -H "$bearer"
  row row_8_no_permission '403 ForbiddenByPolicy' no_permission GET "/secrets$query" contoso \
    "$service" -H "$bearer"
  row row_9_a_service '200 -' trusted_service GET "$secret" contoso "$service" -H "$bearer"
  says "row_9_names_the_service_$manner" '^x-vaultwall-service: backup' \
    "$(tr '[:upper:]' '[:lower:]' <"$work/head")"
}

pretence() {
  local no='403 ForbiddenByFirewall'
  row what_a_client_said_of_itself_is_not_believed "$no" not_allowed GET "$secret" fabrikam \
    "$office, $stranger"
  row what_another_proxy_said_is '200 -' ip_rule GET "$secret" fabrikam "$stranger, $office"
  row a_frontend_cannot_be_asserted "$no" ambiguous_vault GET "$secret" twin "$office" \
    -H 'X-Original-Frontend: 203.0.113.31:443' -H 'X-Original-Host: twin.vault.example'
  row other_manners_say_nothing "$no" not_allowed GET "$secret" fabrikam "$stranger" \
    -H "X-Original-Source: $office:1" -H "X-Real-IP: $office" -H "Forwarded: for=$office"
}

explains() {
  check "explain_says_the_same_$manner" 'ambiguous_vault 1' "$("$vaultwall" --json explain \
    --to 203.0.113.31:443 --from "$office" --host twin.vault.example --request "GET $secret" |
    jq -r '.gate | "\(.reason) \(.row)"')"
}

# Another process than $before answers, and has rules.
another_answers() {
  authorizer_status | jq -e ".pid != $before and .generation != null"
}

switch_to() {
  before=$(cat "$work/authorizer.pid")
  manner=$1
  write_node
  kill "$before"
  wait_for another_answers
}

rows
pretence
explains
check forwarded_knows_no_prefix 404 "$(envoy GET "$secret" contoso.vault.example "$office")"
switch_to envoy
rows
pretence
explains
check envoy_knows_no_other_question '403 unknown_vault' \
  "$(question -H "X-Forwarded-For: $office" -H 'X-Forwarded-Method: GET' \
    -H "X-Forwarded-Uri: $secret" -H 'X-Forwarded-Host: contoso.vault.example' \
    http://vaultwall/authorize) $(tail -n 1 "$work/audit/log" | jq -r .reason)"
gate_finish
