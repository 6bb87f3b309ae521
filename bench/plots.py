# SPDX-License-Identifier: MIT
"""How cost grows: a transfer against transfers at once, and against the size of the file."""
import statistics
import subprocess

from place import GIB, KIB, MIB, SIZES, Missing
from svg import plot
from tftp import Crowd, Download

CPU = "server_us_each"
# At once: how many in all, and how long each answer waits, ms; the packets a second are
# the same from 1,000 on.
CROWDS = {1: (200, 1), 10: (2000, 1), 100: (8000, 4), 1000: (20000, 35),
          10000: (30000, 350), 100000: (100000, 3500)}
# The most that each is asked for: one step beyond, it fails (tftp-hpa: forks that many).
MOST = {"kedge": 100000, "dnsmasq": 10000, "atftpd": 100, "tftp-hpa": 100}
FILES = {"1KiB": 2000, "16KiB": 500, "256KiB": 100, "4MiB": 8, "64MiB": 1, "4GiB": 1}
BY_SIZE = {"kedge, window 64": ("kedge", 64), "atftpd, window 64": ("atftpd", 64),
           "kedge, lock-step": ("kedge", 1), "dnsmasq, lock-step": ("dnsmasq", 1),
           "tftp-hpa, lock-step": ("tftp-hpa", 1)}


def point(work, name, files, rounds):
    """The median of some runs, or None where its server is not here or one transfer in a
    thousand fails."""
    values = []
    for _ in range(rounds):
        try:
            found = work.run(name, files, False)
        except (Missing, AssertionError, subprocess.TimeoutExpired) as why:
            print(f"  {name}: {why}")
            return None
        if found["failed"] * 1000 > found["done"] or found["wrong"]:
            print(f"  {name}: {found['failed']} failed, {found['done']} did not")
            return None
        values.append(found[CPU])
    return statistics.median(values)


def against_crowds(files):
    series = {name: [] for name in MOST}
    for at_once, (count, think_ms) in CROWDS.items():
        for name, most in MOST.items():
            flags = ("--max-transfers", 131072) if name == "kedge" else ()
            work = Crowd("4KiB", count, count, CPU, at_once=at_once, blksize=1468,
                         think_ms=think_ms, shared=1, flags=flags)
            cost = point(work, name, files, 2 if at_once <= 1000 else 1) \
                if at_once <= most else None
            if cost:
                series[name].append((at_once, cost))
                print(f"  {at_once:,} at once, {name}: {cost:.1f} us a transfer", flush=True)
    return plot("4 KiB, 1468 B in lock-step, clients that think", "transfers at once",
                "server CPU, µs a transfer", series)


def size_label(size):
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} B"


def against_sizes(files):
    series = {name: [] for name in BY_SIZE}
    for file, count in FILES.items():
        subprocess.run(["cat", files[file]], stdout=subprocess.DEVNULL, check=True)  # warm
        for name, (server, window) in BY_SIZE.items():
            work = Download(file, count, count, CPU, blksize=1468, window=window)
            cost = point(work, server, files, 2 if SIZES[file] < GIB else 1)
            if cost:
                series[name].append((SIZES[file], cost))
                print(f"  {file}, {name}: {cost:,.0f} us a transfer", flush=True)
        if SIZES[file] >= GIB:
            files[file].unlink()
    return plot("one client after the other, 1468 B", "size of the file",
                "server CPU, µs a transfer", series,
                {SIZES[f]: size_label(SIZES[f]) for f in FILES})


PLOTS = {"at-once": against_crowds, "file-size": against_sizes}


def draw(directory, files, only):
    directory.mkdir(parents=True, exist_ok=True)
    for name, make in PLOTS.items():
        if only and name not in only:
            continue
        print(f"\nplot {name}", flush=True)
        (directory / f"{name}.svg").write_text(make(files))
