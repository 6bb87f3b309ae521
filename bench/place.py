# SPDX-License-Identifier: MIT
"""What the bench has to work with: where things are, the files to be served, and what a
process and its children use."""
import itertools
import os
import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("KEDGE_BUILD", ROOT / "build"))
UNPACKED = {"in.tftpd": "tftpd-hpa/usr/sbin/in.tftpd", "atftpd": "atftpd/usr/sbin/atftpd",
            "tftp": "tftp-hpa/usr/bin/tftp", "atftp": "atftp/usr/bin/atftp"}
TRANSFER_S = 60     # the most that one transfer may take
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SIZES = {"1KiB": KIB, "4KiB": 4 * KIB, "16KiB": 16 * KIB, "256KiB": 256 * KIB, "1MiB": MIB,
         "4MiB": 4 * MIB, "64MiB": 64 * MIB, "256MiB": 256 * MIB, "1GiB": GIB, "4GiB": 4 * GIB}


class Missing(Exception):
    """What is wanted is not on this machine; why."""


def find(name):
    """The path of a program: ours, a peer that was unpacked, or one that is installed."""
    own = {"kedge": BUILD / "kedge"}.get(name) or BUILD / "bench" / name
    for path in (own, ROOT / "build-peers" / UNPACKED.get(name, "-"),
                 Path("/usr/sbin") / name, Path("/usr/bin") / name):
        # What is installed as tftp may be anybody's.
        if path.exists() and not (name == "tftp" and path.parent.name == "bin"
                                  and "build-peers" not in path.parts):
            return path
    raise Missing(f"no {name}")


class Files:
    """Files of random bytes, each made when it is first asked for; from 1 GiB on the most of
    it is a hole."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir(exist_ok=True)
        directory.chmod(0o777)

    def __getitem__(self, name):
        path = self.directory / name
        if not path.exists():
            with path.open("wb") as out:
                step = MIB if SIZES[name] < GIB else 64 * MIB
                for at in range(0, SIZES[name], step):
                    out.seek(at)
                    out.write(os.urandom(min(MIB, SIZES[name] - at)))
                out.truncate(SIZES[name])
            path.chmod(0o644)
        return path


def same(a, b):
    return subprocess.run(["cmp", "-s", a, b]).returncode == 0


def cpu_of(pid):
    """CPU seconds of a process, its threads (those that have ended too) and children."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        own = time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid() makes it
    except OSError:
        return 0
    return own + ended + sum(map(cpu_of, children(pid)))


def children(pid):
    try:
        return [int(c) for c in
                Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def memory_of(pid):
    """KiB that a process and its children have."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    own = int(re.search(r"^Rss: +(\d+)", rollup, re.M)[1])
    return own + sum(map(memory_of, children(pid)))



def run_measured(server, command):
    """(exit status, seconds, CPU seconds, most MiB) of a command in the server's namespace."""
    start = time.monotonic()
    process = subprocess.Popen([str(w) for w in ("nsenter", "-t", server.process.pid, "-n",
                                                 *command)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    end = threading.Timer(TRANSFER_S, process.kill)
    end.start()
    _, status, usage = os.wait4(process.pid, 0)
    end.cancel()
    process.returncode = status  # it has been waited for
    return (status, time.monotonic() - start, usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1024)


class Account:
    """with Account(pid) as account: the CPU of a process and of all that it starts, those too
    that end without being waited for: by a control group, where one is to be had."""
    number = itertools.count()
    GROUPS = (("/sys/fs/cgroup/cpuacct", "cpuacct.usage", r"(\d+)", 1e9),
              ("/sys/fs/cgroup", "cpu.stat", r"usage_usec (\d+)", 1e6))

    def __init__(self, pid):
        self.pid, self.group = pid, None

    def __enter__(self):
        for top, file, self.pattern, self.unit in self.GROUPS:
            group = Path(top) / f"kedge-bench-{os.getpid()}-{next(self.number)}"
            try:
                group.mkdir()
                (group / "cgroup.procs").write_text(str(self.pid))
                (group / file).read_text()
            except OSError:
                if group.exists():
                    group.rmdir()
                continue
            self.group, self.file = group, file
            break
        self.began = self.total()
        return self

    def total(self):
        if not self.group:
            return cpu_of(self.pid)
        return int(re.search(self.pattern, (self.group / self.file).read_text())[1]) / self.unit

    @property
    def seconds(self):
        """Since the beginning."""
        return self.total() - self.began

    def correct(self, found):
        """A generator's figures of the server's CPU, by this account."""
        seen, own = found.get("server_cpu_s"), self.seconds
        if seen and self.group and own > 0:
            for key in [k for k in found if k.startswith("server_")]:
                found[key] *= own / seen

    def __exit__(self, *_):
        """What still runs in it is ended, the server too."""
        end = time.monotonic() + 5
        while self.group and time.monotonic() < end:
            try:
                self.group.rmdir()
                break
            except OSError:
                for pid in (self.group / "cgroup.procs").read_text().split():
                    with suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                time.sleep(0.01)


class Peak:
    """with Peak(pid) as peak: the most memory it had meanwhile, looked at ten times a
    second: peak.before and peak.most, KiB."""

    def __init__(self, pid, each_s=0.1):
        self.pid, self.each_s, self.over = pid, each_s, threading.Event()
        self.before = self.most = memory_of(pid)

    def watch(self):
        while not self.over.wait(self.each_s):
            self.most = max(self.most, memory_of(self.pid))

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.most = max(self.most, memory_of(self.pid))
