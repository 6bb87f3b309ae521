# SPDX-License-Identifier: MIT
"""kedge get against an independent server: what it asks, takes and says."""
import hashlib
import os
import re
import socket
import subprocess
import time

import pytest

from e2e.lib.ports import free_port
from e2e.lib.run import names, run
from e2e.lib.screen import rest_of
from e2e.peers.echo import closed_port
from e2e.peers.tftp_peer import Peer


# ---- whole files ----

@pytest.mark.parametrize("options", [(), ("--no-options",), ("--blksize", "512"),
                                     ("--blksize", "512", "--windowsize", "1"),
                                     ("--blksize", "8", "--windowsize", "7")])
def test_sizes_around_a_block(get, options):
    sizes = [0, 1, 7, 8, 511, 512, 513, 1024, 1536, 5000]
    with Peer({f"f{n}": os.urandom(n) for n in sizes}) as peer:
        done = get(*(f"{peer.url}/f{n}" for n in sizes), *options)
        assert done.code == 0, done.err
        for n in sizes:
            assert (get.here / f"f{n}").read_bytes() == peer.files[f"f{n}"]
        assert peer.confirmed == len(sizes)
    assert names(get.here) == sorted(f"f{n}" for n in sizes)


def test_more_blocks_than_numbers(get):
    content = os.urandom(8 * 66000 + 3)
    with Peer({"f": content}) as peer:
        done = get(f"{peer.url}/f", "--blksize", "8", "--windowsize", "200")
        assert done.code == 0, done.err
    assert (get.here / "f").read_bytes() == content


def test_default_asks(get):
    with Peer({"f": b"x" * 3_000_000}) as peer:
        done = get(f"{peer.url}/f", "--json", "-q")
        options = peer.requests[0].options
    assert done.code == 0
    assert options["blksize"] == "65464" and options["tsize"] == "0"
    assert 1 <= int(options["windowsize"]) <= 32
    assert done.record["granted"].startswith("blksize=65464,tsize=3000000,windowsize=")
    assert (done.record["bytes"], done.record["blocks"]) == (3_000_000, 46)


@pytest.mark.parametrize("words, asked", [
    (("--blksize", "1000"), {"blksize": "1000"}),
    (("--windowsize", "3"), {"windowsize": "3"}),
    (("--timeout", "3"), {"timeout": "3"}),
    (("--timeout", "250ms"), {"utimeout": "250000"}),
    (("--blksize=mtu",), {"blksize": "65464"}),
])
def test_flags_become_options(get, words, asked):
    with Peer({"f": b"abc"}) as peer:
        assert get(f"{peer.url}/f", *words).code == 0
        assert asked.items() <= peer.requests[0].options.items()


def test_no_options_asks_none(get):
    with Peer({"f": b"abc"}) as peer:
        assert get(f"{peer.url}/f", "--no-options").code == 0
        assert [(r.options, r.mode) for r in peer.requests] == [({}, "octet")]


def test_ipv6(get):
    with Peer({"f": b"six"}, host="::1") as peer:
        assert get(f"{peer.url}/f").code == 0
        assert get(f"{peer.url}/f", "-6", "-o", "g").code == 0
        assert get(f"{peer.url}/f", "-4").code == 8
    assert names(get.here) == ["f", "g"]


@pytest.mark.parametrize("host, flag", [("127.0.0.1", "-6"), ("::1", "-4")])
def test_each_address_is_tried(get, kedge, under_hosts, host, flag):
    """A name of two addresses; the server is at one of them."""
    under = under_hosts("127.0.0.1 both\n::1 both\n")
    with Peer({"f": b"here"}, host=host) as peer:
        begun = time.monotonic()
        url = f"tftp://both:{peer.port}/f"
        assert run(*under, kedge, "get", url, cwd=get.here).code == 0
        assert run(*under, kedge, "get", url, flag, cwd=get.here).code == 7
        assert time.monotonic() - begun < 5


def test_a_silent_address_leaves_time_for_the_next(get, kedge, under_hosts):
    under = under_hosts("127.0.0.1 both\n::1 both\n")
    with Peer({"f": b"here"}, host="127.0.0.1", port=free_port()) as peer, \
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as silent:
        silent.bind(("::1", peer.port))
        done = run(*under, kedge, "get", f"tftp://both:{peer.port}/f", "--retry-for", "6",
                   cwd=get.here)
    assert done.code == 0, done.err


