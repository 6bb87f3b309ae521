# SPDX-License-Identifier: MIT
"""Marked probes and `kedge serve`: what the server tells, to whom, and what follows from it."""
import json
import socket
import struct
import subprocess
import threading
import time

import pytest

from e2e.lib.marked import ASK, ASKS, LOOP, REPLY, STAMP, TOKEN, ask, client, exchange
from e2e.lib.ports import free_port
from e2e.lib.probe import MS, counts
from e2e.lib.still import freeze, freeze_server, queue
from e2e.peers.echo import Connections, Datagrams, wait_for

REPORT = struct.Struct("!BBBBIIIIQI")


class Proxy:
    """Carries datagrams of one client; drops those whose sequence is in going or coming."""

    def __init__(self, to, going=(), coming=()):
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(LOOP)
        self.back = client(to)
        self.back.settimeout(None)
        self.url = "udp://127.0.0.1:%d" % self.front.getsockname()[1]
        self.drop = {"going": set(going), "coming": set(coming)}
        self.client = None
        for run in (self.carry_going, self.carry_coming):
            threading.Thread(target=run, daemon=True).start()

    def carry_going(self):
        while True:
            data, self.client = self.front.recvfrom(65536)
            if STAMP.unpack(data[:24])[4] not in self.drop["going"]:
                self.back.send(data)

    def carry_coming(self):
        while True:
            data = self.back.recv(65536)
            if STAMP.unpack(data[:24])[4] not in self.drop["coming"]:
                self.front.sendto(data, self.client)


# ---- on the wire -----------------------------------------------------------------------

def test_plain_clients_have_a_plain_echo(echo):
    s = client(echo.udp)
    for data in (b"hello", b"kedg" * 20, ask(1)[:55], ask(1, flags=0),
                 STAMP.pack(b"kedg", 1, 0, 1, 1, 1) + bytes(40)):
        assert exchange(s, data) == data


def test_no_stamps_without_proof_and_never_a_larger_answer(echo):
    s = client(echo.udp)
    first = exchange(s, ask(5))
    assert len(first) == len(ask(5)) and first.endswith(b"tail")
    assert STAMP.unpack(first[:24]) == (b"kedg", 1, ASKS | REPLY, 7, 5, 99)
    kind, port, token, address = TOKEN.unpack(first[24:56])
    assert (kind, port) == (2, s.getsockname()[1]) and token
    assert address == bytes(10) + b"\xff\xff" + socket.inet_aton("127.0.0.1")
    for wrong in (1, token ^ 1):
        assert TOKEN.unpack(exchange(s, ask(6, wrong))[24:56])[0] == 2
    other = client(echo.udp)
    assert TOKEN.unpack(exchange(other, ask(6, token))[24:56])[0] == 2
    report = exchange(s, ask(6, token))
    assert len(report) == len(first) and report.endswith(b"tail")
    assert REPORT.unpack(report[24:56])[0] == 3


def test_a_report_counts_and_has_the_times(echo):
    s = client(echo.udp)
    s.setsockopt(socket.SOL_IP, socket.IP_TTL, 33)
    s.setsockopt(socket.SOL_IP, socket.IP_TOS, 0xB8)
    token = TOKEN.unpack(exchange(s, ask(0))[24:56])[2]
    last = None
    for sequence, seen, highest in ((4, 1, 4), (6, 2, 6), (6, 2, 6), (5, 3, 6)):
        before = time.time_ns()
        last = REPORT.unpack(exchange(s, ask(sequence, token))[24:56])
        assert last[4:8] == (seen, highest, 0, 0)
        assert before - 50 * MS < last[8] < time.time_ns() and last[9] < 1000 * MS
    assert last[1:4] == (1, 33, 0xB8)  # the kernel's clock, TTL and traffic class


def test_a_servers_own_answer_is_not_answered(echo):
    s = client(echo.udp)
    s.settimeout(0.3)
    s.send(ask(1, flags=ASKS | REPLY))
    with pytest.raises(TimeoutError):
        s.recv(100)
    assert echo.stop() == 0
    assert "1 unanswered (1 reply)" in "\n".join(echo.lines)


# ---- by the probe ----------------------------------------------------------------------

