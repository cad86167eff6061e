#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fills a map of endpoint tags to the last place, or takes out again what this put in.

  fill_tags.py fill|empty PIN
"""
import ctypes
import os
import struct
import sys

BPF_OBJ_GET, LOOKUP, UPDATE, DELETE = 7, 1, 2, 3
SYSCALL = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
NEVER_OLD = 2**64 - 1
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    text = ctypes.create_string_buffer(attributes, 128)
    return libc.syscall(SYSCALL, command, text, 128)


def address(buffer):
    return ctypes.addressof(buffer)


def main(what, pin):
    path = ctypes.create_string_buffer(pin.encode())
    pinned = bpf(BPF_OBJ_GET, struct.pack("=QII", address(path), 0, 0))
    if pinned < 0:
        sys.exit(f"{pin}: {os.strerror(ctypes.get_errno())}")
    value = ctypes.create_string_buffer(struct.pack("=QII", NEVER_OLD, 1, 0), 16)
    count = 0
    while count < 1 << 20:
        # From 240.0.0.0/4, where nobody is.
        key = struct.pack(">10xH4s10xH4sHH", 0xFFFF, struct.pack(">I", 0xF0000000 + count), 0xFFFF,
                          b"\xf0\0\0\0", 1, 1)
        place = ctypes.create_string_buffer(key, 36)
        if what == "fill":
            r = bpf(UPDATE, struct.pack("=I4xQQQ", pinned, address(place), address(value), 0))
        else:
            r = bpf(DELETE, struct.pack("=I4xQ", pinned, address(place)))
        if r < 0:
            break
        count += 1
    print(count)


if __name__ == "__main__":
    main(*sys.argv[1:])
