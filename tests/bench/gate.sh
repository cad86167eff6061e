#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests per second through the gate, over TLS and connections that stay: with the authoriser
# asked about each, and with the same nginx configuration without it. The vault behind is nginx.
# Usage: gate.sh     VAULTWALL: the program; BENCH_RUNS: of each (default 5)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/bench/figures.sh
source "$here/figures.sh"
export GATE_STEERED=
# shellcheck source=tests/support/gate.sh
source "$here/../support/gate.sh"
command -v wrk >/dev/null || { echo 'there is no wrk here' && exit 77; }
gate_begin "$@"
gate_start

runs=${BENCH_RUNS:-5}
plain_port=8444

# One worker each: there are two processors, and the client and the vault need some of them.
start_vault_and_plain_proxy() {
  cat >"$work/vault.conf" <<CONF
user www-data;
worker_processes 1;
pid "$work/vault.pid";
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:8300 ssl;
    ssl_certificate "$work/contoso.pem";
    ssl_certificate_key "$work/contoso.key";
    location / { default_type application/json; return 200 '{"value": "s3cret"}'; }
  }
}
CONF
  # Whoever keeps it would take back what is changed here.
  kill "$keeper"
  wait "$keeper"
  sed -i "s/127.0.0.1:8200/127.0.0.1:8300/; s/worker_processes auto/worker_processes 1/
    s/keepalive_requests 10000;/keepalive_requests 1000000;/" "$work/nginx.conf"
  sed "s/auth_request .*;/auth_request off;/; s/:$listen_port/:$plain_port/
    s/gate.pid/plain.pid/; s/gate-bodies/plain-bodies/" \
    "$work/nginx.conf" >"$work/plain.conf"
  nginx -c "$work/vault.conf"
  nginx -c "$work/plain.conf"
  nginx -s reload -c "$work/nginx.conf"
  sleep 1
}

# rate PORT SECONDS: requests per second, all of them answered with 200
rate() {
  wrk -t 1 -c 16 -d "$2s" -H "Authorization: Bearer $good" -H 'Host: contoso.vault.example' \
    "https://contoso.vault.example:$1/secrets/greeting?api-version=7.4" >"$work/wrk.out"
  if grep -q 'Non-2xx' "$work/wrk.out"; then
    cat "$work/wrk.out" >&2
    return 1
  fi
  awk '/^Requests\/sec:/ { print $2 }' "$work/wrk.out"
}

measure() {
  local asked=() plain=() ratio=() i
  rate "$listen_port" 1 >/dev/null
  rate "$plain_port" 1 >/dev/null
  for ((i = 0; i < runs; i++)); do
    plain+=("$(rate "$plain_port" 3)")
    asked+=("$(rate "$listen_port" 3)")
    ratio+=("$(over "${asked[i]}" "${plain[i]}")")
  done
  figure gate_requests_per_second 1/s "${asked[@]}"
  figure plain_proxy_requests_per_second 1/s "${plain[@]}"
  figure gate_over_plain_proxy ratio "${ratio[@]}"
}

# The address of the client is a service's.
ip route replace local 203.0.113.10 dev lo table local src "$service"
good=$(token ver='"1.0"')
start_vault_and_plain_proxy
measure
