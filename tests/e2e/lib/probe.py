# SPDX-License-Identifier: MIT
"""What the tests of `kedge probe` have in common."""
import json
import signal
import socket
import subprocess
import time
from collections import Counter

import pytest

from e2e.peers.echo import wait_for

COUNTS = ("sent", "received", "lost", "late", "duplicated", "reordered", "altered")
MS = 1_000_000
PATIENCE = 60


def raw_or_ping_allowed():
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
            return True
        except OSError:
            pass
    return False


needs_icmp = pytest.mark.skipif(not raw_or_ping_allowed(), reason="may not send ICMP here")


def counts(target, **expected):
    """The counts that are not as expected; what is not named is 0."""
    wanted = dict.fromkeys(COUNTS, 0) | dict.fromkeys(("refused", "unsent", "open", "stray"),
                                                      0) | expected
    return {k: (target[k], v) for k, v in wanted.items() if target[k] != v}


class Run:
    """A run without an end, so that none can come before what a test does meanwhile: that
    waits for what became of probes, and not for a time. Its lines go to a file: nobody who
    is slow to read them can hold it up."""

    def __init__(self, file, kedge, *words, under=(), timeout="30s"):
        self.begun = time.monotonic_ns()
        with file.open("w") as out:
            self.process = subprocess.Popen(
                [*map(str, under), kedge, "probe", "--jsonl", "-c", "0", "--timeout", timeout,
                 *words], stdout=out)
        self.file = file.open()
        self.rest, self.lines, self.found = "", [], Counter()

    def read(self):
        """Every whole line so far."""
        *whole, self.rest = (self.rest + self.file.read()).split("\n")
        new = [json.loads(line) for line in whole]
        self.lines += new
        self.found.update((x["target"], x["outcome"]) for x in new if x["event"] == "probe")
        return self.lines

    def probes(self, outcome="received"):
        return [x for x in self.read() if x.get("outcome") == outcome]

    def count(self, outcome, target=0):
        self.read()
        return self.found[target, outcome]

    def until(self, more, outcome="received", targets=1):
        """Wait until of each target so many more probes have this outcome."""
        wanted = [self.count(outcome, t) + more for t in range(targets)]

        def come():
            assert self.process.poll() is None
            return all(self.count(outcome, t) >= n for t, n in enumerate(wanted))
        wait_for(come, PATIENCE)

    def through(self, act, *args):
        """After 100 answers this is done, and after 300 more it ends; the targets' lines."""
        self.until(100)
        act(*args)
        self.until(300)
        return self.end()

    def end(self):
        """End it as Ctrl-C does; the targets' lines."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE)
        self.lasted_ns = time.monotonic_ns() - self.begun
        return [x for x in self.read() if x["event"] == "target"]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.file.close()
