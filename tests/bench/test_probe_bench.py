"""What the bench of the prober makes of what it reads."""
import struct
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import probe as bench  # noqa: E402
from probe_place import PEER, answer_times  # noqa: E402
from probe_tools import Result  # noqa: E402


def packet(at_ns, to):
    body = bytes(14 + 16) + bytes(map(int, to.split("."))) + bytes(8)
    return struct.pack("<IIII", at_ns // 10**9, at_ns % 10**9, len(body), len(body)) + body


def capture(*packets):
    return struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 96, 1) + b"".join(packets)


def test_answers_are_timed_from_their_requests():
    other = "10.78.0.1"
    found = answer_times(capture(
        packet(5, other), packet(10, PEER), packet(17, other), packet(18, other),
        packet(999_999_999, PEER), packet(1_000_000_999, other), packet(2_000_000_000, PEER)))
    assert found == [7, 1000]


def test_a_capture_of_another_kind_is_refused():
    with pytest.raises(AssertionError):
        answer_times(bytes(24))


def test_wrong_is_what_no_queue_explains():
    assert Result(sent=10, lost=5, named=3).wrong == 2
    assert Result(sent=10, cpu_s=.5).a_core == 20 and Result(sent=3).a_core == 0


def test_percentiles_and_figures():
    assert bench.percentile(range(100), .5) == 50 and bench.percentile(range(100), .99) == 99
    assert bench.percentile([], .5) is None and bench.us(None) == "-"
    assert bench.us(1234567) == "1,234.6"
