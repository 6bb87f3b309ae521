# SPDX-License-Identifier: MIT
"""Ports that a test has at two addresses."""
import errno
import socket


def beside(held, there, made):
    """The socket that `made()` has bound, once `held` could take its port at `there` too: somebody
    else may have it there."""
    for _ in range(50):
        first = made()
        try:
            held.bind((there, first.getsockname()[1]))
            return first
        except OSError as error:
            assert error.errno == errno.EADDRINUSE
    raise AssertionError("no port is free at both addresses")


def datagrams(at):
    sock = socket.socket(socket.AF_INET6 if ":" in at else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((at, 0))
    return sock
