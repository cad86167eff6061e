#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For the scripts of tests/netns: a host with the filter, a client behind a wire, the agent of an
# instance of its own, and words to say what is expected. Names come from the path of the script, so
# that all of them run side by side; whatever an earlier run left is cleared away first.
#
#   source tests/support/netns.sh
#   make_pair                     namespaces host and client, addresses below, an echo server
#   start_agent; vw push FILE     then `expect` and its kin; everything ends by itself
set -euo pipefail

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
vaultwall=${VAULTWALL:-$tree/build/vaultwall}
traffic=$tree/tests/support/traffic.py
python=/usr/bin/python3
[ -x $python ] || python=python3

id=vw$(realpath "$0" | cksum | cut -d ' ' -f 1)
instance=$id
work=/run/$id-test
cases=0 failures=0

# The wire between host and client; every test has it to itself.
host4=203.0.113.10 host6=2001:db8::10
friend=203.0.113.50 other=203.0.113.51 stranger=203.0.113.66
friend6=2001:db8::50
# shellcheck disable=SC2034  # for the scripts
frontend=$host4:443 frontend6="[$host6]:443" ssh=$host4:22

# --- the end ---------------------------------------------------------------------------------------

skip() {
  echo "$1"
  exit 77
}

list_namespaces() { ip netns list | awk -v p="$id-" 'index($1, p) == 1 { print $1 }'; }

# Ends what runs in our namespaces, and waits until it has ended.
stop_everything() {
  local name pids
  for _ in {1..1000}; do
    pids=$(for name in $(list_namespaces); do ip netns pids "$name"; done)
    [ -n "$pids" ] || return 0
    # shellcheck disable=SC2086  # a list
    kill -9 $pids 2>/dev/null || true
    sleep 0.02
  done
}

clear_away() {
  local name
  cd /
  stop_everything
  for name in $(list_namespaces); do
    ip netns del "$name"
  done
  for name in /run/"$id" /run/"$id"-*; do
    [ -d "$name" ] || continue
    name=${name##*/}
    [ "$name" = "$id-test" ] || "$vaultwall" --instance "$name" agent --detach >/dev/null 2>&1 || true
    while mountpoint -q "/var/lib/$name"; do umount "/var/lib/$name"; done
    rm -rf "/run/$name" "/var/lib/$name"
  done
}

finish() {
  local status=$?
  trap - EXIT
  trap '' INT TERM HUP
  if [ "$status" -ne 0 ] && [ "$status" -ne 77 ] || [ "$failures" -gt 0 ]; then
    for log in "$work"/*.log; do
      [ ! -f "$log" ] || sed "s|^|# ${log##*/}: |" "$log" | tail -n 40
    done
  fi
  clear_away
  [ "$cases" -eq 0 ] || echo "1..$cases"
  [ "$failures" -eq 0 ] || status=1
  exit "$status"
}

# --- words -----------------------------------------------------------------------------------------

# expect WHAT FOUND: says so if they differ. The third word is what it is about.
expect() {
  cases=$((cases + 1))
  if [ "$1" = "$2" ]; then
    echo "ok $cases - $3"
  else
    echo "not ok $cases - $3"
    echo "# expected: $1"
    echo "# found:    $2"
    failures=$((failures + 1))
  fi
}

# expect_match PATTERN TEXT ABOUT: the text holds it (a bash pattern)
expect_match() {
  # shellcheck disable=SC2053  # a pattern
  if [[ $2 == *$1* ]]; then expect "$1" "$1" "$3"; else expect "$1" "$2" "$3"; fi
}

# expect_true EXPRESSION ABOUT: arithmetic
expect_true() {
  if (($1)); then expect true true "$2"; else expect "$1" false "$2"; fi
}

# expect_status STATUS SENTENCE COMMAND...: how it ends, and what it says on stderr
expect_status() {
  local wanted=$1 sentence=$2 status=0 said
  shift 2
  said=$("$@" 2>&1 >/dev/null </dev/null) || status=$?
  expect "$wanted" "$status" "exit status of: ${*##*/}"
  expect_match "$sentence" "$said" "says: $sentence"
}

# wait_for COMMAND...: a minute at most, which is much for this program and not for a busy machine
wait_for() {
  local end=$((SECONDS + 60))
  while [ $SECONDS -lt $end ]; do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.05
  done
  echo "# never came true: $*"
  return 1
}

# --- network ---------------------------------------------------------------------------------------

run_in() { nsenter --net="/run/netns/$id-$1" "${@:2}"; }
ip_in() { ip -n "$id-$1" "${@:2}"; }

add_namespace() {
  ip netns add "$id-$1"
  ip_in "$1" link set lo up
}

# add_wire NAMESPACE DEVICE NAMESPACE DEVICE
add_wire() {
  ip_in "$1" link add "$2" mtu $mtu type veth peer name "$4" mtu $mtu netns "$id-$3"
  ip_in "$1" link set "$2" up
  ip_in "$3" link set "$4" up
}

