# SPDX-License-Identifier: MIT
"""A thousand transfers at once, in one process, on a few sockets."""
import os
import re
import time

import pytest

from e2e.peers.swarm import Swarm
from e2e.peers.tftp import RRQ, Get, Peer, Put, ack, error, get, put

MANY = 1000
GROWS = 28 # helpers that the pool may add where a busy machine keeps its jobs waiting (32 less 4)
BOTH = pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])


def cost(server):
    """Descriptors, threads and children of the server."""
    return server.descriptors(), server.status("Threads"), len(server.children())


@BOTH
def test_a_thousand_downloads(serve, make, flags):
    files = [make(f"f{i}", 30000 + 10 * i) for i in range(10)]
    server = serve(*flags)
    get(server.at, "f0")                    # the first threads are there now
    before = cost(server)
    gets = [Get(f"f{i % 10}", blksize=1400, windowsize=4) for i in range(MANY)]

    with Swarm(server.at, gets, hold=True) as swarm:
        swarm.start()
        swarm.all_answered()
        fds, threads, children = cost(server)
        assert fds <= before[0] + 16        # one a file that is open, not one a transfer
        assert threads <= before[1] + GROWS and children == before[2]
        swarm.go()
        assert swarm.errors == []
    for i, transfer in enumerate(gets):
        assert transfer.content == files[i % 10]
    server.stop()
    outcomes = [r["outcome"] for r in server.records()]
    assert outcomes == ["ok"] * (MANY + 1)
    assert f"tftp: {MANY + 1} ok;" in server.summary


@BOTH
def test_a_thousand_uploads(serve, srv, flags):
    server = serve("--uploads", "create", *flags)
    before = cost(server)
    bodies = [os.urandom(3000 + i) for i in range(MANY)]
    puts = [Put(f"u{i}", body, blksize=1400) for i, body in enumerate(bodies)]

    with Swarm(server.at, puts, hold=True) as swarm:
        swarm.start()
        swarm.all_answered()
        _, threads, children = cost(server)
        assert threads <= before[1] + GROWS and children == before[2]
        swarm.go()
        assert swarm.errors == []
    for i, body in enumerate(bodies):
        assert (srv / f"u{i}").read_bytes() == body
    assert len(os.listdir(srv)) == MANY
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"] * MANY


def test_more_files_at_once_than_a_thousand(serve, make):
    """Each is open, for its client has one block of three."""
    count = 1100
    for i in range(count):
        make(f"f{i}", 1200)
    server = serve()
    peers = [Peer(server.at) for _ in range(count)]

    for i, peer in enumerate(peers):
        peer.ask(RRQ, f"f{i}")
        peer.hear()
        peer.say(ack(1))
        peer.hear()
    assert server.descriptors() > count
    for peer in peers:
        peer.say(error(0))
        peer.close()


def test_more_files_than_descriptors(serve, make):
    """Those that nobody reads any more are closed for the next, and for uploads."""
    count = 316
    content = [make(f"f{i}", 70_000 + i) for i in range(count)]     # larger than what is copied
    server = serve("--uploads", "create", under=("prlimit", "--nofile=256"))

    for i in range(count):
        assert get(server.at, f"f{i}", blksize=8192).content == content[i]
    for i in range(30):
        put(server.at, f"up{i}", b"x" * 1000)


def test_descriptors_and_memory_come_back(serve, make):
    make("file", 20000)
    server = serve()

    def round_of(count):
        gets = [Get("file", blksize=1400, windowsize=4) for _ in range(count)]
        with Swarm(server.at, gets) as swarm:
            swarm.start()
            swarm.go()
            assert swarm.errors == []

    round_of(400)
    fds, memory = server.descriptors(), server.status("VmRSS")
    for _ in range(3):
        round_of(400)
    assert server.descriptors() <= fds
    assert server.status("VmRSS") <= memory * 1.1 + 4096


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@BOTH
def test_one_dead_peer_among_a_thousand(serve, make, host, flags):
    content = make("file", 20000)
    server = serve(*flags, at=[f"tftp://{host}:0"])
    gets = [Get("file", blksize=512, windowsize=2) for _ in range(MANY)]

    with Swarm(server.at, gets, hold=True) as swarm:
        swarm.start()
        swarm.all_answered()
        with Peer(server.at) as dead:
            dead.ask(RRQ, "file", blksize=512, windowsize=4)
            dead.hear()
            dead.die()
            dead.say(ack(0))
            swarm.go()
            assert swarm.errors == []
            assert server.record(outcome="gone")["peer"].endswith(f":{dead.port}")
    assert all(t.content == content for t in gets)
    server.stop(twice=True)
    outcomes = [r["outcome"] for r in server.records()]
    assert sorted(outcomes) == ["gone"] + ["ok"] * MANY


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@BOTH
def test_one_honest_peer_among_a_thousand_dead(serve, make, host, flags):
    content = make("file", 60000)
    server = serve(*flags, at=[f"tftp://{host}:0"])
    dead = [Peer(server.at) for _ in range(MANY)]
    dying = dead.copy()

    for peer in dead:
        peer.ask(RRQ, "file", blksize=512, windowsize=2)
        peer.hear()
    honest = Get("file", blksize=512)
    with Peer(server.at) as peer:
        peer.raw(honest.request)
        reply = honest.read(peer.hear())
        while not honest.done:
            for _ in range(10):                 # each dies with two blocks on their way
                if dying:
                    dying[-1].say(ack(0))
                    dying.pop().die()
            peer.say(reply)
            reply = honest.read(peer.hear())
        peer.say(reply)
    assert honest.content == content
    assert int(server.record(outcome="ok")["resent"]) <= 5     # by the timer, on a busy day
    end = time.monotonic() + 20     # ICMP's word is taken after 2 s to 5 s
    while time.monotonic() < end and len(server.records()) < MANY + 1:
        time.sleep(0.1)
    assert {r["outcome"] for r in server.records()} == {"gone", "ok"}
    assert len(server.records()) == MANY + 1
    for peer in dead:
        peer.close()


def test_more_than_a_budget_of_silent_peers(serve, make):
    """An unproved thousand does not keep the proved from going on."""
    content = make("file", 20000)
    server = serve("--max-transfers", "2056")
    going = Get("file", blksize=512)

    with Peer(server.at) as peer:
        peer.raw(going.request)
        reply = going.read(peer.hear())
        silent = [Peer(server.at) for _ in range(1100)]
        for one in silent:
            one.ask(RRQ, "file")
        while not going.done:
            peer.say(reply)
            reply = going.read(peer.hear())
        peer.say(reply)
    assert going.content == content
    for one in silent:
        one.close()
    server.stop(twice=True)
    over = int(re.search(r"(\d+) over budget", server.summary).group(1))
    assert 70 <= over <= 80
