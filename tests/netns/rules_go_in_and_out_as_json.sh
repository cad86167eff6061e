#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the control socket tells of the rules can be pushed as it is, by anything that speaks HTTP and
# JSON; a body that is not what its type says is refused.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# call METHOD PATH TYPE [BODY]: prints the status and the answer
call() {
  $python - "/run/$instance/control.sock" "$@" <<'PYTHON'
import http.client, socket, sys
path, method, target, kind = sys.argv[1:5]
caller = http.client.HTTPConnection("vaultwall")
caller.sock = socket.socket(socket.AF_UNIX)
caller.sock.connect(path)
body = sys.argv[5].encode() if len(sys.argv) > 5 else None
caller.request(method, target, body, {"Content-Type": kind})
answer = caller.getresponse()
print(answer.status, answer.read().decode())
PYTHON
}

make_pair
printf '%s\n' $friend 198.51.100.0/24 >"$work/partners.txt"
write_rules rules.yaml set:partners
printf 'ip_sets:\n  - {name: partners, file: partners.txt} # gr\303\266\303\237er\n' >>"$work/rules.yaml"
start_agent
push rules.yaml
rules=$(call GET /v1/rules text/plain)
expect '200 ' "${rules%%\{*}" 'the rules in force as JSON'
expect_match $'# gr\303\266\303\237er' "$rules" 'with all that was written'
expect true "$(call POST /v1/push application/json "${rules#* }" | cut -c 5- | jq .unchanged)" \
  'pushed again they are the same'
other_rules=${rules#* } other_rules=${other_rules/$friend/$other}
expect '2 false' "$(call POST /v1/push application/json "$other_rules" | cut -c 5- |
  jq -r '"\(.generation) \(.unchanged)"')" 'with another friend they are not'
expect reply "$(ask --udp $other "$frontend")" 'who is let in'
expect silence "$(ask --udp $friend "$frontend")" 'in place of the one before'
for body in '' 'x' '{}' "$other_rules" '{"name": "a", "size": 9}
x'; do
  expect_match '400 ' "$(call POST /v1/push application/vnd.vaultwall.bundle "$body")" "no packed rules: '${body:0:20}'"
done
expect_match '400 ' "$(call POST /v1/push application/json '{"name": "a", "size": 0}
')" 'packed rules are no JSON'
expect 2 "$(generation)" 'none of them changed anything'
