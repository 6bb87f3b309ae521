# SPDX-License-Identifier: MIT
"""What `kedge serve` says of each transfer: one record, in either form, of every outcome."""
import json
import os
import re
import time

import pytest

from e2e.lib.serve import parse_text
from e2e.peers.tftp import RRQ, WRQ, Peer, TftpError, ack, data, error, get, put

KEYS = ["time", "event", "peer", "local", "file", "outcome", "reason", "bytes", "ms",
        "rate_Bps", "asked", "granted", "blocks", "resent", "dup", "rtt_us",
        "verdict_id", "verdict", "rule", "path", "port"]
NUMBERS = ["bytes", "ms", "blocks", "resent", "dup"]


def refused(call, *words, **options):
    with pytest.raises(TftpError):
        call(*words, **options)


def play(server, srv):
    """One transfer of each outcome, in this order."""
    at = server.at
    get(at, "file", blksize=1000, windowsize=2, tsize=0)                # ok
    put(at, "up", b"four", tsize=4)                                     # ok
    with Peer(at) as peer:                                              # probe
        peer.ask(RRQ, "file", tsize=0)
        peer.hear()
        peer.say(error(8, "that is all"))
    with Peer(at) as peer:                                              # aborted
        peer.ask(RRQ, "file")
        peer.hear()
        peer.say(error(3, "disk \x1b[2Jfull"))
    refused(get, at, "nothing")                                         # refused
    refused(get, at, "file", "mail")
    refused(put, at, "file", b"exists")
    with Peer(at) as peer:
        peer.raw(b"\0\1no end")
        peer.hear()
    with Peer(at) as peer:                                              # replaced, ok
        peer.ask(RRQ, "file")
        peer.hear()
        peer.say(ack(1))
        peer.hear()
        peer.tid = None
        peer.ask(RRQ, "small")
        peer.hear()
        peer.say(ack(1))
    with Peer(at) as peer:                                              # gone
        peer.ask(RRQ, "file")
        peer.hear()
        peer.die()
        peer.say(ack(1))
        server.record(outcome="gone", peer=":".join(map(str, peer.sock.getsockname())))
    with Peer(at) as peer:                                              # error
        peer.ask(WRQ, "short", tsize=100)
        peer.hear()
        peer.say(data(1, b"less"))
        peer.hear()
    with Peer(at) as peer:                                              # changed
        peer.ask(RRQ, "cut", blksize=512, tsize=0)
        peer.hear()
        os.truncate(srv / "cut", 600)
        peer.say(ack(0))
        peer.hear()
        for block in range(1, 200):
            peer.say(ack(block))
            if peer.hear()[1] == 5:
                break
    with Peer(at) as peer:                                              # unconfirmed
        peer.ask(RRQ, "small", utimeout=20000)
        peer.hear()
        peer.say(ack(0))
        while not peer.silent(1.5):
            pass


OUTCOMES = [("get", "ok", "file"), ("put", "ok", "up"), ("probe", "probe", "file"),
            ("get", "aborted", "file"), ("refused", "refused", "nothing"),
            ("refused", "refused", "file"), ("refused", "refused", "file"),
            ("refused", "refused", None), ("get", "replaced", "file"),
            ("get", "ok", "small"), ("get", "gone", "file"), ("put", "error", "short"),
            ("get", "changed", "cut"), ("get", "unconfirmed", "small")]


VERDICTS = [None, None, "size-probe", "client-full", "file-not-found", "unknown-mode",
            "file-exists", "malformed-request", "client-restarted", None, "client-gone",
            "wrong-size", "file-changed", "last-ack-missing"]
# Nothing was looked for.
UNOPENED = ("mode is neither octet nor netascii", "malformed: options")


@pytest.fixture(params=["text", "json"])
def played(request, serve, make, srv):
    """(the form, the log's lines, the records)"""
    make("file", 5000)
    make("small", 5)
    make("cut", 100000)
    server = serve("--uploads", "create", "--log", request.param)
    play(server, srv)
    end = time.monotonic() + 60     # 30 s for the last ACK
    while len(server.records()) < len(OUTCOMES) and time.monotonic() < end:
        time.sleep(0.05)
    return request.param, server.stderr.splitlines(), server.records()


def test_every_outcome(played):
    _, _, records = played

    assert [(r["event"], r["outcome"], r["file"] or None) for r in records] == OUTCOMES
    ok, up, probe, aborted = records[:4]
    assert int(ok["bytes"]) == 5000 and int(ok["blocks"]) == 6
    assert ok["asked"] == "blksize=1000,tsize=0,windowsize=2"
    assert ok["granted"] == "blksize=1000,tsize=5000,windowsize=2"
    assert ok["reason"] is None
    assert int(ok["rtt_us"]) > 0
    assert int(up["bytes"]) == 4 and up["granted"] == "tsize=4"
    assert int(probe["bytes"]) == 0
    assert aborted["reason"] == r"the peer sent ERROR 3: disk \x1b[2Jfull"
    assert probe["reason"] == "the peer sent ERROR 8: that is all"
    assert int(records[-2]["bytes"]) <= 600
    assert all(r["reason"] for r in records[3:9])
    assert int(records[-1]["resent"]) == 3
    assert [r["path"] for r in records] == [r["file"] if r["reason"] not in UNOPENED else None
                                            for r in records]
    assert [r["port"] for r in records] == ["request" if r["outcome"] == "refused"
                                            and r["file"] else "data" for r in records]
    assert {r["rule"] for r in records} == {None}
    assert [r["verdict_id"] for r in records] == VERDICTS
    assert all((r["verdict"] is None) == (r["verdict_id"] is None) for r in records)
    assert records[10]["verdict"].endswith("at block 2 of 10: the client ended or was restarted")
    the_form(*played)


def the_form(form, lines, records):
    for line in lines:
        record = json.loads(line) if form == "json" else parse_text(line)
        if "event" not in record:
            continue
        assert list(record) == KEYS
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["time"])
        assert re.fullmatch(r"127\.0\.\d+\.1:\d+", record["peer"])
        assert record["local"] == records[0]["local"]
        for key in NUMBERS:
            value = record[key]
            assert value is None or (isinstance(value, int) if form == "json"
                                     else value.isdigit()), (key, value)


@pytest.mark.slow
def test_silence_ends_a_transfer(serve, make):
    """After 30 s without progress; never by a count."""
    make("file", 5000)
    server = serve("--timeout", "2s")

    with Peer(server.at) as peer:
        peer.ask(RRQ, "file")
        peer.hear()
        peer.say(ack(1))
        start = time.monotonic()
        heard = 0
        while time.monotonic() - start < 29.5:
            heard += not peer.silent(0.5)
        assert server.records() == []
        server.record(event="get", outcome="timeout")
    assert 14 <= heard <= 25

