# SPDX-License-Identifier: MIT
"""`kedge probe` against servers that share no code with it, honest and faulty."""
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time
from pathlib import Path

import pytest

from e2e.lib.marked import LOOP, STAMP
from e2e.lib.probe import COUNTS, MS, counts, needs_icmp, raw_or_ping_allowed
from e2e.lib.screen import rest_of
from e2e.lib.still import FREEZES, froze_briefly, unheard
from e2e.peers.echo import Connections, Datagrams, closed_port, every_kind


def test_every_kind_side_by_side(probe, tmp_path):
    urls = [peer.url for peer in every_kind(str(tmp_path)).values()]
    if raw_or_ping_allowed():
        urls += ["icmp://127.0.0.1", "icmp://[::1]"]
    code, targets, err = probe("-c", "30", "-i", "5ms", *urls)
    assert (code, err) == (0, "")
    assert [t["endpoint"] for t in targets] == urls
    for target in targets:
        assert counts(target, sent=30, received=30) == {}
        rtt = target["rtt_ns"]
        assert 0 < rtt["min"] <= rtt["p50"] <= rtt["p90"] <= rtt["max"] < 1000 * MS
        assert rtt["n"] == 30 and rtt["p99"] is None and rtt["p99_9"] is None
        connects = re.match("tcp|unix:|unix-seq", target["endpoint"]) is not None
        assert (target["connect_ns"] is not None) == connects


@pytest.mark.parametrize("size", ["0", "1", "23", "24", "25", "1472", "65507"])
def test_any_size_of_payload(probe, size):
    peer = Datagrams(LOOP)
    urls = [peer.url] + (["icmp://127.0.0.1", "icmp://[::1]"] if raw_or_ping_allowed() else [])
    if size != "0":
        urls.append(Connections(LOOP).url)
    code, targets, err = probe("-c", "4", "-i", "20ms", "--size", size, *urls)
    assert (code, err) == (0, "")
    assert [counts(t, sent=4, received=4) for t in targets] == [{}] * len(urls)
    assert {len(data) for data in peer.seen} == {int(size)}


def test_a_connection_needs_a_payload(probe):
    code, targets, err = probe("--size", "0", Connections(LOOP).url)
    assert code == 64 and targets is None and "--size" in err


def test_the_stamp_is_the_documented_one(probe):
    peer = Datagrams(LOOP)
    probe("-c", "5", "-i", "10ms", peer.url)
    stamps = [STAMP.unpack(data[:STAMP.size]) for data in peer.seen]
    assert [s[:3] for s in stamps] == [(b"kedg", 1, 2)] * 5
    assert len({s[3] for s in stamps}) == 1
    assert [s[4] for s in stamps] == list(range(5))
    sent = [s[5] for s in stamps]
    assert sent == sorted(sent) and sent[-1] - sent[0] > 20 * MS


def test_json_has_the_documented_form(kedge):
    done = subprocess.run([kedge, "probe", "--json", "-c", "2", "-i", "10ms",
                           "--timeout", "30s",
                           Datagrams(LOOP).url], capture_output=True, text=True, timeout=20)
    document = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert document["v"] == 1 and isinstance(document["host"], dict)
    target = document["targets"][0]
    assert list(target)[:11] == ["endpoint", *COUNTS, "rtt_ns", "intended_ns", "jitter_ns"]
    for key in ("rtt_ns", "intended_ns"):
        assert list(target[key])[:7] == ["n", "min", "p50", "p90", "p99", "p99_9", "max"]
    assert all(isinstance(target[key], int) for key in COUNTS)
    assert document["run"]["interval_ns"] == 10 * MS
    assert document["run"]["size_bytes"] == 56


def test_lost_is_exactly_what_was_dropped(probe):
    peer = Datagrams(LOOP, lambda data, n: [] if n in (3, 4, 17) else [data])
    code, (target,), _ = probe("-c", "20", "-i", "10ms", "--timeout", "300ms", peer.url)
    assert code == 1 and counts(target, sent=20, received=17, lost=3) == {}
    assert target["rtt_ns"]["n"] == 17


def test_duplicates_are_counted(probe):
    peer = Datagrams(LOOP, lambda data, n: [data] * (3 if n == 2 else 1))
    code, (target,), _ = probe("-c", "10", "-i", "10ms", peer.url)
    assert code == 0 and counts(target, sent=10, received=10, duplicated=2) == {}


