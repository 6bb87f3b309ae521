# SPDX-License-Identifier: MIT
"""Peers that repeat themselves, change their mind, die, or are not there at all."""
import os
import time

import pytest

from e2e.peers.tftp import DATA, OACK, RRQ, WRQ, Get, Peer, ack, data, error, request

BOTH = pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
# By default a repeat that is late may be answered from the other port.
ONE_PORT = pytest.mark.parametrize("flags", [("--single-port=never",), ("--single-port",)],
                                   ids=["ports", "single"])


@pytest.fixture
def file(make):
    return make("file", 5000)


def finish(peer, transfer, reply):
    while not transfer.done:
        peer.say(reply)
        reply = transfer.read(peer.hear())
    peer.say(reply)
    return transfer.content


@ONE_PORT
def test_the_same_request_thrice_is_one_transfer(serve, file, flags):
    server = serve(*flags)
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer:
        replies = []
        for _ in range(3):
            peer.raw(transfer.request)
            replies.append(bytes(peer.hear()))      # each from the same port
        assert len(set(replies)) == 1
        assert finish(peer, transfer, transfer.read(replies[0])) == file
        assert peer.silent(0.1)
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"]


@ONE_PORT
def test_requests_that_repeat_faster_than_it_answers(serve, file, flags):
    server = serve(*flags)
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer:
        for _ in range(20):
            peer.raw(transfer.request)
        replies = [bytes(peer.hear())]
        while not peer.silent(0.2):
            replies.append(bytes(peer.buffer[:len(replies[0])]))
        assert len(set(replies)) == 1
        assert finish(peer, transfer, transfer.read(replies[0])) == file
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"]


@ONE_PORT
def test_a_repeated_upload_request_is_one_upload(serve, srv, flags):
    """Cisco's IOS repeats its WRQ after 4 s."""
    server = serve(*flags, "--uploads", "create")

    with Peer(server.at) as peer:
        for _ in range(3):
            peer.ask(WRQ, "up")
            assert bytes(peer.hear()) == ack(0)
        peer.say(data(1, b"once"))
        assert peer.packet().number == 1
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"]
    assert (srv / "up").read_bytes() == b"once"
    assert os.listdir(srv) == ["up"]


@BOTH
def test_a_stray_repeat_amid_the_transfer_is_no_new_one(serve, file, flags):
    server = serve(*flags)
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        reply = transfer.read(peer.hear())
        peer.say(reply)
        reply = transfer.read(peer.hear())
        for _ in range(3):
            peer.raw(transfer.request)
        assert finish(peer, transfer, reply) == file
        assert transfer.repeats == 0
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"]


@BOTH
def test_a_board_that_was_reset_begins_anew(serve, file, flags):
    """The same request from the same port, long after the last packet."""
    server = serve(*flags, "--timeout", "200ms")
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        peer.say(transfer.read(peer.hear()))
        peer.hear()
        time.sleep(0.5)
        while not peer.silent(0.02):
            pass
        peer.tid = None
        again = Get("file", blksize=512)
        peer.raw(again.request)
        packet = peer.hear()
        assert packet[1] == OACK
        assert finish(peer, again, again.read(packet)) == file
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["replaced", "ok"]


@BOTH
@pytest.mark.parametrize("proved", [False, True])
def test_another_request_replaces_the_transfer(serve, file, make, flags, proved):
    other = make("other", 2000)
    server = serve(*flags)
    first = Get("file", blksize=512)

    with Peer(server.at) as peer:
        peer.raw(first.request)
        reply = first.read(peer.hear())
        if proved:
            peer.say(reply)
            peer.hear()
        old = peer.tid
        peer.tid = None
        second = Get("other", blksize=600)
        peer.raw(second.request)
        packet = peer.hear()
        assert packet[1] == OACK
        assert bool(flags) == (peer.tid == old)     # else on another data port
        assert finish(peer, second, second.read(packet)) == other
    server.stop()
    assert [(r["file"], r["outcome"]) for r in server.records()] == [
        ("file", "replaced"), ("other", "ok")]


