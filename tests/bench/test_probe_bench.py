# SPDX-License-Identifier: MIT
"""What the bench of the prober makes of what it reads."""
import argparse
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import probe as bench  # noqa: E402
import probe_tools  # noqa: E402
from probe_place import PEER, Missing, answers, packets_of, way_of_link  # noqa: E402
from probe_tools import Result, wait_for_port  # noqa: E402


def packet(at_ns, to, sequence=0, frame=14):
    body = (bytes(frame + 16) + bytes(map(int, to.split("."))) + bytes(16) +
            sequence.to_bytes(8, "big") + bytes(9))
    return struct.pack("<IIII", at_ns // 10**9, at_ns % 10**9, len(body), len(body)) + body


def capture(*packets, link=1):
    return struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 96, link) + b"".join(packets)


def test_answers_are_timed_from_their_requests():
    other = "10.78.0.1"
    found = answers(packets_of(capture(
        packet(5, other), packet(10, PEER), packet(17, other), packet(18, other),
        packet(999_999_999, PEER), packet(1_000_000_999, other), packet(2_000_000_000, PEER)), PEER))
    assert [answer.at - request.at for request, answer in found] == [7, 1000]


def test_stamps_are_held_against_those_of_the_same_packets():
    other = "10.78.0.1"
    data = capture(packet(110, PEER, 7, 0), packet(130, other, 7, 0), packet(210, PEER, 8, 0),
                   packet(230, other, 9, 0), link=101)
    r = Result(ours={7: (100, 145), 8: (200, 245)})
    r.hold_against(answers(packets_of(data, PEER)))
    assert r.stamps == [20, 20] and r.apart == [(10, 15)]


def test_what_a_link_took_is_from_end_to_end():
    def end(*times):
        return packets_of(capture(*(packet(at, to) for at, to in times)), PEER)
    other = "10.77.0.1"
    near = end((0, PEER), (100, PEER), (200, PEER), (61, other), (165, other), (260, other))
    far = end((25, PEER), (125, PEER), (230, PEER), (30, other), (131, other), (235, other))
    assert way_of_link(near, far) == 25 + 31


def test_a_capture_of_another_kind_is_refused():
    with pytest.raises(AssertionError):
        packets_of(bytes(24), PEER)


def test_wrong_is_what_no_queue_explains():
    assert Result(sent=10, lost=5, named=3).wrong == 2
    assert Result(sent=10, cpu_s=.5).a_core == 20 and Result(sent=3).a_core == 0


def test_the_rate_is_judged_a_second_and_not_a_cpu_second(capsys):
    b = bench.Bench(argparse.Namespace(quick=True))
    best = {"kedge udp": (200, 150), "irtt": (16, 26), "irtt --timer=busy": (10, 8)}
    b.times(best, "irtt", 10)
    b.times(best, "sockperf", 2)  # which is not here
    said = capsys.readouterr().out
    assert b.verdicts == [True] and "12.5 times irtt's rate" in said and "5.8 times" in said
    b.times(best | {"irtt": (21, 5)}, "irtt", 10)
    assert b.verdicts == [True, False]


def test_a_port_at_another_address_is_not_waited_for(monkeypatch):
    """Of a namespace that a server's process has not left yet, for one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        monkeypatch.setattr(probe_tools, "PORT", other.getsockname()[1])
        server = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        wait_for_port(server, "it", "127.0.0.1")
        threading.Timer(.1, server.stdin.close).start()
        with pytest.raises(Missing):
            wait_for_port(server, "it", "127.0.0.2")


def test_percentiles_and_figures():
    assert bench.percentile(range(100), .5) == 50 and bench.percentile(range(100), .99) == 99
    assert bench.percentile([], .5) is None and bench.us(None) == "-"
    assert bench.us(1234567) == "1,234.6"
