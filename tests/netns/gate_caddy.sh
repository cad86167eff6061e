#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Caddy in nginx's place, as the manual has it: the rows by a real client, and what a client
# pretends. CADDY names the program where it is not installed.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
caddy=${CADDY:-caddy}
command -v "$caddy" >/dev/null || { echo "there is no caddy here" && exit 77; }
gate_begin "$@"

write_node() {
  printf 'version: 1\ninterfaces: [{name: eth0}]\ngate: {listen: "0.0.0.0:%s", questions: forwarded}\n' \
    "$listen_port" >"$work/node.yaml"
}

# site VAULT UPSTREAM
site() {
  cat <<CADDY
https://$1.vault.example:$listen_port {
    bind tcp4/0.0.0.0
    tls $work/$1.pem $work/$1.key
    request_header -X-Vaultwall-*
    forward_auth unix//run/$VAULTWALL_INSTANCE/authorize.sock {
        uri /authorize
    }
    reverse_proxy https://127.0.0.1:$2 {
        transport http {
            tls_server_name $1.vault.example
            tls_trusted_ca_certs $work/ca.pem
        }
    }
}
CADDY
}

start_gate() {
  {
    printf '{\n    admin off\n    auto_https disable_redirects\n    servers {\n        protocols h1 h2\n    }\n}\n'
    site contoso 8200
    site fabrikam 8201
    site adatum 8202
  } >"$work/Caddyfile"
  HOME=$work "$caddy" run --adapter caddyfile --config "$work/Caddyfile" >"$work/caddy.log" 2>&1 &
  wait_for grep -q 'the gate listens' "$work/agent.log"
}
gate_start

query='?api-version=7.4'
secret=/secrets/greeting$query
good=$(token)
bearer="Authorization: Bearer $good"

# row SENTENCE ANSWER REASON FROM VAULT PATH [CURL OPTION]...
row() {
  local sentence=$1 answer=$2 reason=$3
  shift 3
  check "$sentence" "$answer $reason" "$(ask "$@") $(inner_error) $(tail -n 1 "$work/audit/log" |
    jq -r .reason)"
}

rows() {
  local no='403 ForbiddenByFirewall' v=$1
  row "row_2_$v" '200 -' ip_rule "$office" fabrikam "$secret" --"$v" \
    -H "$bearer"
  row "row_3_$v" "$no" not_allowed "$service" fabrikam "$secret" --"$v" -H "$bearer"
  row "row_4_$v" '401 -' no_token "$service" contoso "$secret" --"$v"
  says "row_4_has_the_challenge_$v" '^Bearer authorization=.*, resource=' "$(challenge)"
  row "row_5_$v" '401 -' invalid_token "$service" contoso "$secret" --"$v" \
    -H "Authorization: Bearer $(token exp=@-120)"
  row "row_6_$v" "$no" unknown_caller "$service" contoso "$secret" --"$v" \
    -H "Authorization: Bearer $(token idtyp=user)"
  row "row_7_$v" "$no" other_operation "$service" contoso "/keys/one$query" --"$v" -H "$bearer"
  row "row_7_dot_segments_$v" "$no" unknown_operation "$service" contoso \
    "/secrets/x/../greeting$query" --"$v" -H "$bearer"
  row "row_7_encoded_slashes_$v" "$no" unknown_operation "$service" contoso \
    "/secrets%2fgreeting$query" --"$v" -H "$bearer"
  row "row_7_tunnel_$v" "$no" unknown_operation "$service" contoso "$secret" --"$v" \
    -H "$bearer" -H 'X-HTTP-Method: DELETE'
  row "row_8_$v" '403 ForbiddenByPolicy' no_permission "$service" contoso "/secrets$query" \
    --"$v" -H "$bearer"
  row "row_9_$v" '200 -' trusted_service "$service" contoso "$secret" --"$v" -H "$bearer"
  check "the_answer_is_the_vault_s_$v" s3cret "$(jq -r .value "$work/body")"
}

pretence() {
  local no='403 ForbiddenByFirewall'
  row a_forged_source_does_not_help "$no" not_allowed "$office" adatum "$secret" \
    -H "X-Forwarded-For: $service" -H "$bearer"
  row nor_do_two "$no" not_allowed "$office" adatum "$secret" -H "X-Forwarded-For: $service" \
    -H "X-Forwarded-For: $service" -H "$bearer"
  row nor_another_method '200 -' trusted_service "$service" contoso "$secret" \
    -H 'X-Vaultwall-Service: root' -H 'X-Forwarded-Method: DELETE' -H 'X-Forwarded-Uri: /x' -H 'X-Forwarded-Host: x.example' \
    -H "$bearer"
  check and_no_header_that_is_not_the_gate_s null \
    "$(tail -n 1 "$work/contoso.log" | jq -r '.headers["x-vaultwall-service"]')"
  row two_tokens_are_none "$no" unreadable "$service" contoso "$secret" --http1.1 -H "$bearer" \
    -H "$bearer"
  check the_vault_got_what_was_asked_about "$secret" \
    "$(tail -n 1 "$work/contoso.log" | jq -r .target)"
}

is_gone() { ! kill -0 "$(cat "$work/authorizer.pid")"; }

away() {
  kill "$socket_holder"
  wait "$socket_holder" 2>/dev/null || true
  wait_for is_gone
  check without_an_authoriser_the_answer_is_no 502 \
    "$(ask "$service" contoso "$secret" -H "$bearer")"
}

rows http1.1
rows http2
pretence
away
gate_finish
