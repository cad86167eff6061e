#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A connection that a rule let in cannot go on past the gate when the rule has expired: the agent
# closes it, and no other one; if it was away then, when it is back.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# write_ending_rules SECONDS: $other gets in for so long, and is gated from then on
write_ending_rules() {
  end=$(($(date +%s) + $1))
  cat >"$work/rules.yaml" <<YAML
version: 1
trusted_services:
  - name: backup
    ip_rules: [$other]
    identities: [{kind: application, app_id: 262044b1-e2ce-469f-a196-69ab7ada62d3}]
vaults:
  - name: contoso
    frontends: ["$frontend"]
    network_acls:
      bypass: trusted_services
      ip_rules: [$friend, {range: $other, expires: $(date -u -d "@$end" +%FT%TZ)}]
YAML
}

are_connected() { [ "$(established $friend)$(established $other)" = "$1" ]; }
has_ended() { [ "$(date +%s)" -gt "$end" ]; }

# connect_for SECONDS: $other has a connection, and from then on a rule that ends
connect_for() {
  write_ending_rules 3600
  push rules.yaml
  start client cut $python "$traffic" stream $other "$frontend"
  wait_for are_connected 11
  write_ending_rules "$1"
  push rules.yaml
}

make_pair
write_ending_rules 3600
start_agent
push rules.yaml
start client kept $python "$traffic" stream $friend "$frontend"
connect_for 4
wait_for are_connected 10
expect 10 "$(established $friend)$(established $other)" 'whose rule ended is cut off, the other is not'
expect_true "$(date +%s) >= $end" 'and not before it did'
expect refused "$(ask $other "$frontend")" 'and is led to the gate if he tries again'

# The agent is killed before the end; a busy machine gets more time for it.
for lead in 4 16 64; do
  connect_for $lead
  kill_agent
  [ "$(date +%s)" -ge "$end" ] || break
  start_agent
  wait_for are_connected 10
done
wait_for has_ended
sleep 1
expect 11 "$(established $friend)$(established $other)" 'nobody closes it while the agent is away'
start_agent
wait_for are_connected 10
expect 10 "$(established $friend)$(established $other)" 'it is closed when it is back'