def test_each_loss_has_its_way(probe, echo):
    going, coming = {80, 81, 99, 150}, {90, 100, 151}
    proxy = Proxy(echo.udp, going, coming)
    code, (target,), _ = probe("-c", "200", "-i", "5ms", "--timeout", "500ms", proxy.url)
    assert code == 1 and counts(target, sent=200, received=193, lost=7) == {}
    server = target["server"]
    assert (server["lost_going"], server["lost_coming"], server["lost_unknown"]) == (4, 3, 0)
    assert server["dropped"] == server["refused"] == server["restarts"] == 0
    assert server["reports"] >= 150 and server["ttl"] == 64
    assert 0 < server["held_ns"]["p50"] < 100 * MS
    assert server["translated"]  # the proxy's other socket


def test_a_plain_echo_cannot_tell(kedge):
    peer = Datagrams(LOOP, lambda data, n: [] if n == 5 else [data])
    done = subprocess.run([kedge, "probe", "-c", "20", "-i", "5ms", "--timeout", "200ms",
                           peer.url], capture_output=True, text=True, timeout=20)
    assert "\n  1 lost, direction unknown (only a kedge server reports it)" in done.stdout
    assert {d[5] for d in peer.seen} == {ASKS}


def test_what_the_servers_guard_refused_is_named(kedge):
    """A server that says so of the probes that it does not answer."""
    refused = []

    def answer(data, number):
        magic, version, flags, run, sequence, sent = STAMP.unpack(data[:24])
        head = STAMP.pack(magic, version, flags | REPLY, run, sequence, sent)
        if ASK.unpack(data[24:56])[1] == 0:
            return [head + TOKEN.pack(2, 7, 9, bytes(16))]
        if sequence in (20, 21, 30):
            refused.append(sequence)
            return []
        seen = len([d for d in peer.seen if ASK.unpack(d[24:56])[1]]) - len(refused)
        return [head + REPORT.pack(3, 1, 64, 0, seen, sequence, 0, len(refused), 1, 1)]
    peer = Datagrams(LOOP, answer)
    done = subprocess.run([kedge, "probe", "-c", "40", "-i", "5ms", "--timeout", "200ms",
                           peer.url], capture_output=True, text=True, timeout=20)
    assert ("  3 lost forward (server's loop guard refused 3), 0 lost on return, "
            "0 lost, direction unknown") in done.stdout


def test_what_the_servers_queue_dropped_is_named(echo, endless):
    def dropped():
        return queue(echo.udp[1])[1]
    run = endless("-i", "200us", "--size", "1400", echo.url, timeout="2s")
    run.until(500)
    freeze(echo.process, until=lambda: dropped() > 600)
    wait_for(lambda: run.count("lost") - run.count("late") >= dropped(), 60)
    run.until(500)
    (target,) = run.end()
    server = target["server"]
    ways = [server[k] for k in ("lost_going", "lost_coming", "lost_unknown")]
    lost = target["lost"] - target["refused"] - target["unsent"]  # a busy machine may not send all
    assert lost <= sum(ways) <= lost + target["open"]
    # What was dropped in the end, on a slow machine, may be open.
    assert 500 < server["lost_going"] <= server["dropped"]
    assert server["dropped"] <= server["lost_going"] + target["open"]
    assert server["lost_coming"] <= target["own_dropped"]  # on a slow machine
    assert server["held_ns"]["max"] > 500 * MS


def test_a_server_that_is_started_again_is_said(serve, endless):
    port = free_port()
    server = serve(at=(f"echo+udp://127.0.0.1:{port}",))
    run = endless("-i", "5ms", f"udp://127.0.0.1:{port}")
    run.until(50)
    server.stop()
    serve(at=(f"echo+udp://127.0.0.1:{port}",))
    run.until(50)
    (target,) = run.end()
    assert target["server"]["restarts"] == 1


def test_damage_has_its_place(probe):
    def harm(data, n):
        if n == 3:
            return [data[:60] + bytes([data[60] ^ 1, data[61] ^ 1]) + data[62:]]
        return [data[:30] if n == 5 else data + b"x" if n == 7 else data]
    code, (target,), _ = probe("-c", "10", "-i", "5ms", "--size", "100",
                               Datagrams(LOOP, harm).url)
    assert code == 1 and counts(target, sent=10, received=10, altered=3) == {}
    assert target["damage"] == {"changed": 1, "truncated": 1, "padded": 1, "first_byte": 60,
                                "last_byte": 61}


