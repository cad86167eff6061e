#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The gate as a file among those of an nginx that has other work: it is tested where it is included,
# and taken back byte for byte if nginx refuses; whoever was killed in between is cleaned up after,
# with or without an agent.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"

conf=/etc/nginx/conf.d/vaultwall.conf

# In place of the one with an nginx.conf of its own.
start_gate() {
  mount -t tmpfs -o mode=0755 nginx /etc/nginx
  mkdir /etc/nginx/conf.d
  cat >/etc/nginx/nginx.conf <<CONF
user www-data;
pid /run/nginx.pid;
error_log $work/nginx.log warn;
events { worker_connections 64; }
http {
  access_log off;
  server { listen 127.0.0.1:8080; return 204; }
  include /etc/nginx/conf.d/*.conf;
}
CONF
  nginx
  keep
  wait_for configuration_is .current
  wait_for grep -q 'the gate listens' "$work/agent.log"
}

# keep [OPTION]...
keep() {
  "$vaultwall" --config "$work/node.yaml" gate-config --install $conf --follow \
    --upstream-ca "$work/ca.pem" "$@" >>"$work/keeper.log" 2>&1 &
  keeper=$!
}

stop_keeping() {
  kill "-$1" "$keeper"
  wait "$keeper" || true
}

other_work() { curl -q -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/; }
beside() { find /etc/nginx/conf.d -type f ! -name '*.lock' -printf '%f\n' | sort | xargs; }
# grep -q would leave before the agent's answer was printed.
named() { "$vaultwall" status | grep -- "$1" >/dev/null; }

it_is_included() {
  check a_running_nginx_gets_the_gate 200 "$(vault_status second)"
  check and_goes_on_with_its_other_work 204 "$(other_work)"
  check nobody_else_reads_or_writes_it '640 root' "$(stat -c '%a %U' $conf)"
}

what_is_refused_is_taken_back() {
  local before
  before=$(sha256sum $conf)
  # By somebody else's fault: the file is not to blame, and is taken back all the same.
  echo 'nonsense on;' >/etc/nginx/conf.d/other.conf
  sed -i 's/contoso.vault.example, //' "$work/rules.yaml"
  push_rules
  check somebody_else_s_fault_is_told yes \
    "$(wait_for named 'nonsense.* in /etc/nginx/conf.d/other.conf:1' && echo yes)"
  check the_file_is_put_back "$before" "$(sha256sum $conf)"
  check the_gate_stands 200 "$(vault_status second)"
  rm /etc/nginx/conf.d/other.conf
  kill -HUP "$keeper"
  check a_signal_makes_it_look_again yes "$(wait_for configuration_is .current && echo yes)"
  write_rules
  push_rules
  wait_for configuration_is .current
  check what_was_refused_does_not_stay vaultwall.conf "$(beside)"
}

an_end_before_the_verdict() {
  write_slow_nginx
  echo -t >"$work/slow"
  stop_keeping TERM
  sha256sum $conf >"$work/before"
  sed -i 's/contoso.vault.example, //' "$work/rules.yaml"
  push_rules
  keep --nginx "$work/slow-nginx"
  wait_for test -e "$work/reached"
  stop_keeping TERM
  check who_is_ended_meanwhile_puts_it_back yes "$(sha256sum -c "$work/before" >&2 && echo yes)"
  check and_leaves_no_note '.vaultwall.conf.refused vaultwall.conf' "$(beside)"
  rm "$work/reached"
}

a_kill_before_the_verdict() {
  keep --nginx "$work/slow-nginx"
  wait_for test -e "$work/reached"
  stop_keeping KILL
  check the_file_was_being_tested 0 "$(grep -c 'server_name contoso' $conf)"
  # Whatever nginx would have said: without an agent nobody can make it anew.
  kill -KILL "$agent"
  wait "$agent" || true
  keep
  check it_is_put_back_without_an_agent yes \
    "$(wait_for sha256sum -c "$work/before" && echo yes)"
  start_agent
  check and_followed_with_one yes \
    "$(wait_for grep 'server_name second.vault.example;' $conf && echo yes)"
  wait_for configuration_is .current
  check nothing_is_left_behind vaultwall.conf "$(beside)"
}

the_first_one_is_refused() {
  stop_keeping TERM
  rm $conf
  echo 'nonsense on;' >/etc/nginx/conf.d/other.conf
  keep
  check a_first_one_that_is_refused_is_told yes "$(wait_for named nonsense && echo yes)"
  check and_there_is_none_afterwards '.vaultwall.conf.refused other.conf' "$(beside)"
  rm /etc/nginx/conf.d/other.conf
  stop_keeping TERM
}

by_hand() {
  local said
  said=$("$vaultwall" --config "$work/node.yaml" gate-config --install $conf \
    --upstream-ca "$work/ca.pem")
  check once_and_by_hand "$conf is new: nginx accepts it and reloads" "$said"
  said=$("$vaultwall" --config "$work/node.yaml" gate-config --install $conf \
    --upstream-ca "$work/ca.pem")
  check twice_does_nothing "$conf is right already: nothing to do" "$said"
  check nobody_keeps_it yes "$(named 'nobody keeps it: it does not follow a push' && echo yes)"
}

gate_start
it_is_included
what_is_refused_is_taken_back
an_end_before_the_verdict
a_kill_before_the_verdict
the_first_one_is_refused
by_hand
gate_finish
