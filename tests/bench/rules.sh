#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What rules cost: a push from text to in force beside `nft -f` and `ipset restore` of the same
# list, the growth with its length, the memory of image and agent, one changed vault among many: as an
# edit and as a document.
# Usage: rules.sh     VAULTWALL: the program; BENCH_RUNS: of each (default 5); QUICK=1: what is slow
#   only twice, and no peers at 1,000,000 ranges
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/bench/figures.sh
source "$here/figures.sh"
export PATH=$PATH:/usr/sbin:/sbin

# Network and bpffs of our own: they end with us.
if [ "${1:-}" != inside ]; then
  exec unshare --net --mount --propagation private "$0" inside
fi
mount -t bpf bpf /sys/fs/bpf

vaultwall=${VAULTWALL:-$here/../../build/vaultwall}
runs=${BENCH_RUNS:-5}
slow_runs=${QUICK:+1} slow_runs=${slow_runs:-$runs}
instance=vwbench$$
work=$(mktemp -d)
agent=

finish() {
  [ -z "$agent" ] || kill "$agent" 2>/dev/null || true
  wait 2>/dev/null || true
  if mountpoint -q "/run/$instance/bpf"; then umount "/run/$instance/bpf"; fi
  rm -rf "$work" "/run/$instance" "/var/lib/$instance"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

vw() { "$vaultwall" --instance "$instance" --config "$work/node.yaml" "$@"; }

start_agent() {
  ip link add va type veth peer name vb
  ip link set va up
  ip link set vb up
  printf 'version: 1\ninterfaces:\n  - {name: vb, mode: native}\n' >"$work/node.yaml"
  "$vaultwall" --instance "$instance" --config "$work/node.yaml" agent >"$work/agent.log" 2>&1 &
  agent=$!
  for _ in {1..200}; do
    if vw status >/dev/null 2>&1; then return; fi
    sleep 0.05
  done
  cat "$work/agent.log" >&2
  return 1
}

# --- lists -----------------------------------------------------------------------------------------

# list COUNT: as many unicast prefixes in no order, none within another: each in a /21 of its own
list() {
  awk -v count="$1" 'BEGIN {
    srand(1)
    for (i = 0; i < count; i++) {
      block = 8192 + (i * 386093) % 1800000
      if (block >= 127 * 8192) block += 8192 # loopback
      bits = rand() < 0.4 ? 0 : rand() < 0.4 ? 4 : 8
      address = block * 2048 + int(rand() * (2048 / 2 ^ bits)) * 2 ^ bits
      printf "%d.%d.%d.%d/%d\n", address / 16777216, address / 65536 % 256, address / 256 % 256,
        address % 256, 32 - bits
    }
  }'
}

# document LIST: one vault
document() {
  printf 'version: 1\nvaults:\n  - name: one\n    frontends: ["192.0.2.10:443"]\n'
  printf '    network_acls:\n      default_action: deny\n      ip_rules:\n'
  sed 's/^/        - /' "$1"
}

# vaults COUNT LIST: the list dealt out among them
vaults() {
  awk -v vaults="$1" -v lines="$(wc -l <"$2")" '
    BEGIN { print "version: 1\nvaults:"; each = lines / vaults }
    (NR - 1) % each == 0 {
      n = (NR - 1) / each
      printf "  - name: vault-%d\n    frontends: [\"10.%d.%d.%d:443\"]\n", n, n / 65536, n / 256 % 256, n % 256
      print "    network_acls:\n      default_action: deny\n      ip_rules:"
    }
    { print "        - " $0 }' "$2"
}

# change_one DOCUMENT: the same with another range in its first vault
change_one() { sed '10s|- .*|- 192.0.2.1/32|' "$1"; }

# --- measuring -------------------------------------------------------------------------------------

# timed_push FILE: in seconds; the agent is at rest before it
timed_push() {
  vw status >/dev/null
  seconds vw push "$1" 2>/dev/null
}

# pushes RUNS A B: pushes two documents in turn; the times are left in `times`
pushes() {
  local i rounds=$1
  shift
  times=()
  vw push "$1" >/dev/null 2>&1
  for ((i = 0; i < rounds; i++)); do
    if ((i % 2)); then
      times+=("$(timed_push "$1")")
    else
      times+=("$(timed_push "$2")")
    fi
  done
}

