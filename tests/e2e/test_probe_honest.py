# SPDX-License-Identifier: MIT
"""What `kedge probe` says of outages, of losses that it made itself, and of itself."""
import json
import re
import signal
import subprocess
import threading
import time

import pytest

from e2e.lib.probe import MS, counts
from e2e.lib.still import freeze, freeze_briefly, freeze_server, queue, stop, unheard
from e2e.peers.echo import Datagrams, wait_for

LOOP = ("127.0.0.1", 0)


def start(kedge, *words):
    return subprocess.Popen([kedge, "probe", *words], stdout=subprocess.PIPE, text=True)


def interrupted(kedge, peer, act, *words):
    """The report of a run that ends 300 answers after something was done to it, and that
    after its first 100."""
    run = start(kedge, "-c", "0", "--timeout", "30s", *words, peer.url)
    wait_for(lambda: len(peer.seen) >= 100, 60)
    act(run)
    more = len(peer.seen) + 300
    wait_for(lambda: len(peer.seen) >= more, 60)
    run.send_signal(signal.SIGINT)
    return run.communicate(timeout=60)[0]


def test_a_frozen_server_is_an_outage_and_no_loss(echo, endless):
    run = endless("-i", "5ms", echo.url)
    (target,) = run.through(freeze_server, echo.process, echo.udp[1])
    received = run.probes()
    assert counts(target, sent=target["sent"], received=len(received),
                  open=target["sent"] - len(received)) == {}
    for key in ("rtt_ns", "intended_ns"):
        assert 250 * MS < target[key]["p99"] < run.lasted_ns
    stalls = target["stalls"]
    assert stalls["n"] >= 1 and 900 * MS < stalls["longest_ns"] < run.lasted_ns
    # By the lines: when the quiet ended, and what had left before and came then.
    end = received[0]["intended_at_ns"] + stalls["longest_at_ns"] + stalls["longest_ns"]
    came = [p["sent_at_ns"] + p["rtt_ns"] for p in received]
    assert end in came and max(t for t in came if t < end) <= end - stalls["longest_ns"]
    behind = sorted(p["sent_at_ns"] + p["rtt_ns"] for p in received
                    if p["sent_at_ns"] < end <= p["sent_at_ns"] + p["rtt_ns"])
    pauses = [i for i, (a, b) in enumerate(zip(behind, behind[1:]), 1) if b - a >= 20 * MS]
    assert len(behind) >= 80
    assert min(pauses + [len(behind)]) <= stalls["longest_waited"] <= len(behind)


def test_the_stall_is_named_in_the_report(kedge):
    def answer(data, n):
        if n == 100:
            unheard(int(peer.url.rpartition(":")[2]))
        return [data]
    peer = Datagrams(LOOP, answer)
    out = interrupted(kedge, peer, lambda run: None, "-i", "5ms")
    assert "stalled" in out


def test_what_it_dropped_itself_is_no_loss_of_the_network(endless):
    """The peer holds all answers back; they come while the program stands still, and are
    more than its socket may hold."""
    held, stopped, told = [], threading.Event(), threading.Event()

    def hold(data, n):
        if n == 5000:
            told.set()
        if n >= 5000:
            return []
        held.append(data)
        if n + 1 < 5000:
            return []
        stopped.wait(60)
        return held
    peer = Datagrams(LOOP, hold)
    run = endless("-i", "200us", "--size", "1400", peer.url)
    wait_for(lambda: len(peer.seen) >= 5000, 60)
    stop(run.process)
    stopped.set()
    assert told.wait(60)
    port = peer.last[1]
    dropped = queue(port)[1]
    run.process.send_signal(signal.SIGCONT)
    wait_for(lambda: queue(port)[0] == 0, 60)
    (target,) = run.end()
    assert target["own_dropped"] == dropped > 100
    assert target["received"] + target["late"] + target["own_dropped"] == 5000


