# SPDX-License-Identifier: MIT
"""Packets that are not as they should be."""
import os
import random
import re
import struct

import pytest

from e2e.peers.tftp import (ACK, DATA, ERROR, OACK, RRQ, WRQ, Get, Peer, ack, data, error,
                            get, request)


def alive(server, content):
    return get(server.at, "file", blksize=1024).content == content


@pytest.fixture
def file(make):
    return make("file", 5000)


# Neither a request nor of a transfer: no answer whatever, or two servers could talk for
# ever (CVE-2024-2169).
SILENT = [b"", b"\0", b"\1", b"\0\0", b"\0\3", b"\0\4", b"\0\5", b"\0\6", b"\0\7",
          b"\1\0", b"\xff\xff", b"\1\1file\0octet\0", b"\0\0file\0octet\0",
          b"\0\7file\0octet\0", ack(0), ack(1), ack(65535), data(1, b"x"), data(1),
          data(1, bytes(512)), error(0, "no"), error(1, "Not found"), error(4), error(5),
          error(8, "no"), error(99), error(0), b"\0\6blksize\x00512\0", b"\0\6",
          b"hello\n", b"\0" * 512, b"\xff" * 516, b"\0\4\0\0" * 128]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_only_requests_are_answered(serve, file, host, flags):
    server = serve(*flags, at=[f"tftp://{host}:0"])

    with Peer(server.at) as peer:
        for datagram in SILENT:
            peer.raw(datagram)
        assert peer.silent(0.3)
    assert server.records() == []
    assert alive(server, file)
    server.stop()
    dropped = int(re.search(r"(\d+) datagrams dropped", server.summary).group(1))
    assert dropped == len(SILENT)


WHOLE = request(RRQ, "file", blksize=1024, tsize=0)


def test_every_prefix_of_a_request(serve, file):
    """Cut before the end of the mode it is malformed, later its options are passed over;
    no answer is longer than the request."""
    server = serve()
    mode_end = WHOLE.index(b"octet\0") + 6

    for cut in range(len(WHOLE)):
        with Peer(server.at) as peer:
            peer.raw(WHOLE[:cut])
            if cut < 5:
                continue                    # looked at below
            packet = peer.packet()
            if cut < mode_end:
                assert (packet.op, packet.number) == (ERROR, 4), cut
                assert len(packet.body) + 4 <= cut
            else:
                assert packet.op == (DATA if cut < len(b"..file.octet.blksize.1024.")
                                     else OACK), cut
                peer.say(error(0))
    for cut in range(5):                    # no ERROR is that short
        with Peer(server.at) as peer:
            peer.raw(WHOLE[:cut])
            assert peer.silent(0.05)
    assert alive(server, file)


@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_an_error_is_never_longer_than_its_request(serve, file, flags):
    server = serve(*flags)

    for name in ("", "a", "nothing", "nothing" * 30):
        for mode in ("", "o", "octet", "mail"):
            for op in (RRQ, WRQ):
                asked = request(op, name, mode)
                with Peer(server.at) as peer:
                    peer.raw(asked)
                    if len(asked) >= 5:         # none is shorter
                        reply = peer.hear()
                        assert reply[1] == ERROR
                        assert 5 <= len(reply) <= len(asked), (name, mode)
                    assert peer.silent(0.01)


def test_requests_of_every_length(serve, file):
    server = serve()
    start = request(RRQ, "file")

    for size in (len(start), 515, 516, 517, 1024, 1499, 1500):      # padded with zeros
        with Peer(server.at) as peer:
            peer.raw(start + bytes(size - len(start)))
            assert peer.packet().op == DATA, size
            peer.say(error(0))
    for size in (1501, 9000, 65507):
        with Peer(server.at) as peer:
            peer.raw(start + bytes(size - len(start)))
            packet = peer.packet()
            assert (packet.op, packet.number) == (ERROR, 4), size
    assert alive(server, file)


def test_a_request_padded_with_options_behind(serve, file):
    """HP PA-RISC firmware pads to 516 bytes; nothing behind an empty name counts."""
    server = serve()
    padded = request(RRQ, "file", blksize=1024)

    with Peer(server.at) as peer:
        peer.raw(padded + bytes(516 - len(padded)))
        assert peer.packet().options == {"blksize": "1024"}
        peer.say(error(0))


