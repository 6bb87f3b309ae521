# SPDX-License-Identifier: MIT
"""TFTP servers under load: bench/load_tftp.c as many clients, kedge as one."""
import json
import statistics
import subprocess

from interop import servers
from place import GIB, SIZES, Account, Missing, Peak, find, run_measured, same


PATIENCE_S = 300


class Kedge(servers.Server):
    program = "kedge"
    hosts = ("127.0.0.1",)
    flags = ()      # set by who wants more

    def command(self):
        return [self.path, "serve", "tftp://127.0.0.1:69", "--root", self.directory,
                "--uploads", "overwrite", "--user", "root", *self.flags]


class Dnsmasq(servers.Dnsmasq):
    def command(self):
        return [*super().command(), "--tftp-max=30000"]


SERVERS = {"kedge": Kedge, "dnsmasq": Dnsmasq, "atftpd": servers.Atftpd,
           "tftp-hpa": servers.Hpa}


def serve(name, files, flags=()):
    server = SERVERS[name](find, files.directory, files.directory.parent / f"{name}.log")
    server.flags = flags
    return server


class Download:
    """Many clients that read one file."""

    def __init__(self, file, count, quick, metric="server_us_each", core=None, flags=(),
                 **options):
        self.file, self.count, self.quick, self.metric = file, count, quick, metric
        self.core, self.flags, self.options = core, flags, options

    def run(self, name, files, quick):
        count = self.quick if quick else self.count
        pin = ["taskset", "-c", str(self.core)] if self.core is not None else []
        options = [str(x) for k, v in self.options.items()
                   for x in ("--" + k.replace("_", "-"), v)]
        copy = files[self.file]
        with serve(name, files, self.options_of_server(files)) as server:
            pid = server.process.pid
            if self.core is not None:
                subprocess.run(["taskset", "-a", "-p", "-c", str(self.core), str(pid)],
                               check=True, capture_output=True)
            with Account(pid) as account, Peak(pid) as peak:
                done = server.run(*pin, find("load_tftp"), "127.0.0.1", 69, self.file, copy,
                                  "--count", count, "--pid", pid, *options,
                                  timeout=PATIENCE_S)
                if not done.stdout:
                    raise Missing(f"load_tftp: {done.stderr.strip()}")
                found = json.loads(done.stdout)
                account.correct(found)
        found.pop("wall_s")
        if self.metric == "server_s_per_GiB":
            found.pop("per_s")
        found["memory_MiB"] = peak.most / 1024
        found["KiB_each"] = (peak.most - peak.before) / self.options.get("at_once", 1)
        if found["open_at_once"] < min(count, self.options.get("at_once", 1)):
            found["failed"] += self.all_at_once
        return found

    def options_of_server(self, files):
        return self.flags

    all_at_once = 0     # 1: it has failed where fewer were open


class Crowd(Download):
    """All of its clients have a transfer open at the same moment, or it has failed."""
    all_at_once = 1


class Policed(Download):
    """Beside a policy of 1,000 clients and a map of 100 rules, none of which is for this
    client or name."""

    def options_of_server(self, files):
        place = files.directory.parent
        (place / "map").write_text("".join(
            rf"ri ^board{n}[/\\]+([a-z0-9-]+)\.(efi|bin)$ board/{n}/\1.\2" + "\n"
            for n in range(100)))
        (place / "policy").write_text("".join(
            f'client "10.{n >> 8}.{n & 255}.0/24" {{ blksize-max = 1400 }}\n' for n in range(1000)))
        return "-c", place / "policy", "--map", place / "map"


class Cases:
    """{subject: work}, all against kedge."""

    def __init__(self, cases):
        self.cases, self.metric = cases, next(iter(cases.values())).metric

    def run(self, name, files, quick):
        return self.cases[name].run("kedge", files, quick)


