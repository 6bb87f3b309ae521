# SPDX-License-Identifier: MIT
"""Several shards: threads that share the request port and nothing else. A client must not
see how many there are."""
import contextlib
import os
import re
import signal
import time

import pytest

from e2e.peers.swarm import Swarm
from e2e.peers.echo import wait_for
from e2e.peers.tftp import OACK, RRQ, WRQ, Get, Peer, Put, get, parse

SHARDS = 3
MANY = 120  # that one of three shards gets none of them is out of question
ALL = ("--shards", SHARDS)
BOTH = pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
HOSTS = pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "0.0.0.0"])


def run(server, transfers):
    """All of them at once; the ports that answered."""
    with Swarm(server.at, transfers) as swarm:
        swarm.start()
        swarm.go()
        assert swarm.errors == []
        return {runner.tid[1] for runner in swarm.runners}


@HOSTS
@BOTH
def test_downloads_from_all_of_them(serve, make, flags, host):
    files = [make(f"f{i}", 20000 + 1000 * i) for i in range(5)]
    server = serve(*ALL, *flags, at=[f"tftp://{host}:0"])
    gets = [Get(f"f{i % 5}", blksize=1000, windowsize=3) for i in range(MANY)]

    ports = run(server, gets)
    if flags:
        assert ports == {server.at[1]}
    else:
        assert len(ports) > 4       # an address has four in one shard
    assert all(t.content == files[i % 5] for i, t in enumerate(gets))
    assert server.stop() == 0
    assert [r["outcome"] for r in server.records()] == ["ok"] * MANY
    size = sum(len(files[i % 5]) for i in range(MANY))
    assert f"tftp: {MANY} ok; {size} bytes; 0 datagrams" in server.summary


@BOTH
def test_uploads_to_all_of_them(serve, srv, flags):
    server = serve(*ALL, *flags, "--uploads", "create")
    bodies = [os.urandom(3000 + i) for i in range(MANY)]

    run(server, [Put(f"u{i}", body, blksize=1000) for i, body in enumerate(bodies)])
    for i, body in enumerate(bodies):
        assert (srv / f"u{i}").read_bytes() == body
    assert len(os.listdir(srv)) == MANY
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"] * MANY


def test_one_name_is_taken_once(serve, srv):
    """Clients of all shards upload the same file: as one, whole, and the rest is told."""
    server = serve(*ALL, "--uploads", "create")
    bodies = [bytes([i]) * 5000 for i in range(30)]
    puts = [Put("same", body, blksize=1000) for body in bodies]

    with Swarm(server.at, puts, hold=True) as swarm:
        swarm.start()
        swarm.all_answered()
        swarm.go()
        assert len(swarm.errors) == 29
    assert (srv / "same").read_bytes() in bodies
    assert os.listdir(srv) == ["same"]


@HOSTS
@BOTH
def test_a_repeated_request_is_one_transfer(serve, make, flags, host):
    content = make("file", 3000)
    flags = flags or ["--single-port=never"]    # auto may answer a repeat from the other port
    server = serve(*ALL, *flags, at=[f"tftp://{host}:0"])

    for _ in range(20):
        transfer = Get("file", blksize=512)
        with Peer(server.at) as peer:
            for _ in range(3):
                peer.raw(transfer.request)
                reply = transfer.read(peer.hear())      # from one port, or it fails
            while not transfer.done:
                peer.say(reply)
                reply = transfer.read(peer.hear())
            peer.say(reply)
            assert transfer.content == content
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"] * 20


@BOTH
def test_a_port_used_again_stays_with_its_shard(serve, make, flags):
    """A peer that asks for something else replaces its transfer, wherever that is."""
    make("file", 5000)
    server = serve(*ALL, *flags)

    for _ in range(20):
        with Peer(server.at) as peer:
            peer.ask(RRQ, "file", blksize=512)
            peer.hear()
            peer.tid = None
            peer.ask(RRQ, "file", blksize=600)
            packet = parse(peer.hear())
            assert (packet.op, packet.options) == (OACK, {"blksize": "600"})
    server.stop(twice=True)
    outcomes = [r["outcome"] for r in server.records()]
    assert outcomes.count("replaced") == 20


