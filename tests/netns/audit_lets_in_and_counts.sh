#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A vault in audit keeps nobody out; what would be dropped is counted as such, and is an event.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out'
sed -i 's/    network_acls:/    enforcement: audit\n&/' "$work/rules.yaml"
push rules.yaml
expect reply "$(ask $friend "$frontend")" 'the friend is let in'
expect reply "$(ask $stranger "$frontend")" 'the stranger is let in, too'
expect 0 "$(counter contoso drop fragment)" 'nothing is dropped'
expect_true "$(counter contoso would_drop not_allowed) > 2" 'it is counted as would_drop'
expect 1 "$(counter contoso drop not_allowed)" 'the drop of before is still counted'
wait_for is_last_event .verdict would_drop
expect would_drop "$(last_event .verdict)" 'it is an event'
