# SPDX-License-Identifier: MIT
"""One transfer's file is on a disk whose calls are held: that transfer waits, and the loop
does not. What is held is let go by the test alone, so nothing here depends on time: a loop
that waited would wait for ever. (test_serve_tftp_slow.py has files that are read slowly, and
the end of the server.)"""
import errno
import os
import threading

import pytest

from e2e.peers.slow_disk import SlowDisk
from e2e.peers.tftp import (ACK, DATA, ERROR, RRQ, WRQ, Peer, Put, TftpError, ack, data, drive,
                            error, get, put)

LARGE = os.urandom(300_000)         # larger than what is kept in memory, and read in parts
SMALL = os.urandom(3_000)
TEXT = b"one\r\ntwo\nthree\r" * 15_000
QUICK = {"blksize": 1400, "utimeout": 100_000}


@pytest.fixture
def disk(srv):
    (srv / "slow").mkdir()
    try:
        disk = SlowDisk(srv / "slow")
    except OSError as e:
        pytest.skip(f"no FUSE to be had: {e.strerror}")
    yield disk
    disk.close()


@pytest.fixture
def server(serve, disk, make):
    """One that is stopped while its disk is still there."""
    make("quick", LARGE)
    disk.add("large", LARGE)
    disk.add("small", SMALL)
    disk.add("text", TEXT)
    server = serve("--uploads", "overwrite")
    yield server
    disk.let_go()
    assert server.stop() == 0


def others_unharmed(server, srv):
    for _ in range(3):
        assert get(server.at, "quick", windowsize=16, **QUICK).content == LARGE
        put(server.at, "taken", LARGE, windowsize=16, **QUICK)
        assert (srv / "taken").read_bytes() == LARGE


class Aside(threading.Thread):
    """A call that is on its way while the test goes on; done() is what it returned."""

    def __init__(self, call, *words, **options):
        super().__init__(daemon=True)
        self.call, self.result, self.failure = (call, words, options), None, None
        self.start()

    def run(self):
        call, words, options = self.call
        try:
            self.result = call(*words, **options)
        except Exception as e:              # for the thread that asks
            self.failure = e

    def done(self):
        self.join(60)
        assert not self.is_alive()
        if self.failure:
            raise self.failure
        return self.result


def held(disk):
    assert disk.held.wait(20), f"never called; seen {disk.seen}"


def test_a_read_amid_a_text_is_held(server, disk, srv):
    disk.hold("READ")
    slow = Aside(get, server.at, "slow/text", "netascii", blksize=1400)

    held(disk)
    others_unharmed(server, srv)
    disk.let_go()
    assert slow.done().content == TEXT.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
@pytest.mark.parametrize("kind", ["CREATE", "WRITE", "SETATTR", "FSYNC", "RENAME", "FSYNCDIR",
                                  "RELEASE"])
def test_an_upload_is_held(server, disk, srv, kind, old):
    name = "small" if old else "new"
    before = disk.files().get(name)
    disk.hold(kind)
    slow = Aside(put, server.at, f"slow/{name}", LARGE, **QUICK)

    held(disk)
    if kind not in ("FSYNCDIR", "RELEASE"):
        assert disk.files().get(name) == before
    if kind != "RELEASE":
        assert not slow.result, "confirmed before it was kept"
    others_unharmed(server, srv)
    disk.let_go()
    slow.done()
    assert disk.files()[name] == LARGE
    assert server.record(event="put", file=f"slow/{name}")["outcome"] == "ok"
    assert not [n for n in disk.files() if n.startswith(".kedge-")]


@pytest.mark.parametrize("size", [0, 1, 1399, 1400, 65536, 150_000])
def test_sizes_on_a_slow_disk(server, disk, size):
    """Each block is written by a helper, so the window that is granted is one."""
    content = os.urandom(size)
    sent = drive(Put("slow/new", content, windowsize=16, **QUICK), server.at)

    assert sent.granted["windowsize"] == "1"
    assert disk.files()["new"] == content
    assert get(server.at, "slow/new", **QUICK).content == content


def test_text_on_a_slow_disk(server, disk):
    put(server.at, "slow/new", TEXT.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n"),
        "netascii", blksize=1400)
    assert disk.files()["new"] == TEXT


@pytest.mark.parametrize("kind, number, code", [
    ("CREATE", errno.EROFS, 2), ("WRITE", errno.ENOSPC, 3), ("WRITE", errno.EIO, 0),
    ("FSYNC", errno.ENOSPC, 3), ("RENAME", errno.EIO, 0)])
