#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a frontend that several vaults share the authoriser decides by the network rules: it sees what
# network-rule changes, and whoever asks for the rules in either form does.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"
gate_start

secret='/secrets/greeting?api-version=7.4'
good=$(token)
is_answered() {
  [ "$(ask "$office" fabrikam "$secret" -H "Authorization: Bearer $good")" = "$1" ]
}
edit() { "$vaultwall" network-rule "$@" --vault fabrikam >/dev/null; }

# rules TYPE: the edits in them
edits_in() {
  curl -q -s --max-time 5 -H "Accept: $1" --unix-socket "/run/$VAULTWALL_INSTANCE/control.sock" \
    http://vaultwall/v1/rules | grep -c '"action": "add"\|\\"action\\": \\"add\\"'
}

check the_office_is_let_in_by_the_document yes "$(wait_for is_answered 200 && echo yes)"
edit remove --ip-address 198.51.100.0/24
check a_rule_that_is_removed_counts_no_more yes "$(wait_for is_answered 000 && echo yes)"
edit add --ip-address 198.51.100.7
check a_rule_that_is_added_counts yes "$(wait_for is_answered 200 && echo yes)"
check it_is_the_rule_of_the_decision network-rule "$(tail -n 1 "$work/audit/log" | jq -r .rule |
  cut -d : -f 1)"
check rules_have_their_edits_in_both_forms '1 1' \
  "$(edits_in application/json) $(edits_in application/vnd.vaultwall.bundle)"
gate_finish
