#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client that keeps one connection open and asks again for each line on its input; prints the
status of each answer.

  gate_client.py CA SOURCE HOST ADDRESS PORT PATH TOKENFILE
"""
import http.client
import socket
import ssl
import sys


def main(authority, source, host, address, port, path, tokenfile):
    with open(tokenfile, encoding="ascii") as file:
        headers = {"Authorization": "Bearer " + file.read().strip()}
    context = ssl.create_default_context(cafile=authority)
    raw = socket.create_connection((address, int(port)), timeout=6, source_address=(source, 0))
    client = http.client.HTTPSConnection(host)
    client.auto_open = 0  # a connection that was closed is not replaced in silence
    client.sock = context.wrap_socket(raw, server_hostname=host)
    for _ in sys.stdin:
        try:
            client.request("GET", path, headers=headers)
            answer = client.getresponse()
            answer.read()
            print(answer.status, flush=True)
        except (OSError, http.client.HTTPException) as error:
            print(type(error).__name__, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
