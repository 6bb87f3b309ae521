"""What `kedge probe` says of outages, of losses that it made itself, and of itself."""
import json
import signal
import subprocess
import threading
import time

import pytest

from e2e.lib.probe import MS, counts
from e2e.peers.echo import Datagrams

LOOP = ("127.0.0.1", 0)


def freeze(process, seconds):
    process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    process.send_signal(signal.SIGCONT)


def start(kedge, *words):
    return subprocess.Popen([kedge, "probe", *words], stdout=subprocess.PIPE, text=True)


def frozen_server(serve, kedge, *words):
    """A server that stands still for 300 ms of a run of 5 s, at 1,000 probes a second."""
    server = serve(at=("echo+udp://127.0.0.1:0",))
    host, port = server.address("echo+udp")
    run = start(kedge, *words, "-c", "5000", "-i", "1ms", f"udp://{host}:{port}")
    time.sleep(2)
    freeze(server.process, 0.3)
    return run.communicate(timeout=30)[0]


def test_a_frozen_server_is_an_outage_and_no_loss(serve, kedge):
    (target,) = json.loads(frozen_server(serve, kedge, "--json"))["targets"]
    assert counts(target, sent=5000, received=5000) == {}
    for key in ("rtt_ns", "intended_ns"):
        assert 250 * MS < target[key]["p99_9"] < 2000 * MS
    stalls = target["stalls"]
    assert stalls["n"] >= 1 and 250 * MS < stalls["longest_ns"] < 1000 * MS
    assert 1000 * MS < stalls["longest_at_ns"] < 4000 * MS
    assert 200 <= stalls["longest_waited"] < 1000


def test_the_stall_is_named_in_the_report(serve, kedge):
    out = frozen_server(serve, kedge)
    assert "stood still" in out and "which is no loss" in out


def test_what_it_dropped_itself_is_no_loss_of_the_network(kedge):
    """The peer holds all answers back; they come while the program stands still, and are
    more than its socket may hold."""
    held, stopped = [], threading.Event()

    def hold(data, n):
        held.append(data)
        if n + 1 != 5000:
            return []
        stopped.wait(10)
        return held
    peer = Datagrams(LOOP, hold)
    run = start(kedge, "--json", "-c", "6500", "-i", "200us", "--size", "1400", "--timeout",
                "5s", peer.url)
    end = time.monotonic() + 15
    while len(peer.seen) < 5000 and time.monotonic() < end:
        time.sleep(0.005)
    run.send_signal(signal.SIGSTOP)
    stopped.set()
    time.sleep(1.5)
    run.send_signal(signal.SIGCONT)
    (target,) = json.loads(run.communicate(timeout=30)[0])["targets"]
    assert target["own_dropped"] > 100
    assert target["received"] + target["late"] + target["own_dropped"] == 5000


def test_the_prober_held_up_is_said_and_counted(kedge):
    peer = Datagrams(LOOP)
    run = start(kedge, "--json", "-c", "1000", "-i", "1ms", peer.url)
    while len(peer.seen) < 300:
        time.sleep(0.001)
    freeze(run, 0.3)
    document = json.loads(run.communicate(timeout=20)[0])
    (target,) = document["targets"]
    # What it sends to make up for it may be more than the peer's queue holds.
    assert target["sent"] == 1000 and target["received"] >= 700
    assert target["left_late"] >= 200 and target["held_up"] >= 200
    assert target["intended_ns"]["p99"] > 200 * MS
    assert target["self_late"]["max_ns"] > 200 * MS
    # The server did not stand still for so long.
    assert (target["stalls"]["longest_ns"] or 0) < 200 * MS


def test_the_two_times_that_part_are_one_sentence(kedge):
    peer = Datagrams(LOOP)
    run = start(kedge, "-c", "1000", "-i", "1ms", peer.url)
    while len(peer.seen) < 300:
        time.sleep(0.001)
    freeze(run, 0.3)
    out = run.communicate(timeout=20)[0]
    assert out.count("from the intended time p99") == 1
    assert "measured while this program itself was held up" in out


def test_poisson_times_are_random_with_the_right_mean(kedge):
    """By the schedule: when a probe really leaves is up to the machine too."""
    peer = Datagrams(LOOP)
    out = start(kedge, "--jsonl", "--poisson", "-c", "400", "-i", "5ms", peer.url,
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
    words = [kedge, "probe", "-c", "450", "-i", "1ms", peer.url]
    (target,) = json.loads(subprocess.run([*words, "--json"], timeout=20, check=True,
                                          capture_output=True).stdout)["targets"]
    rtt = target["rtt_ns"]
    for name in ("p50", "p90", "p99"):
        low, high = rtt["interval_95"][name] or (0, rtt["max"])
        assert low <= rtt[name] <= high
    assert rtt["interval_95"]["p50"] and rtt["p99_9"] is rtt["interval_95"]["p99_9"] is None
    out = subprocess.run(words, timeout=20, check=True, capture_output=True, text=True).stdout
    assert "p99.9: needs 1,000 samples, has 450" in out.splitlines()
    assert ": 95 % sure: p50 0." in out


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
    first, report = documents(kedge, tmp_path, "-c", "20", "-i", "2ms", peer.url)
    host = first["calibration"]
    assert host == report["calibration"]
    assert 0 < host["clock_step_ns"] < 10 * MS and 0 < host["loopback_ns"] < 50 * MS
    assert 0 <= host["timer_late_ns"]["p50"] <= host["timer_late_ns"]["max"] < 5000 * MS
    # An exchange with another program cannot be much shorter than one with itself.
    assert report["targets"][0]["rtt_ns"]["p50"] > host["loopback_ns"] / 4
    out = subprocess.run([kedge, "probe", "-c", "2", "-i", "2ms", peer.url], check=True,
                         capture_output=True, text=True, timeout=20).stdout
    assert out.splitlines()[-1].startswith("this host cannot see below ")
    assert " late (p50), at most " in out


def test_a_host_without_loopback_does_not_guess(kedge, one_more_namespace):
    under = one_more_namespace("ip", "link", "set", "lo", "down")
    done = subprocess.run([*under, kedge, "probe", "--json", "-c", "1", "--timeout", "50ms",
                           "udp://127.0.0.1:9"], capture_output=True, timeout=20)
    assert json.loads(done.stdout)["calibration"]["loopback_ns"] is None


def test_samples_taken_while_held_up_are_flagged(kedge):
    peer = Datagrams(LOOP)
    run = start(kedge, "--jsonl", "-c", "600", "-i", "1ms", peer.url)
    while len(peer.seen) < 200:
        time.sleep(0.001)
    freeze(run, 0.2)
    lines = [json.loads(line) for line in run.communicate(timeout=20)[0].splitlines()]
    flagged = [p for p in lines if p.get("held_up") is True]
    assert len(flagged) == lines[-1]["held_up"] >= 100
    late = [p for p in lines if p["event"] == "probe" and p["outcome"] == "received" and
            p["sent_at_ns"] - p["intended_at_ns"] > 20 * MS]
    assert late and all(p["held_up"] for p in late)
