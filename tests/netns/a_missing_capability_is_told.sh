#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Without the capabilities it needs the agent says so in a sentence; what is in force stays.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

command -v capsh >/dev/null || skip 'needs capsh'

# run_without CAPABILITIES: the agent, for at most a minute
run_without() {
  run_in host capsh "--drop=$1" -- -c "exec timeout 60 '$vaultwall' --instance '$instance' \
    --config '$work/node.yaml' agent"
}

make_pair
expect_status 3 CAP_BPF run_without cap_bpf,cap_sys_admin
expect_status 3 CAP_NET_ADMIN run_without cap_net_admin,cap_sys_admin
write_rules rules.yaml $friend
start_agent
push rules.yaml
kill_agent
expect_status 3 CAP_BPF run_without cap_bpf,cap_sys_admin
expect silence "$(ask --udp $stranger "$frontend")" 'the stranger is kept out'
expect reply "$(ask --udp $friend "$frontend")" 'the friend is let in'
expect_status 3 'not running' vw status
