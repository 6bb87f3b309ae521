# SPDX-License-Identifier: MIT
"""What a slow file does to the others: 1 KiB files by bench/load_tftp.c while clients wait for
files that take half a second to be found, and for each read; or for one that the kernel
holds no page of, so that every read is the disk's."""
import errno
import json
import os
import threading
import time

from interop import servers
from place import MIB, ROOT, SIZES, Account, Missing, Peak, find
from tftp import Kedge

SLOWFS = ROOT / "tests/e2e/lib/slowfs.py"
COLD = "256MiB"


class SlowKedge(Kedge):
    def command(self):
        return ["unshare", "-m", "/usr/bin/python3", SLOWFS, self.directory / "slow",
                *super().command()]


class Beside:
    """Many short transfers, and beside them somebody who asks for other files, one after
    the other; as `alone`, nobody does."""
    metric = "p99_ms"
    server = Kedge

    def __init__(self, count, quick):
        self.count, self.quick = count, quick

    def prepare(self, files):
        pass

    def ask(self, name, server, files):
        """One file; its exit status. Raises Missing where it was not what it was to be."""
        raise NotImplementedError

    def keep_asking(self, over, asked, *what):
        while not over.is_set():
            try:
                asked.append(self.ask(*what))
            except Missing as why:
                asked.append(why)
                return

    def run(self, name, files, quick):
        self.prepare(files)
        copy, over, asked = files["1KiB"], threading.Event(), []
        with self.server(find, files.directory, files.directory.parent / "slow.log") as server:
            other = threading.Thread(target=self.keep_asking,
                                     args=(over, asked, name, server, files))
            with Account(server.process.pid) as account, Peak(server.process.pid) as peak:
                if name != "alone":
                    other.start()
                done = server.run(find("load_tftp"), "127.0.0.1", servers.PORT, "1KiB", copy,
                                  "--at-once", "64", "--blksize", "512", "--count",
                                  self.quick if quick else self.count)
                over.set()
                spent = account.seconds
                if name != "alone":
                    other.join()
        for why in asked:
            if isinstance(why, Missing):
                raise why
        if not done.stdout:
            raise Missing(f"load_tftp: {done.stderr.strip()}")
        found = json.loads(done.stdout)
        return {"failed": found["failed"] + sum(map(bool, asked)), "wrong": found["wrong"],
                "asked": len(asked), "server_us_each": spent * 1e6 / found["done"],
                "memory_MiB": peak.most / 1024,
                **{k: found[k] for k in ("p50_ms", "p99_ms", "per_s", "busy")}}


class SlowFiles(Beside):
    server = SlowKedge

    def prepare(self, files):
        (files.directory / "slow").mkdir(exist_ok=True)

    def ask(self, name, server, files):
        return max(server.run(find("kedge"), "get", "-q", "-o", "/dev/null",
                              f"tftp://127.0.0.1/slow/{file}").returncode
                   for file in ("open-0.5", "read-0.5"))


def forget(path):
    """Have the kernel hold no page of a file; Missing where it does not."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        for at in range(0, SIZES[COLD], 16 * MIB):
            try:
                os.preadv(fd, [bytearray(1)], at, os.RWF_NOWAIT)
            except BlockingIOError:
                continue
            except OSError as why:
                raise Missing(f"a cold file: {errno.errorcode[why.errno]}") from why
            raise Missing("no cold file is to be had here: its pages stay in memory")
    finally:
        os.close(fd)


class ColdFile(Beside):
    """As `beside a warm file` the same file is asked for, as often as it goes, but read
    before."""

    def prepare(self, files):
        with files[COLD].open("rb") as file:
            while file.read(16 * MIB):
                pass

    def ask(self, name, server, files):
        if "cold" in name:
            forget(files[COLD])
        status = server.run(find("kedge"), "get", "-q", "-o", "/dev/null", "--windowsize",
                            "4", f"tftp://127.0.0.1/{COLD}", timeout=300).returncode
        time.sleep(0.01)
        return status
