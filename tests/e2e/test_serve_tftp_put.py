# SPDX-License-Identifier: MIT
"""Uploads to `kedge serve`: every size, option, mode and policy."""
import os
import random
import time

import pytest

from e2e.peers.tftp import (ACK, OACK, WRQ, Peer, TftpError, ack, data, error, get, put,
                            request)

SIZES = [0, 1, 511, 512, 513, 1024, 5000]


def refused(server, name, content=b"x", mode="octet", **options):
    with pytest.raises(TftpError) as refusal:
        put(server.at, name, content, mode, **options)
    return refusal.value.code


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_every_size_without_options(serve, srv, host, flags):
    server = serve("--uploads", "create", *flags, at=[f"tftp://{host}:0"])

    for size in SIZES:
        content = os.urandom(size)
        transfer = put(server.at, f"up{size}", content)
        assert transfer.granted == {}
        assert (srv / f"up{size}").read_bytes() == content
        assert (srv / f"up{size}").stat().st_mode & 0o7777 == 0o644
    assert sorted(os.listdir(srv)) == sorted(f"up{size}" for size in SIZES)


@pytest.mark.parametrize("blksize", [8, 513, 1468, 65464])
@pytest.mark.parametrize("window", [1, 7, 64])
def test_every_block_size_in_windows(serve, srv, blksize, window):
    server = serve("--uploads", "overwrite")
    if blksize * window > 1 << 20:
        window = 16

    for size in (0, blksize - 1, blksize, 7 * blksize, 65536, 131072, 150 * blksize + 3):
        content = os.urandom(size)
        transfer = put(server.at, "up", content, blksize=blksize, windowsize=window,
                       tsize=size)
        assert transfer.granted == {"blksize": str(blksize), "windowsize": str(window),
                                    "tsize": str(size)}
        assert (srv / "up").read_bytes() == content


@pytest.mark.parametrize("options", [{}, {"rollover": 0}, {"rollover": 1}], ids=str)
@pytest.mark.parametrize("blocks", [65535, 65536, 131071])
def test_more_blocks_than_the_wire_can_number(serve, srv, options, blocks):
    server = serve("--uploads", "overwrite")

    for size in (blocks * 8 - 3, (blocks - 1) * 8):
        content = os.urandom(size)
        transfer = put(server.at, "up", content, blksize=8, windowsize=64, **options)
        assert transfer.block == blocks
        assert (srv / "up").read_bytes() == content


@pytest.mark.parametrize("asked,granted", [
    ({"tsize": 0}, {"tsize": "0"}), ({"tsize": 1}, {"tsize": "1"}),
    ({"timeout": 3}, {"timeout": "3"}), ({"blksize": 7}, {}), ({"timeout": 256}, {}),
    ({"windowsize": 65535}, {"windowsize": "64"}), ({"nonsense": 1}, {}),
    ({"blksize2": 1500}, {"blksize2": "1024"}), ({"utimeout": 50000}, {"utimeout": "50000"}),
], ids=str)
def test_options_are_granted_as_asked_or_less(serve, srv, asked, granted):
    server = serve("--uploads", "create")

    transfer = put(server.at, "up", b"x", **asked)
    assert transfer.granted == granted
    assert (srv / "up").read_bytes() == b"x"


def from_netascii(wire):
    """What a receiver makes of the wire; CR before any other byte stays as it is."""
    out, held = bytearray(), False
    for byte in wire:
        if held:
            held = False
            if byte == 10:
                out.append(10)
                continue
            out.append(13)
            if byte == 0:
                continue
        if byte == 13:
            held = True
        else:
            out.append(byte)
    return bytes(out) + (b"\r" if held else b"")


@pytest.mark.parametrize("blksize", [8, 512])
def test_netascii_across_block_edges(serve, srv, blksize):
    server = serve("--uploads", "overwrite")
    dice = random.Random(3)
    texts = [b"", b"\r\n", b"\r\0", b"\r", b"a" * (blksize - 1) + b"\r\n",
             b"a" * (blksize - 1) + b"\r\0b", b"a" * (blksize - 1) + b"\r",
             b"\r\n" * blksize, b"\r\0" * blksize, b"\n\n", b"a\rb\r\rc",
             bytes(dice.choices(b"\r\n\0a", k=4000)), bytes(dice.choices(b"\r\n\0", k=800))]

    for text in texts:
        put(server.at, "up", text, "netascii",
            **({} if blksize == 512 else {"blksize": blksize}))
        assert (srv / "up").read_bytes() == from_netascii(text), text


def test_netascii_gets_neither_window_nor_size(serve, srv):
    server = serve("--uploads", "create")

    transfer = put(server.at, "up", b"a\r\n" * 1000, "netascii", windowsize=8, tsize=3000,
                   blksize=1024)
    assert transfer.granted == {"blksize": "1024"}
    assert (srv / "up").read_bytes() == b"a\n" * 1000


def test_uploads_are_refused_unless_allowed(serve, make):
    old = make("old", 100)
    server = serve()

    assert refused(server, "new") == 2
    assert refused(server, "old") == 2
    assert get(server.at, "old").content == old
    record = server.record(file="new")
    assert (record["event"], record["outcome"]) == ("refused", "refused")
    assert "upload" in record["reason"] and record["verdict_id"] == "uploads-refused"


def test_create_takes_only_free_names(serve, make, srv):
    old = make("old", 100)
    (srv / "link").symlink_to("old")
    (srv / "dangling").symlink_to("nothing")
    server = serve("--uploads", "create")

    for name in ("old", "link", "dangling"):
        assert refused(server, name) == 6, name
    put(server.at, "new", b"new")
    assert refused(server, "new") == 6
    assert (srv / "old").read_bytes() == old
    assert sorted(os.listdir(srv)) == ["dangling", "link", "new", "old"]


