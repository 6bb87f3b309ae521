# SPDX-License-Identifier: MIT
"""Programs that stand still for a while."""
import contextlib
import signal
import time
from pathlib import Path

from e2e.peers.echo import wait_for

PATIENCE = 60
FREEZES = 8


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


def froze_briefly(process, peer, seconds=.3, most=.45):
    """One who asks that peer stands still for so long. False: a busy machine made it longer
    than most by its own clock, which is another thing."""
    begun = time.monotonic()
    freeze(process, seconds)
    before = len(peer.seen)
    wait_for(lambda: len(peer.seen) > before, PATIENCE)
    return time.monotonic() - begun < most


def freeze_briefly(process, peer):
    """The same, once more where it was stretched."""
    for _ in range(FREEZES):
        if froze_briefly(process, peer):
            return
        before = len(peer.seen)
        wait_for(lambda: len(peer.seen) > before + 100, PATIENCE)
    raise AssertionError(f"{FREEZES} times it stood still for too long")


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