def test_a_range_of_ports_is_dealt_out(serve, make):
    content = make("file", 3000)
    low = 21000 + os.getpid() % 20000
    server = serve(*ALL, "--port-range", f"{low}-{low + 49}")
    gets = [Get("file", blksize=512) for _ in range(MANY)]

    ports = run(server, gets)
    assert len(ports) > 4 and ports <= set(range(low, low + 50))
    assert all(t.content == content for t in gets)


def test_a_shard_has_one_port_at_least(kedge, serve, make):
    content = make("file", 3000)
    for low in range(21000 + os.getpid() % 20000, 65000, 3):
        with contextlib.suppress(AssertionError):   # one of three is in use
            server = serve(*ALL, "--port-range", f"{low}-{low + 2}")
            break
    gets = [Get("file", blksize=512) for _ in range(MANY)]
    assert run(server, gets) == {low, low + 1, low + 2}
    assert all(t.content == content for t in gets)


@BOTH
def test_they_end_together(serve, make, flags):
    """What is open on any of them goes on; new requests are taken by none."""
    content = make("file", 2000)
    server = serve(*ALL, *flags)
    transfers = [Get("file", blksize=512) for _ in range(20)]

    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(server.at)) for _ in transfers]
        late = [stack.enter_context(Peer(server.at)) for _ in transfers]
        for peer, transfer in zip(peers, transfers):
            peer.raw(transfer.request)
            reply = transfer.read(peer.hear())
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        for peer in late:
            peer.ask(RRQ, "file")
        for peer, transfer in zip(peers, transfers):
            peer.say(reply)
            while not transfer.done:
                peer.say(transfer.read(peer.hear()))
            assert transfer.content == content
        assert all(peer.silent(0.01) for peer in late)
        assert server.process.wait(10) == 0
    server.stop()
    assert re.search("tftp: 20 ok[;,].* 40000 bytes", server.summary)
    assert {r["outcome"] for r in server.records() if r["event"] == "get"} == {"ok"}


def test_a_second_signal_ends_them_at_once(serve, srv):
    server = serve(*ALL, "--uploads", "create")

    with contextlib.ExitStack() as stack:
        for number in range(20):
            peer = stack.enter_context(Peer(server.at))
            peer.ask(WRQ, f"up{number}")
            peer.hear()
        assert len(os.listdir(srv)) == 20
        start = time.monotonic()
        server.process.terminate()
        assert not server.ended(0.3)
        server.process.terminate()
        assert server.process.wait(10) == 0
        assert time.monotonic() - start < 4
    server.stop()
    assert "20 failed" in server.summary
    assert os.listdir(srv) == []        # no part of an upload is left behind


def test_their_port_is_in_use_for_others(serve, make, kedge, srv):
    """And for one's like: SO_REUSEPORT alone would let a second server in."""
    content = make("file", 1000)
    server = serve(*ALL)

    for flags in ((), ALL):
        with pytest.raises(AssertionError, match="in use"):
            serve(*flags, at=[f"tftp://127.0.0.1:{server.at[1]}"])
    assert get(server.at, "file").content == content


def test_limits_are_of_all_together(serve, make):
    make("file", 1000)
    server = serve(*ALL, "--max-transfers", "30")

    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(server.at)) for _ in range(200)]
        for peer in peers:
            peer.ask(RRQ, "file", blksize=512)
        answered = set()

        def listen():
            answered.update(p for p in peers if p not in answered and not p.silent(0.001))
            return len(answered)
        wait_for(lambda: listen() >= 30)
        assert listen() == 30
    server.stop(twice=True)
    assert "170 no room" in server.summary


def test_more_shards_than_ports(kedge, serve, srv):
    with pytest.raises(AssertionError, match="--port-range has 2 ports for --shards 3"):
        serve(*ALL, "--port-range", "20000-20001")


def test_echoes_are_served_by_the_first(serve, make):
    content = make("file", 1000)
    server = serve(*ALL, at=["tftp://127.0.0.1:0", "echo+udp://127.0.0.1:0"])
    threads = server.status("Threads")

    for _ in range(10):
        with Peer(server.address("echo+udp")) as peer:
            peer.raw(b"hello")
            assert bytes(peer.hear()) == b"hello"
    assert get(server.at, "file").content == content
    assert threads >= SHARDS + 4 * SHARDS + 1       # helpers of each, and the log's
    server.stop()
    assert re.search(r"echo\+udp://\S+: 10 datagrams", "\n".join(server.lines))