class Bulk:
    """Some transfers by kedge's own client, one after the other; what the server spends."""
    metric = "server_s_per_GiB"

    def __init__(self, file, window, count=3, quick=1):
        self.file, self.window, self.count, self.quick = file, window, count, quick

    def options(self):
        return ["-q", "--blksize", "1468", "--windowsize", self.window]

    def run(self, name, files, quick):
        count, copy = self.quick if quick else self.count, files[self.file]
        target = self.target(copy)
        failed = wrong = client = 0
        took = []
        with serve(name, files) as server:
            pid = server.process.pid
            with Account(pid) as account, Peak(pid) as peak:
                for _ in range(count):
                    status, seconds, cpu, _ = run_measured(server, self.command(copy))
                    took.append(seconds)
                    client += cpu
                    failed += status != 0
                    wrong += not (target.exists() and same(target, copy))
                    target.unlink(missing_ok=True)
                spent = account.seconds
        size = SIZES[self.file] * count
        return {"failed": failed, "wrong": wrong, "server_s_per_GiB": spent / (size / GIB),
                "server_us_each": spent * 1e6 / count, "MBps": size / sum(took) / 1e6,
                "p50_ms": statistics.median(took) * 1e3, "p99_ms": max(took) * 1e3,
                "memory_MiB": peak.most / 1024, "KiB_each": peak.most - peak.before,
                "busy": client / sum(took)}


class Upload(Bulk):
    def target(self, copy):
        return copy.parent / "up"

    def command(self, copy):
        return [find("kedge"), "put", *self.options(), copy, "tftp://127.0.0.1/up"]


class Get(Bulk):
    """A client that takes bursts."""

    def target(self, copy):
        return copy.parent.parent / "got"

    def command(self, copy):
        return [find("kedge"), "get", *self.options(), f"tftp://127.0.0.1/{self.file}", "-o",
                self.target(copy)]


class Limit:
    """The same file by UDP_SEGMENT without a protocol (bench/limit.c)."""
    def __init__(self, file, window):
        self.file, self.window = file, window

    def run(self, files, quick):
        done = subprocess.run([find("limit"), files[self.file], "1468", str(self.window),
                               "2" if quick else "10"], capture_output=True, text=True)
        return json.loads(done.stdout)


class PingPong:
    """As many blocks by recvmmsg and sendmmsg, each for four bytes, without a protocol:
    bench/load_udp.c and bench/echo_datagrams.c."""

    def __init__(self, blksize, sockets, a_transfer, core):
        self.blksize, self.sockets, self.core = blksize, sockets, core
        self.a_transfer = a_transfer    # answers of one; None: it is told by the GiB

    def run(self, files, quick):
        log = files.directory.parent / "ping-pong.log"
        pin = ["taskset", "-c", str(self.core)] if self.core is not None else []
        command = [*pin, find("echo_datagrams"), servers.PORT, self.blksize + 4]
        with Blocks(command, log) as server, Peak(server.process.pid) as peak:
            done = server.run(*pin, find("load_udp"), "127.0.0.1", servers.PORT, "--sockets",
                              self.sockets, "--size", 4, "--answer", self.blksize + 4,
                              "--seconds", 1 if quick else 2, "--pid", server.process.pid)
        if not done.stdout:
            raise Missing(f"load_udp: {done.stderr.strip()}")
        found = json.loads(done.stdout)
        each, rate = found["server_us_each"], found["per_s"]
        out = {k: found[k] for k in ("failed", "wrong", "p50_ms", "p99_ms", "busy")}
        out |= {"server_us_a_packet": each, "memory_MiB": peak.most / 1024}
        if self.a_transfer:
            return out | {"server_us_each": each * self.a_transfer,
                          "per_s": rate / self.a_transfer}
        return out | {"server_s_per_GiB": each / 1e6 * GIB / self.blksize,
                      "MBps": rate * self.blksize / 1e6}


class Blocks(servers.Server):
    """bench/echo_datagrams.c in a namespace of its own."""
    hosts = ("127.0.0.1",)

    def __init__(self, command, log):
        self.words, self.program, self.log = command, "echo_datagrams", log

    def command(self):
        return self.words


class WithLimit:
    """A work beside its limit."""

    def __init__(self, work, limit, name="kernel"):
        self.work, self.limit, self.name, self.metric = work, limit, name, work.metric

    def run(self, name, files, quick):
        if name == self.name:
            return self.limit.run(files, quick)
        return self.work.run(name, files, quick)
