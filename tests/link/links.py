# SPDX-License-Identifier: MIT
"""badlink with two namespaces of its own, for tests."""
import itertools
import json
import os
import signal
import subprocess

PEER = "10.77.0.2"      # the far end, b, seen from a


def namespaces():
    return {line.split()[0] for line in
            subprocess.check_output(["ip", "netns", "list"], text=True).splitlines()}


class Link:
    """badlink with two namespaces of its own, from start to stop."""

    number = itertools.count()

    def __init__(self, program, place, *options):
        own = f"{os.getpid()}-{next(self.number)}"
        self.a, self.b = f"bla{own}", f"blb{own}"
        self.trace_path, self.stats_path = place / f"trace-{own}", place / f"stats-{own}"
        for path in (self.trace_path, self.stats_path):
            path.unlink(missing_ok=True)
        ready, write = os.pipe()
        self.process = subprocess.Popen(
            [program, "--a-ns", self.a, "--b-ns", self.b, "--stats", self.stats_path,
             "--trace", self.trace_path, "--ready-fd", str(write), "--die-with-parent",
             "--kill-on-exit", *options], pass_fds=[write])
        os.close(write)
        with open(ready) as came:
            assert came.readline() == "ready\n", "badlink did not come up"

    def inside(self, namespace, *command, **more):
        return subprocess.Popen(["ip", "netns", "exec", namespace, *command], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)

    def ping(self, count, *more, interval="0.002", to=PEER):
        """What ping prints; it may have to be ended, as corrupted times confuse it."""
        ping = self.inside(self.a, "ping", "-n", "-c", str(count), "-i", interval, "-W", "1",
                           *more, to)
        try:
            return ping.communicate(timeout=count * float(interval) * 3 + 5)[0]
        except subprocess.TimeoutExpired:
            ping.send_signal(signal.SIGINT)
            return ping.communicate(timeout=5)[0]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def stats(self):
        return json.loads(self.stats_path.read_text())

    def fates(self):
        """A line a packet of the direction a to b: number, length, fate and delay."""
        return [line.split()[2:] for line in self.trace_path.read_text().splitlines()
                if " ab " in line]