def test_how_far_an_answer_came_out_of_order(probe):
    held = []

    def late(data, n):
        if n == 4:
            held.append(data)
            return []
        return [data, *held] if n == 9 else [data]
    code, (target,), _ = probe("-c", "15", "-i", "5ms", Datagrams(LOOP, late).url)
    assert code == 0 and counts(target, sent=15, received=15, reordered=1) == {}
    assert target["reorder_extent"] == 5


# ---- the kernel's times ----------------------------------------------------------------

def test_a_round_trip_has_parts_by_the_kernels_clock(probe, echo):
    # Of many that leave together, as the machine had no time for them, one alone has a stamp.
    code, (target,), _ = probe("-c", "200", "-i", "2ms", echo.url)
    split, rtt = target["split_ns"], target["rtt_ns"]
    assert code == 0 and split["way"]["n"] >= 20 and split["wire"]["n"] >= 10
    assert 0 < split["wire"]["p50"] < split["way"]["p50"] < rtt["p99"]
    parts = sum(split[k]["p50"] for k in ("send", "way", "receive"))
    assert 0.5 * rtt["min"] < parts < 1.5 * rtt["p99"]


def test_a_line_has_the_kernels_times(kedge, echo):
    before = time.time_ns()
    done = subprocess.run([kedge, "probe", "--jsonl", "-c", "20", "-i", "5ms",
                           "--timeout", "30s", echo.url,
                           Connections(LOOP).url], capture_output=True, text=True, timeout=20)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    probes = [x for x in lines if x["event"] == "probe"]
    known = [x for x in probes if x["kernel_left_ns"] is not None]
    assert len(known) >= 10
    for x in known:
        assert before <= x["kernel_left_ns"] <= x["kernel_came_ns"] <= time.time_ns()
        assert x["kernel_came_ns"] - x["kernel_left_ns"] <= x["rtt_ns"]
    way = [t for t in lines if t["event"] == "target"][0]["split_ns"]["way"]
    ways = [x["kernel_came_ns"] - x["kernel_left_ns"] for x in known if x["target"] == 0]
    assert (len(ways), min(ways), max(ways)) == (way["n"], way["min"], way["max"])