def test_reordering_is_counted(probe):
    held = []

    def swap(data, n):
        if n == 4:
            held.append(data)
            return []
        return [data, held.pop()] if n == 5 else [data]
    code, (target,), _ = probe("-c", "10", "-i", "10ms", Datagrams(LOOP, swap).url)
    assert code == 0 and counts(target, sent=10, received=10, reordered=1) == {}


@pytest.mark.parametrize("at", [40, 55])
def test_an_altered_payload_is_seen(probe, at):
    def alter(data, n):
        return [data[:at] + bytes([data[at] ^ 1]) + data[at + 1:] if n == 3 else data]
    code, (target,), _ = probe("-c", "6", "-i", "10ms", Datagrams(LOOP, alter).url)
    assert code == 1 and counts(target, sent=6, received=6, altered=1) == {}


def test_a_cut_or_padded_payload_is_altered(probe):
    def cut(data, n):
        return [(data[:-1], data + b"x")[n] if n < 2 else data]
    code, (target,), _ = probe("-c", "6", "-i", "10ms", Datagrams(LOOP, cut).url)
    assert code == 1 and counts(target, sent=6, received=6, altered=2) == {}


def test_a_reply_behind_the_timeout_is_late_not_lost(probe):
    peer = Datagrams(LOOP, lambda data, n: [(0.25, data)] if n == 0 else [data])
    code, (target,), _ = probe("-c", "10", "-i", "50ms", "--timeout", "100ms", peer.url)
    assert code == 1 and counts(target, sent=10, received=9, late=1, reordered=1) == {}


def test_a_reply_of_another_run_is_stray(probe):
    def other(data, n):
        run = bytes([data[6] ^ 1])
        return [data, data[:6] + run + data[7:]] if n == 1 else [data]
    code, (target,), _ = probe("-c", "4", "-i", "10ms", Datagrams(LOOP, other).url)
    assert code == 0 and counts(target, sent=4, received=4, stray=1) == {}


def test_a_reply_never_asked_for_is_stray(probe):
    def forge(data, n):
        return [data, data[:8] + struct.pack("!Q", 1000) + data[16:]]
    code, (target,), _ = probe("-c", "3", "-i", "10ms", Datagrams(LOOP, forge).url)
    # The run may end before it hears the last one.
    assert code == 0 and counts(target, sent=3, received=3, stray=target["stray"]) == {}
    assert target["stray"] in (2, 3)


def test_a_stall_is_met_by_all_its_probes(endless):
    """The schedule does not wait: a server that sleeps 400 ms is seen by each probe of
    that time, not by one."""
    def stall(data, n):
        if n == 20:
            unheard(int(peer.url.rpartition(":")[2]), 0.4)
        return [data]
    peer = Datagrams(LOOP, stall)
    run = endless("-i", "10ms", peer.url)
    run.until(100)
    (target,) = run.end()
    received = target["sent"] - target["open"]
    assert counts(target, sent=target["sent"], received=received, open=target["open"]) == {}
    rtt = [p["rtt_ns"] for p in run.probes()]
    intended = [p["rtt_ns"] + p["sent_at_ns"] - p["intended_at_ns"] for p in run.probes()]
    for key, found in ("rtt_ns", rtt), ("intended_ns", intended):
        assert target[key]["max"] == max(found) >= 395 * MS
        assert sum(ns >= 150 * MS for ns in found) >= 15
    assert sorted(rtt[:20])[10] <= 150 * MS


def test_the_prober_held_up_shows_in_the_intended_time(endless):
    for _ in range(FREEZES):
        peer = Datagrams(LOOP)
        run = endless("-i", "10ms", peer.url)
        run.until(10)
        brief = froze_briefly(run.process, peer)
        run.until(20)
        (target,) = run.end()
        if brief:
            break
    received = target["sent"] - target["open"]
    assert counts(target, sent=target["sent"], received=received, open=target["open"]) == {}
    assert target["intended_ns"]["max"] >= 250 * MS


