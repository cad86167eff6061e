#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An interface may be absent when the agent starts, and may be deleted and made again: each time it
# appears it gets the filter.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

state() { status_of '.interfaces[0].state'; }
is_attached() { [ "$(state)" = attached ]; }
is_absent() { [ "$(state)" = absent ]; }

add_namespace host
add_namespace client
start_agent
write_rules rules.yaml $friend
push rules.yaml
expect absent "$(state)" 'there is no eth0 yet'
expect_match 'when it appears' "$(status_of '.interfaces[0].reason')" 'status says what will be'

for round in first second third; do
  add_wire host eth0 client eth0
  wait_for is_attached
  expect attached "$(state)" "it appeared for the $round time"
  ip_in host address add $host4/24 dev eth0
  ip_in client address add $friend/24 dev eth0
  ip_in client address add $stranger/24 dev eth0
  [ $round != first ] || serve "$frontend"
  expect reply "$(ask $friend "$frontend")" 'the friend is let in'
  expect silence "$(ask $stranger "$frontend")" 'the stranger is kept out'
  ip_in host link del eth0
  wait_for is_absent
  expect absent "$(state)" 'it is gone'
done