def test_two_that_create_one_name(serve, srv):
    server = serve("--uploads", "create")

    with Peer(server.at) as first, Peer(server.at) as second:
        for peer in (first, second):
            peer.ask(WRQ, "name")
            assert peer.packet().op == ACK
        second.say(data(1, b"second"))
        assert second.packet().op == ACK
        first.say(data(1, b"first"))
        packet = first.packet()
        assert (packet.op, packet.number) == (5, 6)
    assert (srv / "name").read_bytes() == b"second"
    assert os.listdir(srv) == ["name"]


def test_overwrite_keeps_the_mode(serve, make, srv):
    make("old", 100)
    (srv / "old").chmod(0o640)
    server = serve("--uploads", "overwrite", "--upload-mode", "600")

    put(server.at, "old", b"new")
    put(server.at, "new", b"new")
    assert (srv / "old").read_bytes() == b"new"
    assert (srv / "old").stat().st_mode & 0o7777 == 0o640
    assert (srv / "new").stat().st_mode & 0o7777 == 0o600


def test_version_keeps_what_was(serve, make, srv):
    make("name", b"0")
    server = serve("--uploads", "version")

    for i in range(1, 4):
        put(server.at, "name", b"%d" % i)
    put(server.at, "other", b"x")
    assert {n: (srv / n).read_bytes() for n in os.listdir(srv)} == {
        "name": b"3", "name.~1~": b"0", "name.~2~": b"1", "name.~3~": b"2", "other": b"x"}


def test_the_size_announced_is_the_size_that_counts(serve, make, srv):
    old = make("old", 1000)
    server = serve("--uploads", "overwrite")

    for announced, sent in ((100, 99), (99, 100), (5000, 0), (1, 600)):
        code = refused(server, "old", os.urandom(sent), tsize=announced)
        assert code in (0, 3), (announced, sent)
        assert (srv / "old").read_bytes() == old
    assert os.listdir(srv) == ["old"]
    put(server.at, "old", b"unknown", tsize=0)          # as `curl -T -` says it
    assert (srv / "old").read_bytes() == b"unknown"


def test_the_largest_upload(serve, srv):
    server = serve("--uploads", "create", "--max-upload", "1000")

    put(server.at, "fits", bytes(1000))
    put(server.at, "fits2", bytes(1000), tsize=1000)
    assert refused(server, "said", bytes(1001), tsize=1001) == 3
    assert refused(server, "unsaid", bytes(1001)) == 3
    assert refused(server, "huge", bytes(1), tsize=1 << 62) == 3
    assert sorted(os.listdir(srv)) == ["fits", "fits2"]


def test_an_upload_numbered_from_0_is_not_kept(serve, srv):
    """Without its size told, all but the first block would pass for the file."""
    server = serve("--uploads", "create")
    with Peer(server.at) as peer:
        peer.ask(WRQ, "up")
        assert bytes(peer.hear()) == ack(0)
        peer.say(data(0, bytes(512)))
        assert bytes(peer.hear()[:4]) == error(4)[:4]
        peer.say(data(1, bytes(100)))
    record = server.record(file="up")
    assert record["reason"] == "the peer numbers its blocks from 0"
    assert record["verdict_id"] == "blocks-from-zero"
    assert os.listdir(srv) == []


@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_the_last_ack_is_said_again(serve, srv, flags):
    """It was lost: the client sends its last block again."""
    server = serve("--uploads", "create", *flags)

    with Peer(server.at) as peer:
        peer.ask(WRQ, "up")
        peer.hear()
        peer.say(data(1, b"body"))
        assert peer.packet().number == 1
        for _ in range(3):
            time.sleep(0.01)            # a client waits longer: sooner it is an echo
            peer.say(data(1, b"body"))
            assert bytes(peer.hear()) == ack(1)
    server.stop(twice=True)
    assert [r["outcome"] for r in server.records()] == ["ok"]


def test_a_stopped_server_waits_for_no_lingerer(serve, srv):
    server = serve("--uploads", "create")

    put(server.at, "up", b"body")
    assert server.stop() == 0
    assert [r["outcome"] for r in server.records()] == ["ok"]


def test_errors_of_the_client_end_its_upload(serve, make, srv):
    old = make("old", 100)
    server = serve("--uploads", "overwrite")

    with Peer(server.at) as peer:
        peer.ask(WRQ, "old", blksize=1024)
        assert peer.packet().op == OACK
        peer.say(data(1, bytes(1024)))
        assert peer.packet().number == 1
        assert len(os.listdir(srv)) <= 2
        peer.say(error(0, "changed my mind"))
        record = server.record(file="old")
    assert (record["event"], record["outcome"], record["bytes"]) == ("put", "aborted", "1024")
    server.stop()
    assert (srv / "old").read_bytes() == old
    assert os.listdir(srv) == ["old"]


def test_modes_that_are_not_known(serve, srv):
    server = serve("--uploads", "create")

    for mode in ("mail", "", "octets"):
        assert refused(server, "up", mode=mode) == 2
    assert os.listdir(srv) == []
    put(server.at, "up", b"a\r\n", "NetASCII")
    put(server.at, "up2", b"a\r\n", "OCTET")
    assert (srv / "up").read_bytes() == b"a\n"
    assert (srv / "up2").read_bytes() == b"a\r\n"


def test_every_prefix_of_a_write_request_makes_no_file(serve, srv):
    server = serve("--uploads", "create")
    whole = request(WRQ, "up")

    for cut in range(len(whole)):
        with Peer(server.at) as peer:
            peer.raw(whole[:cut])
            if cut >= 5:
                assert peer.packet().number == 4
    server.stop()
    assert os.listdir(srv) == []
