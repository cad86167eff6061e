#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests per second through the gate, over TLS and 64 connections that stay (with a few neither
# processor is busy, and it is the length of a request's way that counts): with the authoriser
# asked about each, and with the same nginx configuration without it. Between them, for the cost of
# `auth_request` itself, the same with a question that nginx answers on the spot, and with one that
# another nginx answers on a unix socket, always alike. The vault behind is nginx. All of them share
# two processors, so what a request costs proxy and authoriser is told as well.
# Usage: gate.sh     VAULTWALL: the program; BENCH_RUNS: of each, a second long (default 7)
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

runs=${BENCH_RUNS:-7}
plain_port=8444
bound_port=8445
constant_port=8446

# variant NAME PORT SED: nginx with the gate's configuration, but for what the script changes
variant() {
  sed -E "$3
    s/:$listen_port/:$2/; s/gate.pid/$1.pid/; s/gate-(bodies|answers)/$1-\1/" \
    "$work/nginx.conf" >"$work/$1.conf"
  nginx -c "$work/$1.conf"
}

# One worker each: there are two processors, and the client and the vault need some of them.
start_vault_and_variants() {
  cat >"$work/vault.conf" <<CONF
user www-data;
worker_processes 1;
pid "/run/$VAULTWALL_INSTANCE/vault.pid";
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
  large_client_header_buffers 4 32k;
  server {
    listen unix:/run/$VAULTWALL_INSTANCE/constant.sock;
    location / { return 200 ""; }
  }
}
CONF
  # Whoever keeps it would take back what is changed here.
  kill "$keeper"
  wait "$keeper"
  sed -i "s/127.0.0.1:8200/127.0.0.1:8300/; s/worker_processes auto/worker_processes 1/
    s/keepalive_requests 10000;/keepalive_requests 1000000;/" "$work/nginx.conf"
  nginx -c "$work/vault.conf"
  variant plain $plain_port 's/auth_request .*;/auth_request off;/'
  variant bound $bound_port '/location = .*authorize/,/^\t\}/ {
    /location|\}/!d; s/\{/{ internal; return 204;/ }'
  variant constant $constant_port 's/authorize.sock/constant.sock/'
  nginx -s reload -c "$work/nginx.conf" 2>>"$work/nginx.log"
  sleep 0.5
}

# worker NAME: of nginx
worker() { pgrep -P "$(cat "/run/$VAULTWALL_INSTANCE/$1.pid")" | head -n 1; }

# worked PID: nanoseconds of processor time that it has had
worked() { cut -d ' ' -f 1 "/proc/$1/schedstat"; }

# load PORT PROXY: a second of requests, all of them answered with 200. Leaves how many a second in
# `rate`, and microseconds a request of the proxy's and of the authoriser's in `proxy` and `asking`.
load() {
  local before count
  : >"$work/audit/log" # written to memory that was there before
  before=("$(worked "$2")" "$(worked "$authorizer")")
  wrk -t 1 -c 64 -d 1s -H "Authorization: Bearer $good" -H 'Host: contoso.vault.example' \
    "https://contoso.vault.example:$1$path" >"$work/wrk.out"
  if ! grep -q '^Requests/sec' "$work/wrk.out" || grep -qE 'Non-2xx|Socket errors' "$work/wrk.out"; then
    cat "$work/wrk.out" >&2
    return 1
  fi
  count=$(awk '/ requests in / { print $1 }' "$work/wrk.out")
  rate=$(awk '/^Requests\/sec:/ { print $2 }' "$work/wrk.out")
  proxy=$(over $(($(worked "$2") - before[0])) $((count * 1000)))
  asking=$(over $(($(worked "$authorizer") - before[1])) $((count * 1000)))
}

# The proxy has a processor to itself, and vault, authoriser and client share the other: what the
# scheduler makes of five processes on two processors is another figure each time.
keep_apart() {
  local name
  for name in plain bound constant gate; do
    taskset -acp 0 "$(worker "$name")" >/dev/null
  done
  for name in "$authorizer" "$(worker vault)" $$; do
    taskset -acp 1 "$name" >/dev/null
  done
}

# bound NAME PORT: over the plain proxy's last
bound() {
  load "$2" "$(worker "$1")"
  over "$rate" "${plain[-1]}" >>"$work/$1.bound"
}

measure() {
  local asked=() plain=() ratio=() plain_work=() asked_work=() asking_work=() plain_proxy gate i
  authorizer=$(cat "$work/authorizer.pid")
  keep_apart
  plain_proxy=$(worker plain)
  gate=$(worker gate)
  for ((i = 0; i < runs; i++)); do
    load $plain_port "$plain_proxy"
    plain+=("$rate") plain_work+=("$proxy")
    load "$listen_port" "$gate"
    asked+=("$rate") asked_work+=("$proxy") asking_work+=("$asking")
    ratio+=("$(over "$rate" "${plain[i]}")")
    if [ -z "${QUICK-}" ]; then # these explain, they are no marks
      bound bound $bound_port
      bound constant $constant_port
    fi
  done
  figure plain_proxy_requests_per_second 1/s "${plain[@]}"
  figure gate_requests_per_second 1/s "${asked[@]}"
  figure plain_proxy_work us "${plain_work[@]}"
  figure gate_proxy_work us "${asked_work[@]}"
  figure gate_authorizer_work us "${asking_work[@]}"
  if [ -z "${QUICK-}" ]; then
    mapfile -t ratios <"$work/bound.bound"
    figure auth_request_bound ratio "${ratios[@]}"
    mapfile -t ratios <"$work/constant.bound"
    figure constant_authorizer_bound ratio "${ratios[@]}"
  fi
  figure gate_over_plain_proxy ratio "${ratio[@]}"
}

# The decisions were right: this token passes, and none does that is not signed.
check_decisions() {
  check a_good_token_passes 200 "$(ask "$service" contoso "$path" -H "Authorization: Bearer $good")"
  check another_signature_does_not 401 \
    "$(ask "$service" contoso "$path" -H "Authorization: Bearer ${good%??????}AAAAAA")"
}

# The address of the client is a service's.
ip route replace local 203.0.113.10 dev lo table local src "$service"
path='/secrets/greeting?api-version=7.4'
good=$(token ver='"1.0"')
start_vault_and_variants
measure
check_decisions
gate_finish
