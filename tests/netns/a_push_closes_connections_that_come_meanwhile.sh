#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Connections come while the rules change: whoever was still let in by the old ones, and would now
# be gated, is closed as well.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# Rules that let in the addresses given, and gate $other where they do not.
write_gating_rules() {
  write_rules rules.yaml "$@"
  sed -i 's/    network_acls:/&\n      bypass: trusted_services/' "$work/rules.yaml"
  cat >>"$work/rules.yaml" <<YAML
trusted_services:
  - name: backup
    ip_rules: [$other]
    identities: [{kind: application, app_id: 262044b1-e2ce-469f-a196-69ab7ada62d3}]
YAML
}

established() { run_in host ss -Htn state established "src $frontend and dst $1" | wc -l; }

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
