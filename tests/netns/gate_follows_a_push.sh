#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# nginx's configuration, an nginx.conf of its own, follows the rules: a vault that is pushed is
# there at once, a push that concerns nobody leaves nginx alone, and what nginx refuses changes
# nothing but what `status` says. Whoever keeps it may be killed at any moment.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"
gate_start

conf=$work/nginx.conf

identity() { stat -c '%i %Y %s' "$conf"; }
problem() { "$vaultwall" status --json | jq -r '.gate.configuration.problem'; }

a_vault_is_there_after_the_push() {
  check a_vault_that_was_not_pushed_is_not_there 000 "$(vault_status wingtip)"
  add_vault wingtip 203.0.113.30
  push_rules
  check a_vault_that_was_pushed_is_served yes "$(wait_for is_vault_status 200 wingtip && echo yes)"
  check status_says_so 'true 2' \
    "$("$vaultwall" status --json | jq -r '.gate.configuration | "\(.current) \(.generation)"')"
}

a_push_that_concerns_no_server_leaves_nginx_alone() {
  local before
  before="$(workers) $(identity)"
  sed -i "s/object_id: $federated_oid, secrets: \[get\]/object_id: $federated_oid, secrets: [list]/" \
    "$work/rules.yaml"
  push_rules
  wait_for configuration_is '.generation == 3 and .current'
  check a_push_that_changes_no_server_does_not_reload "$before" "$(workers) $(identity)"
}

a_broken_certificate_changes_nothing() {
  local before
  cp "$work/rules.yaml" "$work/rules.good"
  before=$(sha256sum "$conf")
  cp "$work/wingtip.key" "$work/northwind.key"
  echo 'no certificate' >"$work/northwind.pem"
  add_vault northwind 203.0.113.31
  push_rules
  check a_broken_certificate_is_refused yes \
    "$(wait_for configuration_is '.problem != null' && echo yes)"
  says its_path_is_told "nginx refuses it: .*$work/northwind.pem" "$(problem)"
  says people_are_told_too "not of the one in force|$work/northwind.pem" "$("$vaultwall" status)"
  check the_old_configuration_stays "$before" "$(sha256sum "$conf")"
  check the_refused_one_can_be_looked_at 1 \
    "$(grep -c 'server_name northwind' "$work/.nginx.conf.refused")"
  check the_gate_works_as_before 200 "$(vault_status wingtip)"
  check nginx_would_start_with_it yes "$(nginx -q -t -c "$conf" 2>/dev/null && echo yes)"
  cp "$work/wingtip.pem" "$work/northwind.pem"
  check a_repaired_certificate_is_taken_by_itself yes \
    "$(wait_for configuration_is .current && echo yes)"
  cp "$work/rules.good" "$work/rules.yaml"
  push_rules
  wait_for configuration_is .current
}

serial() {
  in_client openssl s_client -connect "203.0.113.10:$port" -bind "$service:0" \
    -servername contoso.vault.example </dev/null 2>/dev/null | openssl x509 -noout -serial
}
has_serial() { [ "$(serial)" = "$1" ]; }

a_renewed_certificate_is_served() {
  local new
  certificate contoso contoso.vault.example second.vault.example
  new=$(openssl x509 -noout -serial -in "$work/contoso.pem")
  check a_renewed_certificate_is_served_by_itself yes "$(wait_for has_serial "$new" && echo yes)"
}

a_vault_without_a_place_is_named() {
  cp "$work/rules.yaml" "$work/rules.good"
  add_vault tailspin 203.0.113.32
  push_rules
  wait_for configuration_is '.generation == 6'
  says a_vault_without_a_certificate_is_named "'tailspin': its certificate cannot be read" \
    "$("$vaultwall" status)"
  cp "$work/rules.good" "$work/rules.yaml"
  push_rules
  wait_for configuration_is '.generation == 7 and .current'
}

another_is_refused() {
  local said code=0
  said=$("$vaultwall" --config "$work/node.yaml" gate-config --install "$conf" --follow \
    --user www-data 2>&1) || code=$?
  check another_for_the_same_file_is_refused 3 "$code"
  says and_told_who_keeps_it "another vaultwall \(pid $keeper\) keeps $conf" "$said"
}

others_cannot_write_there() {
  local said code=0
  mkdir -m 0777 "$work/open"
  said=$("$vaultwall" --config "$work/node.yaml" gate-config --install "$work/open/nginx.conf" \
    --user www-data 2>&1) || code=$?
  check a_folder_for_everybody_is_refused 1 "$code"
  says and_told_why "$work/open.* can be written by others" "$said"
}

# report JSON: the status of the agent's answer to it
report() {
  curl -q -s -o "$work/answer" -w '%{http_code}' --max-time 5 -H Expect: \
    --unix-socket "/run/$VAULTWALL_INSTANCE/control.sock" --data-binary "$1" \
    http://vaultwall/v1/gate-configuration
}

a_report_that_makes_no_sense_changes_nothing() {
  local before
  before=$("$vaultwall" status --json | jq -c '.gate.configuration | [.file, .generation]')
  check a_report_that_is_none_is_refused '400 400 400' \
    "$(report '[]') $(report '') $(report '{"file": "x", "file": "y"}')"
  head -c 200000 /dev/zero | tr '\0' ' ' >"$work/large"
  check a_large_one_is_refused 413 "$(report "@$work/large")"
  check and_nothing_changes "$before" \
    "$("$vaultwall" status --json | jq -c '.gate.configuration | [.file, .generation]')"
}

# Each before the next: who only looked every ten seconds would need twenty from the first to the third.
every_push_is_followed() {
  local began=$SECONDS secrets
  for secrets in get list get; do
    sed -i -E "s/(object_id: $federated_oid, secrets:) \[[a-z]+\]/\1 [$secrets]/" "$work/rules.yaml"
    push_rules
    wait_for configuration_is '.current'
  done
  check every_push_is_followed_at_once yes "$([ $((SECONDS - began)) -lt 20 ] && echo yes)"
}

prepare_wingtip
a_vault_is_there_after_the_push
a_push_that_concerns_no_server_leaves_nginx_alone
a_broken_certificate_changes_nothing
a_renewed_certificate_is_served
a_vault_without_a_place_is_named
another_is_refused
others_cannot_write_there
a_report_that_makes_no_sense_changes_nothing
every_push_is_followed
gate_finish
