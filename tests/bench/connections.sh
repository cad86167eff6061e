#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# New connections to an allowed vault, with 1,000 vaults of 100 ranges each in force, on three hosts
# in namespaces of their own: filter and steering, the filter with the steering's link taken off,
# neither. tests/bench/connections.c makes them.
# Usage: connections.sh CONNECTIONS     the program; VAULTWALL, BENCH_RUNS as ever
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

# Networks, bpffs and names of our own: they end with us.
if [ "${1:-}" != inside ]; then
  exec unshare --net --mount --propagation private "$0" inside "$@"
fi
connections=$2
vaultwall=${VAULTWALL:?is the program}
work=$(mktemp -d)
mount -t bpf bpf /sys/fs/bpf
mkdir -p /run/netns
mount -t tmpfs netns /run/netns

hosts=(steer filter none)
stranger=192.0.2.99
agents=()

vw() { nsenter --net="/run/netns/$1" "$vaultwall" --instance "vwbench$$-$1" --config "$work/node.yaml" "${@:2}"; }

finish() {
  local host
  [ ${#agents[@]} -eq 0 ] || kill "${agents[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  for host in "${hosts[@]}"; do
    if mountpoint -q "/run/vwbench$$-$host/bpf"; then umount "/run/vwbench$$-$host/bpf"; fi
    rm -rf "/run/vwbench$$-$host" "/var/lib/vwbench$$-$host"
  done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# make_host NAME NUMBER: 10.255.NUMBER.1 behind a wire, where we are 10.255.NUMBER.2
make_host() {
  ip netns add "$1"
  ip -n "$1" link set lo up
  ip link add "wire$2" type veth peer name eth0 netns "$1"
  ip link set "wire$2" up
  ip address add "10.255.$2.2/24" dev "wire$2"
  ip -n "$1" link set eth0 up
  ip -n "$1" address add "10.255.$2.1/24" dev eth0
  ip -n "$1" route add default via "10.255.$2.2"
}

# Of the vaults one is here; its ranges are as many as those of the others.
write_rules() {
  awk 'BEGIN {
    srand(1)
    print "version: 1\nvaults:"
    for (vault = 0; vault < 1000; vault++) {
      printf "  - name: vault-%d\n    frontends: [\"10.0.%d.%d:443\"", vault, vault / 256, vault % 256
      if (vault == 500) printf ", \"10.255.1.1:443\", \"10.255.2.1:443\""
      print "]\n    network_acls:\n      default_action: deny\n      ip_rules:"
      print "        - " (vault == 500 ? "10.255.0.0/16" : "198.18.0.0/24")
      for (range = 0; range < 99; range++)
        printf "        - %d.%d.%d.0/%d\n", 32 + range, rand() * 256, rand() * 256, 24 + rand() * 4
    }
  }' >"$work/rules.yaml"
  printf 'version: 1\ninterfaces:\n  - {name: eth0, mode: native}\n' >"$work/node.yaml"
}

start_agent() {
  # Not by vw: it is the agent itself that has to end.
  nsenter --net="/run/netns/$1" "$vaultwall" --instance "vwbench$$-$1" --config "$work/node.yaml" \
    agent >"$work/$1.log" 2>&1 &
  agents+=("$!")
  for _ in {1..200}; do
    if vw "$1" status >/dev/null 2>&1; then break; fi
    sleep 0.05
  done
  vw "$1" push "$work/rules.yaml" >/dev/null 2>"$work/$1.push" || { cat "$work/$1.push" >&2 && return 1; }
}

# steered HOST: how many connections the steering has let in
steered() { vw "$1" metrics | awk '/^vaultwall_connections_total.*allow/ { sum += $2 } END { print sum + 0 }'; }

ip link set lo up
ip address add "$stranger/32" dev lo
for number in 1 2 3; do
  make_host "${hosts[number - 1]}" "$number"
done
write_rules
start_agent steer
start_agent filter
bpftool link detach pinned "/sys/fs/bpf/vwbench$$-filter/steer"
"$connections" 10.255.1.1 10.255.2.1 10.255.3.1 "$stranger"
if [ "$(steered steer)" -eq 0 ] || [ "$(steered filter)" -ne 0 ]; then
  echo 'bench: the steering was not where it should have been' >&2
  exit 1
fi
