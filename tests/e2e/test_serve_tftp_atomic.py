# SPDX-License-Identifier: MIT
"""An upload appears whole or not at all: whatever dies in the middle, what had the name
before is there, readable throughout, and nothing else is left."""
import os
import time
from pathlib import Path

import pytest

from e2e.peers.echo import wait_for
from e2e.peers.tftp import ACK, ERROR, WRQ, Peer, TftpError, data, get, put

OLD = os.urandom(3000)
BLOCK = os.urandom(1024)
QUICK = {"blksize": 1024, "utimeout": 100000}


def intact(server, srv):
    assert (srv / "old").read_bytes() == OLD
    assert get(server.at, "old", blksize=1024).content == OLD


def leftovers(srv):
    return [n for n in os.listdir(srv) if n.startswith(".kedge-")]


def wait_until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def send_blocks(peer, count, first=1):
    for block in range(first, first + count):
        peer.say(data(block, BLOCK))
        assert (peer.packet().op, block) == (ACK, block)


@pytest.fixture
def old(make):
    return make("old", OLD)


@pytest.fixture
def half(serve, srv, old):
    """half(FLAGS): a server, and a peer in the middle of replacing its file."""
    peers = []

    def start(*flags, at=srv, **options):
        server = serve("--uploads", "overwrite", *flags, **options)
        peer = Peer(server.at)
        peers.append(peer)
        peer.ask(WRQ, "old", **QUICK)
        peer.hear()
        send_blocks(peer, 5)
        intact(server, at)
        return server, peer

    yield start
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_the_client_is_killed(half, srv, flags):
    server, peer = half(*flags)

    peer.die()
    wait_until(lambda: not leftovers(srv))
    intact(server, srv)
    record = server.record(event="put")
    assert (record["outcome"], record["bytes"]) == ("gone", str(5 * 1024))
    server.stop()
    assert os.listdir(srv) == ["old"]


def test_the_server_is_killed(half, serve, srv):
    server, peer = half()

    assert len(leftovers(srv)) == 1
    server.kill()
    assert (srv / "old").read_bytes() == OLD
    (srv / "sub").mkdir()
    for name in (".kedge-0123456789abcdef", "sub/.kedge-fedcba9876543210"):
        (srv / name).write_bytes(b"of an earlier crash")
    for name in (".kedge-notes", "sub/keep"):
        (srv / name).write_bytes(b"not ours")
    for path in (srv / "sub", *srv.glob("**/.kedge-*")):
        path.chmod(0o777)

    server = serve("--uploads", "overwrite")
    kept = [".kedge-notes", "keep", "old", "sub"]
    wait_for(lambda: sorted(p.name for p in srv.glob("**/*")) == kept)   # a helper's job
    intact(server, srv)
    put(server.at, "old", b"new")
    assert (srv / "old").read_bytes() == b"new"


def test_what_the_sweep_cannot_look_into_is_said_once(serve, srv):
    """The user that serves may not: what a crash left there stays, and the log says so."""
    for name in ("shut", "closed"):
        (srv / name).mkdir(mode=0)
    server = serve("--uploads", "overwrite", "--user", "nobody")
    said = "left uploads are not looked for in 2 directories: Permission denied"

    wait_for(lambda: said in server.stderr)
    put(server.at, "new", b"new")
    assert server.stop() == 0
    assert server.stderr.count("left uploads") == 1


def test_a_second_server_leaves_the_uploads_of_the_first(half, serve, srv):
    """Both serve one root: what lives is no leftover."""
    server, peer = half()

    other = serve("--uploads", "overwrite")
    assert len(leftovers(srv)) == 1
    peer.say(data(6, b"end"))
    wait_until(lambda: peer.packet().number == 6)       # before it ACK 5, again
    assert (srv / "old").read_bytes() == BLOCK * 5 + b"end"
    assert get(other.at, "old", blksize=1024).content == BLOCK * 5 + b"end"


@pytest.mark.parametrize("twice", [False, True])
def test_the_server_is_stopped(half, srv, twice):
    """It waits up to 5 s for what is open; the second signal ends it at once."""
    server, peer = half()

    start = time.monotonic()
    assert server.stop(twice=twice) == 0
    assert time.monotonic() - start < (2 if twice else 8)
    assert (srv / "old").read_bytes() == OLD
    assert os.listdir(srv) == ["old"]
    record = server.record(event="put")
    assert (record["outcome"], record["reason"]) == ("error", "the server was stopped")
    assert record["verdict_id"] == "server-stopping"
    while peer.packet().op == ACK:
        pass


