# SPDX-License-Identifier: MIT
"""Ports for a test: a free one, and one that it has at two addresses."""
import errno
import os
import random
import socket

LOWEST, EACH = 10000, 1000  # below those that the kernel hands out; so many a worker of xdist


def free_port(kind=socket.SOCK_DGRAM, host="127.0.0.1"):
    """One for a program that is told its port. No other test has it before that: the kernel gives
    none of these to a socket that wants any, and each worker has its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 20
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(50):
        port = LOWEST + worker * EACH + random.randrange(EACH)
        with socket.socket(family, kind) as sock:
            try:
                sock.bind((host, port))
                return port
            except OSError as error:
                assert error.errno == errno.EADDRINUSE
    raise AssertionError("no port is free")


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
