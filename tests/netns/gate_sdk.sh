#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Azure's SDK for JavaScript, unchanged and by its own challenge flow: writes and reads a secret
# through the gate, gets the errors that it understands when it may not, and works directly from an
# address that the vault admits.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
modules=$gate_tree/build/sdk

# Before the place without a network is entered.
if [ -z "${GATE_INSIDE-}" ] && [ ! -d "$modules/node_modules/@azure/keyvault-secrets" ]; then
  "$gate_tree/scripts/install-sdk.sh" "$modules" ||
    { echo 'the SDK is not there and cannot be installed' && exit 77; }
fi
gate_begin "$@"
gate_start
url=https://contoso.vault.example
[ "$port" = 443 ] || url+=:$port

# sdk ACTION...: what came of it, by its token
sdk() {
  in_client env NODE_EXTRA_CA_CERTS="$work/ca.pem" timeout 60 \
    node "$support/gate_sdk.mjs" "$modules" "$url" "$work/token" "$@" >"$work/sdk.json"
}
result() { jq -c "$1" "$work/sdk.json"; }

# Which address of the client's a program has that does not choose one.
come_from() {
  if [ -n "$steered" ]; then
    in_client ip route replace 203.0.113.0/24 dev wire src "$1"
  else
    ip route replace local 203.0.113.10 dev lo table local src "$1"
  fi
}

through_the_gate() {
  come_from "$service"
  token >"$work/token"
  sdk set db-password 'cor rect'
  check it_writes_a_secret '"db-password"' "$(result .value)"
  check it_found_tenant_and_scope_in_the_challenge "[\"$audience/.default\",\"$tenant\"]" \
    "$(result '.asked[0] | [.scopes[0] // .scopes, .tenant] | flatten')"
  sdk get db-password
  check it_reads_it_back '"cor rect"' "$(result .value)"
  sdk get nothing
  check an_error_of_the_vault_is_understood '[404,"SecretNotFound"]' "$(result '[.status, .code]')"
  check the_vault_behind_saw_it_by_the_gate "$service" \
    "$(tail -n 1 "$work/contoso.log" | jq -r '.headers["x-forwarded-for"]')"
}

refusals() {
  token appid="$federated_app" oid="$federated_oid" >"$work/token"
  sdk set db-password other
  check without_a_permission_it_is_told '[403,"Forbidden","ForbiddenByPolicy"]' \
    "$(result '[.status, .code, .inner]')"
  says and_the_message_says_which 'does not have secrets set permission' "$(result .message)"
  token appid=99999999-0000-0000-0000-000000000000 >"$work/token"
  sdk get db-password
  check as_another_application_it_is_told '[403,"Forbidden","ForbiddenByFirewall"]' \
    "$(result '[.status, .code, .inner]')"
  key=impostor token header.kid=first >"$work/token"
  sdk get db-password
  check with_a_forged_token_it_stops 401 "$(result .status)"
}

directly() {
  [ -n "$steered" ] || return 0
  "$support/gate_vault.py" 203.0.113.10 443 "$work/contoso.pem" "$work/contoso.key" \
    "$work/own.log" >"$work/own.out" 2>&1 &
  come_from "$office"
  token >"$work/token"
  wait_for in_client curl -q -s -k --interface "$office" https://203.0.113.10/
  sdk set greeting hello
  sdk get greeting
  check from_an_allowed_address_it_works_directly '"hello"' "$(result .value)"
  check and_the_vault_saw_the_true_address "$office" \
    "$(tail -n 1 "$work/own.log" | jq -r .peer)"
}

"$support/gate_issuer.py" key "$work/keys" impostor
through_the_gate
refusals
directly
gate_finish