# make_pair: the client has the addresses of friend, other and stranger; `mtu` is the wire's
mtu=1500
make_pair() {
  local address
  add_namespace host
  add_namespace client
  add_wire host eth0 client eth0
  ip_in host address add $host4/24 dev eth0
  ip_in host address add $host6/64 dev eth0 nodad
  for address in $friend $other $stranger; do
    ip_in client address add "$address/24" dev eth0
  done
  ip_in client address add $friend6/64 dev eth0 nodad
  serve "$frontend" "$ssh" "$frontend6"
}

# start NAMESPACE NAME COMMAND...: in the background, until "ready" stands in its output
start() {
  : >"$work/$2.log"
  nsenter --net="/run/netns/$id-$1" "${@:3}" >"$work/$2.log" 2>&1 </dev/null 9>&- &
  echo $! >"$work/$2.pid"
  disown
  wait_for grep -q ready "$work/$2.log"
}

has_spoken() { [ "$(tail -n 1 "$1")" != ready ]; }

# stop NAME: ends it with SIGTERM; its last line is what it has to say
stop() {
  local pid
  pid=$(<"$work/$1.pid")
  kill "$pid"
  # Not wait: this may be a subshell, whose child it is not.
  wait_for has_spoken "$work/$1.log"
  tail -n 1 "$work/$1.log"
}

serve() { start host server $python "$traffic" serve "$@"; }
ask() { run_in client $python "$traffic" ask "$@"; }

# --- the agent -------------------------------------------------------------------------------------

# The node's configuration; whatever comes as arguments are further lines of it.
write_node() {
  printf '%s\n' 'version: 1' "$@" >"$work/node.yaml"
}

# write_rules FILE RANGES...: one vault at the frontend (TCP, UDP, IPv6) that admits the ranges
write_rules() {
  local range
  cat >"$work/$1" <<YAML
version: 1
vaults:
  - name: contoso
    frontends: ["$frontend", "$frontend/udp", "$frontend6"]
    network_acls:
      ip_rules:
YAML
  for range in "${@:2}"; do
    echo "        - $range" >>"$work/$1"
  done
}

# write_gating_rules RANGE...: the same as rules.yaml, and $other is gated where they do not let it in
write_gating_rules() {
  write_rules rules.yaml "$@"
  sed -i 's/    network_acls:/&\n      bypass: trusted_services/' "$work/rules.yaml"
  cat >>"$work/rules.yaml" <<YAML
trusted_services:
  - name: backup
    ip_rules: [$other]
    identities: [{kind: application, app_id: 262044b1-e2ce-469f-a196-69ab7ada62d3}]
YAML
}

# established CLIENT: how many connections it has to the frontend
established() { run_in host ss -Htn state established "src $frontend and dst $1" | wc -l; }

# A user of no rights; the program where he can reach it.
as_nobody() { setpriv --reuid=65534 --regid="${gid-65534}" --clear-groups --inh-caps=-all "$@"; }
everybodys() { install -m 755 "$vaultwall" "$work/vaultwall"; }

vw() { "$vaultwall" --instance "$instance" "$@"; }
push() { vw push "$work/$1" >"$work/push.log" 2>&1; }
status_of() { vw status --json | jq -r "$1"; }
generation() { status_of .generation; }
# counted FAMILY VAULT VERDICT REASON
counted() {
  awk -v row="vaultwall_$1_total{vault=\"$2\",verdict=\"$3\",reason=\"$4\"}" \
    '$1 == row { n = $2 } END { print n + 0 }' "/run/$instance/bpf/metrics"
}
counter() { counted packets "$@"; }
# last_event FILTER: of jq, on the newest that the agent knows; of the latest packet it may not yet
last_event() { vw events --json --limit 1 | jq -r "$1"; }
is_last_event() { [ "$(last_event "$1")" = "$2" ]; }
connections() { counted connections "$@"; }

# The log begins anew; it is ready when it answers. `place` is its namespace.
place=host agent_options=()
start_agent() {
  log=$work/agent${instance#"$id"}.log
  : >"$log" # before the one who waits looks into it
  nsenter --net="/run/netns/$id-$place" \
    "$vaultwall" --instance "$instance" --config "$work/node.yaml" agent "${agent_options[@]}" \
    >"$log" 2>&1 </dev/null 9>&- &
  agent=$!
  disown
  wait_for grep -q 'is ready' "$log"
}

is_gone() { ! kill -0 "$1"; }

stop_agent() {
  kill "$agent"
  wait_for is_gone "$agent"
}

kill_agent() {
  kill -9 "$agent"
  wait_for is_gone "$agent"
}

# --- the beginning ---------------------------------------------------------------------------------

[ "$(id -u)" -eq 0 ] || skip 'needs root'
for each in ip jq nsenter $python; do
  command -v "$each" >/dev/null || skip "needs $each"
done
# One run of a script at a time, whoever starts it.
mkdir -p /run/lock # which no init has made in a bare container
exec 9>"/run/lock/$id"
flock -w 100 9 || skip 'the same test runs elsewhere'
clear_away 9>&-
mkdir -p "$work"
chmod 711 "$work"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
write_node 'interfaces: [{name: eth0}]'
