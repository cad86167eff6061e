#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The authoriser while a member of its group means harm: it holds as many connections as it gets,
# sends half of a question on each, asks without waiting, or writes what two readers could take for
# different things. No answer becomes wrong, and the proxy has its own without waiting for the end.
set -euo pipefail

# shellcheck source=tests/support/gate.sh
source "$(dirname "$0")/../support/gate.sh"
gate_begin "$@"
gate_start

secret='/secrets/greeting?api-version=7.4'
good=$(token ver='"1.0"')
socket=/run/$VAULTWALL_INSTANCE/authorize.sock

attack() { "$support/gate_attack.py" "$socket" "$good" "$@"; }

# answer TOKEN: the status of a request; the proxy itself waits five seconds, and says 503 then
answer() {
  in_client curl -q -s -o /dev/null -w '%{http_code}' --max-time 60 --cacert "$work/ca.pem" \
    --interface "$service" --connect-to "contoso.vault.example:443:203.0.113.10:$port" \
    -H "Authorization: Bearer $1" "https://contoso.vault.example$secret" || true
}

is_answer() { [ "$(answer "$1")" = "$2" ]; }

while_held() {
  local how=$1 i askers=()
  coproc HOLDER { attack "$how"; }
  local holder=$HOLDER_PID input=${HOLDER[1]}
  read -r -t 20 _ <&"${HOLDER[0]}"
  check "with_${how}_questions_everywhere_a_good_token_passes" 200 "$(answer "$good")"
  # More of the proxy's connections than it has by now.
  for i in {1..8}; do
    answer "$good" >"$work/answer.$i" &
    askers+=("$!")
  done
  wait "${askers[@]}"
  check "with_${how}_questions_everywhere_many_pass_at_once" '8x200' \
    "$(sort "$work"/answer.* | uniq -c | awk '{ print $1 "x" $2 }')"
  check "with_${how}_questions_everywhere_a_bad_one_does_not" 401 "$(answer "${good%??????}AAAAAA")"
  eval "exec $input>&-"
  wait "$holder" || true
  check "after_${how}_questions_all_is_as_before" yes \
    "$(wait_for is_answer "$good" 200 && echo yes)"
}

while_held idle
while_held half
check questions_in_a_row_are_answered_in_their_order '200 401 200 401' "$(attack pipeline)"
check large_and_many_headers_are_refused '431 431' "$(attack headers | paste -s -d ' ')"
check a_body_does_not_become_a_question 'none none none none none' \
  "$(attack framing | paste -s -d ' ')"
check the_authoriser_is_still_the_same 1 "$(grep -c ' authorises: ' "$work/authorizer.log")"
check it_did_not_take_much_memory yes \
  "$(awk '/^VmHWM/ { print $2 < 160 * 1024 ? "yes" : $2 }' "/proc/$(cat "$work/authorizer.pid")/status")"
gate_finish