def test_the_server_is_stopped_and_the_upload_ends_in_time(half, srv):
    server, peer = half()

    server.process.terminate()
    time.sleep(0.2)
    peer.say(data(6, b"end"))
    wait_until(lambda: peer.packet().number == 6)       # before it ACK 5, again
    assert server.stop() == 0
    assert (srv / "old").read_bytes() == BLOCK * 5 + b"end"
    assert server.record(event="put")["outcome"] == "ok"


def test_the_directory_becomes_read_only(half, serve, srv):
    server, peer = half()

    srv.chmod(0o555)
    peer.say(data(6, b"end"))
    packet = peer.packet()
    if os.geteuid() == 0 or packet.op == ERROR:     # the server is nobody
        assert (packet.op, packet.number) == (ERROR, 2)
    intact(server, srv)
    assert server.record(event="put")["outcome"] == "error"
    srv.chmod(0o777)
    server.stop()
    serve("--uploads", "overwrite")
    wait_for(lambda: os.listdir(srv) == ["old"])    # a helper's job


def test_the_directory_is_read_only_from_the_start(serve, srv, make):
    (srv / "sub").mkdir(mode=0o755)
    make("sub/old", OLD)
    if os.geteuid() != 0:
        (srv / "sub").chmod(0o555)
    server = serve("--uploads", "overwrite")

    for name in ("sub/old", "sub/new"):
        with pytest.raises(TftpError) as refused:
            put(server.at, name, b"new")
        assert refused.value.code == 2
    assert os.listdir(srv / "sub") == ["old"]
    assert get(server.at, "sub/old").content == OLD


def test_a_root_that_is_closed_with_a_directory_that_is_open(serve, srv):
    (srv / "backup").mkdir()
    (srv / "backup").chmod(0o777)
    srv.chmod(0o555)
    server = serve("--uploads", "create")

    assert f"uploads: {srv} itself may not be written" in server.stderr
    assert "such as backup" in server.stderr
    put(server.at, "backup/sw1.cfg", b"new")
    assert (srv / "backup" / "sw1.cfg").read_bytes() == b"new"
    with pytest.raises(TftpError) as refused:
        put(server.at, "sw1.cfg", b"new")
    assert refused.value.code == 2
    assert os.listdir(srv) == ["backup"]


@pytest.fixture
def small_disk(srv):
    """What starts a server on a disk of 1 MiB, and how to see that disk."""
    script = ('mount -t tmpfs -o size=1m,mode=777 none "$0" && '
              'head -c 3000 /dev/zero >"$0/old" && exec "$@"')
    root = os.geteuid() == 0
    under = ["unshare", "-m" if root else "-rm", "sh", "-c", script, srv]
    if os.spawnvp(os.P_WAIT, "unshare", ["unshare", *under[1:2], "true"]) != 0:
        pytest.skip("no mount namespace to be had")
    return under, [] if root else ["--user", "root"]


def test_the_disk_is_full(serve, srv, small_disk):
    under, flags = small_disk
    server = serve("--uploads", "overwrite", *flags, under=under)
    disk = Path("/proc", str(server.pid), "root", *srv.parts[1:])

    for options in ({}, {"windowsize": 16}, {"blksize": 8192}):
        with pytest.raises(TftpError) as refused:
            put(server.at, "old", bytes(2 << 20), **options)
        assert refused.value.code == 3
        wait_until(lambda: os.listdir(disk) == ["old"])
        assert get(server.at, "old").content == bytes(3000)
    with pytest.raises(TftpError) as refused:
        put(server.at, "new", bytes(2 << 20), tsize=2 << 20)
    assert refused.value.code == 3
    wait_until(lambda: os.listdir(disk) == ["old"])
    put(server.at, "old", bytes(500000), blksize=1400)
    assert (disk / "old").read_bytes() == bytes(500000)
    server.stop()
    assert [r["outcome"] for r in server.records() if r["event"] == "put"] == [
        "error", "error", "error", "error", "ok"]


def test_a_reader_has_the_old_file_while_a_new_one_comes(serve, srv, old):
    server = serve("--uploads", "overwrite")

    with Peer(server.at) as reader:
        reader.ask(1, "old", blksize=1024)
        reader.hear()
        reader.say(b"\0\4\0\0")
        parts = [bytes(reader.packet().body)]
        put(server.at, "old", b"new")
        for block in (1, 2):
            reader.say(b"\0\4\0" + bytes([block]))
            parts.append(bytes(reader.packet().body))
        reader.say(b"\0\4\0\3")
    assert b"".join(parts) == OLD
    assert get(server.at, "old").content == b"new"
