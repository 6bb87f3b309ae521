# SPDX-License-Identifier: MIT
"""`kedge probe --jsonl`: a line a probe, as it goes, and the counts at the end."""
import json
import signal
import socket
import subprocess
import time

from e2e.peers.echo import Connections, Datagrams, closed_port

LOOP = ("127.0.0.1", 0)
MS = 1_000_000
PROBE_KEYS = ["event", "target", "endpoint", "sequence", "intended_at_ns", "sent_at_ns",
              "outcome", "rtt_ns", "reordered", "altered", "held_up", "kernel_left_ns", "kernel_came_ns"]


def lines_of(kedge, *words):
    done = subprocess.run([kedge, "probe", "--jsonl", *words], capture_output=True, text=True,
                          timeout=60)
    assert done.stderr == ""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def by_event(lines, event):
    return [line for line in lines if line["event"] == event]


def test_a_line_a_probe_and_a_line_a_target(kedge):
    urls = [Datagrams(LOOP).url, Connections(LOOP).url]
    code, lines = lines_of(kedge, "-c", "20", "-i", "5ms", "--timeout", "30s", *urls)
    probes, targets = by_event(lines, "probe"), by_event(lines, "target")
    assert code == 0 and len(lines) == 1 + 40 + 2
    assert lines[0]["event"] == "run" and lines[0]["v"] == 1
    assert lines[0]["run"]["interval_ns"] == 5 * MS and lines[0]["host"]["kedge"]
    assert all(list(p) == PROBE_KEYS for p in probes)
    for number, target in enumerate(targets):
        mine = [p for p in probes if p["target"] == number]
        assert target["target"] == number and target["endpoint"] == urls[number]
        assert {p["endpoint"] for p in mine} == {urls[number]}
        assert sorted(p["sequence"] for p in mine) == list(range(20))
        rtts = [p["rtt_ns"] for p in mine]
        assert (min(rtts), max(rtts)) == (target["rtt_ns"]["min"], target["rtt_ns"]["max"])
        late = [p["sent_at_ns"] - p["intended_at_ns"] for p in mine]
        assert min(late) >= 0
        assert max(r + l for r, l in zip(rtts, late)) == target["intended_ns"]["max"]
        for p in mine:
            assert p["intended_at_ns"] - mine[0]["intended_at_ns"] == \
                5 * MS * (p["sequence"] - mine[0]["sequence"])


def test_each_outcome(kedge):
    """Sequence 0 comes late, 1 never, 2 altered, 3 after 4, and 5 twice."""
    held = []

    def answer(data, n):
        if n == 0 or n == 3:
            held.append(data)
            return []
        if n == 1:
            return []
        if n == 2:
            return [data[:-1] + bytes([data[-1] ^ 1])]
        if n == 4:
            return [data, held[1]]
        return [data, data] if n == 5 else [data, held[0]]
    port, closed = closed_port(socket.SOCK_STREAM)
    with closed:
        code, lines = lines_of(kedge, "-c", "7", "-i", "40ms", "--timeout", "100ms",
                               Datagrams(LOOP, answer).url, f"tcp://127.0.0.1:{port}")
    said = [(p["sequence"], p["outcome"]) for p in by_event(lines, "probe")
            if p["target"] == 0]
    assert sorted(said) == [(0, "late"), (0, "lost"), (1, "lost"), (2, "received"),
                            (3, "received"), (4, "received"), (5, "received"),
                            (6, "received")]
    assert said.index((0, "lost")) < said.index((0, "late"))
    first = {p["sequence"]: p for p in by_event(lines, "probe") if p["target"] == 0}
    assert sorted(s for s in first if first[s]["reordered"]) == [0, 3]
    assert [s for s in first if first[s]["altered"]] == [2]
    assert first[0]["rtt_ns"] > 100 * MS and first[1]["rtt_ns"] is None
    assert {p["outcome"] for p in by_event(lines, "probe") if p["target"] == 1} == {"unsent"}
    target = by_event(lines, "target")[0]
    assert code == 1 and (target["late"], target["lost"], target["duplicated"]) == (1, 1, 1)


def test_lines_leave_as_the_run_goes(kedge):
    peer = Datagrams(LOOP)
    process = subprocess.Popen([kedge, "probe", "--jsonl", "-c", "0", "-i", "20ms", "--timeout",
                                "60s", peer.url], stdout=subprocess.PIPE, text=True)
    begun = [json.loads(process.stdout.readline()) for _ in range(5)]
    assert process.poll() is None and [b["event"] for b in begun] == ["run"] + ["probe"] * 4
    process.send_signal(signal.SIGINT)
    rest = [json.loads(line) for line in process.stdout]
    assert process.wait(10) == 0 and rest[-1]["event"] == "target"
    assert rest[-1]["sent"] == len(by_event(begun + rest, "probe"))


def test_a_run_whose_lines_nobody_reads_ends(kedge):
    peer = Datagrams(LOOP)
    process = subprocess.Popen([kedge, "probe", "--jsonl", "-c", "0", "-i", "20ms", peer.url],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == 9 and process.stderr.read() == b""
    process.stderr.close()


def test_what_is_open_at_the_end_has_a_line(kedge):
    peer = Datagrams(LOOP, lambda data, n: [])
    process = subprocess.Popen([kedge, "probe", "--jsonl", "-c", "0", "-i", "10ms", "--timeout",
                                "60s", peer.url], stdout=subprocess.PIPE, text=True)
    while len(peer.seen) < 5:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    lines = [json.loads(line) for line in process.communicate(timeout=10)[0].splitlines()]
    probes = by_event(lines, "probe")
    assert len(probes) == lines[-1]["open"] >= 5
    assert {p["outcome"] for p in probes} == {"open"}
