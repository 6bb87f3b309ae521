# SPDX-License-Identifier: MIT
"""The sockets of a server that does not keep to one port."""
import contextlib
import socket


class Ports:
    """The sockets of a server that answers one request from two ports, and a third of another
    host."""
    def __enter__(self):
        self.all = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
        for sock, host in zip(self.all, ("127.0.0.1",) * 3 + ("127.0.0.9",)):
            sock.bind((host, 0))
            sock.settimeout(20)
        return self.all

    def __exit__(self, *_):
        for sock in self.all:
            sock.close()


def waiting(sock):
    """What has come to a socket."""
    came = []
    sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            came.append(sock.recv(2000))
    return came
