"""A file that takes its time, on a file system that is a program: only its own transfer
waits. (tests/unit/serve/tftp.c holds a helper itself.)"""
import os
import threading
import time
from pathlib import Path

import pytest

from e2e.lib import slowfs
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


def others_are_quick(server, seconds):
    """For so long; the slowest of them."""
    end = time.monotonic() + seconds
    worst = 0
    while time.monotonic() < end:
        start = time.monotonic()
        assert get(server.at, "quick", blksize=1400, windowsize=4).size == 20000
        with pytest.raises(TftpError):
            get(server.at, "nothing")
        worst = max(worst, time.monotonic() - start)
    return worst


@pytest.mark.parametrize("name", ["read-0.5", "open-1.5"])
def test_a_slow_file_stops_nobody(slow, name):
    got = []
    thread = threading.Thread(target=lambda: got.append(
        get(slow.at, f"slow/{name}", blksize=1400, windowsize=4)))
    thread.start()
    assert others_are_quick(slow, 1.2) < 0.4
    assert not got
    thread.join(30)
    assert got[0].content == slowfs.content(name)
    assert slow.record(file=f"slow/{name}")["outcome"] == "ok"


@pytest.mark.parametrize("name,answer", [("read-6", True), ("open-6", False)])
def test_nor_does_it_when_the_server_is_ended(slow, name, answer):
    """The kernel keeps the process until the file system has answered, but its sockets are
    closed and its last word is said."""
    with Peer(slow.at) as peer:
        peer.ask(RRQ, f"slow/{name}", blksize=1400)
        if answer:
            assert peer.packet().op == OACK
            peer.say(b"\0\4\0\0")
        assert others_are_quick(slow, 0.5) < 0.4
        start = time.monotonic()
        for _ in range(2):
            slow.process.terminate()
            time.sleep(0.1)
        while "tftp:" not in slow.summary:
            assert time.monotonic() - start < 3
            time.sleep(0.02)
    assert slow.stop() == 0
