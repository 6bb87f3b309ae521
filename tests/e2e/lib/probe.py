"""What the tests of `kedge probe` have in common."""
import contextlib
import json
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

from e2e.peers.echo import wait_for

COUNTS = ("sent", "received", "lost", "late", "duplicated", "reordered", "altered")
MS = 1_000_000
PATIENCE = 60


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


def stop(process):
    """It stands still once this returns."""
    process.send_signal(signal.SIGSTOP)
    stat = Path(f"/proc/{process.pid}/stat")
    wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")


@contextlib.contextmanager
def frozen(process):
    stop(process)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def freeze(process, seconds=1, until=lambda: True):
    """It stands still for at least so long, and until that is so."""
    with frozen(process):
        time.sleep(seconds)
        wait_for(until, PATIENCE)


def unheard(port, seconds=1):
    """Wait for so long, and on until those who ask at that port were awake for most of the
    time: from look to look more waits there. Were they not, it is they that stood still."""
    start = last = time.monotonic()
    before, awake = queue(port), 0
    while last - start < seconds or awake < .6 * (last - start):
        assert last - start < PATIENCE
        time.sleep(.03)
        now, waits = time.monotonic(), queue(port)
        if waits != before and now - last < .1:
            awake += now - last
        last, before = now, waits


def freeze_server(process, port, seconds=1):
    """A server stands still, and those who ask do not."""
    with frozen(process):
        unheard(port, seconds)


def queue(port):
    """Of the UDP socket at a port of 127.0.0.1: bytes that wait to be read, and datagrams
    it had no room for. None without such a socket."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1] == f"0100007F:{port:04X}":
            return int(words[4].partition(":")[2], 16), int(words[12])
    return None
