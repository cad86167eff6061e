#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A connection that was let in and would now be gated cannot go on past the gate: the push closes
# it, and no other one.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
write_gating_rules $friend $other
start_agent
push rules.yaml
start client kept $python "$traffic" stream $friend "$frontend"
start client cut $python "$traffic" stream $other "$frontend"
both_connected() { [ "$(established $friend)$(established $other)" = 11 ]; }
wait_for both_connected
write_gating_rules $friend
push rules.yaml
expect 1 "$(established $friend)" 'who is still let in stays connected'
expect 0 "$(established $other)" 'who is gated now is cut off at once'
expect refused "$(ask $other "$frontend")" 'and is led to the gate if he tries again'