# The lines of the image in force, from its identity; both slots are looked at, the larger counts.
image_lines() {
  local map
  for map in /sys/fs/bpf/"$instance"/image?; do
    bpftool -j map lookup pinned "$map" key 0 0 0 0 |
      jq -r '[.value[8:12] | reverse | .[] | ltrimstr("0x")] | join("")'
  done | while read -r hex; do echo $((16#$hex)); done | sort -n | tail -n 1
}

nft_load() {
  nft -f "$work/nft"
}

ipset_load() {
  ipset restore <"$work/ipset"
}

# peers SIZE LIST PUSH_SECONDS
peers() {
  if command -v nft >/dev/null; then
    {
      printf 'table netdev bench {\n set allowed {\n'
      printf '  type ipv4_addr; flags interval\n  elements = {\n'
      sed 's/$/,/' "$2"
      printf '  }\n }\n}\n'
    } >"$work/nft"
    measure_peer nft "$1" "$3" 'nft delete table netdev bench'
  else
    echo "  nft: skipped, it is not installed"
  fi
  if command -v ipset >/dev/null; then
    {
      echo "create allowed hash:net family inet maxelem $(($(wc -l <"$2") + 1))"
      sed 's/^/add allowed /' "$2"
    } >"$work/ipset"
    measure_peer ipset "$1" "$3" 'ipset destroy allowed'
  else
    echo "  ipset: skipped, it is not installed"
  fi
}

# measure_peer NAME SIZE PUSH_SECONDS UNDO
measure_peer() {
  local loads=() ratios=() i load rounds=$slow_runs
  [ "$2" != 1m ] || rounds=1 # it is slow
  for ((i = 0; i < rounds; i++)); do
    load=$(seconds "${1}_load") || { echo "  $1: skipped, it refuses $2 ranges" && return; }
    $4
    loads+=("$load")
    ratios+=("$(over "$load" "$3")")
  done
  figure "${1}_${2}_seconds" s "${loads[@]}"
  figure "push_over_${1}_$2" x "${ratios[@]}"
}

# size NAME COUNT: both documents, the push, and its median in `last`
size() {
  list "$2" >"$work/a"
  document "$work/a" >"$work/a.yaml"
  change_one "$work/a.yaml" >"$work/b.yaml"
  pushes "$([ "$1" = 1m ] && echo "$slow_runs" || echo "$runs")" "$work/a.yaml" "$work/b.yaml"
  figure "push_$1_seconds" s "${times[@]}"
  last=$(median_of "${times[@]}")
}

growth() { # the greater of two tenfold steps
  local first second
  first=$(over "$2" "$1")
  second=$(over "$3" "$2")
  figure push_growth_10x x "$(printf '%s\n%s\n' "$first" "$second" | sort -g | tail -n 1)"
}

# timed_edit N: in seconds; a range of its own for a vault of its own
timed_edit() {
  vw status >/dev/null
  seconds vw network-rule add --vault "vault-$((100 * $1))" --ip-address "192.0.2.$1" 2>/dev/null
}

# one_changed LIST: among 10,000 vaults; in turn one is edited, one is changed in the document, and
# then every one is
one_changed() {
  local fulls=() ones=() edits=() i k old=a new=b full
  vaults 10000 "$1" >"$work/a.yaml"
  tac "$1" >"$work/reversed"
  vaults 10000 "$work/reversed" >"$work/b.yaml"
  vw push "$work/a.yaml" >/dev/null 2>&1
  for ((i = 0; i < slow_runs; i++)); do
    for k in 1 2 3; do edits+=("$(timed_edit $((3 * i + k)))"); done
    change_one "$work/$old.yaml" >"$work/one.yaml"
    ones+=("$(timed_push "$work/one.yaml")")
    fulls+=("$(timed_push "$work/$new.yaml")")
    read -r old new <<<"$new $old"
  done
  figure push_10k_vaults_seconds s "${fulls[@]}"
  full=$(median_of "${fulls[@]}")
  figure push_one_vault_seconds s "${edits[@]}"
  figure push_one_vault_over_full x "$(over "$(median_of "${edits[@]}")" "$full")"
  figure push_one_vault_document_seconds s "${ones[@]}"
  figure push_one_vault_document_over_full x "$(over "$(median_of "${ones[@]}")" "$full")"
}

start_agent
size 10k 10000
small=$last
size 100k 100000
middle=$last
peers 100k "$work/a" "$middle"
size 1m 1000000
large=$last
growth "$small" "$middle" "$large"
figure bytes_per_range B "$(over $(($(image_lines) * 64)) 1000000)"
[ -n "${QUICK:-}" ] || peers 1m "$work/a" "$large"
one_changed "$work/a"
figure push_peak_mib_1m MiB "$(awk '/^VmHWM/ { print $2 / 1024 }' "/proc/$agent/status")"
