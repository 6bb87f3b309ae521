# SPDX-License-Identifier: MIT
"""Servers that have no guard whatever: what a loop needs on its other side."""
import itertools

from e2e.peers.echo import Datagrams
from e2e.peers.tftp import ack, data, error


class Naive:
    """`answer(datagram)` to everything, from one address, until it is closed."""

    def __init__(self, at, answer):
        self.open = True
        self.answer = answer
        self.server = Datagrams(at, lambda datagram, _: self.answers(datagram))
        self.at = self.server.socket.getsockname()[:2]

    def answers(self, datagram):
        return [self.answer(datagram)] if self.open else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open = False


def echo(datagram):
    return datagram


def errors(_):
    """ERROR to everything, an ERROR too: the fault of CVE-2024-2169."""
    return error(4, "Illegal operation")


def acks(_):
    return ack(1)


def blocks(_):
    return data(1, b"x")


def replies(_):
    return b"Hello UDP Client"


def ever_new():
    """Something else each time, as chargen, daytime and quotes have it."""
    numbers = itertools.count()
    return lambda _: b"%d" % next(numbers)
