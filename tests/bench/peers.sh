#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What an operator would use instead of the filter, on the receiving end vb of a veth. Runs in a
# network and mount namespace that vanish with the benchmark, so nothing has to be taken down there.
# Usage: peers.sh wire | PEER missing | PEER up LIST | PEER count | PEER down
#   LIST: a prefix a line. PEER: nft_set ipset xdp_filter. `count` prints the packets dropped.
#   `missing` prints the command that is not installed, or nothing.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

receiver_mac=02:00:00:00:00:02 # the sender's frames are for it

wire() {
  mount --make-rprivate /
  mount -t bpf bpf /sys/fs/bpf
  printf 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 # nobody but the benchmark sends
  ip link set lo up
  ip link add va type veth peer name vb
  ip link set vb address "$receiver_mac"
  ip link set va arp off up
  ip link set vb arp off up
  if command -v ethtool >/dev/null; then
    ethtool -K vb gro off >/dev/null 2>&1 || true
  fi
}

need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || { echo "$tool" && return; }
  done
}

nft_set_missing() { need nft; }
nft_set_up() {
  {
    echo 'table netdev bench {'
    echo '  set allowed { type ipv4_addr; flags interval; elements = {'
    sed 's/$/,/' "$1"
    echo '  } }'
    echo '  chain in { type filter hook ingress device "vb" priority 0; policy accept;'
    echo '    ip saddr @allowed counter accept'
    echo '    counter drop'
    echo '  }'
    echo '}'
  } | nft -f -
}
nft_set_count() {
  nft list chain netdev bench in | sed -nE 's/.*counter packets ([0-9]+) .* drop$/\1/p'
}
nft_set_down() { nft delete table netdev bench; }

ipset_missing() { need ipset iptables; }
ipset_up() {
  {
    echo "create allowed hash:net family inet maxelem $(($(wc -l <"$1") + 1))"
    sed 's/^/add allowed /' "$1"
  } | ipset restore
  iptables -t raw -A PREROUTING -i vb -m set --match-set allowed src -j ACCEPT
  iptables -t raw -A PREROUTING -i vb -j DROP
}
ipset_count() {
  iptables -t raw -nvxL PREROUTING | awk '$3 == "DROP" { print $1 }'
}
ipset_down() {
  iptables -t raw -F PREROUTING
  ipset destroy allowed
}

# It knows addresses, not ranges, and has room for 10,000: the first address of each prefix.
xdp_filter_pins=/sys/fs/bpf/xdp-filter
xdp_filter_missing() { need xdp-filter bpftool jq; }
xdp_filter_up() {
  xdp-filter load --mode native --policy deny --features ipv4 vb
  awk -v map="$xdp_filter_pins/filter_ipv4" -F '[./]' '
    { print "map update pinned " map " key " $1, $2, $3, $4 " value 1 0 0 0 0 0 0 0" }' "$1" |
    bpftool batch file - >/dev/null
}
xdp_filter_count() {
  bpftool -j map dump pinned "$xdp_filter_pins/xdp_stats_map" |
    jq '[.[] | select(.key[0] == "0x01") | .values[].value[0:8] | reverse |
      map(ltrimstr("0x")) | join("") | explode |
      reduce .[] as $c (0; . * 16 + (if $c > 90 then $c - 87 else $c - 48 end))] | add'
}
xdp_filter_down() { xdp-filter unload vb; }

case $# in
1) wire ;;
*) "${1}_$2" "${@:3}" ;;
esac
