"""What a slow file does to the others: 1 KiB files by bench/storm.c while clients wait for
files that take half a second to be found, and for each read."""
import json
import threading

from interop import servers
from place import ROOT, Missing, find
from tftp import Kedge

SLOWFS = ROOT / "tests/e2e/lib/slowfs.py"


class SlowKedge(Kedge):
    def command(self):
        return ["unshare", "-m", "/usr/bin/python3", SLOWFS, self.directory / "slow",
                *super().command()]


class SlowFiles:
    """As `alone`, nobody asks for a slow file."""
    metric = "p99_ms"

    def __init__(self, count, quick):
        self.count, self.quick = count, quick

    def wait_for_slow_ones(self, server, over, asked):
        while not over.is_set():
            for name in ("open-0.5", "read-0.5"):
                done = server.run(find("kedge"), "get", "-q", f"tftp://127.0.0.1/slow/{name}",
                                  "-o", "/dev/null")
                asked.append(done.returncode)

    def run(self, name, files, quick):
        (files.directory / "slow").mkdir(exist_ok=True)
        copy, over, asked = files["1KiB"], threading.Event(), []
        with SlowKedge(find, files.directory, files.directory.parent / "slow.log") as server:
            waiter = threading.Thread(target=self.wait_for_slow_ones,
                                      args=(server, over, asked))
            if name != "alone":
                waiter.start()
            done = server.run(find("storm"), "127.0.0.1", servers.PORT, "1KiB", copy,
                              "--at-once", "64", "--blksize", "512", "--count",
                              self.quick if quick else self.count)
            over.set()
            if name != "alone":
                waiter.join()
        if not done.stdout:
            raise Missing(f"storm: {done.stderr.strip()}")
        found = json.loads(done.stdout)
        return {"failed": found["failed"] + sum(map(bool, asked)), "wrong": found["wrong"],
                **{k: found[k] for k in ("p50_ms", "p99_ms", "per_s", "busy")}}