@BOTH
def test_a_port_used_again_and_again(serve, make, flags):
    """lpxelinux makes nearly all of its transfers from one port."""
    files = [make(f"f{i}", 100 + 300 * i) for i in range(8)]
    server = serve(*flags)

    with Peer(server.at) as peer:
        for i in [i % 8 for i in range(200)]:
            peer.tid = None
            transfer = Get(f"f{i}")
            peer.raw(transfer.request)
            while not transfer.done:
                packet = peer.hear()
                peer.say(transfer.read(packet))
            assert transfer.content == files[i]
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"] * 200


def test_a_foreign_port_is_told_so_and_harms_nothing(serve, file):
    server = serve()
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        reply = transfer.read(peer.hear())
        for datagram in (ack(0), ack(1), data(1, b"x")):
            with Peer(server.at) as stranger:
                stranger.tid = peer.tid
                stranger.say(datagram)
                assert bytes(stranger.hear()) == error(5)
                stranger.say(datagram)          # once, or two could go on for ever
                assert stranger.silent(0.05)
        stranger = Peer(server.at)
        stranger.tid = peer.tid
        for datagram in (error(0, "no"), error(5), b"\0\6tsize\x001\0", request(RRQ, "file"),
                         b"", b"\0", b"\0\4\0"):
            stranger.say(datagram)
        assert stranger.silent(0.1)
        stranger.close()
        assert finish(peer, transfer, reply) == file
    assert server.record(event="get")["outcome"] == "ok"


def test_no_error_to_a_peer_whose_transfer_just_ended(serve, file):
    server = serve()
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        finish(peer, transfer, transfer.read(peer.hear()))
        server.record(event="get")
        for block in (8, 9, 10, 11):
            peer.say(ack(block))
        assert peer.silent(0.1)


def test_in_single_port_mode_strangers_hear_nothing(serve, file):
    server = serve("--single-port")

    with Peer(server.at) as peer:
        for datagram in (ack(0), data(1, b"x"), error(5)):
            peer.raw(datagram)
        assert peer.silent(0.2)


@pytest.mark.parametrize("options", [{}, {"blksize": 1024}, {"timeout": 1}], ids=str)
@pytest.mark.parametrize("op", [RRQ, WRQ])
@BOTH
def test_an_unproved_peer_gets_two_datagrams_at_most(serve, file, flags, op, options):
    """Its address may be a victim's. An OACK is repeated after 5 s at the soonest."""
    server = serve(*flags, "--uploads", "create")
    repeats = 1 if op == RRQ and not options else 0

    with Peer(server.at) as peer:
        peer.ask(op, "file" if op == RRQ else "up", **options)
        start = time.monotonic()
        heard = [bytes(peer.hear())]

        def passed():
            return time.monotonic() - start
        while passed() < 2.5 or (passed() < 4.5 and len(heard) < 1 + repeats):
            if not peer.silent(0.5) and passed() < 4.9:
                heard.append(bytes(peer.buffer[:len(heard[0])]))
    assert len(heard) == 1 + repeats
    assert len(set(heard)) == 1


@BOTH
def test_a_peer_that_falls_silent(serve, file, flags):
    server = serve(*flags, "--uploads", "create")

    with Peer(server.at) as reader, Peer(server.at) as writer:
        reader.ask(RRQ, "file", utimeout=100000)
        reader.hear()
        reader.say(ack(0))
        writer.ask(WRQ, "up", utimeout=100000)
        writer.hear()
        writer.say(data(1, bytes(512)))
        writer.hear()
        start = time.monotonic()
        blocks = acks = 0
        while time.monotonic() - start < 1.5:
            blocks += not reader.silent(0.05)
            acks += not writer.silent(0.05)
    assert 5 <= blocks <= 25        # each 100 ms, as was agreed
    assert 1 <= acks <= 25


@BOTH
def test_the_last_ack_may_never_come(serve, file, flags):
    """Firmware jumps into its image: a few repeats, then silence. Who asks again by a slow
    timer is answered; after 30 s the outcome says it."""
    server = serve(*flags)
    transfer = Get("file", utimeout=50000)

    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        reply = transfer.read(peer.hear())
        while not transfer.done:
            peer.say(reply)
            reply = transfer.read(peer.hear())
        repeats = 0
        while not peer.silent(2.0):
            repeats += 1
        assert repeats == 3 and peer.silent(6.0)
        peer.say(ack(9))
        packet = peer.packet()
        assert (packet.op, packet.number) == (DATA, 10)
    record = server.record(patience=60, event="get")
    assert record["outcome"] == "unconfirmed"
    assert record["bytes"] == "5000"


