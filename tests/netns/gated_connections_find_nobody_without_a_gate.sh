#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where a trusted service may come from, packets pass the filter, but no connection reaches the
# vault: it is for the token gate, and where none listens it is refused at once.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
write_gating_rules $friend
start_agent
push rules.yaml
expect refused "$(ask $other "$frontend")" 'the service is refused, not left waiting'
expect_true "$(counter contoso gate trusted_service) > 0" 'its packets are counted as gated'
expect refused "$(ask --udp $other "$frontend")" 'UDP, too'
expect reply "$(ask $friend "$frontend")" 'the friend is let in'
expect silence "$(ask $stranger "$frontend")" 'the stranger is kept out'
kill_agent
expect refused "$(ask $other "$frontend")" 'the same without the agent'
