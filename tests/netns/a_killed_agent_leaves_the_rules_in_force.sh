#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The agent is killed at random moments of a push and started again: the old rules are in force or
# the new ones, whole; no packet of a friend is lost meanwhile, no stranger gets in.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

RANDOM=7
make_pair
# $other is admitted with an even number of pushes, 192.0.2.1 with an odd one.
write_rules even.yaml $friend $other
write_rules odd.yaml $friend 192.0.2.1
start_agent
push even.yaml
start client udp $python "$traffic" stream --udp $friend "$frontend"
start client stranger $python "$traffic" knock $stranger "$frontend"

torn=0 lost=0
for round in {1..8}; do
  rules=odd.yaml
  [ $((round % 2)) -eq 1 ] || rules=even.yaml
  vw push "$work/$rules" >/dev/null 2>&1 9>&- &
  sleep "0.$(printf '%03d' $((RANDOM % 90)))"
  kill_agent
  wait || true
  kernel=$(awk '$1 == "vaultwall_rules_generation" { print $2 }' "/sys/fs/bpf/$instance/metrics")
  start_agent
  [ "$(generation)" = "$kernel" ] || lost=$((lost + 1))
  ranges=$(vw show --json contoso | jq -r '[.vaults[0].ip_rules[].rule] | sort | join(" ")')
  case "$ranges $(ask --udp $other "$frontend")" in
  "$friend/32 $other/32 reply" | "192.0.2.1/32 $friend/32 silence") ;;
  "$friend $other reply" | "192.0.2.1 $friend silence") ;;
  *)
    torn=$((torn + 1))
    echo "# round $round: $ranges"
    ;;
  esac
done
expect 0 "$torn" 'what is shown is what is enforced, old or new'
expect 0 "$lost" 'the generation in the kernel is the one that the agent knows'
read -r _ sent _ answered _ < <(stop udp)
expect_true "$sent > 500" 'the friend sent datagrams'
expect "$sent" "$answered" 'all of them were answered'
read -r _ sent _ answered _ tried _ connected < <(stop stranger)
expect_true "$sent > 500 && $tried > 10" 'the stranger knocked'
expect '0 0' "$answered $connected" 'and never got in'
push odd.yaml
push even.yaml
expect reply "$(ask $other "$frontend")" 'pushes go on as before'