def test_single_port_server(get):
    with Peer({"f": os.urandom(100_000)}, single_port=True) as peer:
        assert get(f"{peer.url}/f").code == 0
        assert (get.here / "f").read_bytes() == peer.files["f"]


def test_source(get):
    with Peer({"f": b"abc"}) as peer:
        assert get(f"{peer.url}/f", "--source", "127.0.0.7").code == 0
        port, held = closed_port()
        held.close()
        assert get(f"{peer.url}/f", "--source", f"127.0.0.8:{port}").code == 0
        sources = [r.source for r in peer.requests]
        assert sources[0][0] == "127.0.0.7" and sources[1] == ("127.0.0.8", port)
        done = get(f"{peer.url}/f", "--source", "192.0.2.1")
        assert done.code == 2 and "Cannot assign" in done.err
        assert get(f"{peer.url}/f", "--source", "::1").code == 2


# ---- names ----

def test_names_are_bytes(get):
    with Peer({"/abs": b"1", "a b%": b"2", "d/e/f": b"3", "\\Boot\\BCD": b"4"}) as peer:
        done = get(f"{peer.url}//abs", f"{peer.url}/a%20b%25", f"{peer.url}/d/e/f",
                   f"{peer.url}/%5CBoot%5CBCD")
        assert done.code == 0, done.err
    assert names(get.here) == ["BCD", "a b%", "abs", "f"]


def test_several_files_are_told_apart(get):
    with Peer({"a": b"1", "c": b"3"}) as peer:
        done = get(f"{peer.url}/a", f"{peer.url}/b", f"{peer.url}/c", "--json")
        assert done.code == 1
        assert [r["outcome"] for r in done.records] == ["ok", "refused", "ok"]
        assert [r["file"] for r in done.records] == ["a", "b", "c"]
        assert get(f"{peer.url}/x", f"{peer.url}/y").code == 2
    assert names(get.here) == ["a", "c"]


# ---- netascii ----

@pytest.mark.parametrize("how", ["flag", "url"])
def test_netascii(get, how):
    wire = b"one\r\ntwo\r\0" + b"x" * 500 + b"\r" + b"\nend\r\0\r\n"
    assert wire[511:512] == b"\r" or wire.find(b"\r\n", 500) > 0
    with Peer({"f": wire}) as peer:
        words = [f"{peer.url}/f", "--mode", "netascii"] if how == "flag" else \
            [f"{peer.url}/f;mode=netascii"]
        done = get(*words, "-o", "f")
        assert done.code == 0, done.err
        request = peer.requests[0]
    assert request.mode == "netascii"
    assert not {"windowsize", "tsize"} & request.options.keys()
    assert (get.here / "f").read_bytes() == wire.replace(b"\r\n", b"\n").replace(b"\r\0",
                                                                                 b"\r")


@pytest.mark.parametrize("cut", range(508, 516))
def test_netascii_across_blocks(get, cut):
    wire = b"a" * cut + b"\r\nb\r\0c" + b"d" * 700 + b"\r"
    with Peer({"f": wire}) as peer:
        done = get(f"{peer.url}/f", "--mode=netascii", "--blksize=512", "--sha256",
                   hashlib.sha256(b"a" * cut + b"\nb\rc" + b"d" * 700 + b"\r").hexdigest())
        assert done.code == 0, done.err
    assert (get.here / "f").read_bytes() == b"a" * cut + b"\nb\rc" + b"d" * 700 + b"\r"


# ---- what is said ----

def test_summary(get):
    with Peer({"f": b"x" * 12345}) as peer:
        done = get(f"{peer.url}/f")
        assert re.fullmatch(r"f: 12345 bytes in \d+\.\d{3} ms, \S+ (B|KiB|MiB|GiB)/s\n",
                            done.err), done.err
        assert done.out == b""
        assert get(f"{peer.url}/f", "-q").err == ""


