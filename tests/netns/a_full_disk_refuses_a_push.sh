#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Rules that cannot be kept are not put in force: one sentence, exit status 3, the old ones stay.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
write_rules old.yaml $friend
write_rules new.yaml $other
mkdir -p "/var/lib/$instance"
mount -t tmpfs -o size=64k,mode=755 tmpfs "/var/lib/$instance"
start_agent
push old.yaml
dd if=/dev/zero of="/var/lib/$instance/fill" bs=1k status=none 2>/dev/null || true
expect_status 3 'No space left on device' vw push "$work/new.yaml"
expect 1 "$(generation)" 'the generation is the old one'
expect reply "$(ask --udp $friend "$frontend")" 'the old rules let in'
expect silence "$(ask --udp $other "$frontend")" 'the old rules keep out'
kill_agent
start_agent
expect 1 "$(generation)" 'a restart finds the old rules'
rm "/var/lib/$instance/fill"
push new.yaml
expect reply "$(ask --udp $other "$frontend")" 'with room again, the push is done'
