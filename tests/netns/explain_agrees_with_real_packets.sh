#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `explain` says is what happens, with the very rule; asking counts nothing.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# compare SOURCE VERDICT REASON LINE: the packet's fate, and what explain says of it
compare() {
  local fate=reply said
  [ "$2" != drop ] || fate=silence
  said=$(vw explain --json --to "$frontend/udp" --from "$1:40000")
  expect "$2 $3 $4" "$(jq -r '"\(.verdict) \(.reason) \(.rule.line)"' <<<"$said")" \
    "$1: explain says $2"
  before=$(counter contoso "$2" "$3")
  expect $fate "$(ask --udp "$1" "$frontend")" "$1: and so it is"
  expect 1 "$(($(counter contoso "$2" "$3") - before))" "$1: counted once, under that name"
}

make_pair
write_rules rules.yaml 203.0.113.48/30 "{range: 203.0.113.99, expires: 2020-01-01T00:00:00Z}"
printf '%s\n' 'block:' '  ip_rules:' '    - 203.0.113.64/30' >>"$work/rules.yaml"
write_node 'interfaces: [{name: eth0}]' 'failsafe: [203.0.113.67]'
ip_in client address add 203.0.113.67/24 dev eth0
ip_in client address add 203.0.113.99/24 dev eth0
start_agent
push rules.yaml
compare $friend allow ip_rule 7
compare $stranger drop blocked 11
compare 203.0.113.67 allow failsafe 3
compare 203.0.113.99 drop not_allowed null

before=$(grep -v '^#' "/run/$instance/bpf/metrics")
for _ in {1..20}; do
  vw explain --vault contoso --from $stranger >/dev/null
done
expect "$before" "$(grep -v '^#' "/run/$instance/bpf/metrics")" 'asking counts nothing'
expect_match 'it ended' "$(vw explain --vault contoso --from 203.0.113.99)" 'an expired rule is told of'
