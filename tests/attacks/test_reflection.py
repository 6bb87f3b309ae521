# SPDX-License-Identifier: MIT
"""How much a server of kedge sends to one who never asked. `make reflection` prints the same
beside other servers, and listens for longer than any transfer lives."""
import io
import os

import pytest

from attacks import reflection
from attacks.reflection import BURST, CASES, REPEATS, Answer

LISTEN = 7.5  # an OACK is repeated after 5 s, and then nothing more
MODES = ["kedge", "kedge, one port"]
NO_REQUESTS = ["an ERROR", "an ACK"]


def bound(answer):
    return 100 if answer.data else 3


def one_request(table, server):
    """Two datagrams at most; 100 bytes for one where they are of the file, else 3."""
    for case in CASES:
        answer = table[case][server]
        if case in NO_REQUESTS:
            assert answer.datagrams == 0, case
        else:
            assert 1 <= answer.datagrams <= 2, case
            assert answer.ratio <= bound(answer), case


def refusals(table, server):
    """One ERROR, no longer than the request."""
    for case in ("no such file", "no such file, blksize and tsize", "a directory",
                 "mode mail", "mode without end"):
        answer = table[case][server]
        assert (answer.datagrams, answer.ratio <= 1, answer.data) == (1, True, False), case


def one_source(table, server):
    """A reply, four more for as many repeats, then one a second, and one by the timer."""
    answer = table[f"{REPEATS} equal requests of one port"][server]
    assert 6 <= answer.datagrams <= 10
    assert answer.ratio <= 100


def one_network(table, server):
    """1,024 of the 1,500 are open at once, of two datagrams each; the rest is silence."""
    answer = table[f"{BURST} requests of one /24"][server]
    assert answer.datagrams == 2 * 1024


def as_a_page(table):
    out = io.StringIO()
    reflection.show(table, out)
    rows = out.getvalue().splitlines()
    assert len(rows) == 2 + len(CASES) + 2
    assert "| a file (11 B) | 2, ×93.8, 1 s |" in rows


@pytest.mark.parametrize("server", ["kedge", "kedge, one port"])
def test_what_leaves_for_hosts_that_never_asked(build, server):
    table = reflection.measure(build / "kedge", LISTEN, [server])
    assert list(table["a file"]) == [server]
    for check in (one_request, refusals, one_source, one_network):
        check(table, server)
    as_a_page(table)


def test_too_much_is_seen(tmp_path, network):
    """The measure itself, of a server that answers a request with ten blocks."""
    reflection.silent_hosts()
    with reflection.Capture() as wire, reflection.Forger() as forger, \
            reflection.socket_at("192.0.2.1") as server:
        victim = ("198.51.100.1", 3000)
        answers = {("192.0.2.1", victim): Answer(11)}
        forger.send(victim, ("192.0.2.1", 69), CASES["a file"])
        _, peer = server.recvfrom(600)
        for _ in range(10):
            server.sendto(b"\0\3\0\1" + os.urandom(512), peer)
        reflection.collect(wire, answers, 0.5)
    answer, = answers.values()
    assert (answer.datagrams, answer.data) == (10, True)
    assert answer.ratio == 5160 / 11 > bound(answer)