@BOTH
@pytest.mark.parametrize("code", [0, 1, 4, 8])
def test_errors_of_a_peer_end_the_transfer(serve, file, flags, code):
    server = serve(*flags)

    with Peer(server.at) as peer:
        peer.ask(RRQ, "file")
        peer.hear()
        peer.say(ack(1))
        peer.hear()
        peer.say(error(code, "x\x1b[31m" * 10))
        assert peer.silent(0.1)
    record = server.record(event="get")
    assert (record["outcome"], record["bytes"]) == ("aborted", "512")
    assert str(code) in record["reason"]


def test_error_zero_after_the_last_block_is_success(serve, make):
    """GRUB closes a file of whole blocks so."""
    make("whole", 1024)
    server = serve()

    with Peer(server.at) as peer:
        peer.ask(RRQ, "whole", blksize=1024)
        peer.hear()
        peer.say(ack(0))
        peer.hear()
        peer.say(ack(1))
        assert peer.packet().number == 2
        peer.say(error(0, "closed"))
    assert server.record(event="get")["outcome"] == "ok"


@BOTH
def test_errors_without_end_or_text(serve, file, flags):
    server = serve(*flags)

    for number, datagram in enumerate((b"\0\5\0\0", b"\0\5\0\1no end", error(0))):
        with Peer(server.at) as peer:
            peer.ask(RRQ, "file")
            peer.hear()
            peer.say(datagram)
            assert peer.silent(0.05)
        assert len([r for r in server.records() if r["outcome"] == "aborted"]) <= number + 1
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["aborted"] * 3


def test_a_probe_for_the_size(serve, file):
    """EDK2 and iPXE abort the first OACK and then ask again."""
    server = serve()

    for code in (0, 8):
        with Peer(server.at) as peer:
            peer.ask(RRQ, "file", tsize=0, blksize=1468, windowsize=4)
            assert peer.packet().options["tsize"] == "5000"
            peer.say(error(code, "User aborted the transfer"))
    server.stop()
    assert [(r["event"], r["outcome"]) for r in server.records()] == [("probe", "probe")] * 2
    assert "2 probes" in server.summary


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@BOTH
def test_a_dead_peer_is_gone_soon(serve, file, host, flags):
    """ICMP says that nobody listens there, and nothing else is heard."""
    server = serve(*flags, at=[f"tftp://{host}:0"])

    with Peer(server.at) as peer:
        peer.ask(RRQ, "file")
        peer.hear()
        peer.die()
        peer.say(ack(1))
        assert server.record(event="get")["outcome"] == "gone"


def gone(server):
    return {int(r["peer"].rpartition(":")[2]) for r in server.records()
            if r["outcome"] == "gone"}


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@BOTH
def test_the_dead_harm_nobody_else(serve, make, host, flags):
    """All live on the same few sockets, where one's ICMP error is another's errno."""
    content = make("long", 300000)
    server = serve(*flags, "--timeout", "100ms", at=[f"tftp://{host}:0"])
    transfer = Get("long", blksize=512, windowsize=4)
    dead = []

    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        while not transfer.done:
            reply = transfer.read(peer.hear())
            if reply:
                if transfer.block % 8 == 0:
                    dead.append(Peer(server.at))
                    dead[-1].ask(RRQ, "long")
                    dead[-1].die()
                peer.say(reply)
        assert transfer.content == content
    assert int(server.record(outcome="ok")["resent"]) <= 8     # by the timer, on a busy day
    end = time.monotonic() + 15     # ICMP's word is taken after 2 s to 5 s
    ports = {peer.port for peer in dead}
    while time.monotonic() < end and gone(server) != ports:
        time.sleep(0.05)
    assert gone(server) == ports
    for peer in dead:
        peer.close()
    assert {r["outcome"] for r in server.records()} == {"gone", "ok"}
