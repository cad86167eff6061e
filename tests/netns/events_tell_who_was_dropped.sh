#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `events --follow` shows a drop as it happens, with all that is known about it; a flood of drops
# is all counted, but makes few events.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

follow() {
  run_in host "$vaultwall" --instance "$instance" events --follow --json \
    >"$work/events.json" 2>"$work/follow.log" </dev/null 9>&- &
  disown
}
knock_and_see() {
  ask --udp $stranger "$frontend" >/dev/null
  [ -s "$work/events.json" ]
}

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
push rules.yaml
follow
wait_for knock_and_see
expect "contoso drop not_allowed $stranger $host4 443 udp null 1 $frontend/udp" \
  "$(head -n 1 "$work/events.json" | jq -r '[.vault, .verdict, .reason, .source, .destination,
    .destination_port, .protocol, .tag // "null", .generation, .frontend] | map(tostring) | join(" ")')" \
  'who, whom, why, by which generation'
ask --udp $friend "$frontend" >/dev/null
expect 0 "$(grep -c "$friend" "$work/events.json" || true)" 'who is let in makes no event'

# All from one CPU: the rate limit, and what it left out, is each CPU's own.
cpu=$(taskset -cp $$ | sed -E 's/.*: ([0-9]+).*/\1/')
flood() { run_in client taskset -c "$cpu" $python "$traffic" flood $stranger "$frontend" "$1"; }

tells_of_others() {
  flood 1
  suppressed=$(jq -s 'map(.suppressed) | add' "$work/events.json")
  [ "$suppressed" -gt 1000 ]
}

before=$(counter contoso drop not_allowed)
begin=$SECONDS
flood 100000
dropped=$(($(counter contoso drop not_allowed) - before))
wait_for tells_of_others || true
events=$(wc -l <"$work/events.json")
expect 100000 "$dropped" 'each packet of a flood is counted'
expect_true "$events <= ($SECONDS - $begin + 2) * 100 * $(nproc --all)" "it made $events events"
expect_true "$suppressed > 1000" 'and some tell of the others'
expect 1 "$(generation)" 'the agent answers'
