"""TFTP servers under load: bench/storm.c as many clients, kedge as one."""
import json
import subprocess

from interop import servers
from place import GIB, SIZES, Account, Missing, Peak, find, same


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
        with serve(name, files, self.flags) as server:
            pid = server.process.pid
            if self.core is not None:
                subprocess.run(["taskset", "-a", "-p", "-c", str(self.core), str(pid)],
                               check=True, capture_output=True)
            with Account(pid) as account, Peak(pid) as peak:
                done = server.run(*pin, find("storm"), "127.0.0.1", 69, self.file, copy,
                                  "--count", count, "--pid", pid, *options,
                                  timeout=PATIENCE_S)
                if not done.stdout:
                    raise Missing(f"storm: {done.stderr.strip()}")
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

    all_at_once = 0     # 1: it has failed where fewer were open


class Crowd(Download):
    """All of its clients have a transfer open at the same moment, or it has failed."""
    all_at_once = 1


class Cases:
    """{subject: work}, all against kedge."""

    def __init__(self, cases):
        self.cases, self.metric = cases, next(iter(cases.values())).metric

    def run(self, name, files, quick):
        return self.cases[name].run("kedge", files, quick)


class Bulk:
    """One transfer by kedge's own client; what the server spends on it."""
    metric = "server_s_per_GiB"

    def __init__(self, file, window):
        self.file, self.window = file, window

    def options(self):
        return ["-q", "--blksize", "1468", "--windowsize", self.window]

    def run(self, name, files, quick):
        copy = files[self.file]
        with serve(name, files) as server:
            with Account(server.process.pid) as account:
                done, whole = self.transfer(server, copy)
                spent = account.seconds
        return {"failed": int(done.returncode != 0), "wrong": int(not whole),
                "server_s_per_GiB": spent / (SIZES[self.file] / GIB)}


class Upload(Bulk):
    def transfer(self, server, copy):
        target = copy.parent / "up"
        done = server.run(find("kedge"), "put", *self.options(), copy,
                          "tftp://127.0.0.1/up")
        whole = same(target, copy)
        target.unlink(missing_ok=True)
        return done, whole


class Get(Bulk):
    """A client that takes bursts."""

    def transfer(self, server, copy):
        target = copy.parent.parent / "got"
        done = server.run(find("kedge"), "get", *self.options(),
                          f"tftp://127.0.0.1/{self.file}", "-o", target)
        whole = same(target, copy)
        target.unlink(missing_ok=True)
        return done, whole


class Limit:
    """The same file by UDP_SEGMENT without a protocol (bench/limit.c)."""
    def __init__(self, file, window):
        self.file, self.window = file, window

    def run(self, files, quick):
        done = subprocess.run([find("limit"), files[self.file], "1468", str(self.window),
                               "2" if quick else "10"], capture_output=True, text=True)
        return json.loads(done.stdout)


class WithLimit:
    """A work beside its limit."""

    def __init__(self, work, limit):
        self.work, self.limit, self.metric = work, limit, work.metric

    def run(self, name, files, quick):
        if name == "kernel":
            return self.limit.run(files, quick)
        return self.work.run(name, files, quick)
