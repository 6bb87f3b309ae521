# SPDX-License-Identifier: MIT
"""Echo servers that share no code with kedge, honest or faulty, on free ports."""
import os
import socket
import threading
import time

from e2e.lib.ports import free_port

SO_RCVBUFFORCE = 33


def url(scheme, address):
    """The endpoint of a socket's address."""
    if isinstance(address, str):
        return f"{scheme}://{address}"
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{scheme}://{host}:{address[1]}"


def give_room(s):
    """What comes while its reader has no processor is to wait, not to be lost."""
    for option in socket.SO_RCVBUF, SO_RCVBUFFORCE:
        try:
            s.setsockopt(socket.SOL_SOCKET, option, 16 << 20)
        except PermissionError:
            pass


class Datagrams:
    """Answers each datagram as `answer(data, number)` says: a list of datagrams, or of
    (delay in seconds, datagram). Without it, an echo."""

    def __init__(self, at, answer=None, scheme="udp"):
        family = (socket.AF_UNIX if isinstance(at, str) else
                  socket.AF_INET6 if ":" in at[0] else socket.AF_INET)
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(at)
        give_room(self.socket)
        self.url = url(scheme, self.socket.getsockname())
        self.answer = answer or (lambda data, number: [data])
        self.seen = []
        threading.Thread(target=self.serve, daemon=True).start()

    def reply(self, data, peer):
        try:
            self.socket.sendto(data, peer)
        except OSError:  # the asker has gone
            pass

    def serve(self):
        while True:
            data, peer = self.socket.recvfrom(70000)
            self.last = peer
            self.seen.append(data)
            for part in self.answer(data, len(self.seen) - 1):
                if isinstance(part, tuple):
                    threading.Timer(part[0], self.reply, (part[1], peer)).start()
                else:
                    self.reply(part, peer)


def echo(connection):
    while data := connection.recv(70000):
        connection.sendall(data)


class Connections:
    """Serves each connection by `serve(connection)` in a thread; then closes it."""

    def __init__(self, at, serve=echo, scheme="tcp"):
        family = (socket.AF_UNIX if isinstance(at, str) else
                  socket.AF_INET6 if ":" in at[0] else socket.AF_INET)
        kind = socket.SOCK_SEQPACKET if "seqpacket" in scheme else socket.SOCK_STREAM
        self.socket = socket.socket(family, kind)
        self.socket.bind(at)
        self.socket.listen(64)
        self.url = url(scheme, self.socket.getsockname())
        self.serve = serve
        self.count = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            self.count += 1
            threading.Thread(target=self.run, args=(connection,), daemon=True).start()

    def run(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError:  # the asker has gone
                pass


def every_kind(directory):
    """One honest echo of each kind that has an endpoint, by scheme and family."""
    loop4, loop6 = ("127.0.0.1", 0), ("::1", 0)
    return {
        "udp4": Datagrams(loop4),
        "udp6": Datagrams(loop6),
        "tcp4": Connections(loop4),
        "tcp6": Connections(loop6),
        "unix": Connections(os.path.join(directory, "s"), scheme="unix"),
        "seqpacket": Connections(os.path.join(directory, "q"), scheme="unix-seqpacket"),
        "dgram": Datagrams(os.path.join(directory, "d"), scheme="unix-dgram"),
    }


def closed_port(kind=socket.SOCK_DGRAM):
    """A port of 127.0.0.1 where nobody listens, and the socket that keeps it so: bound,
    but (TCP) not listening, or (UDP) to be closed by the caller first."""
    port = free_port(kind)
    s = socket.socket(socket.AF_INET, kind)
    s.bind(("127.0.0.1", port))
    return port, s


def wait_for(condition, patience=10):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)
