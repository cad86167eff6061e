#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 10,000 vaults with 100 ranges each: they are pushed, take no more memory than they should, and give
# it back; two pushes at once are one after the other; what is too large is refused with a figure.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# many FIRST_OCTET VAULTS: the rules; contoso is at the frontend and admits the friend
many() {
  awk -v octet="$1" -v vaults="$2" -v frontend="$frontend" -v friend="$friend" 'BEGIN {
    print "version: 1\nvaults:\n  - name: contoso\n    frontends: [\"" frontend "\", \"" frontend "/udp\"]"
    print "    network_acls: {ip_rules: [" friend "]}"
    for (v = 0; v < vaults - 1; v++) {
      printf "  - name: v%d\n    frontends: [\"10.0.%d.%d:443\"]\n", v, v / 256, v % 256
      print "    network_acls:\n      ip_rules:"
      for (i = 0; i < 100; i++) printf "        - %d.%d.%d.%d\n", octet + i, v / 256, v % 256, 2 * i
    }
  }'
}
mebibytes() { awk -v row="$1:" '$1 == row { print int($2 / 1024) }' "/proc/$agent/status"; }

make_pair
many 20 10000 >"$work/many.yaml"
start_agent
push many.yaml
sed 's/20\.0\.0\.0$/9.0.0.0/' "$work/many.yaml" >"$work/others.yaml"
push others.yaml
expect_match '~ v0: ip_rules' "$(cat "$work/push.log")" 'one vault was changed'
expect '2 10000 999901' "$(status_of '"\(.generation) \(.rules.vaults) \(.rules.ranges)"')" 'in force'
expect reply "$(ask --udp $friend "$frontend")" 'the friend is let in'
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out'
expect_true "$(mebibytes VmHWM) <= 400" "the agent took $(mebibytes VmHWM) MiB at most"
expect_true "$(mebibytes VmRSS) <= 160" "and keeps $(mebibytes VmRSS) MiB"

many 21 1000 >"$work/first.yaml"
many 22 1000 >"$work/second.yaml"
vw push "$work/first.yaml" >"$work/first.log" 2>&1 9>&- &
first=$!
vw push "$work/second.yaml" >"$work/second.log" 2>&1 9>&- &
second=$!
wait $first || echo "# the first ended with $?"
wait $second || echo "# the second ended with $?"
expect 4 "$(generation)" 'two at once: one after the other'
expect 1000 "$(status_of .rules.vaults)" 'and one of them is in force'

# Killed while it sends, and while the agent works.
before=$(generation)
for delay in 0.02 0.2; do
  { timeout --signal=KILL $delay "$vaultwall" --instance "$instance" push "$work/many.yaml"; } \
    >/dev/null 2>&1 9>&- || true
done
expect_true "$(generation) >= $before" 'callers that are killed do no harm'
expect reply "$(ask --udp $friend "$frontend")" 'the friend is still let in'

before=$(generation)
head -c 70000000 /dev/zero | tr '\0' '#' >"$work/huge.yaml"
expect_status 1 'larger than 64 MiB' vw push "$work/huge.yaml"
{ echo 'version: 1' && echo 'vaults:' && { yes -- '- a' || true; } | head -n 4000000; } >"$work/nodes.yaml"
expect_status 1 'more than 4000000 nodes' vw push "$work/nodes.yaml"
expect "$before" "$(generation)" 'neither changed anything'
expect_true "$(mebibytes VmHWM) <= 480" "nor took more than $(mebibytes VmHWM) MiB"
