#!/usr/bin/python3
"""Measure kedge beside every other implementation that is here, in one run.

    bench/bench.py [--quick] [--json FILE] [ROW...]

Each row is one kind of work. Its runs are interleaved (A B A B ...), every byte is
compared, and what counts is a ratio of medians within the row: absolute figures say
nothing on a shared machine. Servers run in network namespaces of their own, so this wants
root. The figure is the server's CPU, of its whole process tree: it is the steadiest.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from interop import servers  # noqa: E402

BUILD = ROOT / "build"
STORM = BUILD / "bench" / "storm"
LIMIT = BUILD / "bench" / "limit"
KEDGE = BUILD / "kedge"
UNPACKED = {"in.tftpd": "tftpd-hpa/usr/sbin/in.tftpd", "atftpd": "atftpd/usr/sbin/atftpd"}
SIZES = {"1KiB": 1 << 10, "256KiB": 256 << 10, "1MiB": 1 << 20, "64MiB": 64 << 20}


class Kedge(servers.Server):
    program = "kedge"
    hosts = ("127.0.0.1",)

    def command(self):
        return [KEDGE, "serve", "tftp://127.0.0.1:69", "--root", self.directory,
                "--uploads", "overwrite", "--user", "root"]


class Dnsmasq(servers.Dnsmasq):
    def command(self):
        return [*super().command(), "--tftp-max=30000"]


PEERS = {"kedge": Kedge, "dnsmasq": Dnsmasq, "atftpd": servers.Atftpd,
         "tftp-hpa": servers.Hpa}


class Missing(Exception):
    pass


def find(name):
    here = {"kedge": KEDGE}.get(name) or ROOT / "build-peers" / UNPACKED.get(name, "-")
    if here.exists():
        return here
    for directory in ("/usr/sbin", "/usr/bin"):
        if (Path(directory) / name).exists():
            return Path(directory) / name
    raise Missing(name)


def cpu_s(pid):
    """CPU seconds of a process, of threads that have ended too: its own clock."""
    return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid() makes it


def rss_kib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


class Download:
    """Many clients that read one file."""

    def __init__(self, file, count, quick, metric="server_us_each", core=None, **options):
        self.file, self.count, self.quick, self.metric = file, count, quick, metric
        self.core, self.options = core, options

    def run(self, server, files, quick):
        count = self.quick if quick else self.count
        pin = ["taskset", "-c", str(self.core)] if self.core is not None else []
        options = [str(x) for k, v in self.options.items()
                   for x in ("--" + k.replace("_", "-"), v)]
        if self.core is not None:
            subprocess.run(["taskset", "-a", "-p", "-c", str(self.core),
                            str(server.process.pid)], check=True, capture_output=True)
        done = server.run(*pin, STORM, "127.0.0.1", 69, self.file, files / self.file,
                          "--count", count, "--pid", server.process.pid, *options)
        if not done.stdout:
            raise Missing(f"storm: {done.stderr.strip()}")
        found = json.loads(done.stdout)
        found["rss_KiB"] = rss_kib(server.process.pid)
        return found


class Upload:
    """kedge put, a file at a time."""
    metric = "server_s_per_GiB"

    def __init__(self, file, window):
        self.file, self.window = file, window

    def run(self, server, files, quick):
        before = cpu_s(server.process.pid)
        done = server.run(KEDGE, "put", "-q", "--blksize", "1468", "--windowsize",
                          self.window, files / self.file, "tftp://127.0.0.1/up")
        spent = cpu_s(server.process.pid) - before
        whole = (files / "up").read_bytes() == (files / self.file).read_bytes()
        (files / "up").unlink(missing_ok=True)
        gib = SIZES[self.file] / (1 << 30)
        return {"failed": done.returncode != 0, "wrong": not whole,
                "server_s_per_GiB": spent / gib}


class Get:
    """kedge get into nothing: a client that takes bursts."""
    metric = "server_s_per_GiB"

    def __init__(self, file, window):
        self.file, self.window = file, window

    def run(self, server, files, quick):
        before = cpu_s(server.process.pid)
        done = server.run(KEDGE, "get", "-q", "--blksize", "1468", "--windowsize",
                          self.window, f"tftp://127.0.0.1/{self.file}", "-o", "/dev/null")
        gib = SIZES[self.file] / (1 << 30)
        return {"failed": done.returncode != 0, "wrong": 0,
                "server_s_per_GiB": (cpu_s(server.process.pid) - before) / gib}


# Name, work, peers, and what kedge's CPU shall be at most, as a part of the best peer's.
STORM_OF = dict(at_once=256, blksize=512)
ROWS = [
    ("storm", Download("1KiB", 20000, 4000, **STORM_OF), ["dnsmasq", "atftpd", "tftp-hpa"],
     0.55),
    ("storm, one core", Download("1KiB", 20000, 4000, core=0, **STORM_OF), ["dnsmasq"], 0.42),
    ("storm, no options", Download("1KiB", 20000, 4000, at_once=256), ["dnsmasq"], 0.55),
    ("1 MiB, 64 at once, lock-step",
     Download("1MiB", 300, 64, "server_s_per_GiB", at_once=64, blksize=1468),
     ["dnsmasq", "atftpd"], 0.75),
    ("64 MiB, window 16",
     Download("64MiB", 5, 2, "server_s_per_GiB", blksize=1468, window=16), ["atftpd"], 0.25),
    ("64 MiB, window 64",
     Download("64MiB", 5, 2, "server_s_per_GiB", blksize=1468, window=64), ["atftpd"], 0.25),
    ("64 MiB, window 64, client takes bursts", Get("64MiB", 64), ["atftpd"], 0.16),
    ("64 MiB, 65464, lock-step",
     Download("64MiB", 10, 4, "server_s_per_GiB", blksize=65464), ["atftpd"], 0.8),
    ("64 MiB, 8192, lock-step",
     Download("64MiB", 5, 2, "server_s_per_GiB", blksize=8192), ["atftpd"], 0.9),
    ("64 MiB, 65464, window 16",
     Download("64MiB", 10, 4, "server_s_per_GiB", blksize=65464, window=16), ["atftpd"], 0.7),
    ("10,000 at once, 20 ms",
     Download("256KiB", 10000, 1000, at_once=10000, blksize=1468, think_ms=20), ["dnsmasq"],
     0.5),
    ("upload, lock-step", Upload("64MiB", 1), ["atftpd"], 0.9),
    ("upload, window 16", Upload("64MiB", 16), ["atftpd"], 0.4),
]


def make_files(directory):
    for name, size in SIZES.items():
        (directory / name).write_bytes(os.urandom(size))
        (directory / name).chmod(0o644)
    directory.chmod(0o777)


def run_row(work, names, files, quick, rounds):
    """{server: [result, ...]}, round by round; who is not here is left out."""
    results = {}
    with tempfile.TemporaryDirectory() as logs:
        for _ in range(rounds):
            for name in names:
                try:
                    log = Path(logs) / name
                    with PEERS[name](find, files, log) as server:
                        results.setdefault(name, []).append(work.run(server, files, quick))
                except Missing as why:
                    print(f"  {name}: left out, no {why}", file=sys.stderr)
    return results


def median(runs, metric):
    return statistics.median(r[metric] for r in runs)


def show(name, work, results, target):
    """Print a row's table. True if the target is reached, None if there is no peer."""
    print(f"\n{name}: {work.metric}")
    for server, runs in results.items():
        values = sorted(r[work.metric] for r in runs)
        bad = sum(r["failed"] + r["wrong"] for r in runs)
        more = " ".join(f"{k}={median(runs, k):.6g}" for k in
                        ("per_s", "MBps", "p50_ms", "p99_ms", "own_cpu_s", "rss_KiB")
                        if k in runs[0])
        print(f"  {server:10} median {statistics.median(values):10.3f}  "
              f"({values[0]:.3f} to {values[-1]:.3f})  failed {bad}  {more}")
    peers = {n: median(r, work.metric) for n, r in results.items()
             if n != "kedge" and not any(x["failed"] for x in r)}
    if "kedge" not in results or not peers:
        print("  no peer to compare with")
        return None
    best = min(peers, key=peers.get)
    ratio = median(results["kedge"], work.metric) / peers[best]
    whole = not any(r["failed"] or r["wrong"] for r in results["kedge"])
    reached = whole and ratio <= target
    print(f"  {ratio:.2f} of {best}'s, to reach {target}: "
          f"{'reached' if reached else 'not reached'}")
    return reached


