#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The right of way moves from one source to another and back: never both, never none. Datagrams of
# the two leave in turn, so what is answered changes sides exactly once for each push.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

judged() { echo $(($(counter contoso allow ip_rule) + $(counter contoso drop not_allowed))); }
are_judged() { [ "$(judged)" -ge "$1" ]; }

# push_and_see FILE: both ask under these rules, however little a busy machine lets them
push_and_see() {
  push "$1"
  wait_for are_judged $(($(judged) + 20))
}

make_pair
write_rules friend.yaml $friend
write_rules other.yaml $other
start_agent
push friend.yaml
start client pairs $python "$traffic" pairs $friend $other "$frontend"
for _ in {1..20}; do
  push_and_see other.yaml
  push_and_see friend.yaml
done
read -r _ sent _ answered _ changes _ last < <(stop pairs)
expect_true "$sent > 500" 'datagrams were sent'
expect 40 "$changes" 'forty pushes, forty changes'
expect a "$last" 'the friend has the last word'
expect "$sent" "$(($(counter contoso allow ip_rule) + $(counter contoso drop not_allowed)))" \
  'each was counted once'
# A datagram that was on its way through the host when the flip came: the filter still let it in,
# the steering no longer did, and says so.
late=$(connections contoso drop not_allowed)
expect_true "$late <= 40" 'at most one for each flip is stopped behind the filter'
expect "$((answered + late))" "$(counter contoso allow ip_rule)" \
  'those that were let in were answered, or stopped there'
