#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a frontend that several vaults share the authoriser decides by the network rules: it sees what
# network-rule changes, and whoever asks for the rules in either form does.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"
gate_start

# The service comes to the gate for adatum's sake, whatever fabrikam's rules say.
is_answered() { is_vault_status "$1" fabrikam; }
edit() { "$vaultwall" network-rule "$@" --vault fabrikam --ip-address "$service" >/dev/null; }

# rules TYPE: how many edits are in them
edits_in() {
  curl -q -s --max-time 5 -H "Accept: $1" --unix-socket "/run/$VAULTWALL_INSTANCE/control.sock" \
    http://vaultwall/v1/rules | grep -c '"action": "add"\|\\"action\\": \\"add\\"'
}

check the_document_keeps_the_service_out yes "$(wait_for is_answered 403 && echo yes)"
edit add
check a_rule_that_is_added_counts yes "$(wait_for is_answered 200 && echo yes)"
check it_is_the_rule_of_the_decision network-rule "$(tail -n 1 "$work/audit/log" | jq -r .rule |
  cut -d : -f 1)"
check rules_have_their_edits_in_both_forms '1 1' \
  "$(edits_in application/json) $(edits_in application/vnd.vaultwall.bundle)"
edit remove
check a_rule_that_is_removed_counts_no_more yes "$(wait_for is_answered 403 && echo yes)"
gate_finish
