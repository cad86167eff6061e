#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sixty pushes while a friend talks over TCP and UDP and a stranger knocks: the friend loses
# nothing, the stranger never gets in.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

# With each push another range joins or leaves, and another vault changes.
write_round() {
  write_rules "$1" $friend 198.51.100.0/24 "${@:2}"
  cat >>"$work/$1" <<YAML
  - {name: fabrikam, frontends: [$host4:8443], network_acls: {ip_rules: [${2-192.0.2.1}]}}
YAML
}

has_knocked() { [ "$(counter contoso drop not_allowed)" -gt 700 ]; }
was_answered() { [ "$(counter contoso allow ip_rule)" -gt 2000 ]; }

make_pair
write_round even.yaml
write_round odd.yaml 192.0.2.0/25 10.0.0.0/8
start_agent
push even.yaml
start client udp $python "$traffic" stream --udp $friend "$frontend"
start client tcp $python "$traffic" stream $friend "$frontend"
start client free $python "$traffic" stream --udp $friend "$ssh"
start client stranger $python "$traffic" knock $stranger "$frontend"
for _ in {1..30}; do
  push odd.yaml
  push even.yaml
done
wait_for has_knocked
wait_for was_answered
expect 61 "$(generation)" 'sixty more generations'
# The agent has answered before it tidies up, and does that before it answers again.
expect image0 "$(find "/sys/fs/bpf/$instance" -name 'image*' -printf '%f')" 'the old image is gone'

read -r _ _ _ _ _ free < <(stop free)
read -r _ sent _ answered _ stalled < <(stop udp)
expect_true "$sent > 500" 'the friend sent datagrams'
expect "$sent" "$answered" 'all of them were answered'
expect_true "$stalled < $free + 1000" "the longest pause was $stalled ms, and $free where no rule is"
read -r _ sent _ answered _ stalled _ again < <(stop tcp)
expect_true "$sent > 500" 'the friend sent over TCP'
expect "$sent 0" "$answered $again" 'all of it was answered, nothing had to be sent again'
read -r _ sent _ answered _ tried _ connected < <(stop stranger)
expect_true "$sent > 500 && $tried > 10" 'the stranger knocked'
expect '0 0' "$answered $connected" 'and never got in'
expect 0 "$(counter contoso allow failsafe)" 'nor by another door'
expect 0 "$(counter contoso drop malformed)" 'no packet was taken for a wrong one'
