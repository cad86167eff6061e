#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A vault for tests: enough of the secrets API over TLS for real clients. It checks itself that a
token is there, and writes what it is sent, but never a token, as a JSON line to a log.

  gate_vault.py ADDRESS PORT CERTIFICATE KEY LOG
"""
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.parse

HIDDEN = {"authorization"}
secrets = {"greeting": "s3cret"}
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def note(self, body):
        headers = {name.lower(): value for name, value in self.headers.items()
                   if name.lower() not in HIDDEN}
        record = {"method": self.command, "target": self.path, "headers": headers,
                  "repeated": sorted({name.lower() for name in self.headers
                                      if len(self.headers.get_all(name)) > 1}),
                  "peer": self.client_address[0], "length": len(body)}
        with lock, open(self.server.log, "a", encoding="ascii") as log:
            log.write(json.dumps(record) + "\n")

    def reply(self, status, value, **headers):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(body)

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def bundle(self, name):
        host = self.headers.get("Host", "vault.example")
        return {"value": secrets[name], "id": f"https://{host}/secrets/{name}/0123456789abcdef",
                "attributes": {"enabled": True, "created": int(time.time()),
                               "updated": int(time.time()), "recoveryLevel": "Recoverable"}}

    def answer(self):
        body = self.read_body()
        self.note(body)
        parts = [part for part in urllib.parse.urlsplit(self.path).path.split("/") if part]
        if not self.headers.get("Authorization", "").startswith("Bearer "):
            return self.reply(401, {"error": {"code": "Unauthorized", "message": "No token."}},
                              WWW_Authenticate='Bearer authorization="https://issuer.test/own",'
                                               ' resource="https://vault.example"')
        if len(parts) < 2 or parts[0] != "secrets":
            return self.reply(400, {"error": {"code": "BadParameter", "message": "No such path."}})
        name = parts[1]
        if self.command == "PUT":
            with lock:
                secrets[name] = json.loads(body)["value"]
        if name not in secrets:
            return self.reply(404, {"error": {"code": "SecretNotFound",
                                              "message": f"A secret with (name/id) {name} was not"
                                                         " found in this key vault."}},
                              X_Accel_Redirect="/.vaultwall/authorize")
        return self.reply(200, self.bundle(name))

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = answer


def main(address, port, certificate, key, log):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer((address, int(port)), Handler)
    server.log = log
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
