#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One agent for an instance: the second one ends with a sentence, and the first goes on. So does a
# --detach while an agent runs.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
expect_status 3 "another agent (pid $agent) runs for instance $instance" \
  run_in host "$vaultwall" --instance "$instance" --config "$work/node.yaml" agent
expect_status 3 'another agent' vw agent --detach
expect 1 "$(generation)" 'the first one answers'
expect silence "$(ask --udp $stranger "$frontend")" 'and filters'
kill_agent
start_agent
expect 1 "$(generation)" 'a dead one is no obstacle'
