#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Without the agent the filter goes on deciding and counting. The next one takes over generation,
# counters and links; without what was pinned it restores the rules from disk before it attaches.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
sed -i 's/    network_acls:/    enforcement: audit\n&/' "$work/rules.yaml"
push rules.yaml
sed -i '/enforcement/d' "$work/rules.yaml"
push rules.yaml
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out'
pushed=$(status_of .rules.pushed_at)
stop_agent

expect silence "$(ask --udp $stranger "$frontend")" 'without the agent, too'
expect reply "$(ask --udp $friend "$frontend")" 'and the friend let in'
start_agent
expect "3 $pushed" "$(generation) $(status_of .rules.pushed_at)" 'the generation is adopted'
expect 2 "$(counter contoso drop not_allowed)" 'the counters are kept'
expect_match 'taken over' "$(<"$work/agent.log")" 'the log says so'
expect attached "$(status_of '.interfaces[0].state')" 'the link is moved, not made anew'
expect reply "$(ask $friend "$frontend")" 'the friend is let in'

# As after a reboot: nothing is pinned.
stop_agent
vw agent --detach >/dev/null
expect reply "$(ask --udp $stranger "$frontend")" 'nothing is filtered now'
start_agent
expect "3 $pushed" "$(generation) $(status_of .rules.pushed_at)" 'the rules come from disk'
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out again'
expect reply "$(ask --udp $friend "$frontend")" 'the friend is let in'

# As after an upgrade: an earlier version kept the rules as JSON.
kept=/var/lib/$instance/rules
stop_agent
tail -n +2 "$kept/0000000003.rules" >"$work/text"
head -n 1 "$kept/0000000003.rules" | jq -c --rawfile text "$work/text" \
  '.bundle = {name: .bundle.name, rules: $text}' >"$work/old.json"
rm "$kept"/*.rules
cp "$work/old.json" "$kept/0000000003.json"
start_agent
expect "3 $pushed null" "$(generation) $(status_of .rules.pushed_at) $(status_of .message)" \
  'rules that were kept as JSON are known'
stop_agent
vw agent --detach >/dev/null
start_agent
expect 3 "$(generation)" 'and come from disk'
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out again'

# As after a reboot with a broken disk.
stop_agent
vw agent --detach >/dev/null
echo '{' >"$kept/0000000003.json"
start_agent
expect_match 'nothing is filtered, since none of the rules' "$(status_of .message)" \
  'rules that are lost are told'
