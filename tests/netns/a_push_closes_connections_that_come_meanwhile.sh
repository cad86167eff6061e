#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Connections come while the rules change: whoever was still let in by the old ones, and would now
# be gated, is closed as well.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
write_gating_rules $friend $other
start_agent
push rules.yaml
start client crowd $python "$traffic" crowd $other "$frontend"
several_connected() { [ "$(established $other)" -gt 100 ]; }
nobody_connected() { [ "$(established $other)" = 0 ]; }
for _ in {1..20}; do
  wait_for several_connected
  write_gating_rules $friend
  push rules.yaml
  wait_for nobody_connected
  write_gating_rules $friend $other
  push rules.yaml
done
