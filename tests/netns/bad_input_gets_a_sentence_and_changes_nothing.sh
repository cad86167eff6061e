#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Wrong rules, a wrong node configuration, no agent, a wrong command line: a sentence with the place,
# an exit status that tells which, and what was in force stays in force.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

run_agent() { run_in host timeout 60 "$vaultwall" --instance "$instance" --config "$1" agent; }
was_refused() { grep -q 'of before stays' "$work/agent.log"; }

make_pair
write_rules rules.yaml $friend
expect_status 3 "start it with 'vaultwall --instance $instance agent'" vw status
expect_status 3 'is not running' vw push "$work/rules.yaml"
expect_status 1 'No such file' run_agent "$work/absent.yaml"
write_node 'interfaces: [{name: lo}]'
expect_status 1 "$work/node.yaml:2:21: bad interface 'lo'" run_agent "$work/node.yaml"

write_node 'interfaces: [{name: eth0}]'
start_agent
push rules.yaml
write_rules wrong.yaml $other 2001:db8::/32 300.1.1.1
expect_status 1 "$work/wrong.yaml:8:11: error:" vw push "$work/wrong.yaml"
expect_status 1 "$work/wrong.yaml:9:11: error:" vw check "$work/wrong.yaml"
expect_status 1 'No such file' vw push "$work/absent.yaml"
expect_status 1 "there is no vault nobody" vw explain --vault nobody --from $friend
expect_status 1 "there is no vault nobody" vw show nobody
expect_status 2 '' vw push
expect_status 2 "did you mean 'push'" vw psh
write_node 'interfaces: []'
kill -HUP "$agent"
wait_for was_refused
expect '1 attached' "$(status_of '"\(.generation) \(.interfaces[0].state)"')" 'the old ones count'
expect reply "$(ask --udp $friend "$frontend")" 'the friend is let in'
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out'
