#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A rule with an expiry stops matching at that second, in the kernel, although the agent is dead.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
# The agent has gone before that second; a busy machine gets more time for it.
for lead in 4 16 64; do
  start_agent
  end=$(($(date +%s) + lead))
  write_rules rules.yaml $other \
    "{range: $friend, expires: $(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ)}"
  push rules.yaml
  kill_agent
  [ "$(date +%s)" -ge $((end - 2)) ] || break
done
read -r _ answered _ silent < \
  <(run_in client $python "$traffic" watch $friend "$frontend" "$end")
expect_true "$answered < 50" "the last question that was answered came $answered ms after that second"
expect_true "$silent > -50" "and the first that was not, $silent ms"
expect reply "$(ask --udp $other "$frontend")" 'a rule without an expiry stays'