# The unprivileged socket, or the raw one: as this kernel lets root have it. Two targets of
# one address share a socket, and the numbers that the kernel gives to what left by it.
def test_icmp_has_parts_too_also_where_targets_share_a_socket(probe, one_more_namespace):
    words = ["-c", "100", "-i", "2ms", "icmp://127.0.0.1", "icmp://127.0.0.1",
             "icmp://127.0.0.2", "icmp://[::1]"]
    for under in ["true"], ["sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range"]:
        code, targets, err = probe(*words, under=one_more_namespace(*under))
        assert code == 0, err
        for t in targets:
            split = t["split_ns"]
            parts = sum(split[k]["p50"] for k in ("send", "way", "receive"))
            assert split["way"]["n"] >= 95 and t["clocks"]["split_ns"] == "kernel"
            assert 0.5 * t["rtt_ns"]["min"] < parts < 1.5 * t["rtt_ns"]["p99"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_round_trip_over_tcp_has_parts(kedge, host):
    peer = Connections((host, 0))
    done = subprocess.run([kedge, "probe", "--jsonl", "-c", "100", "-i", "5ms", peer.url],
                          capture_output=True, text=True, timeout=20, check=True)
    *probes, target = [json.loads(line) for line in done.stdout.splitlines()][1:]
    split, known = target["split_ns"], [x for x in probes if x["kernel_came_ns"]]
    assert target["clocks"] == {"rtt_ns": "program", "split_ns": "kernel", "held_ns": None,
                                "no_split": None}
    # What came together with another, as the machine had no time for it, has none.
    assert split["way"]["n"] == len(known) >= 20
    for x in known:
        assert 0 < x["kernel_came_ns"] - x["kernel_left_ns"] <= x["rtt_ns"]


def test_of_answers_that_come_together_the_last_one_has_a_stamp(kedge):
    def gather(connection):
        while data := connection.recv(560, socket.MSG_WAITALL):
            connection.sendall(data)
    done = subprocess.run([kedge, "probe", "--jsonl", "-c", "100", "-i", "1ms", "--timeout",
                           "10s", Connections(LOOP, gather).url], capture_output=True,
                          text=True, timeout=20, check=True)
    *probes, target = [json.loads(line) for line in done.stdout.splitlines()][1:]
    known = [x["sequence"] for x in probes if x["kernel_came_ns"]]
    assert target["received"] == 100 and known and {n % 10 for n in known} == {9}
    assert target["split_ns"]["way"]["n"] == len(known)


def test_the_parts_go_on_over_a_new_connection(kedge):
    def ten(connection):
        for _ in range(10):
            connection.sendall(connection.recv(56, socket.MSG_WAITALL))
    done = subprocess.run([kedge, "probe", "--jsonl", "-c", "100", "-i", "5ms",
                           Connections(LOOP, ten).url], capture_output=True, text=True,
                          timeout=20)
    *probes, target = [json.loads(line) for line in done.stdout.splitlines()][1:]
    known = [x["sequence"] for x in probes if x["kernel_came_ns"]]
    assert target["connect_ns"]["n"] >= 2
    assert len(known) == target["split_ns"]["way"]["n"] and max(known) >= 10


def test_the_time_in_the_peer_is_not_that_of_the_wire(echo, endless):
    run = endless("-i", "5ms", echo.url)
    (target,) = run.through(freeze_server, echo.process, echo.udp[1])
    assert target["received"] + target["open"] == target["sent"]
    assert target["split_ns"]["way"]["max"] > 900 * MS
    assert target["server"]["held_ns"]["max"] > 900 * MS
    # The burst that follows waits in queues here and there, but not for that long.
    assert target["split_ns"]["wire"]["max"] < 500 * MS


def test_a_plain_peer_has_no_wire_and_a_local_socket_no_parts(probe, tmp_path):
    peers = [Datagrams(LOOP), Datagrams(str(tmp_path / "d"), scheme="unix-dgram")]
    # A Unix socket's queue may have no more than ten.
    code, (udp, local), _ = probe("-c", "10", "-i", "2ms", *[p.url for p in peers])
    assert code == 0 and udp["server"] is None and local["split_ns"] is None
    assert udp["clocks"] == {"rtt_ns": "program", "split_ns": "kernel", "held_ns": None,
                             "no_split": None}
    assert local["clocks"]["split_ns"] is None and "device" in local["clocks"]["no_split"]
    assert udp["split_ns"]["way"]["n"] >= 2 and udp["split_ns"]["wire"]["n"] == 0


def test_a_way_that_grows_is_told_from_the_other(probe, echo):
    """Probes come faster than they are carried, going alone: the queue grows by 5 ms each."""
    class Slow(Proxy):
        def carry_going(self):
            while True:
                data, self.client = self.front.recvfrom(65536)
                time.sleep(0.02)
                self.back.send(data)
    for _ in range(3):
        code, (t,), _ = probe("-c", "160", "-i", "15ms", Slow(echo.udp).url)
        one_way = t["one_way_ns"]
        if one_way:  # half a second in which this machine stands still is a clock that was set
            break
    assert code == 0 and one_way["n"] >= 100
    assert one_way["going_a_second"] > 200 * MS and one_way["going_range"] > 300 * MS
    assert abs(one_way["coming_a_second"]) < 100 * MS


def test_a_short_run_or_a_plain_echo_has_no_trend(probe, echo):
    _, targets, _ = probe("-c", "20", "-i", "5ms", echo.url, Datagrams(LOOP).url)
    assert [t["one_way_ns"] for t in targets] == [None, None]


# ---- answers of another size -----------------------------------------------------------

def test_only_a_proved_address_gets_an_answer_of_another_size(echo):
    sized = struct.Struct("!BxH4xQ16x")

    def ask_for(size, token):
        return STAMP.pack(b"kedg", 1, ASKS, 7, 5, 99) + sized.pack(1, size, token) + b"tail"
    s = client(echo.udp)
    for token in 0, 12345:
        assert len(exchange(s, ask_for(1400, token))) == 60
    token = TOKEN.unpack(exchange(s, ask(0))[24:56])[2]
    for size in 56, 57, 1400, 8000, 65507:
        answer = exchange(s, ask_for(size, token))
        assert len(answer) == size and answer[24] == 3 and not any(answer[56:])
    for size in 0, 1, 55, 65508:  # none, too small for a report, no datagram
        answer = exchange(s, ask_for(size, token))
        assert len(answer) == 60 and answer[24] == 3
    other = client(echo.udp)
    assert len(exchange(other, ask_for(1400, token))) == 60
