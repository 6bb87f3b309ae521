# SPDX-License-Identifier: MIT
"""What `kedge probe` says of a bad link is what the link did, to the packet: loss and its way,
duplicates, reordering, delay. The emulator's counts and its trace are the judge, when nothing
is in flight any more."""
import json
import os
import subprocess
from itertools import accumulate

import pytest

from link.links import PEER

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/net/tun"),
                                reason="needs root and /dev/net/tun")
SENT = 500
HARM = {
    "loss": ("--ab-loss", "5%", "--ba-loss", "3%"),
    "bursts": ("--ab-burst", "1%,25%", "--ba-burst", "1%,40%"),
    "damage": ("--corrupt", "3%", "--corrupt-mode", "payload"),
    "duplication": ("--ab-dup", "5%", "--ba-dup", "4%"),
    "reordering": ("--reorder", "5%", "--reorder-by", "9ms"),
    "delay": ("--ab-delay", "15ms", "--ba-delay", "5ms"),
    "jitter": ("--delay", "10ms", "--jitter", "4ms", "--jitter-reorder"),
    "all of it": ("--loss", "2%", "--dup", "2%", "--reorder", "2%", "--reorder-by", "9ms"),
}


class Seen:
    """One link's story, by itself and by the probe."""

    def __init__(self, link, printed):
        lines = [json.loads(line) for line in printed.splitlines()]
        self.target = lines[-1]
        self.outcome, self.rtt_us = {}, {}
        for line in lines:
            if line["event"] == "probe":
                self.outcome[line["sequence"]] = line["outcome"]
                self.rtt_us[line["sequence"]] = (line["rtt_ns"] or 0) / 1000
        self.stats = link.stats()
        self.ways = {"ab": [], "ba": []}
        for line in link.trace_path.read_text().splitlines():
            at, way, number, _, fate, *delay = line.split()
            assert int(number) == len(self.ways[way])
            self.ways[way].append((fate, float(at), float(delay[0]) if delay else 0))

    def lost(self, way):
        s = self.stats[way]
        return s["lost_random"] + s["lost_burst"] + s["corrupted"]

    def gone(self, way, n):
        """The nth packet of that way, and all copies of it."""
        return bool({"lost", "burst", "corrupt"} & set(self.ways[way][n][0].split("+")))

    def arrivals(self, way, who):
        """Whose packets arrive, in the order in which they do; who[n]: whose the nth is."""
        came = [(at + delay, n) for n, (fate, at, delay) in enumerate(self.ways[way])
                if not self.gone(way, n) for _ in range(1 + ("dup" in fate))]
        return [who[n] for _, n in sorted(came)]


@pytest.fixture
def seen(link, kedge):
    """seen(HARM): what became of SENT probes, after all is over."""
    def run(harm):
        with link("--seed", "3", *HARM[harm]) as it:
            server = it.inside(it.b, str(kedge), "serve", f"echo+udp://{PEER}:0", "--user",
                               "root")
            while not (line := server.stdout.readline()).startswith("echo+udp://"):
                assert line, "the server did not come up"
            port = line.split()[0].rsplit(":", 1)[1]
            printed = it.inside(it.a, str(kedge), "probe", "--jsonl", "-c", str(SENT), "-i",
                                "2ms", "--timeout", "1s", f"udp://{PEER}:{port}"
                                ).communicate(timeout=60)[0]
            server.kill()
            server.communicate()
        return Seen(it, printed)
    return run


def balance(s):
    """All is accounted for."""
    t, ab, ba = s.target, s.stats["ab"], s.stats["ba"]
    assert ab["in_flight"] == ba["in_flight"] == 0
    assert ab["in_packets"] == t["sent"] == SENT and t["open"] == t["unsent"] == 0
    assert t["received"] + t["late"] + t["duplicated"] == ba["out_packets"] - ba["corrupted"]
    assert t["stray"] == t["altered"] == t["own_dropped"] == 0


@pytest.mark.parametrize("harm", ["loss", "bursts", "damage"])
def test_losses_and_their_ways(seen, harm):
    s = seen(harm)
    t = s.target
    balance(s)
    going = [n for n in range(SENT) if s.gone("ab", n)]
    there = s.arrivals("ab", range(SENT))
    coming = [n for k, n in enumerate(there) if s.gone("ba", k)]
    assert len(going) == s.lost("ab") > 5 and len(coming) == s.lost("ba") > 5
    assert t["lost"] == s.lost("ab") + s.lost("ba")
    assert sorted(going + coming) == [n for n in range(SENT) if s.outcome[n] == "lost"]
    answered = [n for n in range(SENT) if s.outcome[n] == "received"]
    told = range(min(answered), max(answered) + 1)  # between the server's words
    assert t["server"]["lost_unknown"] == SENT - len(told) < 20
    assert t["server"]["lost_going"] == sum(n in told for n in going)
    assert t["server"]["lost_coming"] == sum(n in told for n in coming)


def test_duplicates(seen):
    s = seen("duplication")
    balance(s)
    ab, ba = s.stats["ab"], s.stats["ba"]
    assert ab["duplicated"] > 10 and ba["duplicated"] > 10
    assert s.target["duplicated"] == ab["duplicated"] + ba["duplicated"]
    assert s.target["received"] == SENT and s.target["reordered"] == 0


@pytest.mark.parametrize("harm", ["reordering", "jitter"])
def test_reordering_and_delays(seen, harm):
    s = seen(harm)
    balance(s)
    there = s.arrivals("ab", range(SENT))
    back = s.arrivals("ba", there)
    behind = [n for n, most in zip(back, accumulate(back, max)) if n < most]
    assert len(behind) > 10 and s.target["received"] == SENT
    assert s.target["reordered"] == len(behind)
    assert s.target["reorder_extent"] == max(
        back.index(n) - next(i for i, other in enumerate(back) if other > n) for n in behind)
    check_delays(s, there)


def check_delays(s, there):
    """No round trip is shorter than the delays of its two packets; half are hardly longer."""
    delay = {n: s.ways["ab"][n][2] + s.ways["ba"][k][2] for k, n in enumerate(there)}
    more = sorted(s.rtt_us[n] - delay[n] for n in range(SENT))
    assert more[0] >= 0 and more[SENT // 2] < 5000
    return set(delay.values())


def test_a_delay(seen):
    s = seen("delay")
    balance(s)
    assert check_delays(s, s.arrivals("ab", range(SENT))) == {20_000}
    assert s.target["rtt_ns"]["min"] >= 20_000_000
    assert s.target["lost"] == s.target["reordered"] == s.target["duplicated"] == 0


def test_all_of_it_at_once(seen):
    s = seen("all of it")
    balance(s)
    t = s.target
    back = s.arrivals("ba", s.arrivals("ab", range(SENT)))
    first = list(dict.fromkeys(back))
    assert 5 < t["lost"] == SENT - len(first)
    assert 5 < t["duplicated"] == len(back) - len(first)
    assert 5 < t["reordered"] == sum(n < m for n, m in zip(first, accumulate(first, max)))
