#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# nginx's configuration over the end of others: the agent is killed, forgets its rules, and whoever
# keeps the configuration is killed while nginx tests it, and before nginx was told.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"
gate_start

conf=$work/nginx.conf

the_agent_comes_back() {
  kill -KILL "$agent"
  wait "$agent" || true
  start_agent
  check an_agent_that_was_started_anew_is_told yes \
    "$(wait_for configuration_is '.kept and .current' && echo yes)"
  add_vault wingtip 203.0.113.30
  push_rules
  check and_followed yes "$(wait_for is_vault_status 200 wingtip && echo yes)"
  sed -i '/name: wingtip/,$d' "$work/rules.yaml"
  push_rules
}

# What is in force was adopted, but nobody can say any more what it is.
the_rules_are_lost() {
  local before
  wait_for configuration_is '.generation == 3 and .current'
  before=$(sha256sum "$conf")
  kill -KILL "$agent"
  wait "$agent" || true
  rm -rf "/var/lib/$VAULTWALL_INSTANCE"
  start_agent
  check rules_that_nobody_knows_are_a_fault yes \
    "$(wait_for configuration_is '.kept and .problem != null' && echo yes)"
  check and_leave_the_configuration_alone "$before" "$(sha256sum "$conf")"
  push_rules
  check until_the_next_push yes "$(wait_for configuration_is .current && echo yes)"
}

# killed_at WORD: whoever keeps the configuration is killed while nginx is called with WORD
killed_at() {
  echo "$1" >"$work/slow"
  rm -f "$work/reached"
  push_rules
  wait_for test -e "$work/reached"
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
  wait_for configuration_is .current
  before=$(sha256sum "$conf")
  add_vault wingtip 203.0.113.30
  killed_at -t
  check killed_while_nginx_tests_the_file_is_the_old_one "$before" "$(sha256sum "$conf")"
  start_keeper
  check and_the_next_one_goes_on yes "$(wait_for is_vault_status 200 wingtip && echo yes)"

  kill -TERM "$keeper"
  wait "$keeper" || true
  keeper_nginx=$work/slow-nginx start_keeper
  sed -i '/name: wingtip/,$d' "$work/rules.yaml"
  before=$(workers)
  killed_at reload
  check killed_before_the_reload_nginx_has_the_old_one "$before" "$(workers)"
  check though_the_file_is_the_new_one 0 "$(grep -c 'server_name wingtip' "$conf")"
  start_keeper
  wait_for configuration_is '.kept and .current'
  check and_the_next_one_reloads yes "$(wait_for has_none_of "$before" && echo yes)"
  check nothing_is_left_behind '' "$(find "$work" -regex '.*/\.nginx\.conf\.\(new\|old\|pending\)')"
}

prepare_wingtip
the_agent_comes_back
the_rules_are_lost
a_kill_in_the_middle
gate_finish
