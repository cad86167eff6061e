#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# IP rules are IPv4. An IPv6 frontend admits nobody, unless the vault's default action is allow.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

make_pair
write_rules rules.yaml 0.0.0.0/0
start_agent
push rules.yaml
expect reply "$(ask $stranger "$frontend")" 'all of IPv4 is admitted'
expect silence "$(ask "[$friend6]" "$frontend6")" 'IPv6 is not'
expect_true "$(counter contoso drop not_allowed) > 0" 'which is counted'
sed -i 's/    network_acls:/&\n      default_action: allow/' "$work/rules.yaml"
push rules.yaml
expect reply "$(ask "[$friend6]" "$frontend6")" 'with default_action: allow it is'
expect_true "$(counter contoso allow default_allow) > 0" 'which is counted'
