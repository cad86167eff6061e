#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows Vaultwall at work: builds a small network of namespaces with a host of four vaults and
# those who ask for them, puts rules/demo.yaml in force, sends real requests and compares what comes
# back with what the rules promise. Exits with 1 if anything differs. Cleans up behind itself;
# KEEP=1 leaves everything up and says how to play with it, `demo.sh clean` takes that away.
# Usage: [KEEP=1] [VAULTWALL=PROGRAM] demo.sh [clean]
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd)
vaultwall=$(realpath -m "${VAULTWALL:-$tree/build/vaultwall}")
KEEP=${KEEP-}
export VAULTWALL_INSTANCE=vaultwall-demo-$$
short=vwd$$
# Owned by root like all of /run: keys and logs of the demo.
work=/run/$VAULTWALL_INSTANCE/demo
differences=0

if [ "$(id -u)" -ne 0 ]; then
  exec sudo env "VAULTWALL=$vaultwall" "KEEP=$KEEP" "NO_COLOR=${NO_COLOR-}" "$0" "$@"
fi

# --- words ----------------------------------------------------------------------------------------

bold='' dim='' good='' bad='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  bold=$'\e[1m' dim=$'\e[2m' good=$'\e[32m' bad=$'\e[31m' plain=$'\e[0m'
fi

title() { printf '\n%s== %s%s\n\n' "$bold" "$1" "$plain"; }
show() {
  local word line=vaultwall
  for word in "$@"; do
    if [[ $word == *' '* ]]; then line+=" '$word'"; else line+=" $word"; fi
  done
  printf '%s$ %s%s\n' "$dim" "$line" "$plain"
  "$vaultwall" "$@"
}
die() {
  printf '%sdemo: %s%s\n' "$bad" "$*" "$plain" >&2
  exit 1
}

# --- the network ----------------------------------------------------------------------------------

declare -A address_of=([contoso]=203.0.113.10 [fabrikam]=203.0.113.11 [adatum]=203.0.113.12
  [northwind]=203.0.113.13)

in_node() { nsenter --net="/run/netns/$short-$1" "${@:2}"; }

# Namespaces and all that runs in them, the filter, and every file.
remove_demo() {
  local instance=$1 prefix=vwd${1##*-} name pid
  for name in $(ip netns list | awk -v p="$prefix-" 'index($1, p) == 1 { print $1 }'); do
    for pid in $(ip netns pids "$name"); do
      kill "$pid" 2>/dev/null || true
    done
  done
  # The agent goes at once, but not before its signal arrives.
  for _ in {1..50}; do
    "$vaultwall" --instance "$instance" agent --detach >/dev/null 2>&1 && break
    sleep 0.1
  done
  for name in $(ip netns list | awk -v p="$prefix-" 'index($1, p) == 1 { print $1 }'); do
    ip netns del "$name"
  done
  rm -rf "/run/$instance" "/var/lib/$instance"
}

clean_all() {
  local folder count=0
  for folder in /run/vaultwall-demo-*; do
    [ -d "$folder" ] || continue
    remove_demo "${folder##*/}"
    count=$((count + 1))
  done
  echo "demo: removed $count"
}

finish() {
  local status=$?
  trap - EXIT
  trap '' INT TERM HUP
  if [ -z "$KEEP" ] || [ "$status" -ge 128 ]; then
    remove_demo "$VAULTWALL_INSTANCE" || true
  fi
  exit "$status"
}

# add_node NAME ADDRESS...: a machine, with one wire to the router
add_node() {
  local name=$1 address
  ip netns add "$short-$name"
  ip -n "$short-router" link add "$name" type veth peer name eth0 netns "$short-$name"
  ip -n "$short-router" address add 169.254.0.1/32 dev "$name"
  ip -n "$short-router" link set "$name" up
  ip -n "$short-$name" link set lo up
  ip -n "$short-$name" link set eth0 up
  for address in "${@:2}"; do
    ip -n "$short-$name" address add "$address/32" dev eth0
    ip -n "$short-router" route add "$address/32" dev "$name"
  done
  ip -n "$short-$name" route add default via 169.254.0.1 dev eth0 onlink src "$2"
}

# add_tunnel NODE LOCAL REMOTE ADDRESS: an end of the virtual network with the tag 7001
add_tunnel() {
  ip -n "$short-$1" link add vnet-app mtu 1450 type vxlan id 7001 dstport 4789 \
    local "$2" ${3:+remote "$3"} dev eth0
  ip -n "$short-$1" address add "$4" dev vnet-app
  ip -n "$short-$1" link set vnet-app up
}

build_network() {
  ip netns add "$short-router"
  ip netns exec "$short-router" sysctl -qw net.ipv4.ip_forward=1
  add_node vaults 203.0.113.1 "${address_of[@]}"
  add_node office 198.51.100.7
  add_node laptop 198.51.100.99
  add_node stranger 192.0.2.66
  add_node app 192.0.2.4
  add_node spoofer 192.0.2.200
  add_node backup 192.0.2.129
  add_node impostor 192.0.2.130
  add_node reports 192.0.2.131
  add_tunnel vaults 203.0.113.1 '' 10.1.0.1/24
  add_tunnel app 192.0.2.4 203.0.113.1 10.1.0.5/24
  add_tunnel spoofer 192.0.2.200 203.0.113.1 10.1.0.66/24
  for name in app spoofer; do
    ip -n "$short-$name" route add 203.0.113.8/29 dev vnet-app
  done
}

write_node() {
  cat >"$work/node.yaml" <<'YAML'
# The configuration of this node. 192.0.2.4 is a peer that may bring endpoint tags by VXLAN.
version: 1
interfaces:
  - {name: eth0, mode: auto}
tags:
  - {transport: vxlan, port: 4789, peers: [192.0.2.4]}
gate:
  listen: 0.0.0.0:8443
YAML
}

# start_in NODE NAME COMMAND...: in the background, its output in NAME.log
start_in() {
  setsid nsenter --net="/run/netns/$short-$1" "${@:3}" >>"$work/$2.log" 2>&1 </dev/null &
}

# wait_until WHAT COMMAND...: ten seconds at most, else that is what we die of
wait_until() {
  for _ in {1..100}; do
    ! "${@:2}" >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  tail -n 5 "$work"/*.log >&2
  die "$1"
}

# make_certificate NAME: of NAME.vault.example, by itself
make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj "/CN=$1.vault.example" -addext "subjectAltName=DNS:$1.vault.example" \
    -keyout "$work/$1/key.pem" -out "$work/$1/certificate.pem" 2>/dev/null
}

# start_vault NAME ADDRESS: a TLS server with a certificate of its own and one secret
start_vault() {
  local folder=$work/$1
  mkdir -p "$folder/secrets"
  make_certificate "$1"
  printf 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"vault": "%s", %s}\n' \
    "$1" '"value": "s3cret"' >"$folder/secrets/greeting"
  (cd "$folder" && exec setsid nsenter --net="/run/netns/$short-vaults" \
    openssl s_server -quiet -accept "$2:443" -cert certificate.pem -key key.pem -HTTP \
    >server.log 2>&1 </dev/null) &
}

start_agent() {
  start_in vaults agent "$vaultwall" --config "$work/node.yaml" agent --group "$gate_user"
  wait_until 'the agent did not start' test -S "/run/$VAULTWALL_INSTANCE/control.sock"
}

# --- asking ---------------------------------------------------------------------------------------

# request NODE VAULT: what curl gets there, or nothing
request() {
  in_node "$1" curl -q --silent --noproxy '*' --connect-timeout 1 --max-time 3 \
    --cacert "$work/$2/certificate.pem" --resolve "$2.vault.example:443:${address_of[$2]}" \
    "https://$2.vault.example/secrets/greeting" || true
}

# answer NODE VAULT: "200", or "no answer"
answer() {
  local body
  body=$(request "$1" "$2")
  case $body in
  *"\"vault\": \"$2\""*) echo '200' ;;
  '') echo 'no answer' ;;
  *) echo "odd: ${body:0:12}" ;;
  esac
}

counters() { grep '^vaultwall_packets_total' "/run/$VAULTWALL_INSTANCE/bpf/metrics" || true; }

# changed BEFORE AFTER VAULT: "VERDICT REASON" of each counter of the vault that has grown
changed() {
  awk -v vault="\"$3\"" -F '[{}=, ]' '
    NR == FNR { before[$0] = 1; next }
    !($0 in before) && $3 == vault && $NF > 0 { gsub(/"/, ""); print $5, $7 }' <(echo "$1") <(echo "$2")
}

# row NAME FROM VAULT EXPECTED CAME COUNTED MARK
row() { printf '%-9s %-19s %-9s %-24s %-10s %-24s %s\n' "$@"; }

# ask NODE FROM VAULT VERDICT REASON: one request, one line of the table
ask() {
  local node=$1 vault=$3 expected="$4 $5" before after came counted mark="${good}ok$plain"
  local promised=200
  [ "$4" != drop ] || promised='no answer'
  before=$(counters)
  came=$(answer "$node" "$vault")
  after=$(counters)
  counted=$(changed "$before" "$after" "$vault")
  # The last packets of the request before may be among them.
  if grep -qxF "$expected" <<<"$counted"; then counted=$expected; fi
  if [ "$came" != "$promised" ] || [ "$counted" != "$expected" ]; then
    mark="${bad}DIFFERS$plain"
    differences=$((differences + 1))
  fi
  row "$node" "$2" "$vault" "$expected" "$came" "${counted//$'\n'/, }" "$mark"
}

ask_before() {
  local node vault count=0
  for vault in contoso fabrikam adatum; do
    for _ in {1..50}; do
      [ "$(answer office "$vault")" != 200 ] || break
      sleep 0.1
    done
  done
  for node in office laptop stranger app spoofer; do
    [ "$(answer "$node" contoso)" = 200 ] || die "without rules $node should reach the vault"
    count=$((count + 1))
  done
  echo "Before there are rules, all $count of them read the secret of vault contoso."
}

ask_all() {
  row 'WHO ASKS' FROM VAULT 'CONTRACT EXPECTS' 'CAME BACK' 'FILTER COUNTED' ''
  ask office '198.51.100.7' contoso allow ip_rule
  ask office '198.51.100.7' fabrikam allow ip_rule
  ask stranger '192.0.2.66' contoso drop not_allowed
  ask stranger '192.0.2.66' fabrikam drop not_allowed
  ask stranger '192.0.2.66' adatum would_drop not_allowed
  ask laptop '198.51.100.99' contoso drop blocked
  ask laptop '198.51.100.99' adatum drop blocked
  ask app '10.1.0.5 tag 7001' contoso allow virtual_network
  ask app '10.1.0.5 tag 7001' fabrikam drop unknown_subnet
  ask spoofer '10.1.0.66 tag 7001' contoso drop untrusted_tunnel
}

# --- the story ------------------------------------------------------------------------------------

tell_cast() {
  cat <<TEXT
A host serves four secret vaults over TLS: contoso, fabrikam, adatum and, for services with a token,
northwind. Vaultwall's filter is on its interface and decides about every packet by
rules/demo.yaml, before the host's TCP sees it.
Who asks:
  office    an address in the range that contoso and adatum admit; fabrikam admits only this one
  stranger  an address that no rule names; adatum is in audit: it lets it in and counts it
  laptop    an address of the office, but on the node's block list
  app       a machine in a virtual network: its packets come in VXLAN, from a peer that is trusted
  spoofer   claims the same virtual network in VXLAN, but comes from no trusted peer
TEXT
}

tell_end() {
  title 'Result'
  if [ "$differences" -gt 0 ]; then
    echo "${bad}$differences of the answers are not what the contract expects.$plain"
    echo "The agent said:"
    cat "$work/agent.log"
    return 1
  fi
  echo "${good}Every answer was what the contract expects.$plain"
}

tell_keep() {
  title 'Still up: play with it'
  cat <<TEXT
As root:
  export VAULTWALL_INSTANCE=$VAULTWALL_INSTANCE PATH=${vaultwall%/*}:\$PATH
  vaultwall status
  vaultwall show contoso
  vaultwall events --follow
  vaultwall explain --vault contoso --from 192.0.2.66
  vaultwall explain --vault northwind --from 192.0.2.129 --token $work/token.backup.impostor \\
    --request 'GET /secrets/greeting'
  cp $work/rules.yaml /tmp/mine.yaml      # change something, then:
  vaultwall push /tmp/mine.yaml
Ask as the stranger (or office, laptop, app, spoofer, backup, impostor, reports):
  ip netns exec $short-stranger curl --cacert $work/contoso/certificate.pem \\
    --resolve contoso.vault.example:443:203.0.113.10 --connect-timeout 2 \\
    https://contoso.vault.example/secrets/greeting
The node's configuration is $work/node.yaml, the agent's log is agent.log beside it.
Take it all away:
  $tree/scripts/demo.sh clean
TEXT
}

# shellcheck source=scripts/demo-gate.sh
source "$tree/scripts/demo-gate.sh"

if [ "${1-}" = clean ]; then
  clean_all
  exit
fi
[ $# -eq 0 ] || {
  sed -n '7s/^# //p' "$0" >&2
  exit 2
}
[ -x "$vaultwall" ] || die "there is no $vaultwall; run 'make' first"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

title 'Vaultwall: a firewall for secret vaults'
tell_cast
umask 077 # keys and tokens; what the authoriser reads as nobody in particular is opened by hand
mkdir -p "$work"
chmod 711 "${work%/*}" "$work"
build_network
write_node
for vault in contoso fabrikam adatum; do
  start_vault "$vault" "${address_of[$vault]}"
done
make_keys
start_token_vault

title 'The rules go in'
start_agent
ask_before
# The same but for where the certificate is.
sed "s|/etc/vaultwall/|$work/|g" "$tree/rules/demo.yaml" >"$work/rules.yaml"
show push "$work/rules.yaml"

title 'Real requests'
ask_all

title 'Trusted services, with a token'
tell_services
start_authorizer
start_gate
echo
ask_with_tokens

title 'What the agent says'
show status
echo
show explain --vault contoso --from 198.51.100.7
echo
show explain --vault contoso --from 192.0.2.66
echo
show explain --vault fabrikam --from 10.1.0.5 --tag 7001
echo
show explain --vault northwind --from 192.0.2.131 --token "$work/token.reports.issuer" \
  --request 'GET /secrets/greeting'
echo
show events --limit 4

title 'What it counted (for Prometheus; the kernel prints it, with or without the agent)'
show metrics
tell_end || [ -n "$KEEP" ]
[ -z "$KEEP" ] || tell_keep
[ "$differences" -eq 0 ]
