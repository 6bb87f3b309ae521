# SPDX-License-Identifier: MIT
"""Too many requests, too few descriptors, too little memory. Budget and full table:
tests/e2e/test_serve_tftp_full.py; connections: tests/unit/serve/echo/tcp_limits.c."""
import contextlib
import itertools
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from e2e.lib.serve import Server
from e2e.peers.echo import wait_for
from e2e.peers.tftp import (ACK, ERROR, OACK, RRQ, WRQ, Get, Peer, Silence, ack, data, error, get,
                            put, request)

BOTH = pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
OWN = ".kedge-"


def left_over(srv):
    return [p for p in srv.iterdir() if p.name.startswith(OWN)]


@contextlib.contextmanager
def peers(server, count):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Peer(server.at)) for _ in range(count)]


@BOTH
def test_a_flood_of_equal_write_requests(serve, srv, flags):
    """One client that repeats itself has one upload, one descriptor, one file (uftpd#41)."""
    server = serve(*flags, "--uploads", "create")
    before = server.descriptors()

    with Peer(server.at) as peer:
        for _ in range(2000):
            peer.ask(WRQ, "up")
        peer.hear()
        assert len(left_over(srv)) <= 1
        assert server.descriptors() <= before + 4
        while not peer.silent(0.1):
            pass
        peer.say(data(1, b"all"))
        while peer.packet().number != 1:
            pass
    assert (srv / "up").read_bytes() == b"all"
    wait_for(lambda: not left_over(srv))


@BOTH
def test_a_flood_of_write_requests(serve, srv, flags):
    """Of many clients, none of which ever sends: 1,024 wait, and leave nothing behind."""
    server = serve(*flags, "--uploads", "create")
    before = server.descriptors()

    with peers(server, 1100) as crowd:
        for number, peer in enumerate(crowd):
            peer.ask(WRQ, f"up{number}")
            if number % 64 == 63 and number < 1024:
                peer.hear()
        wait_for(lambda: len(left_over(srv)) == 1024)
        assert server.descriptors() <= before + 2 * 1024 + 4

        def given_up():
            """By each that has had its reply by now."""
            for peer in crowd:
                with contextlib.suppress(Silence):
                    if not peer.tid:
                        peer.hear(0.001)
                    peer.say(error(0))
            return not left_over(srv)

        wait_for(given_up)
        wait_for(lambda: server.descriptors() <= before + 4)
    put(server.at, "honest", b"x" * 1000)
    assert (srv / "honest").read_bytes() == b"x" * 1000
    assert [p.name for p in srv.iterdir()] == ["honest"]


STANDING = 2000
BODY = 60_000
MOST_KIB = 48 << 10     # 21 MiB were seen; of 2,000 such blocks 115 MiB


def standing(target, source, count, numbers):
    """Uploads that send one large block, and then nothing: their sockets, answered."""
    socks = []
    for number in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((source, 0))
        sock.settimeout(5)
        socks.append(sock)
        sock.sendto(request(WRQ, f"up{next(numbers)}", blksize=BODY), target)
        _, tid = sock.recvfrom(1000)
        sock.sendto(data(1, bytes(BODY)), tid)
        assert sock.recv(1000) == ack(1)
    return socks


