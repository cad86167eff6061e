#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A whole gate for tests, in a network, mounts and processes of its own: an agent, nginx with a
# configuration that follows the rules, the authoriser, an issuer and three vaults. Sourced by
# tests/netns/gate_*.sh: source it, call gate_begin "$@" first, then gate_start.
# Requests come from another machine to port 443, so that the filter and the steering are on their
# way. GATE_STEERED= (empty) leaves both out: then they come by the loopback to the gate's own port.
# shellcheck disable=SC2034  # much is for those who source it
set -euo pipefail

gate_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
vaultwall=$(realpath -m "${VAULTWALL:-$gate_tree/build/vaultwall}")
support=$gate_tree/tests/support
steered=${GATE_STEERED-1}
listen_port=8443
port=$listen_port
[ -z "$steered" ] || port=443
work=/run/gate

tenant=72f988bf-86f1-41af-91ab-2d7cd011db47
other_tenant=11111111-2222-3333-4444-555555555555
subscription=0b1f6471-1bf0-4dda-aec3-cb9272f09590
backup_app=262044b1-e2ce-469f-a196-69ab7ada62d3
backup_oid=33333333-aaaa-bbbb-cccc-000000000001
federated_app=5d0e8a4c-2f5b-4a53-9a0e-0c1b1c6f7d11
federated_oid=44444444-aaaa-bbbb-cccc-000000000001
issuer=https://issuer.test:9443/$tenant/v2.0
audience=https://vault.example

# Who asks.
service=192.0.2.129
stranger=192.0.2.66
office=198.51.100.7

# --- the place ------------------------------------------------------------------------------------

gate_end() {
  local status=$?
  trap - EXIT INT TERM
  [ -z "${gate_child-}" ] || kill -KILL "$gate_child" 2>/dev/null || true
  for _ in {1..20}; do
    "$vaultwall" --instance "$VAULTWALL_INSTANCE" agent --detach >/dev/null 2>&1 && break
    sleep 0.1
  done
  rm -rf "/run/$VAULTWALL_INSTANCE" "/var/lib/$VAULTWALL_INSTANCE"
  exit "$status"
}

gate_begin() {
  local command
  if [ -n "${GATE_INSIDE-}" ]; then
    gate_failures=0
    return
  fi
  for command in nginx curl openssl python3 jq; do
    command -v "$command" >/dev/null || { echo "there is no $command here" && exit 77; }
  done
  export VAULTWALL_INSTANCE=vwg-$$
  trap gate_end EXIT
  trap 'exit 130' INT TERM
  GATE_INSIDE=1 unshare --net --mount --pid --fork --kill-child --mount-proc \
    bash "$0" "$@" </dev/null &
  gate_child=$!
  wait "$gate_child"
  exit
}

# The program's user, and the proxy's in its group, for this place only.
make_users() {
  cp /etc/passwd "$work/passwd"
  cp /etc/group "$work/group"
  sed -i '/^vaultwall/d' "$work/passwd" "$work/group"
  echo 'vaultwall:x:987:987::/nonexistent:/usr/sbin/nologin' >>"$work/passwd"
  printf '%s\n' 'vaultwall:x:987:' 'vaultwall-gate:x:986:www-data' >>"$work/group"
  mount --bind "$work/passwd" /etc/passwd
  mount --bind "$work/group" /etc/group
}

make_network() {
  local sources=("$service" "$stranger" "$office") frontends=(203.0.113.10 203.0.113.20) address
  ip link set lo up
  ip link add eth0 type veth peer name wire
  ip link set eth0 up
  # On eth0 they would not count as reached by the loopback, whoever asks.
  for address in "${frontends[@]}"; do
    ip address add "$address/32" dev "$([ -n "$steered" ] && echo eth0 || echo lo)"
  done
  if [ -n "$steered" ]; then
    unshare --net sleep infinity &
    client=$!
    wait_for is_elsewhere "$client"
    ip link set wire netns "$client"
    in_client ip link set lo up
    in_client ip link set wire up
    in_client ip route add 203.0.113.0/24 dev wire
    ip route add 192.0.2.0/24 dev eth0
    ip route add 198.51.100.0/24 dev eth0
    for address in "${sources[@]}"; do
      in_client ip address add "$address/32" dev wire
    done
  else
    ip link set wire up
    for address in "${sources[@]}"; do
      ip address add "$address/32" dev lo
    done
  fi
}