def show_limits(files, quick):
    print("\nlimit: the same file by UDP_SEGMENT, without a protocol")
    for window in (16, 64):
        done = subprocess.run([LIMIT, files / "64MiB", "1468", str(window),
                               "2" if quick else "10"], capture_output=True, text=True)
        print(f"  window {window}: {done.stdout.strip() or done.stderr.strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", type=Path, help="write all results there")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="only rows that begin so")
    args = parser.parse_args()
    if not servers.namespaces_are_to_be_had():
        sys.exit("bench: network namespaces want root")
    reached, results = [], {}
    with tempfile.TemporaryDirectory(prefix="kedge-bench-") as outer:
        Path(outer).chmod(0o755)
        files = Path(outer) / "srv"
        files.mkdir()
        make_files(files)
        for name, work, peers, target in ROWS:
            if args.rows and not any(name.startswith(r) for r in args.rows):
                continue
            rounds = 1 if args.quick else 5
            results[name] = run_row(work, ["kedge", *peers], files, args.quick, rounds)
            reached.append(show(name, work, results[name], target))
            sys.stdout.flush()
        show_limits(files, args.quick)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    compared = [r for r in reached if r is not None]
    print(f"\n{sum(compared)} of {len(compared)} reached")


if __name__ == "__main__":
    main()