def test_the_prober_held_up_is_said_and_counted(endless):
    peer = Datagrams(LOOP)
    run = endless("-i", "5ms", peer.url)
    (target,) = run.through(freeze_briefly, run.process, peer)
    assert target["sent"] == target["received"] + target["unsent"] + target["open"]
    assert target["left_late"] >= 50 and target["held_up"] >= 50
    assert target["intended_ns"]["max"] > 250 * MS
    assert target["self_late"]["max_ns"] > 250 * MS


def test_what_was_due_in_a_pause_does_not_leave_as_a_burst(endless):
    """It would measure the queue that it makes. Each has its number and its reason."""
    peer = Datagrams(LOOP)
    run = endless("-i", "5ms", peer.url)
    (target,) = run.through(freeze, run.process)
    missed = run.probes("unsent")
    assert len(missed) == target["unsent"] >= 190
    assert target["error"] == "kedge itself was delayed (scheduler): the probe was not sent"
    assert len(peer.seen) == target["sent"] - target["unsent"] == \
        target["received"] + target["open"]
    assert target["lost"] == target["unsent"]
    assert target["self_late"]["max_ns"] > 900 * MS
    # What is measured is what it is without a pause.
    assert target["intended_ns"]["p90"] < 500 * MS
    # The server did not stand still for so long.
    assert (target["stalls"]["longest_ns"] or 0) < 700 * MS


def test_what_came_in_a_long_pause_is_read(endless):
    """More is due meanwhile than is remembered; the answers still find their probes."""
    held, stopped = [], threading.Event()

    def hold(data, n):
        if not 500 <= n < 700:
            return [data]
        held.append(data)
        if n < 699:
            return []
        stopped.wait(60)
        return held
    peer = Datagrams(LOOP, hold)
    run = endless("-i", "500us", peer.url, timeout="500ms")
    wait_for(lambda: len(peer.seen) >= 700, 60)
    stop(run.process)
    stopped.set()
    time.sleep(3)
    run.process.send_signal(signal.SIGCONT)
    run.until(2000)
    (target,) = run.end()
    fate = {p["sequence"]: p["outcome"] for p in run.lines if p["event"] == "probe"}
    assert target["unsent"] > 4096 and target["stray"] == 0
    assert {fate[n] for n in range(500, 700)} <= {"late", "received"}


def test_the_two_times_that_part_are_one_sentence(kedge):
    peer = Datagrams(LOOP)
    out = interrupted(kedge, peer, lambda run: freeze_briefly(run, peer), "-i", "5ms")
    assert out.count("from the intended send time") == 1
    assert "measured while kedge itself was delayed" in out


def test_poisson_times_are_random_with_the_right_mean(kedge):
    """By the schedule: when a probe really leaves is up to the machine too."""
    peer = Datagrams(LOOP)
    out = start(kedge, "--jsonl", "--poisson", "-c", "400", "-i", "5ms",
                "--timeout", "30s", peer.url,
                peer.url).communicate(timeout=60)[0]
    lines = [json.loads(line) for line in out.splitlines()]
    assert [counts(t, sent=400, received=400) for t in lines[-2:]] == [{}] * 2
    due = sorted(p["intended_at_ns"] for p in lines
                 if p["event"] == "probe" and p["target"] == 0)
    gaps = sorted(b - a for a, b in zip(due, due[1:]))
    assert len(gaps) == 399
    # An exponential's mean is the interval; its median is 0.69 of it, a tenth is under
    # 0.11 of it, and a tenth over 2.3.
    assert 4 * MS < sum(gaps) / 399 < 6 * MS
    assert 2.4 * MS < gaps[199] < 4.6 * MS
    assert gaps[39] < 1.2 * MS and gaps[359] > 8 * MS


def test_a_rate_and_a_duration(kedge, serve):
    """In place of an interval and a count: so many a second, for so long; also without a
    schedule that could be counted beforehand."""
    server = serve(at=("echo+udp://127.0.0.1:0",))
    url = "udp://%s:%d" % server.address("echo+udp")
    found = {}
    for how in "--rate=200", "--poisson --rate=200", "--flood":
        out = start(kedge, "--json", *how.split(), "--duration", "500ms", url
                    ).communicate(timeout=60)[0]
        document = json.loads(out)
        assert document["run"]["duration_ns"] == 500 * MS and document["run"]["count"] is None
        found[how] = document["targets"][0]["sent"]
    assert found["--rate=200"] == 100 and 50 < found["--poisson --rate=200"] < 160
    assert found["--flood"] > 200


