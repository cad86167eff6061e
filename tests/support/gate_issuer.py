#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An issuer of tokens for tests: keys made by OpenSSL, key sets, tokens good and bad, and a server.

  gate_issuer.py key DIR KID [rsa|ec]      makes DIR/KID.pem
  gate_issuer.py jwks DIR KID...           prints the key set
  gate_issuer.py token DIR KID ALG [NAME=VALUE]...
        prints a token; a value is JSON if it can be, "@N" is N seconds from now, and "-" leaves a
        claim out. ALG is RS256, PS256, ES256, none, or HS256 with the public key as its secret.
        header.NAME=VALUE goes into the header.
  gate_issuer.py serve DIR ADDRESS PORT CERTIFICATE KEY
        serves DIR over TLS, and writes each path that is asked for to DIR/../issuer.log
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import ssl
import subprocess
import sys
import time


def openssl(*arguments, data=None):
    return subprocess.run(("openssl",) + arguments, input=data, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_json(value):
    return encode(json.dumps(value, separators=(",", ":")).encode())


def make_key(folder, kid, kind="rsa"):
    options = {"rsa": ("RSA", "rsa_keygen_bits:2048"), "ec": ("EC", "ec_paramgen_curve:P-256")}
    name, option = options[kind]
    openssl("genpkey", "-algorithm", name, "-pkeyopt", option, "-out", f"{folder}/{kid}.pem")


def public_der(path):
    return openssl("pkey", "-in", path, "-pubout", "-outform", "DER")


def jwk_of(folder, kid):
    path = f"{folder}/{kid}.pem"
    der = public_der(path)
    if b"\x2a\x86\x48\xce\x3d\x02\x01" in der:
        x, y = der[-64:-32], der[-32:]
        return {"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid,
                "x": encode(x), "y": encode(y)}
    modulus = openssl("rsa", "-in", path, "-noout", "-modulus").decode().strip().split("=")[1]
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
            "n": encode(bytes.fromhex(modulus)), "e": "AQAB"}


def raw_signature(der):
    """SEQUENCE { INTEGER r, INTEGER s } as 64 bytes."""
    numbers, at = [], 2
    for _ in range(2):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + length], "big"))
        at += 2 + length
    return b"".join(number.to_bytes(32, "big") for number in numbers)


def sign(path, algorithm, data):
    if algorithm.lower() == "none":
        return b""
    if algorithm == "HS256":
        secret = openssl("pkey", "-in", path, "-pubout")
        return hmac.new(secret, data, hashlib.sha256).digest()
    options = ()
    if algorithm == "PS256":
        options = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32")
    signature = openssl("dgst", "-sha256", "-sign", path, *options, data=data)
    return raw_signature(signature) if algorithm == "ES256" else signature


def parse_value(text):
    if text.startswith("@"):
        return int(time.time()) + int(text[1:])
    try:
        return json.loads(text)
    except ValueError:
        return text


def make_token(folder, kid, algorithm, *assignments):
    header = {"typ": "JWT", "alg": algorithm, "kid": kid}
    claims = {"iat": int(time.time()), "nbf": int(time.time()) - 5, "exp": int(time.time()) + 3600}
    for assignment in assignments:
        name, text = assignment.split("=", 1)
        target = claims
        if name.startswith("header."):
            name, target = name[len("header."):], header
        if text == "-":
            target.pop(name, None)
        else:
            target[name] = parse_value(text)
    signed = encode_json(header) + "." + encode_json(claims)
    return signed + "." + encode(sign(f"{folder}/{kid}.pem", algorithm, signed.encode()))


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        with open(os.path.join(self.directory, "..", "issuer.log"), "a", encoding="ascii") as log:
            log.write(self.path + "\n")


def serve(folder, address, port, certificate, key):
    def handler(*arguments):
        return Handler(*arguments, directory=folder)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer((address, int(port)), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def main(command, *arguments):
    if command == "key":
        make_key(*arguments)
    elif command == "jwks":
        print(json.dumps({"keys": [jwk_of(arguments[0], kid) for kid in arguments[1:]]}))
    elif command == "token":
        print(make_token(*arguments))
    elif command == "serve":
        serve(*arguments)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:] or [""])
