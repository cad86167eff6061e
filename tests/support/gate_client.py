#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client that keeps one connection open and asks again for each line on its input; prints the
status of each answer, or what went wrong.

  gate_client.py CA SOURCE HOST ADDRESS PORT PATH [TOKENFILE]

SOURCE is an address, or ADDRESS:PORT; then the connection ends with a reset, so that the port is
free again at once. The line "close" lets the server end the connection first.
"""
import http.client
import socket
import ssl
import struct
import sys


def connect(authority, source, host, address, port):
    context = ssl.create_default_context(cafile=authority)
    source, _, source_port = source.partition(":")
    raw = socket.socket()
    raw.settimeout(60)
    if source_port:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    raw.bind((source, int(source_port or 0)))
    raw.connect((address, int(port)))
    client = http.client.HTTPSConnection(host)
    client.auto_open = 0  # a connection that was closed is not replaced in silence
    client.sock = context.wrap_socket(raw, server_hostname=host)
    return client


def ask(client, path, headers):
    client.request("GET", path, headers=headers)
    answer = client.getresponse()
    answer.read()
    return answer.status


def ask_and_see_it_close(client, host, path, headers):
    tls = client.sock
    tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    tls.sendall("\r\n".join(lines + ["", ""]).encode())
    answer = b""
    while piece := tls.recv(65536):
        answer += piece
    while socket.socket.recv(tls, 4096):  # not a word more: it would be answered with a reset
        pass
    tls.close()
    return answer.split()[1].decode()


def main(authority, source, host, address, port, path, tokenfile=None):
    headers = {}
    if tokenfile:
        with open(tokenfile, encoding="ascii") as file:
            headers["Authorization"] = "Bearer " + file.read().strip()
    try:
        client = connect(authority, source, host, address, port)
    except OSError as error:
        print(type(error).__name__, flush=True)
        return
    for line in sys.stdin:
        try:
            if line.strip() == "close":
                print(ask_and_see_it_close(client, host, path, headers), flush=True)
                return
            print(ask(client, path, headers), flush=True)
        except (OSError, http.client.HTTPException) as error:
            print(type(error).__name__, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
