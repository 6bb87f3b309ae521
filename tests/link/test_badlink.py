# SPDX-License-Identifier: MIT
"""badlink keeps what its README promises. Fates come from fixed seeds, so a check of a
count cannot fail by bad luck; its bounds are four sigma wide for any other seed.
BADLINK_LONG=1 takes ten times as many packets."""
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from link.links import PEER, namespaces

HERE = Path(__file__).resolve().parent
MANY = 10 if os.environ.get("BADLINK_LONG") else 1

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/net/tun"),
                                reason="needs root and /dev/net/tun")


def eventually(truth, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if truth():
            return True
        time.sleep(0.02)
    return False


def round_trip_ms(printed):
    return float(re.search(r"rtt .*= [\d.]+/([\d.]+)", printed)[1])


def answered(printed):
    return int(re.search(r"(\d+) received", printed)[1])


@pytest.mark.parametrize("options, low, high", [
    ((), 0, 2),
    (("--delay", "25ms"), 50, 53),
    (("--ab-delay", "30ms", "--ba-delay=10ms"), 40, 43),
])
def test_delay(link, options, low, high):
    with link("--rt", *options) as it:
        assert low <= round_trip_ms(it.ping(50 * MANY, interval="0.01")) <= high


def test_jitter(link):
    with link("--ab-delay", "20ms", "--ab-jitter", "5ms", "--jitter-reorder", "--rt") as it:
        it.ping(250 * MANY, interval="0.004")
    delays = [float(f[3]) for f in it.fates()]
    assert 19_400 < sum(delays) / len(delays) < 21_000
    assert min(delays) >= 15_000 and max(delays) <= 25_000
    assert delays != sorted(delays)


def test_loss(link):
    sent = 1000 * MANY
    with link("--ab-loss", "5%", "--seed", "3") as it:
        lost = sent - answered(it.ping(sent))
    sigma = (sent * .05 * .95) ** .5
    assert abs(lost - sent * .05) < 4 * sigma
    assert it.stats()["ab"]["lost_random"] == lost
    assert it.stats()["ba"]["lost_random"] == 0


def test_bursts(link):
    with link("--ab-burst", "1%,25%", "--seed", "3") as it:
        it.ping(2000 * MANY, interval="0.001")
    fates = [f[2] == "burst" for f in it.fates()]
    runs = sum(now and not before for before, now in zip([False] + fates, fates))
    assert .01 < sum(fates) / len(fates) < .07     # p / (p + r) = 3.85 %
    assert 2.5 < sum(fates) / runs < 5.5           # 1 / r = 4


def test_duplicates(link):
    sent = 500 * MANY
    with link("--ab-dup", "10%", "--seed", "3") as it:
        seen = it.ping(sent).count("DUP!")
    assert abs(seen - sent * .1) < 4 * (sent * .1 * .9) ** .5
    assert it.stats()["ab"]["duplicated"] == seen


def test_reordering(link):
    sent = 200 * MANY
    with link("--ab-reorder", "10%", "--reorder-by", "50ms", "--seed", "3") as it:
        printed = it.ping(sent, interval="0.01")
    numbers = [int(n) for n in re.findall(r"icmp_seq=(\d+)", printed)]
    overtaken = sum(n < max(numbers[:i + 1]) for i, n in enumerate(numbers))
    assert 6 * MANY <= overtaken <= 36 * MANY
    assert answered(printed) == sent


@pytest.mark.parametrize("mode, arrive", [("fixed", True), ("payload", False)])
def test_corruption(link, mode, arrive):
    sent = 300 * MANY
    with link("--ab-corrupt", "20%", "--corrupt-mode", mode, "--seed", "3") as it:
        printed = it.ping(sent, "-s", "400", "-p", "a5")
    hurt = it.stats()["ab"]["corrupted"]
    assert abs(hurt - sent * .2) < 4 * (sent * .2 * .8) ** .5
    if arrive:
        assert answered(printed) == sent
        assert 0 < printed.count("wrong data byte") <= hurt
    else:
        assert sent - answered(printed) == hurt
        assert "wrong data byte" not in printed


BLAST = """
import socket, time
s, end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), time.monotonic() + 1
while time.monotonic() < end:
    for i in range(10):
        s.sendto(bytes(972), ("10.77.0.2", 9999))
    time.sleep(.002)
"""
COUNT = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.77.0.2", 9999))
print("bound", flush=True)
s.recv(2000)
n, first, s2 = 0, time.monotonic(), s.settimeout(.5)
try:
    while True:
        s.recv(2000)
        n, last = n + 1, time.monotonic()
except TimeoutError:
    print(n * 8000 / (last - first))
"""


def test_rate(link):
    with link("--rt", "--rate", "20mbit", "--queue", "50ms") as it:
        counter = it.inside(it.b, sys.executable, "-c", COUNT)
        assert counter.stdout.readline() == "bound\n"
        it.inside(it.a, sys.executable, "-c", BLAST).communicate(timeout=10)
        rate = float(counter.communicate(timeout=10)[0])
    assert 17.5e6 < rate < 20.5e6
    assert it.stats()["ab"]["dropped_queue"] > 0
    assert 40 < it.stats()["ab"]["backlog_max_ms"] <= 50


def test_sizes(link):
    with link("--mtu", "1400", "--drop-over", "1000") as it:
        assert "message too long" in it.ping(1, "-M", "do", "-s", "1373")
        assert answered(it.ping(1, "-s", "972")) == 1
        assert answered(it.ping(1, "-s", "973")) == 0
    with link("--mtu", "65535") as it:
        assert answered(it.ping(1, "-M", "do", "-s", "65507")) == 1
    assert it.stats()["ab"]["in_packets"] == 1


def test_ipv6(link):
    with link("--a6", "fd00:77::1/64", "--b6", "fd00:77::2/64", "--delay", "5ms") as it:
        assert answered(it.ping(3, interval="0.1", to="fd00:77::2")) == 3
    assert it.stats()["ab"]["in_packets"] == 3


def test_a_seed_is_a_fate(link):
    seen = []
    for seed in "7", "7", "8":
        with link("--loss", "5%", "--ba-burst", "2%,30%", "--dup", "2%", "--corrupt", "1%",
                  "--delay", "3ms", "--jitter", "2ms", "--jitter-reorder", "--seed",
                  seed) as it:
            it.ping(200)
        seen.append(it.fates()[:200])
    assert len(seen[0]) == 200
    assert seen[0] == seen[1] != seen[2]


def runner(*options, build, **more):
    return subprocess.Popen([HERE / "badlink-run", *options], stderr=subprocess.DEVNULL,
                            env={**os.environ, "KEDGE_BUILD": str(build)}, **more)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_runner_takes_all_down(build, tmp_path, sig):
    a, b = f"bra{os.getpid()}", f"brb{os.getpid()}"
    wrapper = runner("--a-ns", a, "--b-ns", b, "--stats", str(tmp_path / "stats"),
                     "--server", "sleep 300", "--client", "sleep 301", build=build)

    def inside():
        done = subprocess.run(["ip", "netns", "pids", a], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL)
        return done.stdout.split()

    assert eventually(inside)
    pids = inside()
    wrapper.send_signal(sig)
    wrapper.wait(10)
    assert eventually(lambda: not {a, b} & namespaces())

    def is_gone(pid):  # a zombie has no namespace any more
        try:
            return not os.readlink(f"/proc/{pid}/ns/net")
        except OSError:
            return True
    assert eventually(lambda: all(map(is_gone, pids)))


@pytest.mark.parametrize("client, more, status", [
    ("ping -q -c 3 -i 0.01 $BADLINK_B", (), 0),
    ("exit 7", (), 7),
    ("sleep 100", ("--timeout", "0.5"), 124),
])
def test_runner_exits_as_its_client(build, tmp_path, client, more, status):
    wrapper = runner("--server", "sleep 100", "--stats", str(tmp_path / "stats"), *more,
                     "--client", client, build=build, stdout=subprocess.DEVNULL)
    assert wrapper.wait(20) == status
    assert json.loads((tmp_path / "stats").read_text())["ab"]


def test_a_namespace_that_was_there_stays(build):
    own, other = f"blo{os.getpid()}", f"blp{os.getpid()}"
    subprocess.check_call(["ip", "netns", "add", own])
    try:
        subprocess.check_call([build / "tests/link/badlink", "--a-ns", own, "--b-ns", other,
                               "--duration", "100ms"], stdout=subprocess.DEVNULL)
        assert own in namespaces() and other not in namespaces()
    finally:
        subprocess.check_call(["ip", "netns", "del", own])


@pytest.mark.parametrize("options, why, status", [
    (["--mtu", "5"], "--mtu", 1),
    (["--delay", "5"], "--delay: bad value '5'", 1),
    (["--loss", "101%"], "--loss: bad value", 1),
    (["--burst", "1%"], "--burst wants", 1),
    (["--rt=1"], "bad option --rt=1", 2),
    (["--bad"], "bad option --bad", 2),
])
def test_a_bad_option_is_named(build, options, why, status):
    done = subprocess.run([build / "tests/link/badlink", *options], text=True,
                          stderr=subprocess.PIPE)
    assert done.returncode == status and why in done.stderr