def test_what_is_closed_is_refused_at_once(probe):
    udp, held = closed_port()
    held.close()
    tcp, held = closed_port(socket.SOCK_STREAM)
    with held:
        code, targets, err = probe("-c", "3", "-i", "20ms", "--timeout", "5s",
                                   f"udp://127.0.0.1:{udp}", f"tcp://127.0.0.1:{tcp}",
                                   "unix:///no/such/socket")
    assert (code, err) == (2, "")
    assert counts(targets[0], sent=3, lost=3, refused=3) == {}
    assert counts(targets[1], sent=3, lost=3, unsent=3) == {}
    assert [t["error"] for t in targets] == ["Connection refused", "Connection refused",
                                             "No such file or directory"]


def test_one_that_answers_and_one_that_does_not(probe):
    mute = Datagrams(LOOP, lambda data, n: [])
    code, targets, _ = probe("-c", "3", "-i", "10ms", "--timeout", "200ms", mute.url,
                             Datagrams(LOOP).url)
    assert code == 1
    assert counts(targets[0], sent=3, lost=3) == {}
    assert counts(targets[1], sent=3, received=3) == {}
    assert targets[0]["rtt_ns"] == {"n": 0, "min": None, "p50": None, "p90": None,
                                    "p99": None, "p99_9": None, "max": None,
                                    "interval_95": dict.fromkeys(("p50", "p90", "p99",
                                                                  "p99_9")),
                                    "left_out": 0}


def test_a_name_that_does_not_resolve(probe):
    missing = "udp://no-such-host.invalid:7"
    code, targets, err = probe(missing)
    assert (code, targets) == (8, None) and "no-such-host.invalid" in err
    code, targets, err = probe("-c", "2", "-i", "10ms", missing, Datagrams(LOOP).url)
    assert code == 1 and counts(targets[1], sent=2, received=2) == {}
    assert err.count("\n") == 1
    assert targets[0]["endpoint"] == missing and counts(targets[0]) == {}
    assert "no-such-host.invalid: " in targets[0]["error"]


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_what_cannot_be_opened_stands_in_the_results(kedge, probe, tmp_path, kind):
    """In its place, with why nothing was sent, also where lines and rows are numbered."""
    dead = f"unix-dgram://{tmp_path}/nobody" if kind == "unix" else "tcp://no-such.invalid:7"
    peer = Datagrams(LOOP)
    code, (first, second), _ = probe("-c", "2", "-i", "10ms", dead, peer.url)
    assert code == 1 and counts(first) == {} and first["error"]
    assert counts(second, sent=2, received=2) == {}
    done = subprocess.run([kedge, "probe", "-c", "1", "--timeout", "30s", dead, peer.url],
                          capture_output=True, text=True, timeout=60)
    row, note = re.search(rf"^({re.escape(dead)}.*)\n(  .*)", done.stdout, re.M).groups()
    assert row.split()[1:4] == ["0", "0", "0"] and f"  nothing was sent: {first['error']}" in note
    assert dead not in first["error"]
    lines = subprocess.run([kedge, "probe", "--jsonl", "-c", "1", "--poisson", "-i", "10ms",
                            dead, peer.url], capture_output=True, text=True, timeout=60).stdout
    assert [json.loads(x)["target"] for x in lines.splitlines() if '"probe"' in x] == [1]


@pytest.mark.parametrize("url,why", [
    ("tftp://127.0.0.1", "probe takes icmp,"), ("echo://127.0.0.1", "probe takes icmp,"),
    ("tipc://1:2", "probe takes icmp,"), ("udp://127.0.0.1", "the port is missing"),
    ("127.0.0.1", "an endpoint begins with a scheme"),
])
def test_what_cannot_be_probed_says_why(probe, url, why):
    code, targets, err = probe(Datagrams(LOOP).url, url)
    assert (code, targets) == (64, None) and why in err and err.count("\n") == 1


def test_a_connection_that_ends_is_dialled_again(probe):
    def twice(connection):
        for _ in range(2):
            connection.sendall(connection.recv(56, socket.MSG_WAITALL))
    peer = Connections(LOOP, twice)
    code, (target,), _ = probe("-c", "12", "-i", "20ms", peer.url)
    assert code == 1
    # The last one may have been on its way when the run ended.
    assert 3 <= peer.count and peer.count - target["connect_ns"]["n"] in (0, 1)
    assert target["received"] >= 6 and target["received"] + target["lost"] == 12


def test_echo_in_pieces_on_a_stream(probe):
    def dribble(connection):
        while data := connection.recv(100):
            for i in range(0, len(data), 7):
                connection.sendall(data[i:i + 7])
                time.sleep(0.001)
    code, (target,), _ = probe("-c", "5", "-i", "50ms", Connections(LOOP, dribble).url)
    assert code == 0 and counts(target, sent=5, received=5) == {}