def test_a_slow_disk_fails(server, disk, kind, number, code):
    disk.fault[kind] = number
    with pytest.raises(TftpError) as refused:
        put(server.at, "slow/small", LARGE[:5000], **QUICK)
    assert refused.value.code == code
    assert server.record(file="slow/small")["outcome"] in ("error", "refused")
    disk.fault.clear()
    assert get(server.at, "slow/small").content == SMALL
    assert server.stop() == 0
    assert sorted(disk.files()) == ["large", "small", "text"]


def test_a_read_fails(server, disk):
    disk.fault["READ"] = errno.EIO
    with pytest.raises(TftpError) as refused:
        get(server.at, "slow/large", **QUICK)
    assert refused.value.code == 2          # firmware knows no other
    disk.fault.clear()
    assert get(server.at, "slow/large", **QUICK).content == LARGE


def test_requests_that_repeat_meanwhile_are_one_transfer(server, disk):
    disk.hold("OPEN")
    with Peer(server.at) as peer:
        peer.ask(RRQ, "slow/small", blksize=1400)
        held(disk)
        for _ in range(5):
            peer.ask(RRQ, "slow/small", blksize=1400)
        assert peer.silent()
        disk.let_go()
        assert peer.packet().options == {"blksize": "1400"}
        peer.say(error(0))
        server.record(file="slow/small", outcome="aborted")
    server.stop()
    assert len(server.records()) == 1


@pytest.mark.parametrize("kind, op, name", [
    ("OPEN", RRQ, "slow/small"), ("READ", RRQ, "slow/large"),
    ("CREATE", WRQ, "slow/new"), ("WRITE", WRQ, "slow/new")])
def test_another_request_while_a_helper_is_at_work(server, disk, kind, op, name):
    """The old transfer is over at once, and its helper's work is put away when it ends."""
    disk.hold(kind)
    with Peer(server.at) as peer:
        peer.ask(op, name, blksize=1400)
        if kind in ("READ", "WRITE"):
            assert peer.packet().options == {"blksize": "1400"}
            peer.say(data(1, SMALL[:1400]) if op == WRQ else ack(0))
        held(disk)
        peer.tid = None
        peer.ask(RRQ, "quick", blksize=1024)
        assert peer.packet().options == {"blksize": "1024"}
        peer.say(ack(0))
        packet = peer.packet()
        assert (packet.op, packet.number, packet.body) == (DATA, 1, LARGE[:1024])
        assert server.record(file=name)["outcome"] == "replaced"
        disk.let_go()
        peer.say(error(0))
        server.record(file="quick", outcome="aborted")
    assert server.stop() == 0
    assert sorted(disk.files()) == ["large", "small", "text"]


def test_the_peer_gives_up_while_its_upload_is_held(server, disk, srv):
    disk.hold("WRITE")
    with Peer(server.at) as peer:
        peer.ask(WRQ, "slow/small", blksize=1400)
        peer.hear()
        peer.say(data(1, LARGE[:1400]))
        held(disk)
        peer.say(error(0, "enough"))
        others_unharmed(server, srv)
        disk.let_go()
    assert server.record(file="slow/small")["outcome"] == "aborted"
    assert server.stop() == 0
    assert disk.files() == {"large": LARGE, "small": SMALL, "text": TEXT}


@pytest.mark.parametrize("count", [3, 40, 100])
def test_a_peer_that_does_not_wait_for_its_acks(server, disk, srv, count):
    """What it sent meanwhile is stored too, or its upload fails: nothing is lost in silence,
    and no more than a buffer is held."""
    content = os.urandom(1400 * count)
    disk.hold("WRITE")
    with Peer(server.at) as peer:
        peer.ask(WRQ, "slow/new", blksize=1400)
        peer.hear()
        for block in range(1, count + 2):
            peer.say(data(block, content[1400 * (block - 1):1400 * block]))
        held(disk)
        others_unharmed(server, srv)
        disk.let_go()
        packet = peer.packet()
        while packet.op == ACK and packet.number < count + 1:
            packet = peer.packet()
    if count < 46:
        assert packet.op == ACK
        assert disk.files()["new"] == content
    else:
        assert (packet.op, packet.number) == (ERROR, 0)
        server.record(file="slow/new", outcome="error", reason="the peer sent more than a window")


def test_data_that_comes_while_a_block_is_written(server, disk):
    """A peer that repeats a block hears of it once it is stored."""
    disk.hold("WRITE")
    with Peer(server.at) as peer:
        peer.ask(WRQ, "slow/new", blksize=1400)
        peer.hear()
        for _ in range(3):
            peer.say(data(1, SMALL[:1400]))
        held(disk)
        assert peer.silent()
        disk.let_go()
        packet = peer.packet()
        assert (packet.op, packet.number) == (ACK, 1)
        peer.say(data(2, SMALL[1400:2000]))
        while packet.number != 2:
            packet = peer.packet()
            assert packet.op == ACK
    assert disk.files()["new"] == SMALL[:2000]
