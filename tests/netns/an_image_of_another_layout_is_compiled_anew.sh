#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An upgrade may bring another layout of the compiled rules. What is pinned goes on deciding until
# the new agent has compiled the same rules from disk; it never reads an image it was not made for.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out'
stop_agent

# The layout is the second word of the first line.
image=$(echo /sys/fs/bpf/"$instance"/image?)
read -ra line <<<"$(bpftool -j map lookup pinned "$image" key 0 0 0 0 | jq -r '.value | join(" ")')"
line[4]=$((line[4] + 1))
bpftool map update pinned "$image" key 0 0 0 0 value "${line[@]}"
expect silence "$(ask --udp $stranger "$frontend")" 'without an agent the stranger stays out'
expect reply "$(ask --udp $friend "$frontend")" 'and the friend is let in'

start_agent
expect 1 "$(generation)" 'the generation is the same'
expect_match 'generation 1 was compiled and is in force' "$(<"$work/agent.log")" \
  'the rules come from disk'
expect 2 "$(counter contoso drop not_allowed)" 'the counters are kept'
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out'
expect reply "$(ask --udp $friend "$frontend")" 'the friend is let in'
