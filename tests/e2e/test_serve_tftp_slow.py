# SPDX-License-Identifier: MIT
"""A file that takes its time, on a file system that is a program: only its own transfer
waits. (tests/unit/serve/tftp/service.c holds a helper itself.)"""
import os
import threading
from pathlib import Path

import pytest

from e2e.lib import slowfs
from e2e.peers.echo import wait_for
from e2e.peers.tftp import OACK, RRQ, Peer, TftpError, get

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/fuse"),
                                reason="needs root and /dev/fuse")


@pytest.fixture
def slow(serve, srv, make):
    """A server whose directory `slow` is slow."""
    make("quick", 20000)
    (srv / "slow").mkdir()
    return serve(under=["unshare", "-m", "/usr/bin/python3", Path(slowfs.__file__),
                        srv / "slow"])


@pytest.fixture
def gate(slow, tmp_path):
    """gate(): what waits there goes on. It does so at the end, too: a server cannot end
    before."""
    yield (tmp_path / "gate").touch
    (tmp_path / "gate").touch()


def others_are_served(server, place):
    """While a request waits at the gate: they come, or they never would."""
    wait_for((place / "gate-reached").exists)
    for _ in range(10):
        assert get(server.at, "quick", blksize=1400, windowsize=4).size == 20000
        with pytest.raises(TftpError):
            get(server.at, "nothing")


@pytest.mark.parametrize("name", ["read-gate", "open-gate"])
def test_a_slow_file_stops_nobody(slow, gate, tmp_path, name):
    got = []
    thread = threading.Thread(target=lambda: got.append(
        get(slow.at, f"slow/{name}", blksize=1400, windowsize=4)))
    thread.start()
    others_are_served(slow, tmp_path)
    assert not got
    gate()
    thread.join(30)
    assert got[0].content == slowfs.content(name)
    assert slow.record(file=f"slow/{name}", outcome="ok")


@pytest.mark.parametrize("name,answer", [("read-gate", True), ("open-gate", False)])
def test_nor_does_it_when_the_server_is_ended(slow, gate, tmp_path, name, answer):
    """The kernel keeps the process until the file system has answered, but its sockets are
    closed and its last word is said."""
    with Peer(slow.at) as peer:
        peer.ask(RRQ, f"slow/{name}", blksize=1400)
        if answer:
            assert peer.packet().op == OACK
            peer.say(b"\0\4\0\0")
        others_are_served(slow, tmp_path)

        def said_its_last():
            slow.process.terminate()  # the second one ends it at once
            return "tftp:" in slow.summary
        wait_for(said_its_last)
    gate()
    assert slow.stop() == 0
