# SPDX-License-Identifier: MIT
"""Files over a link that loses or is long (tests/link/badlink): how long a transfer takes.
Each pair of a server and a client has the same links, one a seed. Where they mostly wait, all
of them run at once."""
import re
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from interop import servers
from link.links import PEER, Link
from place import BUILD, Missing, find, same

FILE, BLKSIZE, ROUND_TRIP_S = "1MiB", 1468, 0.02
BOUND_S = ((1 << 20) // BLKSIZE + 1) * ROUND_TRIP_S     # of lock-step, nothing lost
PATIENCE_S = 100


def kedge(directory):
    return [find("kedge"), "serve", f"tftp://{PEER}", "--root", directory, "--user", "root"]


def dnsmasq(directory):
    return servers.Dnsmasq(find, directory, None).command()


def atftpd(directory):
    return servers.Atftpd(find, directory, None).command()


SERVERS = {"kedge": kedge, "dnsmasq": dnsmasq, "atftpd": atftpd}
CLIENTS = {
    "kedge": lambda to, w: [find("kedge"), "get", "-q", "--blksize", BLKSIZE, "--windowsize",
                            w, f"tftp://{PEER}/{FILE}", "-o", to],
    "curl": lambda to, w: [find("curl"), "-sS", "--tftp-blksize", BLKSIZE, "-o", to,
                           f"tftp://{PEER}/{FILE}"],
    "busybox": lambda to, w: [find("busybox"), "tftp", "-b", BLKSIZE, "-g", "-r", FILE, "-l",
                              to, PEER, "69"],
    "atftp": lambda to, w: [find("atftp"), "--option", f"blksize {BLKSIZE}", "--option",
                            f"windowsize {w}", "-g", "-r", FILE, "-l", to, PEER, "69"],
}


class Far:
    """A server at the far end of a link of its own."""

    def __init__(self, server, place, options):
        self.link = Link(str(BUILD / "tests/link/badlink"), place, *options)
        self.log = place / f"{self.link.b}.log"
        command = ["ip", "netns", "exec", self.link.b, *server]
        self.process = subprocess.Popen([str(w) for w in command], stdin=subprocess.DEVNULL,
                                        stdout=self.log.open("w"), stderr=subprocess.STDOUT)

    def __enter__(self):
        end = time.monotonic() + servers.PATIENCE
        while not re.search(r": [0-9A-F]+:0045 ",
                            Path(f"/proc/{self.process.pid}/net/udp").read_text()):
            if time.monotonic() > end:
                raise Missing(f"no server: {self.log.read_text()}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.link.stop()

    def resent_percent(self):
        """Of the blocks that kedge sent, by its own records."""
        found = re.findall(r" blocks=(\d+) resent=(\d+) ", self.log.read_text())
        blocks, resent = (sum(int(f[i]) for f in found) for i in (0, 1))
        return resent * 100 / blocks if blocks else None


class Loss:
    """{subject: (server, client)} over links with these options of badlink's."""

    def __init__(self, pairs, *options, metric="wall_s", window=1, links=20, quick_links=6):
        self.pairs, self.options, self.metric = pairs, options, metric
        self.window = window
        self.links, self.quick_links = links, quick_links

    def transfer(self, far, client, copy, out):
        to = far.log.with_suffix(f".{client}")
        command = ["ip", "netns", "exec", far.link.a, *CLIENTS[client](to, self.window)]
        start = time.monotonic()
        try:
            done = subprocess.run([str(w) for w in command], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=PATIENCE_S)
            failed = done.returncode != 0
        except subprocess.TimeoutExpired:
            failed = True
        seconds = time.monotonic() - start
        out.append({"wall_s": seconds, "bounds": seconds / BOUND_S, "failed": int(failed),
                    "wrong": int(not failed and not same(to, copy))})

    def run_all(self, names, files, quick):
        copy = files[FILE]
        results = {n: [] for n in names}
        with tempfile.TemporaryDirectory(prefix="kedge-bench-") as place, \
                ExitStack() as stack:
            threads, fars = [], []
            for seed in range(1, (self.quick_links if quick else self.links) + 1):
                far = {}
                for name in names:
                    server, client = self.pairs[name]
                    if server not in far:
                        far[server] = stack.enter_context(
                            Far(SERVERS[server](files.directory), Path(place),
                                ["--seed", str(seed), "--delay", "10ms", *self.options]))
                    threads.append(threading.Thread(
                        target=self.transfer,
                        args=(far[server], client, copy, results[name])))
                fars.append(far)
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if len(names) == 1:
                server = self.pairs[names[0]][0]
                for result, far in zip(results[names[0]], fars):
                    result["repeats_percent"] = far[server].resent_percent()
        return results


class Long:
    """Files by kedge over 100 Mb/s, 50 ms and a queue of 50 ms, of which a window is ten times
    as long: what part of the link they get. Each transfer has it for itself."""
    LINK = ("--rate", "100mbit", "--queue", "50ms", "--delay", "25ms")
    BYTES_A_SECOND = 100e6 / 8 * BLKSIZE / (BLKSIZE + 4 + 8 + 20)
    WINDOW = 4096
    metric = "link_percent"

    def __init__(self, *options):
        self.options = options

    def command(self, name, copy, to):
        options = ["-q", "--blksize", BLKSIZE, "--windowsize", self.WINDOW]
        if name == "put":
            return [find("kedge"), "put", *options, copy, f"tftp://{PEER}/{to.name}"]
        return [find("kedge"), "get", *options, f"tftp://{PEER}/{copy.name}", "-o", to]

    def run(self, name, files, quick):
        copy = files["64MiB"]
        with tempfile.TemporaryDirectory(prefix="kedge-bench-") as place:
            place = Path(place)
            to = (files.directory if name == "put" else place) / "long"
            server = [*kedge(files.directory), "--windowsize-max", self.WINDOW, "--uploads",
                      "overwrite"]
            with Far(server, place, [*self.LINK, *self.options]) as far:
                command = ["ip", "netns", "exec", far.link.a, *self.command(name, copy, to)]
                start = time.monotonic()
                done = subprocess.run([str(w) for w in command], stdin=subprocess.DEVNULL,
                                      capture_output=True, timeout=PATIENCE_S)
                seconds = time.monotonic() - start
            whole = to.exists() and same(to, copy)
            to.unlink(missing_ok=True)
        return {"failed": done.returncode, "wrong": int(not whole), "wall_s": seconds,
                "link_percent": copy.stat().st_size / seconds / self.BYTES_A_SECOND * 100}
