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

secret='/secrets/greeting?api-version=7.4'
bearer="Authorization: Bearer $(token ver='"1.0"')"
conf=$work/nginx.conf
frontend_of[wingtip]=203.0.113.30

status() { ask "$service" "$1" "$secret" -H "$bearer"; }
is_status() { [ "$(status "$2")" = "$1" ]; }
workers() { pgrep -P "$nginx" | sort | xargs; }
identity() { stat -c '%i %Y %s' "$conf"; }
problem() { "$vaultwall" status --json | jq -r '.gate.configuration.problem'; }
milliseconds() { echo $((${EPOCHREALTIME/./} / 1000)); }

# add_vault NAME ADDRESS: to the rules, with the backup service let in
add_vault() {
  cat >>"$work/rules.yaml" <<YAML
  - name: $1
    hostnames: [$1.vault.example]
    frontends: [$2:$port]
    tenant: $tenant
    network_acls: {bypass: trusted_services}
    access_policies:
      - {object_id: $backup_oid, secrets: [get]}
    upstream: 127.0.0.1:8203
    tls: {certificate: $work/$1.pem, key: $work/$1.key}
YAML
}

# Its address and vault are there already; only the gate does not know it.
prepare_wingtip() {
  ip address add 203.0.113.30/32 dev "$([ -n "$steered" ] && echo eth0 || echo lo)"
  certificate wingtip wingtip.vault.example
  start_vault wingtip 8203
  wait_for 5 curl -q -s -k https://127.0.0.1:8203/
}

a_vault_is_there_after_the_push() {
  local began took
  check a_vault_that_was_not_pushed_is_not_there 000 "$(status wingtip)"
  add_vault wingtip 203.0.113.30
  began=$(milliseconds)
  push_rules
  check a_vault_that_was_pushed_is_served yes "$(wait_for 5 is_status 200 wingtip && echo yes)"
  took=$(($(milliseconds) - began))
  echo "# after $took ms"
  check within_two_seconds yes "$([ $took -le 2000 ] && echo yes)"
  check status_says_so 'true 2' \
    "$("$vaultwall" status --json | jq -r '.gate.configuration | "\(.current) \(.generation)"')"
}

a_push_that_concerns_no_server_leaves_nginx_alone() {
  local before
  before="$(workers) $(identity)"
  sed -i "s/object_id: $federated_oid, secrets: \[get\]/object_id: $federated_oid, secrets: [list]/" \
    "$work/rules.yaml"
  push_rules
  wait_for 5 configuration_is '.generation == 3 and .current'
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
    "$(wait_for 5 configuration_is '.problem != null' && echo yes)"
  says its_path_is_told "nginx refuses it: .*$work/northwind.pem" "$(problem)"
  says people_are_told_too "not of the one in force|$work/northwind.pem" "$("$vaultwall" status)"
  check the_old_configuration_stays "$before" "$(sha256sum "$conf")"
  check the_refused_one_can_be_looked_at 1 \
    "$(grep -c 'server_name northwind' "$work/.nginx.conf.refused")"
  check the_gate_works_as_before 200 "$(status wingtip)"
  check nginx_would_start_with_it yes "$(nginx -q -t -c "$conf" 2>/dev/null && echo yes)"
  cp "$work/wingtip.pem" "$work/northwind.pem"
  check a_repaired_certificate_is_taken_by_itself yes \
    "$(wait_for 15 configuration_is .current && echo yes)"
  cp "$work/rules.good" "$work/rules.yaml"
  push_rules
  wait_for 5 configuration_is .current
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
  check a_renewed_certificate_is_served_by_itself yes "$(wait_for 15 has_serial "$new" && echo yes)"
}

a_vault_without_a_place_is_named() {
  cp "$work/rules.yaml" "$work/rules.good"
  add_vault tailspin 203.0.113.32
  push_rules
  wait_for 5 configuration_is '.generation == 6'
  says a_vault_without_a_certificate_is_named "'tailspin': its certificate cannot be read" \
    "$("$vaultwall" status)"
  cp "$work/rules.good" "$work/rules.yaml"
  push_rules
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

the_agent_comes_back() {
  kill -KILL "$agent"
  sleep 0.5
  start_agent
  check an_agent_that_was_started_anew_is_told yes \
    "$(wait_for 5 configuration_is '.kept and .current' && echo yes)"
  sed -i '/name: wingtip/,$d' "$work/rules.yaml"
  push_rules
  check and_followed yes "$(wait_for 5 is_status 000 wingtip && echo yes)"
}

# An nginx that takes its time wherever it is asked to: when it tests, when it reloads.
write_slow_nginx() {
  cat >"$work/slow-nginx" <<'SH'
#!/bin/sh
case " $* " in
*" $(cat /run/gate/slow) "*) touch /run/gate/reached && sleep 30 ;;
esac
exec /usr/sbin/nginx "$@"
SH
  chmod 755 "$work/slow-nginx"
}

# killed_at WORD: whoever keeps the configuration is killed while nginx is called with WORD
killed_at() {
  echo "$1" >"$work/slow"
  rm -f "$work/reached"
  push_rules
  wait_for 5 test -e "$work/reached"
  kill -KILL "$keeper"
}

# has_none_of WORKERS: all of nginx's are other ones, so that it reloaded
has_none_of() { ! grep -qwF "$(tr ' ' '\n' <<<"$1")" <<<"$(workers)"; }

a_kill_in_the_middle() {
  local before
  write_slow_nginx
  echo never >"$work/slow"
  kill -TERM "$keeper"
  wait "$keeper" || true
  keeper_nginx=$work/slow-nginx start_keeper
  wait_for 5 configuration_is .current
  before=$(sha256sum "$conf")
  add_vault wingtip 203.0.113.30
  killed_at -t
  check killed_while_nginx_tests_the_file_is_the_old_one "$before" "$(sha256sum "$conf")"
  start_keeper
  check and_the_next_one_goes_on yes "$(wait_for 5 is_status 200 wingtip && echo yes)"

  kill -TERM "$keeper"
  wait "$keeper" || true
  keeper_nginx=$work/slow-nginx start_keeper
  sed -i '/name: wingtip/,$d' "$work/rules.yaml"
  before=$(workers)
  killed_at reload
  check killed_before_the_reload_nginx_has_the_old_one "$before" "$(workers)"
  check though_the_file_is_the_new_one 0 "$(grep -c 'server_name wingtip' "$conf")"
  start_keeper
  wait_for 5 configuration_is '.kept and .current'
  check and_the_next_one_reloads yes "$(wait_for 5 has_none_of "$before" && echo yes)"
  check nothing_is_left_behind '' "$(find "$work" -regex '.*/\.nginx\.conf\.\(new\|old\|pending\)')"
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
the_agent_comes_back
a_kill_in_the_middle
gate_finish