def test_options_without_end(serve, file):
    server = serve()

    for tail in (b"blksize", b"blksize\0", b"blksize\x001024", b"a\0b\0" * 300,
                 b"blksize\x001024\0" * 60, b"\0blksize\x001024\0"):
        with Peer(server.at) as peer:
            peer.raw(request(RRQ, "file") + tail)
            packet = peer.packet()
            granted = packet.options if packet.op == OACK else {}
            assert granted in ({}, {"blksize": "1024"}), tail
            peer.say(error(0))
    assert alive(server, file)


def test_acks_longer_than_four_bytes(serve, file):
    """Microsoft's boot manager ends each with the window it wants next."""
    server = serve()
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        while not transfer.done:
            peer.say(transfer.read(peer.hear()) + b"\4")
    assert transfer.content == file
    assert server.record(event="get")["outcome"] == "ok"


# On a transfer's own port, in the middle of it.
ODD = [b"", b"\0", b"\0\4", b"\0\4\0", b"\0\3", b"\0\3\0\1", b"\0\7\0\1", b"\xff\xff\xff",
       b"\0\0\0\0", b"\0\6blksize\x00512\0", b"\0\5", b"\0\5\0", ack(9), ack(40000),
       ack(65535), data(1, b"x"), data(2, bytes(512)), request(RRQ, "file"),
       request(WRQ, "file"), b"\0\4\0\0\0\0\0\0", bytes(2000)]


def test_odd_packets_amid_a_transfer_change_nothing(serve, file):
    server = serve()
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        while not transfer.done:
            reply = transfer.read(peer.hear())
            for datagram in ODD:
                peer.say(datagram)
            peer.say(reply)
        assert peer.silent(0.05)
    assert transfer.content == file
    assert transfer.repeats == 0
    assert server.record(event="get")["outcome"] == "ok"


def test_odd_packets_amid_an_upload_change_nothing(serve, srv):
    server = serve("--uploads", "create")
    body = os.urandom(1300)

    with Peer(server.at) as peer:
        peer.ask(WRQ, "up")
        assert peer.packet().number == 0
        for datagram in [d for d in ODD if d != data(1, b"x")] + [data(5, bytes(512))]:
            if datagram[:2] == b"\0\3" and len(datagram) >= 4 and datagram[3] == 1:
                continue                # an empty DATA 1 is a whole file
            peer.say(datagram)
        for block in (1, 2, 3):
            peer.say(data(block, body[512 * block - 512:512 * block]))
            while True:
                packet = peer.packet()
                assert packet.op == ACK
                if packet.number == block:
                    break
    assert (srv / "up").read_bytes() == body


def test_blocks_larger_than_agreed(serve, srv):
    server = serve("--uploads", "create")

    with Peer(server.at) as peer:
        peer.ask(WRQ, "up", blksize=100)
        assert peer.packet().options == {"blksize": "100"}
        for size in (101, 512, 60000):
            peer.say(data(1, bytes(size)))
        assert peer.silent(0.1)
        peer.say(data(1, b"right"))
        assert peer.packet().number == 1
    assert (srv / "up").read_bytes() == b"right"


@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_noise(serve, file, flags):
    """Random datagrams at every port it has; then it serves as before."""
    server = serve(*flags, "--uploads", "create")
    dice = random.Random(7)
    start = request(RRQ, "file", blksize=512)

    with Peer(server.at) as peer:
        ports = [server.at]
        for i in range(3000):
            op = struct.pack("!H", dice.randrange(9))
            body = bytearray(op + dice.randbytes(dice.randrange(40)))
            if i % 3 == 0:
                body = bytearray(start)
                body[dice.randrange(len(body))] = dice.randrange(256)
            peer.sock.sendto(body, dice.choice(ports))
            if i % 50 == 49:
                while not peer.silent(0.002):
                    ports += [] if peer.tid in ports else [peer.tid]
                    peer.tid = None
    # The request port, up to four data ports of this address, and the one that refuses.
    assert len(ports) == 1 if flags else 3 <= len(ports) <= 6
    assert alive(server, file)
