#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends SYNs of a connection's addresses and ports, whether there is one or not.

  syn.py FROM PORT TO PORT COUNT [DEVICE]

PORT of FROM may be FIRST-LAST: all of them, COUNT times. DEVICE is the way out.
"""
import socket
import struct
import sys


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def main(source, source_ports, target, target_port, count, device=None):
    first, _, last = source_ports.partition("-")
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    if device:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    raw.bind((source, 0))
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    for number in range(int(count)):
        for port in range(int(first), int(last or first) + 1):
            segment = struct.pack(">HHIIBBHHH", port, int(target_port),
                                  number * 0x01000193 & 0xFFFFFFFF, 0, 5 << 4, 2, 64240, 0, 0)
            check = checksum(ends + struct.pack(">HH", socket.IPPROTO_TCP, len(segment)) + segment)
            raw.sendto(segment[:16] + struct.pack(">H", check) + segment[18:], (target, 0))


if __name__ == "__main__":
    main(*sys.argv[1:])
