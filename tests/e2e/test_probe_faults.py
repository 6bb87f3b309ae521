# SPDX-License-Identifier: MIT
"""What goes wrong around a probe: each fault has its word, and the counts stay right. See
test_probe.py for names, permissions, closed ports, sizes and Ctrl-C, and
test_probe_server.py for a server that is started again."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from e2e.lib.probe import counts, needs_icmp, raw_or_ping_allowed
from e2e.lib.still import freeze_server
from e2e.peers.echo import Datagrams, closed_port

LOOP = ("127.0.0.1", 0)
SANITIZED = "sanitize" in os.environ.get("KEDGE_BUILD", "")


def start(*words, **more):
    return subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **more)


# ---- at once ---------------------------------------------------------------------------

def test_a_closed_port_is_named_when_it_is_met(kedge):
    """And once, however often it is met."""
    run = start(kedge, "probe", "-c", "0", "-i", "20ms", "udp://127.0.0.1:9")
    try:
        line = run.stderr.readline()
        assert line == "kedge probe: udp://127.0.0.1:9: Connection refused, reported by 127.0.0.1\n"
        time.sleep(0.1)
    finally:
        run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=20)
    assert err == "" and "refused: Connection refused, reported by 127.0.0.1" in out


def test_a_connection_that_is_refused_is_named_once(kedge):
    port, closed = closed_port(socket.SOCK_STREAM)
    url = f"tcp://127.0.0.1:{port}"
    with closed:
        run = start(kedge, "probe", "-c", "3", "-i", "5ms", url)
        out, err = run.communicate(timeout=20)
    assert err == f"kedge probe: {url}: Connection refused\n"
    assert "\n  3 not sent: Connection refused\n" in out


@pytest.mark.parametrize("words", [["-q"], ["--json"], ["--jsonl"]])
def test_what_a_program_reads_has_no_lines_beside_it(kedge, words):
    run = start(kedge, "probe", *words, "-c", "2", "-i", "5ms", "udp://127.0.0.1:9")
    assert run.communicate(timeout=20)[1] == "" and run.returncode == 2


# ---- the interface ---------------------------------------------------------------------

def test_a_host_whose_address_changes(endless, wire, serve):
    """As DHCP does it. A connected socket keeps its old address for ever; so does TCP."""
    w = wire()
    w.run(w.near, "ip", "address", "add", "10.99.0.7/24", "dev", w.device)
    w.run(w.near, "sysctl", "-qw", f"net.ipv4.conf.{w.device}.promote_secondaries=1")
    server = serve(at=(f"echo+udp://{w.peer}:0", f"echo+tcp://{w.peer}:0"),
                   under=w.inside(w.far))
    run = endless("-i", "10ms", "udp://%s:%d" % server.address("echo+udp"),
                  "tcp://%s:%d" % server.address("echo+tcp"), f"icmp://{w.peer}",
                  under=w.inside(w.near), timeout="200ms")
    run.until(20, targets=3)
    w.run(w.near, "ip", "address", "del", "10.99.0.1/24", "dev", w.device)
    run.until(20, targets=3)
    udp, tcp, _ = run.end()
    assert udp["unsent"] == 0 and udp["server"]["restarts"] == 0
    assert tcp["connect_ns"]["n"] >= 2
    assert tcp["error"] == "this host does not have the address to send from"


def test_an_interface_that_goes_down_and_comes_back(endless, wire, serve):
    w = wire()
    server = serve(at=(f"echo+udp://{w.peer}:0",), under=w.inside(w.far))
    url = "udp://%s:%d" % server.address("echo+udp")
    run = endless("-i", "5ms", url, f"icmp://{w.peer}", under=w.inside(w.near), timeout="300ms")
    run.until(60, targets=2)
    w.run(w.near, "ip", "link", "set", w.device, "down")
    run.until(20, "unsent", targets=2)
    w.run(w.near, "ip", "link", "set", w.device, "up")
    w.await_carrier(w.near, w.device)
    run.until(60, targets=2)
    for t in run.end():
        assert t["sent"] == t["received"] + t["lost"] + t["late"] + t["open"]
        assert t["unsent"] >= 20 and t["error"] == "Network is unreachable"
        # Before and after it was answered, and the kernel's times found their probes again.
        assert t["received"] >= 120 and t["split_ns"]["way"]["n"] >= t["received"] / 3
        # Of a third of the probes at least, so where a busy machine stamped no more, half of
        # these ways (a sixth) are still parts of round trips at least as long.
        way, rtt = t["split_ns"]["way"], t["rtt_ns"]
        assert way["p50"] < rtt["p90"] and way["max"] < rtt["max"]


# ---- replies that are not the peer's ---------------------------------------------------

def test_a_reply_from_another_address_is_no_reply(probe):
    asked, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    asked.bind(LOOP)
    other.bind(("127.0.0.2", 0))

    def forge():
        for _ in range(20):
            data, who = asked.recvfrom(100)
            other.sendto(data, who)
    threading.Thread(target=forge, daemon=True).start()
    code, (t,), _ = probe("-c", "20", "-i", "5ms", "--timeout", "200ms",
                          "udp://127.0.0.1:%d" % asked.getsockname()[1])
    assert code == 2 and counts(t, sent=20, lost=20) == {}


def test_forged_replies_are_strays(probe):
    """Of another run, and of a probe that was never sent: neither is counted as received."""
    def forge(data, n):
        run = int.from_bytes(data[6:8], "big")
        return [data[:6] + (run ^ 0x55aa).to_bytes(2, "big") + data[8:],
                data[:8] + (1 << 40).to_bytes(8, "big") + data[16:]]
    code, (t,), _ = probe("-c", "5", "-i", "5ms", "--timeout", "200ms",
                          Datagrams(LOOP, forge).url)
    assert code == 2 and t["received"] == 0 and t["lost"] == 5 and t["stray"] == 10


# ---- the clock -------------------------------------------------------------------------

STEP = r"""
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The wall clock is set back by an hour, half a second after the first look at it. A sanitizer
 * asks for the time before dlsym() will do. */
