#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Connections to the control socket that break off anywhere, or never say anything, and a push that
# is interrupted: the agent answers the next one, and the rules in force are whole.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# send BYTES: leaves without waiting for the answer
send() {
  $python - "/run/$instance/control.sock" "$1" <<'PYTHON'
import socket, sys
caller = socket.socket(socket.AF_UNIX)
caller.connect(sys.argv[1])
caller.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
PYTHON
}

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
for request in '' 'P' 'GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n' \
  'GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n' \
  'POST /v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{\"fi' \
  'POST /v1/push HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n{' \
  'NONSENSE\r\n\r\n' '\x00\x01\x02\r\n\r\n'; do
  send "$request"
  expect 1 "$(generation)" "after '${request:0:40}'"
done

# Thirty who stay and say nothing.
start host idlers $python -c '
import socket, sys, time
callers = [socket.socket(socket.AF_UNIX) for _ in range(30)]
for each in callers:
    each.connect(sys.argv[1])
print("ready", flush=True)
time.sleep(600)' "/run/$instance/control.sock"
expect 1 "$(generation)" \
  'thirty idle callers keep nobody waiting'

# Interrupted at the terminal, early and late.
awk 'BEGIN { for (i = 0; i < 60000; i++) printf "        - 10.%d.%d.%d\n", i / 32768, i / 128 % 256, i * 2 % 256 }' \
  </dev/null >"$work/many"
sed "/ip_rules:/r $work/many" "$work/rules.yaml" >"$work/large.yaml"
for delay in 0.02 0.1 0.3 0.6; do
  status=0
  timeout --signal=INT "$delay" env --default-signal=INT \
    "$vaultwall" --instance "$instance" push "$work/large.yaml" >"$work/push.log" 2>&1 || status=$?
  shown=$(status_of '"\(.generation) \(.rules.ranges > 1000)"')
  expect_match " $shown " ' 1 false 2 true ' "interrupted after $delay s: old or new (status $status)"
done
expect reply "$(ask --udp $friend "$frontend")" 'the friend is let in'
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out'

status=0
timeout --signal=INT 0.5 env --default-signal=INT \
  "$vaultwall" --instance "$instance" events --follow >/dev/null 2>&1 || status=$?
expect 124 "$status" 'events --follow ends with Ctrl-C'
push rules.yaml
expect 1 "$(status_of .rules.ranges)" 'the next push is done'
