# SPDX-License-Identifier: MIT
"""The probers, and the servers that those have which need one of their own."""
import csv
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from probe_place import Missing, find

PORT = 7007


@dataclass
class Result:
    sent: int = 0
    lost: int = 0
    named: int = 0                            # of those, dropped by a queue that is named
    rtts: list = field(default_factory=list)  # ns
    way: list = field(default_factory=list)   # ns, by the kernel's clock
    wire: float = None                        # the median of that, less the server's own time
    cpu_s: float = 0
    memory_KiB: int = 0
    wall_s: float = 0
    p99_9: float = None
    stall: str = None
    ours: dict = field(default_factory=dict)  # sequence: (left, came), by the kernel's clock
    stamps: list = field(default_factory=list)   # ns in the peer, by AF_PACKET
    apart: list = field(default_factory=list)    # (going, coming): from stamp to stamp, ns
    late: float = 0
    link: float = 0                           # the median of what it took, by AF_PACKET

    def hold_against(self, pairs):
        """The peer's requests and answers, as AF_PACKET has them."""
        self.stamps = [answer.at - request.at for request, answer in pairs]
        self.apart = [(request.at - self.ours[request.sequence][0],
                       self.ours[request.sequence][1] - answer.at)
                      for request, answer in pairs
                      if request.sequence == answer.sequence and
                      request.sequence in self.ours]

    @property
    def wrong(self):
        """The two devices lose nothing: what no queue explains is reported wrongly."""
        return self.lost - self.named

    @property
    def a_core(self):
        """Probes for a second of the prober's CPU."""
        return self.sent / self.cpu_s if self.cpu_s else 0

    @property
    def rate(self):
        return self.sent / self.wall_s if self.wall_s else 0


@dataclass
class Used:
    cpu_s: float = 0
    memory_KiB: int = 0
    said: str = ""  # the end of what it had to say on standard error

    def watch(self, pid):
        """Its most memory: that of wait4() is of what it was before exec, too."""
        status = Path(f"/proc/{pid}/status")
        try:
            while True:
                most = re.search(r"VmHWM:\s*(\d+)", status.read_text())
                exe = os.readlink(f"/proc/{pid}/exe")
                if not most:
                    return
                if not exe.endswith(("/ip", "/python3", "/taskset")):
                    self.memory_KiB = int(most[1])
                time.sleep(.02)
        except OSError:
            return


def run(pair, command, core=None, freeze=None, **how):
    """Its output, and what it used."""
    used = Used()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = pair.start(pair.a, command, core, stdout=out, stderr=err, **how)
        if freeze:
            stop(*freeze)
        watcher = threading.Thread(target=used.watch, args=(process.pid,))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        watcher.join()
        used.cpu_s = usage.ru_utime + usage.ru_stime
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text = out.read().decode(errors="replace")
        used.said = err.read().decode(errors="replace")[-300:]
        if process.returncode not in (0, 1, 2):
            raise Missing(f"{command[0]}: {used.said}")
    return text, used


def stop(server, after_s, seconds):
    def later():
        time.sleep(after_s)
        os.kill(server.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(server.pid, signal.SIGCONT)
    threading.Thread(target=later, daemon=True).start()


def used(result, usage):
    result.cpu_s, result.memory_KiB = usage.cpu_s, usage.memory_KiB
    return result


def wait_for_port(process, name, host):
    """Until somebody has it at that address. Before the process has changed its namespace
    the file is that of another one, where the port alone may be anybody's."""
    address = int.from_bytes(socket.inet_aton(host), sys.byteorder)
    sockets, end = Path(f"/proc/{process.pid}/net/udp"), time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError):  # it may end meanwhile
            if f" {address:08X}:{PORT:04X} " in sockets.read_text():
                return
        time.sleep(.02)
    raise Missing(f"{name}: its server does not run")


