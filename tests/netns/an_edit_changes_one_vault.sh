#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# network-rule changes one vault's rules on top of the document: what is so already is no change,
# what is wrong changes nothing, a push ends it and says so.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

edit() { vw network-rule "$@" --vault contoso; }
# What an edit says, both streams, without the time that it took.
said() { edit "$@" 2>&1 | grep -v '^took' || true; }
listed() { vw network-rule list --vault contoso --json | jq -r '[.ip_rules[].rule] | sort | join(" ")'; }

# call JSON [QUERY]: the status and the answer
call() {
  curl -q -s -w '%{http_code} ' --max-time 5 -H Expect: --unix-socket "/run/$instance/control.sock" \
    --data-binary "$1" "http://vaultwall/v1/network-rules${2-}" -o "$work/answer"
  cat "$work/answer"
}

make_pair
everybodys
write_rules rules.yaml $friend set:partners
cat >>"$work/rules.yaml" <<YAML
  - name: fabrikam
    frontends: ["$host4:8443"]
virtual_networks:
  - name: vnet
    tag: 7001
    subnets: [{name: web, prefix: 10.1.0.0/24, service_endpoint: true}, {name: off, prefix: 10.1.1.0/24}]
ip_sets: [{name: partners, ranges: [198.51.100.0/24]}]
YAML
start_agent
expect_status 1 'no rules' edit add --ip-address $other
push rules.yaml
expect silence "$(ask --udp $other "$frontend")" 'a stranger to begin with'
expect "$(printf '%s\n' 'Dry run, nothing was changed: 2 vaults, 3 ranges' 'It would change contoso:' \
  "  + $other")" "$(said add --ip-address $other --dry-run)" 'a dry run says what it would be'
expect '1 silence' "$(generation) $(ask --udp $other "$frontend")" 'and changes nothing'

expect "$(printf '%s\n' 'Generation 2 is in force: 2 vaults, 3 ranges' 'Changed contoso:' \
  "  + $other")" "$(said add --ip-address $other)" 'an edit says what it changes'
expect reply "$(ask --udp $other "$frontend")" 'who was added is let in'
expect_match "$other of vault contoso" "$(vw explain --vault contoso --from $other)" 'by that rule'
expect_match 'added by root at 2' "$(vw explain --vault contoso --from $other)" 'whose maker is told'
expect 'network-rule 1' "$(vw explain --vault contoso --from $other --json |
  jq -r '.rule | "\(.file) \(.line)"')" 'and where it stands'
expect "$(printf '%s\n' 'Generation 2 stays in force: 2 vaults, 3 ranges' \
  '  the rules of contoso are the same as before')" "$(said add --ip-address $other)" 'again it is none'
expect 2 "$(generation)" 'and no generation'

said add --ip-address 10.0.0.1/8 --ip-address 198.51.100.7 --subnet vnet/web >"$work/said"
expect_match "'10.0.0.1/8' has bits set below its prefix" "$(<"$work/said")" 'doubts are told'
expect_match "'198.51.100.7' is covered by '198.51.100.0/24' in set 'partners'" "$(<"$work/said")" \
  'those about other rules, too'
expect "10.0.0.0/8 198.51.100.7 $friend $other set:partners" "$(listed)" 'all of them are listed'
expect vnet/web "$(vw network-rule list --vault contoso --json |
  jq -r '.virtual_network_rules[].subnet')" 'the subnet, too'
expect '3 5' "$(status_of '"\(.generation) \(.rules.ranges)"')" 'they are one generation, and counted'

said remove --ip-address 198.51.100.7 --ip-address 192.0.2.0/24 --subnet vnet/web >"$work/said"
expect_match "'198.51.100.7' is removed from vault 'contoso'; 'set:partners'" "$(<"$work/said")" \
  'whom a set still lets in is told'
expect_match "'192.0.2.0/24' is no rule of vault 'contoso'" "$(<"$work/said")" 'and what is no rule'
edit remove --ip-address 10.0.0.0/8 --ip-address $friend >/dev/null
expect "$other set:partners" "$(listed)" 'rules of the document can be removed'
expect 'silence reply' "$(ask --udp $friend "$frontend") $(ask --udp $other "$frontend")" \
  'and let in no longer'

for wrong in '--ip-address 192.0.2.256' '--ip-address 2001:db8::/32' '--ip-address set:partners' \
  '--subnet vnet/off' '--subnet vnet/none' '--ip-address 192.0.2.1 --expires tomorrow'; do
  # shellcheck disable=SC2086  # words
  expect_status 1 'network-rule: error: ' edit add $wrong
done
expect_status 1 "there is no vault 'contosa'; did you mean 'contoso'?" \
  vw network-rule add --vault contosa --ip-address 192.0.2.1
for body in '' '[]' '{' '{"vault": "contoso", "vault": "contoso"}' $'{"vault": "\xff"}' \
  '{"vault": "contoso", "action": "add", "subnets": ["\u0000"]}'; do
  expect_match '400 ' "$(call "$body")" "no JSON: $body"
done
for body in '{}' '{"vault": 7, "action": [], "ip_addresses": {}}' '{"vault": "contoso", "action": "add"}' \
  '{"vault": "contoso", "action": "add", "ip_addresses": [["192.0.2.1"], null, {"a": "b"}]}' \
  '{"vault": "contoso", "action": "add", "ip_addresses": ["192.0.2.1"], "by": "ann"}' \
  '{"vault": "contoso", "action": "add", "ip_addresses": ["192.0.2.1\n- {}", "\"}", "*a", "!!b"]}' \
  "{\"vault\": \"contoso\", \"action\": \"add\", \"ip_addresses\": [$(printf '"192.0.2.1",%.0s' {1..1000})\"1.1.1.1\"]}"; do
  expect_match '422 ' "$(call "$body")" "no edit: ${body:0:100}"
done
head -c 1100000 /dev/zero | tr '\0' ' ' >"$work/large"
expect_match '413 ' "$(call "@$work/large")" 'a large one is refused'
expect_match '400 ' "$(curl -q -s -w '%{http_code} ' --unix-socket "/run/$instance/control.sock" \
  --data-binary '{"name": "a", "rules": "version: 1\nvaults: []\n", "edits": "- {}\n"}' \
  http://vaultwall/v1/push)" 'a push has no edits'
expect_status 3 'permission denied' as_nobody "$work/vaultwall" --instance "$instance" network-rule add \
  --vault contoso --ip-address $stranger
expect "5 $other set:partners" "$(generation) $(listed)" 'none of them changed anything'
expect_match 'network-rule by uid 0 (root): generation 2 is in force, vault contoso, 1 rules changed: +203' \
  "$(cat "$work/agent.log")" 'the log says who did what'

edit add --ip-address $friend >/dev/null
edit remove --ip-address $other >/dev/null
expect 0 "$(status_of .rules.edits)" 'what is as the document says is no edit any more'
edit add --ip-address $other >/dev/null
vw network-rule add --vault fabrikam --ip-address $other >/dev/null
expect 2 "$(status_of .rules.edits)" 'edits are counted'
expect_match "Edits by 'network-rule' would be dropped, of: contoso, fabrikam" \
  "$(vw push --dry-run "$work/rules.yaml")" 'a push would end them'
expect_match "Edits by 'network-rule' are dropped, of: contoso, fabrikam" \
  "$(vw push "$work/rules.yaml")" 'a push ends them, and says so'
expect "$friend set:partners silence" "$(listed) $(ask --udp $other "$frontend")" 'and they are gone'