is_elsewhere() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }

in_client() {
  if [ -n "$steered" ]; then
    nsenter -t "$client" --net "$@"
  else
    "$@"
  fi
}

# certificate NAME HOST...: by the test's own authority
certificate() {
  local name=$1 host names=
  shift
  for host in "$@"; do
    names+="${names:+,}DNS:$host"
  done
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
    -keyout "$work/$name.key" -out "$work/$name.csr" 2>/dev/null
  openssl x509 -req -in "$work/$name.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 2 \
    -CAcreateserial -extfile <(echo "subjectAltName=$names") -out "$work/$name.pem" 2>/dev/null
}

make_certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj '/CN=Tests' -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
  certificate issuer issuer.test
  certificate contoso contoso.vault.example second.vault.example
  certificate fabrikam fabrikam.vault.example
  certificate adatum adatum.vault.example
}

# --- rules ----------------------------------------------------------------------------------------

write_node() {
  cat >"$work/node.yaml" <<YAML
version: 1
interfaces:
  - {name: eth0, mode: auto}
gate:
  listen: 0.0.0.0:$listen_port
YAML
}

write_rules() {
  cat >"$work/rules.yaml" <<YAML
version: 1
issuers:
  - name: entra
    issuer: https://issuer.test:9443/{tenant}/v2.0
    audiences: [$audience]
    challenge:
      authorization: https://issuer.test:9443/{tenant}
      resource: $audience
  - name: cluster
    issuer: https://cluster.test
    audiences: [api://AzureADTokenExchange]
    jwks: {file: $work/cluster.json}
trusted_services:
  - name: backup
    ip_rules: [192.0.2.128/28]
    operations: [secrets/get, secrets/set, secrets/list]
    identities:
      - {kind: application, app_id: $backup_app}
      - kind: managed_identity
        resource: /subscriptions/*/resourceGroups/*/providers/Microsoft.RecoveryServices/vaults/*
        subscription: same
      - kind: federated
        app_id: $federated_app
        issuer: https://cluster.test
        subject: system:serviceaccount:backup:worker
        audience: api://AzureADTokenExchange
        object_id: $federated_oid
vaults:
  - name: contoso
    hostnames: [contoso.vault.example, second.vault.example]
    frontends: [203.0.113.10:$port]
    tenant: $tenant
    subscription: $subscription
    network_acls:
      bypass: trusted_services
      ip_rules: [198.51.100.0/24]
    access_policies:
      - {object_id: $backup_oid, secrets: [get, set]}
      - {object_id: $federated_oid, secrets: [get]}
    upstream: 127.0.0.1:8200
    tls: {certificate: $work/contoso.pem, key: $work/contoso.key}
  - name: fabrikam
    hostnames: [fabrikam.vault.example]
    frontends: [203.0.113.20:$port]
    tenant: $tenant
    network_acls:
      ip_rules: [198.51.100.0/24]
    upstream: 127.0.0.1:8201
    tls: {certificate: $work/fabrikam.pem, key: $work/fabrikam.key}
  - name: adatum
    hostnames: [adatum.vault.example]
    frontends: [203.0.113.20:$port]
    tenant: $tenant
    network_acls:
      bypass: trusted_services
    access_policies:
      - {object_id: $backup_oid, secrets: [get]}
    upstream: 127.0.0.1:8202
    tls: {certificate: $work/adatum.pem, key: $work/adatum.key}
YAML
}

# add_vault NAME ADDRESS: to the rules, with the backup service let in
add_vault() {
  cat >>"$work/rules.yaml" <<YAML
  - name: $1
    hostnames: [$1.vault.example]
    frontends: [$2:$port]
    tenant: $tenant
    network_acls: {bypass: trusted_services}
    access_policies:
      - {object_id: $backup_oid, secrets: [get]}
    upstream: 127.0.0.1:8203
    tls: {certificate: $work/$1.pem, key: $work/$1.key}
YAML
}

push_rules() {
  "$vaultwall" --json push "$work/rules.yaml" >"$work/push.json" 2>&1 ||
    { cat "$work/push.json" && return 1; }
}

# --- programs -------------------------------------------------------------------------------------

# wait_for COMMAND...: a minute at most, which is much for this program and not for a busy machine
wait_for() {
  local end=$((SECONDS + 60))
  while [ $SECONDS -lt $end ]; do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  echo "still not so: $*" >&2
  return 1
}

is_listening() { [ -n "$(ss -Hltn "sport = :$1")" ]; }

start_issuer() {
  mkdir -p "$work/keys" "$work/www/$tenant/v2.0/.well-known"
  [ -f "$work/keys/first.pem" ] || "$support/gate_issuer.py" key "$work/keys" first
  [ -f "$work/keys/cluster.pem" ] || "$support/gate_issuer.py" key "$work/keys" cluster ec
  "$support/gate_issuer.py" jwks "$work/keys" cluster >"$work/cluster.json"
  publish_keys first
  echo "{\"issuer\": \"$issuer\", \"jwks_uri\": \"https://issuer.test:9443/$tenant/keys\"}" \
    >"$work/www/$tenant/v2.0/.well-known/openid-configuration"
  "$support/gate_issuer.py" serve "$work/www" 127.0.0.1 9443 "$work/issuer.pem" "$work/issuer.key" \
    >"$work/issuer.out" 2>&1 &
  issuer_pid=$!
  wait_for is_listening 9443
}

publish_keys() {
  "$support/gate_issuer.py" jwks "$work/keys" "$@" >"$work/www/$tenant/keys.new"
  mv "$work/www/$tenant/keys.new" "$work/www/$tenant/keys"
}

# start_vault NAME PORT
start_vault() {
  "$support/gate_vault.py" 127.0.0.1 "$2" "$work/$1.pem" "$work/$1.key" "$work/$1.log" \
    >"$work/$1.out" 2>&1 &
  wait_for is_listening "$2"
}

start_agent() {
  "$vaultwall" --config "$work/node.yaml" agent >"$work/agent.log" 2>&1 &
  agent=$!
  wait_for "$vaultwall" status || { cat "$work/agent.log" >&2 && return 1; }
}

# With a socket that stays while the authoriser comes and goes, as systemd has it.
start_authorizer() {
  "$support/gate_socket.py" "/run/$VAULTWALL_INSTANCE/authorize.sock" vaultwall-gate \
    "$work/authorizer.pid" "$vaultwall" --config "$work/node.yaml" authorizer --user vaultwall \
    --audit-log "$work/audit/log" --ca-file "$work/ca.pem" >>"$work/authorizer.log" 2>&1 &
  socket_holder=$!
  wait_for authorizer_is_whole || { cat "$work/authorizer.log" >&2 && return 1; }
}

authorizer_status() {
  curl -q -s --max-time 2 --unix-socket "/run/$VAULTWALL_INSTANCE/authorize.sock" \
    http://vaultwall/v1/status
}

# On a busy machine it may begin to answer before it has its keys.
authorizer_is_whole() {
  authorizer_status | jq -e '.generation != null and all(.keysets[]; .keys > 0)'
}

# Its records are written by the time that it waits for the next question, not for each answer.
authorizer_is_at_rest() {
  [ "$(cut -d ' ' -f 3 "/proc/$(cat "$work/authorizer.pid")/stat" 2>/dev/null)" != R ]
}

# [keeper_nginx=PROGRAM] start_keeper: keeps nginx's configuration in step with the rules
start_keeper() {
  "$vaultwall" --config "$work/node.yaml" gate-config --install "$work/nginx.conf" --follow \
    --user www-data --upstream-ca "$work/ca.pem" \
    ${keeper_nginx:+--nginx "$keeper_nginx"} >>"$work/keeper.log" 2>&1 &
  keeper=$!
  wait_for configuration_is .kept
}

# configuration_is FILTER: of jq, on what the agent's status says about it
configuration_is() {
  "$vaultwall" status --json | jq -e ".gate.configuration | $1"
}

start_nginx() {
  nginx -c "$work/nginx.conf" -g 'daemon off;' >>"$work/nginx.log" 2>&1 &
  nginx=$!
  wait_for test -s "/run/$VAULTWALL_INSTANCE/gate.pid"
  [ -z "$steered" ] || wait_for grep -q 'the gate listens' "$work/agent.log"
}

start_gate() {
  start_keeper
  wait_for configuration_is .current || { cat "$work/keeper.log" >&2 && return 1; }
  start_nginx
}

gate_start() {
  mount -t tmpfs -o mode=0755 run /run
  mkdir -p "$work/audit" "/run/$VAULTWALL_INSTANCE"
  make_users
  chown vaultwall "$work/audit"
  cp /etc/hosts "$work/hosts"
  printf '%s\n' '127.0.0.1 issuer.test' '203.0.113.10 contoso.vault.example' >>"$work/hosts"
  mount --bind "$work/hosts" /etc/hosts
  make_network
  make_certificates
  write_node
  write_rules
  start_issuer
  good_token=$(token ver='"1.0"')
  start_vault contoso 8200
  start_vault fabrikam 8201
  start_vault adatum 8202
  start_agent
  push_rules
  start_authorizer
  start_gate
}

# --- tokens and requests --------------------------------------------------------------------------

# token [NAME=VALUE]...: a good one of the backup service, but for what is said
token() {
  "$support/gate_issuer.py" token "$work/keys" "${key:-first}" "${algorithm:-RS256}" \
    iss="$issuer" aud="$audience" tid="$tenant" appid="$backup_app" oid="$backup_oid" \
    sub="$backup_oid" idtyp=app 'ver="1.0"' "$@"
}

declare -A frontend_of=([contoso]=203.0.113.10 [second]=203.0.113.10 [fabrikam]=203.0.113.20
  [adatum]=203.0.113.20)

# [frontend=ADDRESS] ask FROM VAULT PATH [CURL OPTION]...: prints the status; the rest is in
# $work/{head,body}
ask() {
  local from=$1 name=$2 path=$3 to=${frontend:-${frontend_of[$2]}}
  shift 3
  rm -f "$work/head" "$work/body"
  in_client curl -q --silent --noproxy '*' --max-time 60 --path-as-is --cacert "$work/ca.pem" \
    --interface "$from" --connect-to "$name.vault.example:443:$to:$port" \
    --dump-header "$work/head" --output "$work/body" --write-out '%{http_code}' "$@" \
    "https://$name.vault.example$path" || true
  wait_for authorizer_is_at_rest
}

# vault_status VAULT: what the service is told there, with a good token
vault_status() {
  ask "$service" "$1" '/secrets/greeting?api-version=7.4' \
    -H "Authorization: Bearer $good_token"
}
is_vault_status() { [ "$(vault_status "$2")" = "$1" ]; }

# After a reload those of before stay for a moment.
workers() {
  wait_for are_of_one_configuration
  pgrep -P "$nginx" | sort | xargs
}
are_of_one_configuration() { [ "$(pgrep -c -P "$nginx")" = "$(getconf _NPROCESSORS_ONLN)" ]; }

# An nginx that takes its time when it is called with the word in $work/slow, and says so.
write_slow_nginx() {
  cat >"$work/slow-nginx" <<'SH'
#!/bin/sh
case " $* " in
*" $(cat /run/gate/slow) "*) touch /run/gate/reached && sleep 30 ;;
esac
exec /usr/sbin/nginx "$@"
SH
  chmod 755 "$work/slow-nginx"
}

error_code() { jq -r '.error.code // "-"' "$work/body" 2>/dev/null || echo 'no JSON'; }
inner_error() { jq -r '.error.innererror.code // "-"' "$work/body" 2>/dev/null || echo 'no JSON'; }

challenge() { sed -n 's/\r$//; s/^www-authenticate: *//Ip' "$work/head"; }

# Its address and vault are there already; only the gate does not know it.
prepare_wingtip() {
  frontend_of[wingtip]=203.0.113.30
  ip address add 203.0.113.30/32 dev "$([ -n "$steered" ] && echo eth0 || echo lo)"
  certificate wingtip wingtip.vault.example
  start_vault wingtip 8203
}

# --- verdicts -------------------------------------------------------------------------------------

# check SENTENCE EXPECTED FOUND: one case of the test
check() {
  if [ "$2" == "$3" ]; then
    echo "ok $1"
  else
    gate_failures=$((gate_failures + 1))
    echo "not ok $1"
    printf '# expected: %s\n# found:    %s\n' "$2" "$3"
  fi
}

# says SENTENCE PATTERN TEXT
says() {
  if grep -qE -- "$2" <<<"$3"; then
    echo "ok $1"
  else
    gate_failures=$((gate_failures + 1))
    echo "not ok $1"
    printf '# no %s in: %s\n' "$2" "$3"
  fi
}

gate_finish() {
  if [ "$gate_failures" -gt 0 ]; then
    tail -n 15 "$work"/*.log | sed 's/^/# /' | cut -c 1-300
    exit 1
  fi
}