def test_a_peer_that_never_reads_costs_bounded_memory(probe):
    """What does not fit its queues and ours did not leave, and is said."""
    stop = threading.Event()
    peer = Connections(LOOP, lambda connection: stop.wait(30))
    code, (target,), _ = probe("-c", "300", "-i", "2ms", "--size", "65507", "--timeout",
                               "300ms", peer.url)
    stop.set()
    assert code == 2 and target["sent"] == target["lost"] == 300
    assert target["unsent"] > 100


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_prints_the_full_summary(kedge, number):
    peer = Datagrams(LOOP)
    process = subprocess.Popen([kedge, "probe", "-c", "0", "-i", "10ms", peer.url],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while len(peer.seen) < 20:
        time.sleep(0.005)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    head, row = out.splitlines()[:2]
    assert process.returncode == 0 and err == ""
    assert head.split()[:6] == ["target", "sent", "received", "lost", "min", "ms"]
    assert row.split()[0] == peer.url and int(row.split()[1]) >= 20


def test_what_is_open_at_ctrl_c_is_not_lost(kedge):
    peer = Datagrams(LOOP, lambda data, n: [])
    process = subprocess.Popen([kedge, "probe", "--json", "-c", "0", "-i", "10ms", "--timeout",
                                "60s", peer.url], stdout=subprocess.PIPE, text=True)
    while len(peer.seen) < 5:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    target = json.loads(process.communicate(timeout=10)[0])["targets"][0]
    assert target["open"] == target["sent"] >= 5 and target["lost"] == 0


@pytest.mark.parametrize("verbose", [False, True])
def test_the_table_a_row_a_target_and_a_word_for_faults(kedge, verbose):
    """What is said of a target stands below its row, once."""
    port, held = closed_port(socket.SOCK_STREAM)
    urls = Datagrams(LOOP).url, Connections(LOOP).url, f"tcp://127.0.0.1:{port}"
    with held:
        done = subprocess.run([kedge, "probe", "-c", "3", "-i", "10ms", "--timeout", "30s",
                               *["-v"] * verbose, *urls],
                              capture_output=True, text=True, timeout=20)
    # On a busy machine it, or the peer, may have been late; that is said as well.
    lines = [line for line in done.stdout.splitlines()
             if not re.search(r"kedge (itself|sent) |^  stalled ", line)]
    assert done.returncode == 1
    assert [line.split()[:4] for line in lines[1:] if line.startswith(("udp", "tcp"))] == \
        [[urls[0], "3", "3", "0"], [urls[1], "3", "3", "0"], [urls[2], "3", "0", "3"]]
    first, second, third = (next(i for i, x in enumerate(lines) if x.startswith(u))
                            for u in urls)
    assert any(re.fullmatch(r"  connected in \d+\.\d{3} ms", x) for x in lines[second:third])
    assert lines[third + 1] == "  3 not sent: Connection refused"
    needs = "  p99 needs 100 samples, has 3; p99.9 needs 1,000 samples, has 3"
    assert lines.count(needs) == (2 if verbose else 0) and lines[0].count("p99") == 0
    assert len(lines) == third + 2 + verbose
    assert (lines[-1].startswith("measurement floor ")) == verbose
    assert ("kernel timestamps" in done.stdout) == verbose
    assert second == first + 1 or verbose


def on_terminal(kedge, columns, *words):
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen([kedge, "probe", "-q", *words], stdout=theirs)
    os.close(theirs)
    shown = rest_of(ours)
    assert process.wait(60) <= 2
    return shown.decode().splitlines()


LEAST = {"jitter", "min", "p99.9"}


@pytest.mark.parametrize("columns,least,most", [
    (200, set(), set()), (80, {"jitter"}, LEAST), (40, LEAST, LEAST | {"target", "received"})])
def test_a_table_fits_the_terminal(kedge, columns, least, most):
    """1,000 replies have all percentiles; on a busy machine the figures are wider."""
    peer = Datagrams(LOOP)
    head, *rows = on_terminal(kedge, columns, "-c", "1000", "-i", "200us", "--timeout", "30s",
                              peer.url)
    names = head.replace(" ms", "").split()
    missing = {"target", "sent", "received", "lost", "p50", "p99", "max", *LEAST} - set(names)
    assert least <= missing <= most
    if "target" in missing:
        assert rows.pop(0) == peer.url
    assert len(rows[0].split()) == len(names)
    assert max(len(head), len(rows[0])) <= columns


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_what_is_said_fits_the_terminal(kedge, columns):
    port, held = closed_port()
    held.close()
    lines = on_terminal(kedge, columns, "-c", "3", "-i", "10ms", "-v", Datagrams(LOOP).url,
                        f"udp://127.0.0.1:{port}", "--timeout", "30s")
    assert any("3 refused: Connection" in " ".join(pair) for pair in zip(lines, lines[1:]))
    assert len([line for line in lines if line.startswith("  ")]) >= 3
    assert any(line.startswith("measurement floor ") for line in lines)
    assert [line for line in lines if len(line) > columns] == []


def test_a_column_that_says_nothing_is_left_out(kedge):
    def twice(data, n):
        return [data] * (2 if n == 0 else 1)
    done = subprocess.run([kedge, "probe", "-c", "3", "-i", "10ms", "--timeout", "30s",
                           Datagrams(LOOP, twice).url], capture_output=True, text=True,
                          timeout=60)
    assert done.stdout.splitlines()[0].split() == ["target", "sent", "received", "lost",
                                                   "duplicated", "min", "ms", "p50", "max",
                                                   "jitter"]


def test_many_targets_at_once(probe):
    peers = [Datagrams(LOOP) for _ in range(100)]
    code, targets, _ = probe("-c", "5", "-i", "100ms", *[p.url for p in peers])
    assert code == 0
    assert [counts(t, sent=5, received=5) for t in targets] == [{}] * 100
    assert all(len(p.seen) == 5 for p in peers)


@needs_icmp
def test_many_icmp_hosts_share_a_socket(probe):
    urls = [f"icmp://127.0.{i // 250}.{i % 250 + 1}" for i in range(500)]
    code, targets, _ = probe("-c", "3", "-i", "700ms", "--timeout", "5s", *urls)
    assert code == 0
    assert [counts(t, sent=3, received=3) for t in targets] == [{}] * 500


@needs_icmp
def test_one_host_twice_is_two_targets(probe):
    code, targets, _ = probe("-c", "5", "-i", "10ms", "icmp://127.0.0.1", "icmp://127.0.0.1")
    assert code == 0
    assert [counts(t, sent=5, received=5) for t in targets] == [{}] * 2


# ---- ICMP: who may ---------------------------------------------------------------------

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes nobody, makes a namespace")


@pytest.fixture
def copy(kedge):
    """The program where every user may run it."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        path = Path(directory) / "kedge"
        shutil.copy(kedge, path)
        os.chmod(path, 0o755)
        yield path


def as_nobody(copy, groups):
    """`kedge probe icmp://` of both families as nobody, where these groups may ask."""
    script = (f"ip link set lo up && echo '{groups}' > /proc/sys/net/ipv4/ping_group_range"
              " && exec setpriv --reuid=65534 --regid=65534 --clear-groups "
              f"{copy} probe --json -c 3 -i 10ms icmp://127.0.0.1 'icmp://[::1]'")
    return subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True,
                          text=True, timeout=30)


@needs_root
def test_without_permission_the_error_says_what_to_do(copy):
    done = as_nobody(copy, "1 0")
    assert done.returncode == 13 and done.stdout == ""
    for line in done.stderr.splitlines():
        assert "net.ipv4.ping_group_range" in line and "cap_net_raw" in line


@needs_root
def test_the_unprivileged_socket_where_it_is_allowed(copy):
    done = as_nobody(copy, "0 2147483647")
    assert done.returncode == 0, done.stderr
    for target in json.loads(done.stdout)["targets"]:
        assert counts(target, sent=3, received=3) == {}


@needs_root
def test_an_unreachable_host_is_refused_at_once(kedge):
    script = ("ip link set lo up && ip route add unreachable 192.0.2.0/24 && "
              f"exec {kedge} probe --json -c 3 -i 10ms --timeout 9s icmp://192.0.2.1")
    done = subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True,
                          text=True, timeout=30)
    (target,) = json.loads(done.stdout)["targets"]
    assert done.returncode == 2 and counts(target, sent=3, lost=3, unsent=3) == {}
    assert target["error"] == "No route to host"
