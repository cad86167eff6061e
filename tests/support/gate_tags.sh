#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A gate (gate.sh) with a frontend that two vaults share, and two ways to it: a real VXLAN device
# and the plain wire. Sourced by tests/netns/gate_tags*.sh: source it, call gate_begin "$@" first,
# then tags_start.
# shellcheck disable=SC2034  # much is for those who source it
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "${BASH_SOURCE[0]}")/gate.sh"

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

# once FROM:PORT VAULT [close]: by these very ports; "close": the gate ends it first
once() {
  echo "${3-}" | in_client "$support/gate_client.py" "$work/ca.pem" "$1" "$2.vault.example" "$shared" \
    "$port" "$path" "$work/token"
}

# hold FROM:PORT VAULT STATUS: a connection that stays; another line to descriptor 7 asks again
hold() {
  exec 7> >(in_client "$support/gate_client.py" "$work/ca.pem" "$1" "$2.vault.example" "$shared" \
    "$port" "$path" "$work/token" >"$work/held.out")
  echo >&7
  wait_for grep -q "$3" "$work/held.out"
}
is_closed() { grep -qE 'Error|Disconnected' "$work/held.out"; }
is_times() { [ "$(grep -c "$2" "$3")" = "$1" ]; }

metrics() { cat "/run/$VAULTWALL_INSTANCE/bpf/metrics"; }
noted() { metrics | awk '$1 == "vaultwall_tags_noted" { print $2 }'; }
none_is_noted() { [ "$(noted)" = 0 ]; }
refused() { metrics | awk -v r="vaultwall_tags_refused_total{reason=\"$1\"}" '$1 == r { print $2 }'; }

tags_start() {
  gate_start
  echo whatever >"$work/token"
  make_tunnel
}