def test_record(get):
    keys = ["time", "event", "peer", "local", "file", "outcome", "reason", "bytes", "ms",
            "rate_Bps", "asked", "granted", "blocks", "resent", "dup", "rtt_us",
            "verdict_id", "verdict", "rule", "path", "port"]
    with Peer({"f\u00e9 \x01": b"x"}) as peer:
        record = get(f"{peer.url}/f%c3%a9%20%01", "--json", "-o", "g").record
    assert list(record) == keys
    assert record["event"] == "get" and record["file"] == "f\u00e9 \x01"
    assert record["local"].startswith("127.0.0.1:") and record["reason"] is None
    assert record["peer"].startswith("127.0.0.1:")


def test_a_silent_server_is_waited_for_in_words(get, kedge):
    """On a terminal it says how long, and of how long, instead of 0 bytes a second."""
    ours, theirs = os.openpty()
    with Peer({}, mute=True) as peer:
        process = subprocess.Popen([kedge, "get", f"{peer.url}/f", "--retry-for", "4"],
                                   cwd=get.here, stderr=theirs)
        os.close(theirs)
        shown = rest_of(ours)
        assert process.wait(30) == 6
    assert b"f  waiting, 2 s of 4\x1b[K" in shown


def test_progress_on_a_terminal(get, kedge):
    ours, theirs = os.openpty()
    with Peer({"f": os.urandom(2000)}, slow=0.3) as peer:
        process = subprocess.Popen([kedge, "get", f"{peer.url}/f", "--blksize=512",
                                    "--windowsize=1"], cwd=get.here, stderr=theirs)
        assert process.wait(30) == 0
    os.close(theirs)
    shown = rest_of(ours)
    assert b"%" in shown and b"left" in shown and b"/s" in shown
    assert b"\r\x1b[K" in shown and b"2000 bytes in" in shown


@pytest.mark.parametrize("words, why", [
    ((), "missing operand"),
    (("file",), "tftp://HOST[:PORT]/FILE"),
    (("http://h/f",), "http"),
    (("udp://127.0.0.1:69",), "not a tftp:// URL"),
    (("tftp://h/",), "names no file"),
    (("tftp:///f",), "host"),
    (("tftp://h/d/",), "has no file name"),
    (("tftp://h/..",), "has no file name"),
    (("tftp://h/a", "tftp://h/b", "-o", "c"), "-o: names one file"),
    (("tftp://h/a", "tftp://h/b", "--sha256", "0" * 64), "--sha256"),
    (("tftp://h/a", "--sha256", "xyz"), "64 hexadecimal digits"),
    (("tftp://h/a", "--sha256", "g" * 64), "64 hexadecimal digits"),
    (("tftp://h/a", "--blksize", "7"), "--blksize"),
    (("tftp://h/a", "--blksize", "65465"), "--blksize"),
    (("tftp://h/a", "--windowsize", "0"), "--windowsize"),
    (("tftp://h/a", "--windowsize", "65536"), "--windowsize"),
    (("tftp://h/a", "--timeout", "5ms"), "--timeout"),
    (("tftp://h/a", "--timeout", "256"), "--timeout"),
    (("tftp://h/a", "--retry-for", "soon"), "--retry-for"),
    (("tftp://h/a", "--mode", "mail"), "octet|netascii"),
    (("tftp://h/a", "--source", "nowhere"), "--source"),
    (("tftp://h/a", "--source", "127.0.0.1:99999"), "--source"),
    (("tftp://h/a", "--source", "[::1]x"), "--source"),
    (("tftp://h/a", "-4", "--source", "::1"), "contradict"),
    (("tftp://h/a", "-4", "-6"), "contradict"),
    (("tftp://h/a", "--no-options", "--blksize", "512"), "contradict"),
    (("tftp://h/a", "--no-options", "--windowsize", "2"), "contradict"),
    (("tftp://h/a", "--no-options", "--timeout", "2"), "contradict"),
    (("tftp://h/a;mode=netascii", "--mode", "octet"), "contradict"),
    (("tftp://h/a;mode=netascii", "--windowsize", "4"), "netascii"),
    (("tftp://h/a", "--frobnicate"), "unknown option --frobnicate"),
])
def test_bad_words(get, words, why):
    done = get(*words)
    assert done.code == 64 and why in done.err, done.err
    assert done.err.count("\n") == 1 and done.out == b""
