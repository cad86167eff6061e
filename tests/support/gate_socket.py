#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What systemd does for a service with a socket: holds it, hands it on, and starts the service
again when it has ended.

  gate_socket.py SOCKET GROUP PIDFILE COMMAND...
"""
import grp
import os
import signal
import socket
import sys
import time


def start(listener, pidfile, command):
    pid = os.fork()
    if pid == 0:
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.execvp(command[0], command)
    with open(pidfile + ".new", "w", encoding="ascii") as out:
        out.write(f"{pid}\n")
    os.rename(pidfile + ".new", pidfile)
    return pid


def main(path, group, pidfile, *command):
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    os.chown(path, 0, grp.getgrnam(group).gr_gid)
    os.chmod(path, 0o660)
    listener.listen(511)
    pid = start(listener, pidfile, command)

    def end(*_):
        os.kill(pid, signal.SIGTERM)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        os.waitpid(pid, 0)
        while os.path.exists(pidfile + ".hold"):
            time.sleep(0.05)
        pid = start(listener, pidfile, command)


if __name__ == "__main__":
    main(*sys.argv[1:])