class Tool:
    serve = None

    @contextmanager
    def served(self, pair, core=None):
        """Its server, at the peer's address."""
        if not self.serve:
            yield None
            return
        process = pair.start(pair.b, self.serve(pair), core, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        try:
            wait_for_port(process, self.name, pair.peer)
            yield process
        finally:
            process.kill()
            process.wait()


class Kedge(Tool):
    name, scheme = "kedge udp", "udp"

    def serve(self, pair):
        return [find("kedge"), "serve", f"echo+udp://{pair.peer}:{PORT}", "--user", "root"]

    def endpoint(self, pair):
        return f"udp://{pair.peer}:{PORT}"

    def ask(self, pair, count, interval, core=None, size=56, quiet=False, freeze=None):
        lines = [] if quiet else ["--jsonl"]
        text, usage = run(pair, [find("kedge"), "probe", "-q", *(lines or ["--json"]), "-c",
                                 count, "-i", f"{interval:.0f}ns", "--size", size, "--timeout",
                                 "3s", self.endpoint(pair)], core, freeze)
        if quiet:
            target, probes = json.loads(text)["targets"][0], []
        else:
            all_of = [json.loads(line) for line in text.splitlines()]
            target = all_of[-1]
            probes = [x for x in all_of if x["event"] == "probe"]
        return used(self.result(target, probes, count, interval), usage)

    def result(self, t, probes, count, interval):
        rtts = [x["rtt_ns"] for x in probes if x["rtt_ns"] is not None]
        ours = {x["sequence"]: (x["kernel_left_ns"], x["kernel_came_ns"]) for x in probes
                if x["kernel_left_ns"] is not None}
        split, stalls, told = t["split_ns"], t["stalls"], t["server"] or {}
        return Result(
            sent=t["sent"], lost=t["lost"], rtts=rtts, ours=ours,
            named=min(told.get("lost_going", 0), told.get("dropped", 0)) +
            min(told.get("lost_coming", 0), t["own_dropped"] or 0),
            way=[came - left for left, came in ours.values()],
            # By the stamps themselves: a percentile of 20 ms is one of 65 µs.
            wire=statistics.median(came - left for left, came in ours.values()) -
            told["held_ns"]["p50"] if ours and (told.get("held_ns") or {}).get("p50") else None,
            wall_s=(count * interval + (t["intended_ns"]["max"] or 0)) / 1e9,
            p99_9=t["rtt_ns"]["p99_9"],
            stall=f"{stalls['longest_ns'] / 1e6:.1f} ms, {stalls['longest_waited']} waited"
            if stalls["n"] else None)


class KedgeIcmp(Kedge):
    name, serve = "kedge icmp", None

    def endpoint(self, pair):
        return f"icmp://{pair.peer}"


class Ping(Tool):
    name = "ping"

    def ask(self, pair, count, interval, core=None, size=56, quiet=False, freeze=None):
        text, usage = run(pair, [find("ping"), "-n", "-c", count, "-i", f"{interval / 1e9:.6f}",
                                 "-s", size, "-W", "1", pair.peer], core)
        said = re.search(r"(\d+) packets transmitted, (\d+) received.* time (\d+)ms", text)
        sent, received, ms = map(int, said.groups())
        return used(Result(sent, sent - received, wall_s=ms / 1e3,
                           rtts=[float(t) * 1e6 for t in re.findall(r"time=([\d.]+) ms", text)]),
                    usage)


class Fping(Tool):
    name = "fping"

    def ask(self, pair, count, interval, core=None, size=56, quiet=False, freeze=None):
        text, usage = run(pair, ["sh", "-c", f"exec {find('fping')} -q -C {count} -p "
                                 f"{interval / 1e6:g} -t 1000 -b {size} {pair.peer} 2>&1"], core)
        times = re.findall(r"(?<= )(-|\d[\d.]*)(?= |$)", text.partition(" :")[2].strip())
        return used(Result(len(times), times.count("-"), wall_s=count * interval / 1e9,
                           rtts=[float(t) * 1e6 for t in times if t != "-"]), usage)


class Sockperf(Tool):
    name = "sockperf"

    def serve(self, pair):
        return [find("sockperf"), "server", "-i", pair.peer, "-p", PORT]

    def ask(self, pair, count, interval, core=None, size=64, quiet=False, freeze=None):
        seconds = max(1, round(count * interval / 1e9))
        with tempfile.NamedTemporaryFile(suffix=".csv") as log:
            more = [] if quiet else ["--full-log", log.name]
            text, usage = run(pair, [find("sockperf"), "ul", "-i", pair.peer, "-p", PORT, "-t",
                                     seconds, f"--mps={1e9 / interval:.0f}", "--reply-every=1",
                                     "-m", max(size, 14), "--full-rtt", *more], core, freeze)
            rtts = [] if quiet else [float(row[3]) * 1e3 for row in csv.reader(open(log.name))
                                     if len(row) == 4 and row[0].isdigit()]
        said = re.search(r"RunTime=([\d.]+) sec;.*SentMessages=(\d+); ReceivedMessages=(\d+)",
                         text)
        dropped = re.search(r"dropped messages = (\d+)", text)
        if not said or not dropped:
            raise Missing(f"sockperf said: {text[-300:]}")
        r = Result(int(said[2]), int(dropped[1]), rtts=rtts, wall_s=float(said[1]))
        tail = re.search(r"percentile 99.900 = *([\d.]+)", text)
        r.p99_9 = float(tail[1]) * 1e3 if tail else None
        return used(r, usage)


class Irtt(Tool):
    name, timer = "irtt", "comp"

    def serve(self, pair):
        return [find("irtt"), "server", "-i", "0", "-b", f"{pair.peer}:{PORT}"]

    def ask(self, pair, count, interval, core=None, size=64, quiet=False, freeze=None):
        seconds = count * interval / 1e9
        with tempfile.TemporaryDirectory() as place:
            out = Path(place) / "irtt.json"
            _, usage = run(pair, [find("irtt"), "client", "-Q", f"--timer={self.timer}", "-i", f"{interval:.0f}ns", "-d",
                                  f"{seconds:g}s", "-l", size, "--wait=500ms", "-o", out,
                                  f"{pair.peer}:{PORT}"], core, freeze)
            if not out.exists():
                raise Missing(f"irtt wrote no result: {usage.said}")
            found = json.loads(out.read_text())
        stats = found["stats"]
        sent, received = stats["packets_sent"], stats["packets_received"]
        return used(Result(sent, sent - received, wall_s=seconds,
                           rtts=[x["delay"]["rtt"] for x in found["round_trips"]
                                 if "rtt" in x.get("delay", {})]), usage)


class IrttBusy(Irtt):
    """It waits for its time without sleep."""
    name, timer = "irtt --timer=busy", "busy"


def many_by_kedge(pair, hosts):
    text, usage = run(pair, [find("kedge"), "probe", "-q", "--json", "-c", "5",
                             *[f"icmp://{h}" for h in hosts]])
    found = json.loads(text)["targets"]
    return used(Result(sum(t["sent"] for t in found), sum(t["lost"] for t in found)), usage)


def many_by_fping(pair, hosts):
    text, usage = run(pair, ["sh", "-c", f"exec {find('fping')} -q -c 5 -p 200 -i 1 "
                             f"{' '.join(hosts)} 2>&1"])
    found = re.findall(r"xmt/rcv/%loss = (\d+)/(\d+)/", text)
    sent = sum(int(a) for a, _ in found)
    return used(Result(sent, sent - sum(int(b) for _, b in found)), usage)


def many_by_ping(pair, hosts):
    """One process a target: of some, times all."""
    seen = [run(pair, [find("ping"), "-n", "-c", 5, "-i", ".01", h]) for h in hosts[:5]]
    each = statistics.median(usage.memory_KiB for _, usage in seen)
    return Result(5 * len(seen), 0, memory_KiB=int(each * len(hosts)))


TOOLS = (Kedge(), KedgeIcmp(), Ping(), Fping(), Sockperf(), Irtt())
SERVED = (TOOLS[0], TOOLS[4], TOOLS[5])
FAST = (*SERVED, IrttBusy())
ASKERS = {"kedge icmp": many_by_kedge, "fping": many_by_fping,
          "ping, a process each": many_by_ping}