int clock_gettime(clockid_t id, struct timespec *t)
{
    static time_t first_s, first_ns;
    struct timespec now;

    if (id != CLOCK_REALTIME)
        return (int)syscall(SYS_clock_gettime, id, t);
    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    if (!first_s) {
        first_s = now.tv_sec;
        first_ns = now.tv_nsec;
    }
    (void)syscall(SYS_clock_gettime, id, t);
    if ((now.tv_sec - first_s) * 1000 + (now.tv_nsec - first_ns) / 1000000 > 500)
        t->tv_sec -= 3600;
    return 0;
}
"""


def test_a_clock_that_is_set_harms_no_round_trip(kedge, tmp_path):
    (tmp_path / "step.c").write_text(STEP)
    library = tmp_path / "step.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "step.c"],
                   check=True)
    peer = Datagrams(LOOP)
    words = [kedge, "probe", "-c", "200", "-i", "5ms", "--timeout", "30s", peer.url]
    env = {**os.environ, "LD_PRELOAD": str(library)}
    done = subprocess.run([*words, "--json"], env=env, capture_output=True, timeout=20)
    (t,) = json.loads(done.stdout)["targets"]
    assert done.returncode == 0 and counts(t, sent=200, received=200) == {}
    assert t["rtt_ns"]["max"] < 10**10 and t["self_late"]["clock_steps"] == 1
    # Those after it are left out: their times do not follow one another.
    assert t["split_ns"]["way"]["max"] < 10**10 and 10 < t["split_ns"]["way"]["n"] < 190
    done = subprocess.run(words, env=env, capture_output=True, timeout=20, text=True)
    assert re.search(r"wall clock set 1 time during the run, last by -3600\.\d", done.stdout)


# ---- many ------------------------------------------------------------------------------

@needs_icmp
def test_hundreds_of_hosts_on_one_schedule(kedge, serve):
    """An address each of two networks; every third by UDP. One server is all of them."""
    server = serve("--public", at=("echo+udp://0.0.0.0:0",))
    port = server.address("echo+udp")[1]
    hosts = [f"127.0.{net}.{host}" for net in (1, 2) for host in range(1, 201)]
    targets = [f"udp://{h}:{port}" if i % 3 == 0 else f"icmp://{h}"
               for i, h in enumerate(hosts)]
    run = start(kedge, "probe", "--json", "-c", "5", "-i", "300ms", "--timeout", "3s",
                *targets)
    out = run.stdout.read()
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    found = json.loads(out)["targets"]
    assert [t["endpoint"] for t in found] == targets
    assert run.returncode == 0
    for t in found:
        assert counts(t, sent=5, received=5) == {}
        assert not t["server"] or t["server"]["restarts"] == 0
        assert t["endpoint"].startswith("icmp") or t["server"]["reports"] >= 3
    if not SANITIZED:
        assert used.ru_maxrss < 100 * 1024  # KiB


# ---- a flood ---------------------------------------------------------------------------

def test_a_flood_is_for_kedge_servers_alone(probe, kedge, serve):
    server = serve(at=("echo+udp://127.0.0.1:0",))
    url = "udp://%s:%d" % server.address("echo+udp")
    plain = Datagrams(LOOP)
    also = ["icmp://127.0.0.1"] if raw_or_ping_allowed() else []
    code, (kin, stranger, *icmp), _ = probe("--flood", "-c", "5000", url, plain.url, *also,
                                            "--timeout", "500ms")
    assert code == 1 and counts(kin, sent=5000, received=5000) == {}
    # All were under a token, from the first on.
    assert kin["server"]["reports"] == 5000
    assert counts(stranger) == {} and len(plain.seen) == 1 and "cookie" in stranger["error"]
    assert len(icmp) == len(also)
    for each in icmp:
        assert counts(each) == {} and "udp://" in each["error"]
    out = subprocess.run([kedge, "probe", "--flood", "-c", "5", plain.url], timeout=20,
                         capture_output=True, text=True)
    assert out.returncode == 2
    _, row, note = out.stdout.splitlines()
    assert row.startswith(plain.url)
    assert note.startswith("  nothing was sent: no kedge server answered there")


def test_a_flood_goes_on_where_answers_fail_to_come(echo, endless):
    """A server that is stopped is not forgotten: a hundred a second still leave."""
    run = endless("--flood", echo.url)
    run.until(200)
    freeze_server(echo.process, echo.udp[1], 2)
    run.until(500)
    (t,) = run.end()
    assert t["stalls"]["longest_waited"] > 64 + 20 and t["lost"] == 0


@pytest.mark.parametrize("words", [["--flood", "-i", "1ms"], ["--flood", "--poisson"],
                                   ["--flood", "--mtu"]])
def test_a_flood_has_no_times(probe, words):
    code, targets, err = probe(*words, "udp://127.0.0.1:7")
    assert (code, targets) == (64, None) and "--flood" in err and err.count("\n") == 1
