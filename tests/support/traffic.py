#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Traffic for the namespace tests: echo servers and those who ask them.

serve ADDRESS:PORT...            TCP and UDP echo on each, prints "ready", ends with SIGTERM; UDP on
                                 port 7 of each address, too: the witness, whom no rule concerns
ask [--udp] [--size N] FROM TO   one message; prints reply, refused, or silence: if the witness, who
                                 was asked after it, has answered a while ago
stream [--udp] FROM TO           messages until SIGTERM; prints "sent N answered N stalled MS"
                                 (TCP: one connection, "retransmitted N" as well)
knock FROM TO                    UDP and new TCP connections until SIGTERM; prints how many of each
                                 were tried and answered
pairs A B TO                     UDP from A and B in turn until SIGTERM; prints how often the one of
                                 them that is answered changed, and "last a" or "last b"
crowd FROM TO                    new TCP connections until SIGTERM; the newest 400 stay open
watch FROM TO END                UDP until that second; prints "answered A silent B": when the last one
                                 that was answered was about to be sent, and when the first one that
                                 was not had been sent, in milliseconds before (-) or after END
flood FROM TO COUNT              that many UDP messages, as fast as they go
"""
import errno
import ipaddress
import select
import signal
import socket
import struct
import sys
import threading
import time

BUFFER = 8 << 20
PACE = 0.001  # seconds between messages of a stream
PATIENCE = 60  # seconds, with whatever is certain to come
QUIET = 0.5  # seconds after the last that was certain
WITNESS = 7
SO_RCVBUFFORCE = 33
TCP_INFO_RETRANSMITTED = 100  # offset of tcpi_total_retrans
stopping = threading.Event()


def endpoint(text, port=0):
    """'192.0.2.1:80', '[2001:db8::1]:80' or an address alone."""
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        text = rest.lstrip(":")
    elif text.count(":") == 1:
        address, _, text = text.partition(":")
    else:
        address, text = text, ""
    ipaddress.ip_address(address)
    return address, int(text) if text else port


def make(kind, local=None):
    address, port = local or ("0.0.0.0", 0)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == socket.SOCK_DGRAM:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    if local:
        sock.bind((address, port))
    return sock


def echo_connection(connection):
    with connection:
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass


def serve_tcp(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=echo_connection, args=(connection,), daemon=True).start()


def serve_udp(sock):
    while True:
        data, peer = sock.recvfrom(65536)
        try:
            sock.sendto(data, peer)
        except OSError:
            pass


def serve(*targets):
    for address in {endpoint(target)[0] for target in targets}:
        witness = make(socket.SOCK_DGRAM, (address, WITNESS))
        threading.Thread(target=serve_udp, args=(witness,), daemon=True).start()
    for target in targets:
        listener = make(socket.SOCK_STREAM, endpoint(target))
        listener.listen(128)
        datagrams = make(socket.SOCK_DGRAM, endpoint(target))
        for work, sock in ((serve_tcp, listener), (serve_udp, datagrams)):
            threading.Thread(target=work, args=(sock,), daemon=True).start()
    print("ready", flush=True)
    stopping.wait()


def is_answered(sock, source, target):
    """Whether something comes, be it a refusal; a connection that stands has been answered. A busy
    machine takes its time: only one who was asked later and has answered tells that nothing will."""
    witness = make(socket.SOCK_DGRAM, endpoint(source))
    witness.connect((endpoint(target)[0], WITNESS))
    connecting = [sock] if sock.type == socket.SOCK_STREAM else []
    for _ in range(PATIENCE):
        witness.send(b"and you?")
        readable, writable, _ = select.select([sock, witness], connecting, [], 1)
        if sock in readable or writable:
            return True
        if witness in readable:
            witness.recv(64)
            return any(select.select([sock], connecting, [], QUIET))
    sys.exit(f"nobody answers at {target}, not even the witness")


def exchange(sock, size, source, target):
    """The answer to so many bytes; None if there is none."""
    udp = sock.type == socket.SOCK_DGRAM
    sock.setblocking(False)
    sock.connect_ex(endpoint(target))
    if udp:
        sock.send(b"x" * size)
    if not is_answered(sock, source, target):
        return None
    sock.settimeout(PATIENCE)
    if not udp:
        sock.connect(endpoint(target))  # says what became of it
        sock.sendall(b"x" * size)
    answer = sock.recv(65536)
    while not udp and 0 < len(answer) < size and (more := sock.recv(65536)):
        answer += more
    return answer


def ask(*arguments):
    arguments = list(arguments)
    udp = "--udp" in arguments
    size = int(arguments[arguments.index("--size") + 1]) if "--size" in arguments else 8
    source, target = arguments[-2:]
    sock = make(socket.SOCK_DGRAM if udp else socket.SOCK_STREAM, endpoint(source))
    try:
        answer = exchange(sock, size, source, target)
    except OSError as error:
        print("refused" if error.errno == errno.ECONNREFUSED else error.strerror or error)
    else:
        print("silence" if answer is None else "reply" if len(answer) == size else "odd")


def stream_udp(source, target):
    sock = make(socket.SOCK_DGRAM, endpoint(source))
    sock.connect(endpoint(target))
    sock.setblocking(False)
    sent, answered, stalled, last = 0, set(), 0.0, time.monotonic()

    def collect(patience):
        nonlocal stalled, last
        while select.select([sock], [], [], patience)[0]:
            try:
                answered.add(struct.unpack("!Q", sock.recv(64))[0])
            except OSError:
                continue
            now = time.monotonic()
            stalled, last = max(stalled, now - last), now

    print("ready", flush=True)
    while not stopping.is_set():
        try:
            sock.send(struct.pack("!Q", sent))
            sent += 1
        except OSError:
            pass
        collect(PACE)
    end = time.monotonic() + PATIENCE
    while len(answered) < sent and time.monotonic() < end:
        collect(PACE)
    print(f"sent {sent} answered {len(answered)} stalled {stalled * 1000:.0f}")


def stream_tcp(source, target):
    sock = make(socket.SOCK_STREAM, endpoint(source))
    sock.settimeout(PATIENCE)
    sock.connect(endpoint(target))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sent = answered = 0
    stalled = 0.0
    print("ready", flush=True)
    while not stopping.is_set():
        begin = time.monotonic()
        sock.sendall(struct.pack("!Q", sent))
        sent += 1
        if sock.recv(64) != struct.pack("!Q", sent - 1):
            break
        answered += 1
        stalled = max(stalled, time.monotonic() - begin)
        time.sleep(PACE)
    information = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    again = struct.unpack_from("=I", information, TCP_INFO_RETRANSMITTED)[0]
    print(f"sent {sent} answered {answered} stalled {stalled * 1000:.0f} retransmitted {again}")


def stream(*arguments):
    source, target = arguments[-2:]
    (stream_udp if arguments[0] == "--udp" else stream_tcp)(source, target)


def knock(source, target):
    datagrams = make(socket.SOCK_DGRAM, endpoint(source))
    datagrams.connect(endpoint(target))
    datagrams.setblocking(False)
    sent = answered = tried = connected = 0
    print("ready", flush=True)
    while not stopping.is_set():
        sock = make(socket.SOCK_STREAM, endpoint(source))
        sock.setblocking(False)
        sock.connect_ex(endpoint(target))
        tried += 1
        for _ in range(50):
            try:
                datagrams.send(b"knock")
                sent += 1
                datagrams.recv(64)
                answered += 1
            except OSError:
                pass
            time.sleep(PACE)
        connected += sock.connect_ex(endpoint(target)) in (0, errno.EISCONN)
        sock.close()
    print(f"sent {sent} answered {answered} tried {tried} connected {connected}")


def pairs(first, second, target):
    callers = [make(socket.SOCK_DGRAM, endpoint(each)) for each in (first, second)]
    for sock in callers:
        sock.connect(endpoint(target))
        sock.setblocking(False)
    sent, answered = 0, set()

    def collect(patience):
        while ready := select.select(callers, [], [], patience)[0]:
            for sock in ready:
                try:
                    answered.add(struct.unpack("!Q", sock.recv(64))[0])
                except OSError:
                    pass

    def send():
        nonlocal sent
        callers[sent % 2].send(struct.pack("!Q", sent))
        sent += 1

    print("ready", flush=True)
    while not stopping.is_set():
        send()
        collect(PACE / 4)
    # One of the last two is answered, and after all that came before it.
    send()
    send()
    end = time.monotonic() + PATIENCE
    while answered.isdisjoint((sent - 2, sent - 1)) and time.monotonic() < end:
        collect(PACE)
    # An answer to one is the state that admits it, no answer the state that admits the other.
    states = [(each % 2) ^ (each not in answered) for each in range(sent)]
    changes = sum(a != b for a, b in zip(states, states[1:]))
    print(f"sent {sent} answered {len(answered)} changes {changes} last {'ab'[states[-1]]}")


def crowd(source, target):
    connections = []
    print("ready", flush=True)
    while not stopping.is_set():
        sock = make(socket.SOCK_STREAM, endpoint(source))
        sock.settimeout(0.05)
        try:
            sock.connect(endpoint(target))
        except OSError:
            sock.close()
            time.sleep(PACE)
            continue
        connections.append(sock)
        if len(connections) > 400:
            connections.pop(0).close()


def watch(source, target, end):
    sock = make(socket.SOCK_DGRAM, endpoint(source))
    sock.connect(endpoint(target))
    sent, answered, end = [], {-1}, int(end)

    def collect(patience):
        while select.select([sock], [], [], patience)[0]:
            answered.add(struct.unpack("!Q", sock.recv(64))[0])

    while time.time() < end + 1:
        before = time.time()
        sock.send(struct.pack("!Q", len(sent)))
        sent.append((before, time.time()))
        collect(PACE)
    is_answered(sock, source, target)
    collect(QUIET)
    silent = min(set(range(len(sent))) - answered, default=-1)
    last, first = ((each - end) * 1000 for each in (sent[max(answered)][0], sent[silent][1]))
    print(f"answered {last:.0f} silent {first:.0f}")


def flood(source, target, count):
    sock = make(socket.SOCK_DGRAM, endpoint(source))
    sock.connect(endpoint(target))
    for _ in range(int(count)):
        try:
            sock.send(b"flood")
        except OSError:
            pass


def main():
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    commands = {each.__name__: each for each in (serve, ask, stream, knock, pairs, crowd, watch,
                                               flood)}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])


main()
