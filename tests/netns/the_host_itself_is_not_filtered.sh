#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the host says to itself is not filtered: a health check of the vault at its own frontend
# needs no rule, whichever device the address lies on. Nobody outside can pass for the host.
set -euo pipefail
# shellcheck source=tests/support/netns.sh
source "$(dirname "$0")/../support/netns.sh"

from_host() { run_in host $python "$traffic" ask "$@"; }

make_pair
write_rules rules.yaml $friend
start_agent
push rules.yaml
expect reply "$(from_host "$host4" "$frontend")" 'the host reaches the vault at its frontend'
expect reply "$(from_host 127.0.0.1 "$frontend")" 'and from 127.0.0.1'
expect reply "$(from_host --udp "$host4" "$frontend")" 'UDP, too'
expect reply "$(from_host "$host6" "$frontend6")" 'and over IPv6'
expect silence "$(ask $stranger "$frontend")" 'the stranger is kept out'

# A datagram that says that it comes from the host itself.
forge() {
  run_in client $python - "$(run_in host cat /sys/class/net/eth0/address)" "$host4" "$frontend" <<'PYTHON'
import socket, struct, sys

mac, own, frontend = sys.argv[1:]
address, port = frontend.split(":")
udp = struct.pack(">HHHH", 50000, int(port), 8, 0)
ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, socket.inet_aton(own),
                 socket.inet_aton(address))
link = bytes.fromhex(mac.replace(":", "")) + bytes(6) + b"\x08\x00"
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("eth0", 0))
wire.send(link + ip + udp)
PYTHON
}
before=$(counter contoso drop not_allowed)
forge
expect_true "$(counter contoso drop not_allowed) == $before + 1" 'who forges its address is dropped'
