# SPDX-License-Identifier: MIT
"""Downloads from `kedge serve`: every size, option and mode."""
import os
import random
import time
from pathlib import Path

import pytest

from e2e.lib.serve import PATIENCE
from e2e.peers.tftp import OACK, RRQ, Get, Peer, TftpError, drive, error, get

SIZES = [0, 1, 7, 8, 511, 512, 513, 1024, 5000]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_every_size_without_options(serve, make, host):
    content = {size: make(f"f{size}", size) for size in SIZES}
    server = serve(at=[f"tftp://{host}:0"])

    for size, wanted in content.items():
        transfer = get(server.at, f"f{size}")
        assert transfer.content == wanted
        assert transfer.granted == {}
        assert transfer.block == size // 512 + 1


@pytest.mark.parametrize("blksize", [8, 9, 511, 512, 513, 1024, 1228, 1229, 1428, 1468,
                                     8192, 65464])
def test_every_block_size_in_windows(serve, make, blksize):
    sizes = [0, 1, blksize - 1, blksize, blksize + 1, 10 * blksize, 21 * blksize + 5]
    content = {size: make(f"f{size}", size) for size in sizes}
    server = serve()

    most = max(1, 96000 // (blksize + 32))      # bytes that a forged ACK can buy
    for window in (1, 7):
        for size, wanted in content.items():
            transfer = get(server.at, f"f{size}", blksize=blksize, windowsize=window)
            assert transfer.content == wanted
            assert transfer.granted == {"blksize": str(blksize),
                                        "windowsize": str(min(window, most))}


FILE_SIZE = 3000
GRANTS = [
    # asked, granted
    ({"blksize": 8}, {"blksize": "8"}),
    ({"blksize": 65464}, {"blksize": "65464"}),
    ({"BLKSIZE": 1000}, {"blksize": "1000"}),
    ({"tsize": 0}, {"tsize": str(FILE_SIZE)}),
    ({"tsize": 12345}, {"tsize": str(FILE_SIZE)}),
    ({"timeout": 1}, {"timeout": "1"}),
    ({"timeout": 255}, {"timeout": "255"}),
    ({"windowsize": 1}, {"windowsize": "1"}),
    ({"windowsize": 64}, {"windowsize": "64"}),
    ({"windowsize": 65535}, {"windowsize": "64"}),
    ({"blksize2": 1024}, {"blksize2": "1024"}),
    ({"blksize2": 1023}, {"blksize2": "512"}),
    ({"utimeout": 1000000}, {"utimeout": "1000000"}),
    ({"rollover": 0}, {"rollover": "0"}),
    ({"rollover": 1}, {"rollover": "1"}),
    ({"blksize": 1468, "tsize": 0, "timeout": 5, "windowsize": 4},
     {"blksize": "1468", "tsize": str(FILE_SIZE), "timeout": "5", "windowsize": "4"}),
    ({"multicast": "", "blksize": 600}, {"blksize": "600"}),
    ({"msftwindow": 31416, "windowsize": 4}, {"windowsize": "4"}),
    ({"cookie": "what I asked"}, {"cookie": "what I asked"}),
    ({"COOKIE": "x" * 255, "blksize": 600}, {"cookie": "x" * 255, "blksize": "600"}),
]


@pytest.mark.parametrize("asked,granted", GRANTS, ids=lambda v: ",".join(v) or "none")
def test_options_are_granted_as_asked_or_less(serve, make, asked, granted):
    content = make("file", FILE_SIZE)
    server = serve()

    with Peer(server.at) as peer:
        peer.ask(RRQ, "file", **asked)
        oack = peer.packet()
        assert oack.op == OACK
        assert oack.options == granted
        peer.say(error(0))
    wanted = {k.lower(): v for k, v in asked.items()}
    assert get(server.at, "file", **wanted).content == content


@pytest.mark.parametrize("bad", [
    {"blksize": 7}, {"blksize": 0}, {"blksize": 65465}, {"blksize": -1},
    {"blksize": "abc"}, {"blksize": ""}, {"blksize": " 512"}, {"blksize": "512 "},
    {"blksize": "0x200"}, {"blksize": "99999999999999999999999"}, {"blksize": "5.0"},
    {"tsize": -1}, {"tsize": "18446744073709551616"}, {"timeout": 0}, {"timeout": 256},
    {"timeout": "300"}, {"windowsize": 0}, {"windowsize": 65536}, {"rollover": 2},
    {"utimeout": 0}, {"utimeout": 1}, {"utimeout": 300000000}, {"nonsense": "x"},
    {"multicast": ""}, {"msftwindow": 31416}, {"cookie": ""}, {"cookie": "x" * 256}], ids=str)
def test_an_option_of_bad_value_is_left_out(serve, make, bad):
    content = make("file", 3000)
    server = serve()

    assert get(server.at, "file", **bad).granted == {}
    good = {"timeout": 7} if "timeout" not in bad else {"rollover": 0}
    for options in ({**bad, **good}, {**good, **bad}):
        transfer = get(server.at, "file", **options)
        assert transfer.granted == {k: str(v) for k, v in good.items()}
        assert transfer.content == content


def test_the_size_of_an_empty_file_is_not_said(serve, make):
    """curl drops an OACK with tsize=0."""
    make("empty", b"")
    server = serve()

    assert get(server.at, "empty", tsize=0).granted == {}
    assert get(server.at, "empty", tsize=0, blksize=1000).granted == {"blksize": "1000"}


def test_limits_on_the_command_line(serve, make):
    content = make("file", 30000)
    server = serve("--blksize-max", "1000", "--windowsize-max", "3")

    transfer = get(server.at, "file", blksize=1400, windowsize=16)
    assert transfer.granted == {"blksize": "1000", "windowsize": "3"}
    assert transfer.content == content


@pytest.mark.parametrize("options,granted", [
    ({}, {}), ({"rollover": 0}, {"rollover": "0"}), ({"rollover": 1}, {"rollover": "1"})],
    ids=["none", "0", "1"])
@pytest.mark.parametrize("blocks", [65535, 65536, 131071])
def test_more_blocks_than_the_wire_can_number(serve, make, options, granted, blocks):
    content = make("long", blocks * 8 - 3)
    exact = make("exact", (blocks - 1) * 8)
    server = serve()

    for name, wanted in (("long", content), ("exact", exact)):
        transfer = get(server.at, name, blksize=8, windowsize=64, **options)
        assert transfer.granted == {"blksize": "8", "windowsize": "64", **granted}
        assert transfer.block == blocks
        assert transfer.content == wanted


def to_netascii(content):
    return content.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")


def awkward(size, seed=1):
    """Lines, bare returns, NULs and plain bytes in every order."""
    return bytes(random.Random(seed).choices(b"\r\n\0ab", k=size))


@pytest.mark.parametrize("blksize", [8, 9, 512])
def test_netascii_across_block_edges(serve, make, blksize):
    texts = [b"", b"\n", b"\r", b"\r\n", b"a" * (blksize - 1) + b"\n",
             b"a" * (blksize - 1) + b"\r", b"a" * (blksize - 1) + b"\r\n",
             b"a" * (blksize - 2) + b"\n", b"a" * (blksize - 2) + b"\r",
             b"\n" * (blksize // 2), b"\r" * blksize, b"a" * blksize,
             awkward(10 * blksize), awkward(4000, 2)]
    for i, text in enumerate(texts):
        make(f"t{i}", text)
    server = serve()

    for i, text in enumerate(texts):
        options = {} if blksize == 512 else {"blksize": blksize}
        transfer = get(server.at, f"t{i}", "netascii", **options)
        assert transfer.content == to_netascii(text), i
        assert transfer.granted == {k: str(v) for k, v in options.items()}


def test_netascii_gets_neither_window_nor_size(serve, make):
    text = make("text", b"one\ntwo\n" * 1000)
    server = serve()

    transfer = get(server.at, "text", "netascii", windowsize=8, tsize=0, blksize=1024)
    assert transfer.granted == {"blksize": "1024"}
    assert transfer.content == to_netascii(text)


@pytest.mark.parametrize("mode", ["octet", "OCTET", "OcTeT", "binary", "netascii",
                                  "NETASCII", "NetAscii"])
def test_modes_in_any_case(serve, make, mode):
    text = make("text", b"one\ntwo\r")
    server = serve()

    raw = mode.lower() != "netascii"
    assert get(server.at, "text", mode).content == (text if raw else to_netascii(text))


@pytest.mark.parametrize("mode", ["mail", "octe", "octets", "", "image", "\xff"])
def test_other_modes_are_refused(serve, make, mode):
    make("text", b"one\n")
    server = serve()

    with pytest.raises(TftpError) as refused:
        get(server.at, "text", mode)
    assert refused.value.code == 2
    assert "mode" in server.record(event="refused", file="text")["reason"]


def test_a_file_that_grows_or_shrinks(serve, make, srv):
    """A file that is altered while it is served ends by an ERROR, before its last block."""
    make("grows", 4000)
    make("shrinks", 400000)
    server = serve()

    altered(server, "grows", lambda: os.truncate(srv / "grows", 8000))
    altered(server, "shrinks", lambda: os.truncate(srv / "shrinks", 1000))


def altered(server, name, alter):
    with Peer(server.at) as peer:
        transfer = Get(name, tsize=0, blksize=512)
        peer.raw(transfer.request)
        reply = transfer.read(peer.hear())
        alter()
        with pytest.raises(TftpError) as error:
            while not transfer.done:
                peer.say(reply)
                reply = transfer.read(peer.hear())
    assert error.value.code == 2
    assert server.record(file=name)["outcome"] == "changed"


GIB = 1 << 30
MARKS = [0, 2 * GIB - 5, 4 * GIB - 7, 4 * GIB + 123456]


@pytest.fixture
def huge(srv):
    """Over 4 GiB, with holes, and marked where 31 and 32 bits end."""
    with (srv / "huge").open("wb") as file:
        for at in MARKS:
            file.seek(at)
            file.write(b"mark %012d" % at)
    (srv / "huge").chmod(0o644)
    return MARKS[-1] + 17


def test_the_size_of_a_huge_file(serve, huge):
    server = serve()

    with Peer(server.at) as peer:
        peer.ask(RRQ, "huge", tsize=0)
        assert peer.packet().options == {"tsize": str(huge)}
        peer.say(error(8, "enough"))
    record = server.record(event="probe")
    assert record["outcome"] == "probe"
    assert record["bytes"] == "0"


def test_a_whole_huge_file(serve, huge):
    server = serve()
    marks = list(MARKS)
    zeros = bytes(65464)

    def sink(offset, body):
        body = bytes(body)
        if marks and marks[0] < offset + len(body):
            at = marks.pop(0)
            assert body[at - offset:at - offset + 17] == b"mark %012d" % at
        elif body != zeros:
            raise AssertionError(f"not a hole at {offset}")

    transfer = drive(Get("huge", sink=sink, blksize=65464, windowsize=4), server.at)
    assert transfer.size == huge
    assert transfer.block == huge // 65464 + 1
    assert not marks
    assert server.record(file="huge")["bytes"] == str(huge)


def held(server):
    """Files that the server has open although they have no name any more."""
    for link in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            if os.readlink(link).endswith(" (deleted)"):
                yield link
        except FileNotFoundError:
            pass


def test_a_removed_file_is_let_go(serve, make, srv):
    """After a while without readers: until then its place on the disk is not free."""
    content = make("file", 300_000)
    server = serve()
    for _ in range(2):
        assert get(server.at, "file", blksize=1428).content == content
    (srv / "file").unlink()
    try:
        assert len(list(held(server))) == 1
    except PermissionError:
        pytest.skip("what the server has open may not be read here")
    end = time.monotonic() + PATIENCE + 10
    while list(held(server)):
        assert time.monotonic() < end, "still open"
        time.sleep(0.2)
