#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The gate while its parts come and go: authoriser killed, restarted under load, agent and nginx
# killed, keys rolled over, and a push that takes back what an open connection lived by.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"
gate_start

secret='/secrets/greeting?api-version=7.4'
good=$(token)
bearer="Authorization: Bearer $good"
held=$work/authorizer.pid.hold
socket=/run/$VAULTWALL_INSTANCE/authorize.sock

status() { ask "$service" contoso "$secret" -H "${1-$bearer}"; }
is_status() { [ "$(status "${2-$bearer}")" = "$1" ]; }
agent_is() { authorizer_status | jq -e ".agent.connected == $1"; }
authorizer_pid() { cat "$work/authorizer.pid"; }
has_ended() { ! kill -0 "$1" 2>/dev/null; }
has_other_pid() { [ "$(authorizer_pid)" != "$1" ]; }

# load NAME REQUESTS: requests over one connection, the status of each in $work/NAME.codes
load() {
  in_client curl -q --silent --noproxy '*' --cacert "$work/ca.pem" --interface "$service" \
    --connect-to "contoso.vault.example:443:203.0.113.10:$port" -H "$bearer" \
    --max-time 100 --output /dev/null --write-out '%{http_code}\n' \
    "https://contoso.vault.example$secret&i=[1-$2]" >"$work/$1.codes" || true
}

# codes NAME...: how many of which
codes() {
  local name files=()
  for name in "$@"; do
    files+=("$work/$name.codes")
  done
  sort "${files[@]}" | uniq -c | awk '{ printf "%s%sx%s", s, $1, $2; s = " " }'
}

a_killed_authorizer_fails_closed() {
  local pid
  pid=$(authorizer_pid)
  touch "$held"
  kill -KILL "$pid"
  check a_killed_authorizer_is_a_no 503 "$(status)"
  check and_says_so ServiceUnavailable "$(jq -r .error.code "$work/body")"
  rm "$held"
  check it_recovers_at_once yes "$(wait_for is_status 200 && echo yes)"
}

a_stopped_authorizer_fails_closed() {
  local pid
  pid=$(authorizer_pid)
  kill -STOP "$pid"
  check an_authorizer_that_hangs_is_a_no 503 "$(status)"
  kill -CONT "$pid"
  check and_goes_on_when_it_does 200 "$(status)"
}

# As on a machine that has a lot to do: questions wait in the socket for it.
a_slow_restart_loses_no_answer() {
  local pid
  pid=$(authorizer_pid)
  touch "$held"
  kill -TERM "$pid"
  wait_for has_ended "$pid"
  { wait_for is_asked && rm "$held"; } &
  check a_slow_restart_loses_no_answer 200 "$(status)"
  wait $!
}
is_asked() { [ "$(ss -Hlxn "src $socket" | awk '{ print $3 }')" -gt 0 ]; }

restarts_under_load() {
  local worker workers=() before
  for worker in one two three four; do
    load "$worker" 700 &
    workers+=("$!")
  done
  for _ in 1 2 3 4; do
    sleep 0.3
    before=$(authorizer_pid)
    kill -TERM "$before"
    wait_for has_other_pid "$before"
  done
  wait "${workers[@]}"
  check restarts_under_load_lose_and_change_no_answer 2800x200 "$(codes one two three four)"
  says it_was_restarted '^[5-9]' "$(grep -c ' authorises: ' "$work/authorizer.log")"
}

keys_roll_over() {
  local new asked
  "$support/gate_issuer.py" key "$work/keys" second
  new="Authorization: Bearer $(key=second token)"
  load rollover 400 &
  publish_keys second first
  check a_new_key_is_fetched_when_a_token_names_it yes \
    "$(wait_for is_status 200 "$new" && echo yes)"
  wait $!
  check old_tokens_counted_all_the_while 400x200 "$(codes rollover)"
  asked=$(grep -c keys "$work/issuer.log")
  "$support/gate_issuer.py" key "$work/keys" third
  new="Authorization: Bearer $(key=third token)"
  for _ in 1 2 3 4 5; do
    status "$new" >/dev/null
  done
  check unknown_keys_do_not_make_us_ask_again_and_again "$asked" \
    "$(grep -c keys "$work/issuer.log")"
}

assertion() {
  echo "Authorization: Bearer $(key=$1 algorithm=ES256 token iss=https://cluster.test \
    sub=system:serviceaccount:backup:worker aud=api://AzureADTokenExchange tid=- appid=- oid=- \
    idtyp=- ver=-)"
}

a_file_of_keys_changes() {
  local old new
  old=$(assertion cluster)
  check a_key_in_a_file_counts 200 "$(status "$old")"
  "$support/gate_issuer.py" key "$work/keys" other ec
  "$support/gate_issuer.py" jwks "$work/keys" other >"$work/cluster.json"
  new=$(assertion other)
  check a_file_of_keys_is_read_again yes "$(wait_for is_status 200 "$new" && echo yes)"
  check a_key_that_left_the_file_counts_no_more 401 "$(status "$old")"
  echo 'no keys' >"$work/cluster.json"
  check a_broken_file_is_told yes "$(wait_for tells_of 'JSON|token expected' && echo yes)"
  check and_leaves_the_last_good_keys 200 "$(status "$new")"
}
tells_of() {
  authorizer_status | jq -r '.keysets[] | select(.source == "file") | .error' | grep -E "$1"
}

a_push_ends_an_open_connection_s_leave() {
  local answers=() line
  echo "$good" >"$work/token"
  coproc CLIENT { in_client "$support/gate_client.py" "$work/ca.pem" "$service" \
    contoso.vault.example 203.0.113.10 "$port" "$secret" "$work/token"; }
  ask_again() {
    echo >&"${CLIENT[1]}"
    read -r line <&"${CLIENT[0]}"
    answers+=("$line")
  }
  ask_again
  sed -i "/object_id: $backup_oid, secrets: \[get, set\]/d" "$work/rules.yaml"
  push_rules
  wait_for authorizer_follows
  ask_again
  write_rules
  push_rules
  wait_for authorizer_follows
  ask_again
  check a_push_ends_the_next_request_of_an_open_connection '200 403 200' "${answers[*]}"
}

authorizer_follows() {
  [ "$(authorizer_status | jq .generation)" = "$(jq .generation "$work/push.json")" ]
}

the_agent_is_away() {
  kill -KILL "$agent"
  check the_state_says_that_the_agent_is_away yes "$(wait_for agent_is false && echo yes)"
  check the_last_rules_stay 200 "$(status)"
  start_agent
  check the_agent_is_found_again yes "$(wait_for agent_is true && echo yes)"
  check and_its_rules_are_the_same 200 "$(status)"
}

the_gate_is_away() {
  local workers each
  mapfile -t workers < <(pgrep -P "$nginx")
  kill -KILL "$nginx" "${workers[@]}"
  for each in "$nginx" "${workers[@]}"; do
    wait_for has_ended "$each"
  done
  check without_a_gate_nobody_gets_in 000 "$(status)"
  rm -f "/run/$VAULTWALL_INSTANCE/gate.pid"
  start_nginx
  check with_a_new_one_everybody_does_again yes "$(wait_for is_status 200 && echo yes)"
}

a_killed_authorizer_fails_closed
a_stopped_authorizer_fails_closed
a_slow_restart_loses_no_answer
restarts_under_load
keys_roll_over
a_file_of_keys_changes
a_push_ends_an_open_connection_s_leave
the_agent_is_away
the_gate_is_away
gate_finish
