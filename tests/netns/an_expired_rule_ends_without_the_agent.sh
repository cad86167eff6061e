#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A rule with an expiry stops matching at that second, in the kernel, although the agent is dead.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
start_agent
end=$(($(date +%s) + 4))
write_rules rules.yaml $other \
  "{range: $friend, expires: $(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ)}"
push rules.yaml
kill_agent

# A question takes its time, an answer comes at once: those at the end tell when it was.
last=0
while [ "${EPOCHREALTIME%.*}" -lt $((end + 2)) ]; do
  asked=${EPOCHREALTIME/./}
  [ "$(ask --udp $friend "$frontend")" != reply ] || last=$asked
done
late=$((last / 1000 - end * 1000))
expect_true "$last > 0" 'before that second it counts'
expect_true "$late < 50" "the last question that was answered came $late ms after that second"
expect_true "$late > -1500" 'and not long before it'
expect reply "$(ask --udp $other "$frontend")" 'a rule without an expiry stays'