@pytest.mark.parametrize("words", [["--duration", "1s", "-c", "5"], ["--duration", "0"],
                                   ["--rate", "5", "-i", "1s"], ["--rate", "0"],
                                   ["--poisson=1"], ["--poisson", "-i", "0"]])
def test_bad_words_are_refused(probe, words):
    code, targets, err = probe(*words, "udp://127.0.0.1:7")
    assert (code, targets) == (64, None) and err.count("\n") == 1


def test_a_percentile_has_its_interval_or_says_what_it_needs(kedge):
    peer = Datagrams(LOOP)
    words = [kedge, "probe", "-c", "450", "-i", "1ms", "--timeout", "30s", peer.url]
    (target,) = json.loads(subprocess.run([*words, "--json"], timeout=20, check=True,
                                          capture_output=True).stdout)["targets"]
    rtt = target["rtt_ns"]
    for name in ("p50", "p90", "p99"):
        low, high = rtt["interval_95"][name] or (0, rtt["max"])
        assert low <= rtt[name] <= high
    assert rtt["interval_95"]["p50"] and rtt["p99_9"] is rtt["interval_95"]["p99_9"] is None
    out = subprocess.run([*words, "-v"], timeout=20, check=True, capture_output=True, text=True).stdout
    assert "  p99.9 needs 1,000 samples, has 450" in out.splitlines()
    assert re.search(r"  95 % CI: p50 \d+\.\d", out)


# ---- what this host can tell -----------------------------------------------------------

def documents(kedge, tmp_path, *words):
    """The same run in each of its forms: --json, and --jsonl read again."""
    lines = tmp_path / "run.jsonl"
    with lines.open("w") as out:
        subprocess.run([kedge, "probe", "--jsonl", *words], check=True, stdout=out, timeout=20)
    first = json.loads(lines.read_text().splitlines()[0])
    report = subprocess.run([kedge, "report", lines, "--json"], check=True, timeout=20,
                            capture_output=True).stdout
    return first, json.loads(report)


def test_the_host_is_measured_first(kedge, tmp_path):
    peer = Datagrams(LOOP)
    first, report = documents(kedge, tmp_path, "-c", "20", "-i", "2ms",
                              "--timeout", "30s", peer.url)
    host = first["calibration"]
    assert host == report["calibration"]
    assert 0 < host["clock_step_ns"] < 10 * MS and 0 < host["loopback_ns"] < 50 * MS
    assert 0 <= host["timer_late_ns"]["p50"] <= host["timer_late_ns"]["max"] < 5000 * MS
    # An exchange with another program cannot be much shorter than one with itself.
    assert report["targets"][0]["rtt_ns"]["p50"] > host["loopback_ns"] / 4
    out = subprocess.run([kedge, "probe", "-v", "-c", "2", "-i", "2ms",
                          "--timeout", "30s", peer.url], check=True,
                         capture_output=True, text=True, timeout=20).stdout
    assert out.splitlines()[-1].startswith("measurement floor ")


def test_a_host_without_loopback_does_not_guess(kedge, one_more_namespace):
    under = one_more_namespace("ip", "link", "set", "lo", "down")
    done = subprocess.run([*under, kedge, "probe", "--json", "-c", "1", "--timeout", "50ms",
                           "udp://127.0.0.1:9"], capture_output=True, timeout=20)
    assert json.loads(done.stdout)["calibration"]["loopback_ns"] is None


def test_samples_taken_while_held_up_are_flagged(endless):
    peer = Datagrams(LOOP)
    run = endless("-i", "5ms", peer.url)
    (target,) = run.through(freeze_briefly, run.process, peer)
    flagged = [p for p in run.lines if p.get("held_up") is True]
    assert len(flagged) == target["held_up"] >= 50
    late = [p for p in run.probes() if p["sent_at_ns"] - p["intended_at_ns"] > 20 * MS]
    assert len(late) >= 50 and all(p["held_up"] for p in late)
