# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The demo's second half, sourced by demo.sh: an nginx as the gate, the authoriser beside it, and
# services that come with tokens. What `token` signs is as genuine as the key set of the rules says;
# the impostor signs with a key of its own.
# shellcheck disable=SC2154  # what demo.sh sets
set -euo pipefail

support=$tree/tests/support
tenant=72f988bf-86f1-41af-91ab-2d7cd011db47
gate_user=www-data # nginx's own on Debian; here the authoriser runs as it, too
declare -A app_of=([backup]=262044b1-e2ce-469f-a196-69ab7ada62d3
  [reports]=9d1b0f0c-7b4e-4f0e-8a35-0d9f6c1f2a77)
declare -A object_of=([backup]=33333333-aaaa-bbbb-cccc-000000000001
  [reports]=33333333-aaaa-bbbb-cccc-000000000002)

# --- programs -------------------------------------------------------------------------------------

make_keys() {
  mkdir -p "$work/keys"
  "$support/gate_issuer.py" key "$work/keys" issuer
  "$support/gate_issuer.py" key "$work/keys" impostor
  "$support/gate_issuer.py" jwks "$work/keys" issuer >"$work/keys.json"
  chmod 644 "$work/keys.json"
}

# The vault that the gate leads to speaks enough of the secrets API, and itself looks for a token.
start_token_vault() {
  mkdir -p "$work/northwind"
  make_certificate northwind
  ln -sf northwind/certificate.pem "$work/northwind.pem"
  ln -sf northwind/key.pem "$work/northwind.key"
  start_in vaults vault "$support/gate_vault.py" "${address_of[northwind]}" 443 \
    "$work/northwind.pem" "$work/northwind.key" "$work/northwind/requests.log"
}

start_authorizer() {
  install -d -m 700 -o "$gate_user" "$work/audit"
  install -m 600 -o "$gate_user" /dev/null "$work/audit/log"
  start_in vaults authorizer "$vaultwall" --config "$work/node.yaml" authorizer \
    --user "$gate_user" --group "$gate_user" --audit-log "$work/audit/log"
  wait_until 'the authoriser did not start' test -S "/run/$VAULTWALL_INSTANCE/authorize.sock"
}

gate_stands() { [ "$("$vaultwall" status --json | jq -r .gate.state)" = stands ]; }

start_gate() {
  start_in vaults gate-config "$vaultwall" --config "$work/node.yaml" gate-config --follow \
    --install "$work/nginx.conf" --user "$gate_user" --upstream-ca "$work/northwind.pem"
  wait_until 'the gate was not configured' test -s "$work/nginx.conf"
  start_in vaults nginx nginx -c "$work/nginx.conf" -g 'daemon off;'
  wait_until 'the gate did not start' gate_stands
}

# --- asking ---------------------------------------------------------------------------------------

# token SERVICE [KEY]: a bearer token, in a file of which the name is printed
token() {
  local file=$work/token.$1.${2-issuer}
  "$support/gate_issuer.py" token "$work/keys" "${2-issuer}" RS256 header.kid=issuer \
    iss="https://login.example/$tenant/v2.0" aud=https://vault.example tid="$tenant" \
    azp="${app_of[$1]}" oid="${object_of[$1]}" idtyp=app 'ver="2.0"' >"$file"
  echo "$file"
}

# The reason of the authoriser's newest record, if there is one more than before. It is written in
# the moment of the answer.
new_reason() {
  local before=$1
  for _ in {1..20}; do
    [ "$(records)" -le "$before" ] || break
    sleep 0.05
  done
  [ "$(records)" -le "$before" ] || tail -n 1 "$work/audit/log" | jq -r .reason
}
records() { wc -l <"$work/audit/log"; }

# status_of NODE METHOD TOKEN-FILE: of a request to vault northwind. The token is not for `ps`.
status_of() {
  local header=/dev/null
  [ -z "$3" ] || header=$3.header
  [ -z "$3" ] || printf 'Authorization: Bearer %s\n' "$(cat "$3")" >"$header"
  in_node "$1" curl -q --silent --noproxy '*' --connect-timeout 1 --max-time 5 \
    --cacert "$work/northwind.pem" --resolve "northwind.vault.example:443:${address_of[northwind]}" \
    --header "@$header" --request "$2" --output /dev/null --write-out '%{http_code}' \
    'https://northwind.vault.example/secrets/greeting?api-version=7.4' || true
}

gate_row() { printf '%-9s %-22s %-9s %-28s %-28s %s\n' "$@"; }

# ask_gate NODE WITH TOKEN-FILE METHOD EXPECTED: one request, one line of the table. EXPECTED is the
# filter's verdict, the status, and the reason of the authoriser if it was asked.
ask_gate() {
  local node=$1 expected=$5 before records came verdict mark="${good}ok$plain"
  before=$(counters)
  records=$(records)
  came=$(status_of "$node" "$4" "$3")
  verdict=$(changed "$before" "$(counters)" northwind | cut -d ' ' -f 1 | sort -u | paste -sd +)
  [ "$came" != 000 ] || came='no answer'
  came="$verdict $came"
  [[ $expected != gate* ]] || came+=" $(new_reason "$records")"
  if [ "$came" != "$expected" ]; then
    mark="${bad}DIFFERS$plain"
    differences=$((differences + 1))
  fi
  gate_row "$node" "$2" "$4" "$expected" "$came" "$mark"
}

ask_with_tokens() {
  local good_token forged other
  good_token=$(token backup)
  forged=$(token backup impostor)
  other=$(token reports)
  gate_row 'WHO ASKS' WITH REQUEST 'CONTRACT EXPECTS' 'CAME BACK' ''
  ask_gate backup 'a valid token' "$good_token" GET 'gate 200 trusted_service'
  ask_gate backup 'no token' '' GET 'gate 401 no_token'
  ask_gate backup 'a valid token' "$good_token" DELETE 'gate 403 other_operation'
  ask_gate impostor 'a forged token' "$forged" GET 'gate 401 invalid_token'
  ask_gate reports 'a valid token' "$other" GET 'gate 403 no_permission'
  ask_gate stranger "backup's token, stolen" "$good_token" GET 'drop no answer'
  ask_gate office 'a valid token' "$good_token" GET 'allow 200'
}

tell_services() {
  cat <<TEXT
The vault northwind trusts two services. No rule of the network admits them: what comes from their
addresses is led to the gate, an nginx, which asks Vaultwall's authoriser about each request.
  backup    has an identity and an access policy of the vault: it may get and back up secrets
  impostor  sits beside it and signs a token like backup's with a key of its own
  reports   is trusted as well, but no access policy lets it read secrets
The columns: the filter's verdict, what curl got, and the reason in the authoriser's audit record.
TEXT
}
