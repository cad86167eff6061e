#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody with access to the authorisation socket who means harm. What it holds it keeps until its
input ends; says one line for each thing done.

  gate_attack.py SOCKET TOKEN idle|half|pipeline|headers|framing
"""
import re
import socket
import sys
import time

MANY = 2600
PATIENCE = 60  # seconds, with an answer that is certain to come
QUIET = 1  # seconds, when one who asked later has been answered


def connect(path, seconds=PATIENCE):
    """Waits while the socket's queue is full, which is no wrong answer."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    end = time.monotonic() + seconds
    while True:
        try:
            client.connect(path)
            return client
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def question(token, more=""):
    return (
        "GET /authorize HTTP/1.1\r\nHost: vaultwall\r\nX-Original-Method: GET\r\n"
        "X-Original-URI: /secrets/greeting?api-version=7.4\r\n"
        "X-Original-Host: contoso.vault.example\r\nX-Original-Source: 192.0.2.129:5000\r\n"
        f"X-Original-Frontend: 203.0.113.10:443\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    ).encode()


def statuses(client, count):
    """Of so many answers, or of those before it closes or says nothing for a while."""
    data = b""
    try:
        while data.count(b"\r\n\r\n") < count:
            piece = client.recv(65536)
            if not piece:
                break
            data += piece
    except OSError:
        pass
    return [status.decode() for status in re.findall(rb"HTTP/1\.1 ([0-9]{3})", data)]


def hold(path, text):
    held = []
    end = time.monotonic() + 3
    try:
        while len(held) < MANY and time.monotonic() < end:
            held.append(connect(path, 0.5))
            try:
                held[-1].sendall(text)
            except OSError:
                pass  # one too many: closed
    except BlockingIOError:
        pass
    print("held", flush=True)
    sys.stdin.read()


def pipeline(path, token):
    client = connect(path)
    client.sendall(question(token) + question("x.y.z") + question(token) + question("a.b.c"))
    print(" ".join(statuses(client, 4)))


def headers(path, token):
    for more in ("X: " + "a" * 200000 + "\r\n", "".join(f"H{i}: x\r\n" for i in range(5000))):
        client = connect(path)
        try:
            client.sendall(question(token, more))
        except OSError:
            pass
        print(" ".join(statuses(client, 1)) or "closed")


def framing(path, token):
    """A body where none belongs, whole or not, must not become the next question."""
    hidden = question(token)
    for more in (
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        f"Content-Length: {len(hidden)}\r\nContent-Length: 0\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ):
        client = connect(path)
        client.sendall(question("x.y.z", more) + hidden)
        later = connect(path)
        later.sendall(question("x.y.z"))
        statuses(later, 1)
        client.settimeout(QUIET)
        print("200" if "200" in statuses(client, 2) else "none")


def main(path, token, what):
    if what == "idle":
        hold(path, b"")
    elif what == "half":
        hold(path, question(token)[:-9])
    else:
        {"pipeline": pipeline, "headers": headers, "framing": framing}[what](path, token)


if __name__ == "__main__":
    main(*sys.argv[1:])
