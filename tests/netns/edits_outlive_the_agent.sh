#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Edits are kept beside the document that they are made on: they hold over restarts, kills at any
# moment and a start from the disk, and what they are made on is kept for as long.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

RANDOM=5
kept=/var/lib/$instance/rules
edit() { vw network-rule "$@" --vault contoso >/dev/null; }
listed() { vw network-rule list --vault contoso --json | jq -r '[.ip_rules[].rule] | sort | join(" ")'; }
files() { find "$kept" -name "*.$1" | wc -l; }

# As after a reboot: the kernel has nothing.
reboot() {
  stop_agent
  vw agent --detach >/dev/null
  start_agent
}

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
edit add --ip-address $other
edit remove --ip-address $friend
digest=$(status_of .rules.digest)
stop_agent
start_agent
expect "3 $digest" "$(generation) $(status_of .rules.digest)" 'a restart has the same rules'
expect_match 'generation 3 is in force already and was taken over' "$(cat "$log")" 'and adopts them'
reboot
expect "3 $digest $other" "$(generation) $(status_of .rules.digest) $(listed)" 'so has a start from the disk'
expect 'reply silence' "$(ask --udp $other "$frontend") $(ask --udp $friend "$frontend")" \
  'and they are enforced'

end=$(($(date +%s) + 3))
edit add --ip-address $friend --expires "$(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ)"
expect reply "$(ask --udp $friend "$frontend")" 'until its end a rule counts'
kill_agent
while [ "$(date +%s)" -le $end ]; do sleep 0.1; done
expect silence "$(ask --udp $friend "$frontend")" 'and no longer, without an agent'
start_agent

torn=0 lost=0
for round in {1..8}; do
  action=add
  [ $((round % 2)) -eq 1 ] || action=remove
  edit $action --ip-address $stranger 2>/dev/null 9>&- &
  sleep "0.$(printf '%03d' $((RANDOM % 40)))"
  kill_agent
  wait || true
  kernel=$(awk '$1 == "vaultwall_rules_generation" { print $2 }' "/sys/fs/bpf/$instance/metrics")
  start_agent
  [ "$(generation)" = "$kernel" ] || lost=$((lost + 1))
  case "$(listed) $(ask --udp $stranger "$frontend")" in
  *"$stranger reply" | *"$other silence") ;;
  *)
    torn=$((torn + 1))
    echo "# round $round: $(listed)"
    ;;
  esac
done
expect 0 "$torn" 'what is shown is what is enforced, old or new'
expect 0 "$lost" 'the generation in the kernel is the one that the agent knows'

for round in {1..17}; do
  edit add --ip-address 192.0.2.1
  edit remove --ip-address 192.0.2.1
done
expect '1 32' "$(files rules) $(files edits)" 'of many edits the last are kept, and the document'
before=$(generation) rules=$(listed)
expect_true "$(stat -c %s "$kept/$(printf '%010d' "$before").edits") < 1000" 'an edit is no second document'
reboot
expect "$before $rules" "$(generation) $(listed)" 'they are read from there'

stop_agent
vw agent --detach >/dev/null
echo '- {}' >>"$kept/$(printf '%010d' "$before").edits"
start_agent
expect $((before - 1)) "$(generation)" 'what is damaged is passed over for what was before it'
expect_match 'is damaged' "$(cat "$log")" 'and told'
rm "$kept"/*.rules
edit add --ip-address 192.0.2.2
expect 1 "$(files rules)" 'an edit whose document is lost is kept whole'
rules=$(listed)
reboot
expect "$rules" "$(listed)" 'and read'
