#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whoever is neither root nor in the socket's group is told so; nobody else reads the rules on disk.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
everybodys
write_rules rules.yaml $friend
start_agent
push rules.yaml
socket=/run/$instance/control.sock
expect '660 root' "$(stat -c '%a %U' "$socket")" 'mode and owner of the socket'
for command in status "push $work/rules.yaml" show events; do
  # shellcheck disable=SC2086  # a command with its operand
  expect_status 3 'permission denied' as_nobody "$work/vaultwall" --instance "$instance" $command
done
gid=$(stat -c %g "$socket")
expect 1 "$(as_nobody "$work/vaultwall" --instance "$instance" status --json | jq .generation)" \
  'its group may ask'
gid=65534
expect 1 "$(! as_nobody cat "/var/lib/$instance/current" 2>/dev/null || echo read; generation)" \
  'the state is not for everybody'
stop_agent
expect_status 1 "there is no group 'nobodys-own'" vw --config "$work/node.yaml" agent --group nobodys-own
agent_options=(--group nogroup)
start_agent
expect '660 root nogroup' "$(stat -c '%a %U %G' "$socket")" 'another group owns it on request'
expect 1 "$(as_nobody "$work/vaultwall" --instance "$instance" status --json | jq .generation)" \
  'and may ask'
