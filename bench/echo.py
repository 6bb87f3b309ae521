# SPDX-License-Identifier: MIT
"""Echo servers under load: TCP by bench/load_tcp.c, UDP by bench/load_udp.c."""
import json
import re
import subprocess
import time
from pathlib import Path

from interop import servers
from place import Account, Missing, Peak, find, memory_of

PORT = 7007


class EchoServer(servers.Server):
    """An echo server alone in a network namespace, by its command."""
    hosts = ("127.0.0.1",)
    protocol = "tcp"

    def __init__(self, command, log):
        self.words, self.program, self.log = command, str(command[0]), log

    def command(self):
        return self.words

    def listens(self):
        table = Path(f"/proc/{self.process.pid}/net/{self.protocol}").read_text()
        return re.search(rf"^ *\d+: [0-9A-F]+:{PORT:04X} ", table, re.M)


class DatagramServer(EchoServer):
    protocol = "udp"


TCP = {
    "kedge": lambda: [find("kedge"), "serve", f"echo+tcp://127.0.0.1:{PORT}",
                      "--user", "root"],
    "epoll loop": lambda: [find("echo_loop"), PORT],
    "libuv": lambda: [find("echo_uv"), PORT],
    "socat": lambda: [find("socat"), f"TCP-LISTEN:{PORT},bind=127.0.0.1,fork,nodelay,"
                      "reuseaddr,backlog=1024", "PIPE"],
    "ncat": lambda: [find("ncat"), "-k", "-l", "-m", "2000", "127.0.0.1", PORT,
                     "-e", "/bin/cat"],
}
UDP = {
    "kedge": lambda: [find("kedge"), "serve", f"echo+udp://127.0.0.1:{PORT}",
                      "--user", "root"],
    "recvmmsg loop": lambda: [find("echo_datagrams"), PORT],
}


def one_way(seconds):
    """What the kernel moves over TCP in one direction."""
    done = subprocess.run(["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"',
                           "sh", find("load_tcp"), "sink", "127.0.0.1", "0",
                           "--seconds", str(seconds)], capture_output=True, text=True)
    return json.loads(done.stdout)


class Load:
    """A generator's options against one of the servers."""
    servers, server, program = TCP, EchoServer, "load_tcp"

    def __init__(self, *mode, metric="server_us_each", seconds=2, **options):
        self.mode, self.metric, self.seconds, self.options = mode, metric, seconds, options

    def run(self, name, files, quick):
        seconds = 1 if quick else self.seconds
        if name == "one way":
            found = one_way(seconds)
            return {"MBps": found["MBps"], "busy": found["busy"]}
        log = files.directory.parent / "echo.log"
        with self.server(self.servers[name](), log) as server, \
                Account(server.process.pid) as account, \
                Peak(server.process.pid, 0.6) as peak:  # to look at 1,000 children takes CPU
            time.sleep(0.05)
            words = [str(w) for k, v in self.options.items() for w in (f"--{k}", v)]
            done = server.run(find(self.program), *self.mode, "127.0.0.1", PORT, *words,
                              "--seconds", seconds, "--pid", server.process.pid)
            if not done.stdout:
                raise Missing(f"{self.program}: {done.stderr.strip()}")
            found = json.loads(done.stdout)
            if "churn" in self.mode:  # opening the others' connections counts there alone
                account.correct(found)
        for key in ("p50_ms", "p99_ms", "per_s", "MBps", "server_us_each"):
            if not found.get(key) or key == "MBps" and "bulk" not in self.mode:
                found.pop(key, None)
        found.setdefault("memory_MiB", peak.most / 1024)
        found.pop("wall_s", None)
        return found


class Idle(Load):
    """Connections that have sent once; a pool that is made at the start counts as theirs."""

    def __init__(self, **options):
        super().__init__("idle", metric="KiB_each", **options)

    def run(self, name, files, quick):
        found = super().run(name, files, quick)
        if name == "kedge":
            command = [*self.servers[name](), "--echo-max-connections", 1]
            with self.server(command, files.directory.parent / "echo.log") as server:
                time.sleep(0.2)
                alone = memory_of(server.process.pid)
            found["KiB_each"] = (found["memory_MiB"] * 1024 - alone) / found["done"]
        return found


class Volley(Load):
    servers, server, program = UDP, DatagramServer, "load_udp"