def test_uploads_that_stand_still(released, tmp_path, srv):
    """2,000, of two networks. Of a block that is written no byte is kept in memory."""
    server = Server([released, "serve", "tftp://127.0.0.1:0", "--root", srv, "--uploads",
                     "create", "--blksize-max", str(BODY)], tmp_path / "log")
    numbers = itertools.count()
    socks = standing(server.at, "127.0.0.2", 50, numbers)   # so that all code is there
    before = server.status("VmRSS")
    socks += standing(server.at, "127.0.0.2", STANDING // 2 - 50, numbers)
    socks += standing(server.at, "127.0.3.2", STANDING // 2, numbers)
    grown = server.status("VmRSS") - before
    put(server.at, "honest", b"x" * 100_000, blksize=1400, windowsize=16)
    for sock in socks:
        sock.close()
    assert server.stop(twice=True) == 0
    assert grown < MOST_KIB, f"{grown} KiB"


def test_uploads_of_one_network_are_bounded(serve, srv):
    """1,024; who asks for one more hears nothing, and is counted. Another network may send."""
    server = serve("--uploads", "create")
    with peers(server, 1024) as crowd:
        for number, peer in enumerate(crowd):
            peer.ask(WRQ, f"up{number}")
            peer.hear()
            peer.say(data(1, bytes(512)))       # its address is proved
            assert peer.packet().number == 1
        with Peer(server.at) as late:
            late.ask(WRQ, "late")
            assert late.silent(0.2)
        put(server.at, "other", b"x", source=("127.1.0.1", 0))     # no test has its host there
        for peer in crowd:
            peer.say(error(0))
        wait_for(lambda: not left_over(srv))
        put(server.at, "late", b"x")
    server.stop(twice=True)
    assert ", 1 over the limit of uploads)" in server.summary


def test_what_could_not_be_written_is_not_kept(serve, srv):
    """The blocks of an upload are written when others need the memory. That fails then, and
    the next block, or the end, says so."""
    server = serve("--uploads", "create", "--max-upload", "1000")
    numbers = itertools.count()
    for last in data(3, b""), data(3, bytes(512)):
        with Peer(server.at) as peer:
            peer.ask(WRQ, f"large{len(last)}")
            for block in 0, 1, 2:
                if block:
                    peer.say(data(block, bytes(512)))
                assert peer.packet().number == block
            for sock in standing(server.at, "127.0.2.2", 300, numbers):
                sock.close()
            peer.say(last)
            packet = peer.packet()
            while packet.op == ACK and packet.number == 2:      # again, by the timer
                packet = peer.packet()
            assert (packet.op, packet.number) == (ERROR, 3)
    assert not list(srv.glob("large*"))


@pytest.mark.parametrize("descriptors", [24, 32, 64])
@BOTH
def test_too_few_descriptors(serve, make, srv, flags, descriptors):
    """Those beyond hear nothing and ask again; who has a file keeps it, and all are served
    once the others have gone."""
    content = make("file", 50_000)
    server = serve(*flags, "--uploads", "create",
                   under=("prlimit", f"--nofile={descriptors}"))
    transfer = Get("file", blksize=512)

    with Peer(server.at) as honest, peers(server, 80) as crowd:
        honest.raw(transfer.request)
        reply = transfer.read(honest.hear())
        for number, peer in enumerate(crowd):
            peer.ask(WRQ, f"up{number}")
        time.sleep(0.2)
        while not transfer.done:
            honest.say(reply)
            reply = transfer.read(honest.hear())
        honest.say(reply)
        answered = 0
        for peer in crowd:
            with contextlib.suppress(Silence):
                packet = peer.packet(0.01)    # an ERROR would end a boot
                assert packet.op != ERROR, (bytes(packet.body), peer.tid, server.at)
                peer.say(error(0))
                answered += 1
        assert 0 < answered < descriptors
    assert transfer.content == content
    record = server.record(outcome="refused")
    assert record["reason"] == "too many open files in this process"
    assert record["verdict_id"] == "server-busy"
    assert get(server.at, "file").content == content
    put(server.at, "after", b"x")
    assert (srv / "after").read_bytes() == b"x"


def cpu_seconds(server):
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_connections_take_all_descriptors(serve, make):
    """Echo connections leave some descriptors to files; those beyond cost no time."""
    server = serve(at=["tftp://127.0.0.1:0", "echo+tcp://127.0.0.1:0"],
                   under=("prlimit", "--nofile=40"))

    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(socket.create_connection(server.address("echo+tcp")))
        time.sleep(0.2)
        for name in ("one", "two", "three"):
            content = make(name, 5000)
            assert get(server.at, name).content == content
        before = cpu_seconds(server)
        time.sleep(1)
        assert cpu_seconds(server) - before < 0.3
    with socket.create_connection(server.address("echo+tcp")) as one:
        one.settimeout(5)
        one.sendall(b"again")
        assert one.recv(10) == b"again"


def starts(released, tmp_path, srv, megabytes):
    """A server within so much address space, or None if it says that this is too little."""
    command = ["prlimit", f"--as={megabytes << 20}", released, "serve", "tftp://127.0.0.1:0",
               "echo://127.0.0.1:0", "--root", srv, "--uploads", "create"]
    try:
        return Server(command, tmp_path / f"as-{megabytes}")
    except AssertionError:
        lines = (tmp_path / f"as-{megabytes}").read_text().splitlines()
        assert len(lines) == 1 and lines[0].startswith("kedge serve: "), lines
        return None


def test_too_little_memory(released, tmp_path, srv, make):
    """It says so at start, or it has what it needs: then a thousand clients take no more."""
    content = make("file", 100_000)
    servers = [starts(released, tmp_path, srv, m) for m in range(16, 272, 32)]
    up = [s for s in servers if s]
    assert up and servers[0] is None
    assert servers == [None] * (len(servers) - len(up)) + up
    try:
        server = up[0]
        with peers(server, 1000) as crowd:
            for number, peer in enumerate(crowd):
                peer.ask(RRQ if number % 2 else WRQ, "file" if number % 2 else f"up{number}",
                         blksize=1428, windowsize=8)
                if number % 50 == 49:
                    peer.hear()
            assert get(server.at, "file", blksize=1428, windowsize=16).content == content
            assert sum(not peer.silent(0.001) for peer in crowd) > 500
        assert server.process.poll() is None
    finally:
        codes = [s.stop(signal.SIGTERM, twice=True) for s in up]
    assert set(codes) <= {0, -9}


def test_options_by_the_hundred(serve, make):
    """As many as a request holds, each known or unknown, repeated or cut."""
    content = make("file", 3000)
    server = serve()

    for words in ({f"o{n}": n for n in range(150)}, {"x" * 400: "y" * 400},
                  {"blksize": "0" * 1000 + "512"}, {"blksize": 65464, "BLKSIZE": 8}):
        with Peer(server.at) as peer:
            peer.ask(RRQ, "file", **words)
            packet = peer.packet()
            assert len(peer.buffer) and set(packet.options or {}) <= {"blksize"}
            if packet.op == OACK:
                assert 8 <= int(packet.options["blksize"]) <= 65464
            peer.say(error(0))
    assert get(server.at, "file").content == content
