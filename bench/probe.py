#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measure `kedge probe` beside ping, fping, sockperf and irtt, in one run.

    bench/probe.py [--quick] [--only NAME]... [--json FILE]

Two network namespaces are joined by a pair of devices (or by badlink). What a tool says of
round trips is held against what AF_PACKET (tcpdump) in the peer's namespace stamped: from a
request's coming to its answer's going. What is more is the tool's own path and stack. Runs
are interleaved; on a shared machine only figures of one round compare. Wants root. The last
line is `N of M reached`.
"""
import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from probe_place import BadLink, Missing, Pair, answers, way_of_link  # noqa: E402
from probe_tools import ASKERS, FAST, SERVED, TOOLS  # noqa: E402

US, MS = 1e3, 1e6


def percentile(values, part):
    """Of the sample itself, by the nearest rank."""
    values = sorted(values)
    return values[min(len(values) - 1, int(part * len(values)))] if values else None


def us(ns):
    return "-" if ns is None else f"{ns / US:,.1f}"


def table(heads, rows):
    widths = [max(len(str(r[i])) for r in (heads, *rows)) for i in range(len(heads))]
    for row in (heads, *rows):
        print("  " + "  ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w)
                               for i, (c, w) in enumerate(zip(row, widths))).rstrip())


class Bench:
    def __init__(self, args):
        self.args, self.verdicts, self.found = args, [], {}
        self.rounds = 1 if args.quick else 3

    def verdict(self, what, reached):
        self.verdicts.append(reached)
        print(f"  {what}: {'reached' if reached else 'not reached'}")

    def each(self, tools, run):
        """{tool: [result of a round]}, interleaved; who is not here is left out."""
        found = {}
        for _ in range(self.rounds):
            for tool in tools:
                try:
                    found.setdefault(tool.name, []).append(run(tool))
                except Missing as why:
                    found.pop(tool.name, None)
                    print(f"  left out: {why}", file=sys.stderr)
        return {name: runs for name, runs in found.items() if runs}

    # ---- what each reports, beside the stamps ----

    def overhead(self):
        print("\noverhead: round trips of 56 to 64 bytes, 500 a second, over a pair of devices;"
              "\nmedians over the rounds, µs")
        count = 500 if self.args.quick else 2000

        def run(tool):
            with Pair() as pair, tool.served(pair), pair.capture() as capture:
                result = tool.ask(pair, count, 2 * MS)
                result.hold_against(answers(capture.packets()))
            return result
        runs = self.each(TOOLS, run)
        rows = []
        for name, results in runs.items():
            for which, pick in (("", lambda r: r.rtts), (" (kernel)", lambda r: r.way)):
                if not pick(results[0]):
                    continue
                figures = [[q(pick(r)) for q in QUANTILES] + [q(r.stamps) for q in QUANTILES]
                           for r in results]
                half, most, there, there_most = map(statistics.median, zip(*figures))
                over = [statistics.median(f[i] - f[i + 2] for f in figures) for i in (0, 1)]
                rows.append((name + which, us(half), us(most), us(there), us(there_most),
                             us(over[0]), us(over[1])))
                self.found[f"overhead {name}{which}"] = over
        table(("", "p50", "p99", "peer p50", "peer p99", "more p50", "more p99"), rows)
        self.apart({name: results for name, results in runs.items() if results[0].apart})

    def apart(self, runs):
        """Stamp for stamp, of the same packets."""
        print("\n  from stamp to stamp of the same packet, medians, µs. Going: from the stamp of "
              "kedge's\n  device to AF_PACKET's at the peer's; between them the kernel hands that "
              "stamp to kedge.\n  Coming: from AF_PACKET's to that of kedge's device; between them "
              "is the capture's own\n  work on the answer, before it leaves.")
        rows = []
        for name, results in runs.items():
            medians = [[statistics.median(way) for way in (*zip(*r.apart), map(sum, r.apart))]
                       for r in results]
            rows.append((name, *(us(statistics.median(m)) for m in zip(*medians))))
            self.found[f"apart {name}"] = medians
        table(("", "going", "coming", "both"), rows)
        if "apart kedge udp" not in self.found:
            return
        going, coming, both = map(statistics.median, zip(*self.found["apart kedge udp"]))
        for what, more in (("kedge's stamp of a probe is %s µs from AF_PACKET's", going),
                           ("kedge's stamp of an answer is %s µs from AF_PACKET's", coming),
                           ("kedge's median by the kernel's clock is %s µs from AF_PACKET's",
                            both)):
            self.verdict(what % us(more) + ", within 1", abs(more) <= US)

    def delayed(self):
        print("\na set delay: 20 ms by badlink (--rt, --spin 10ms: it never sleeps while a packet "
              "waits,\nso that it is not late for want of waking); medians, µs above it")
        count = 100 if self.args.quick else 300

        def run(tool):
            with BadLink("--delay", "10ms", "--rt", "--spin", "10ms") as pair:
                near, far = pair.captures()
                with tool.served(pair), near, far:
                    result = tool.ask(pair, count, 10 * MS)
                    result.link = way_of_link(near.packets(), far.packets())
            result.late = pair.lateness_us()
            return result
        runs = self.each(TOOLS, run)
        rows = []
        for name, results in runs.items():
            more = statistics.median(percentile(r.rtts, .5) - 20 * MS for r in results)
            kernel = [r.way and percentile(r.way, .5) - 20 * MS for r in results]
            wire = [r.wire and r.wire - 20 * MS for r in results]
            late = statistics.median(r.late for r in results)
            link = statistics.median(r.link - 20 * MS for r in results)
            rows.append((name, us(more), *(us(statistics.median(v)) if v[0] else "-"
                                           for v in (kernel, wire)), us(link), f"{late:.1f}"))
            self.found[f"delayed {name}"] = {"plain": more, "link": link}
            if wire[0]:
                self.found["delayed wire"] = statistics.median(wire), link
        table(("", "p50 - 20 ms", "by the kernel", "less the server's", "link, AF_PACKET",
               "badlink's own"), rows)
        if "delayed wire" in self.found:
            wire, link = self.found["delayed wire"]
            plain = self.found["delayed kedge udp"]["plain"]
            print(f"  the link itself took {us(link)} µs more than the set 20 ms, from one end's "
                  "AF_PACKET to the other's")
            self.verdict(f"kedge's median as its program sees it is {us(plain)} µs from the set "
                         "20 ms, within 100", abs(plain) <= 100 * US)
            self.verdict(f"kedge's median on the wire, by the kernel's clock, is {us(wire)} µs "
                         "from the set 20 ms, within 100", abs(wire) <= 100 * US)

    # ---- how many, and what one costs ----

    def rate(self):
        print("\nrate: 64-byte UDP, the prober on one core and its server on the other; the most"
              "\nprobes a second of which no loss was reported that no queue explains, best of the "
              "rounds;\nand how many a second of the prober's CPU is enough for")
        ladder = [1, 2, 5, 10, 20, 40, 80, 120, 160, 200, 250, 300]
        best = {}

        def climb(tool):
            fell = 0
            for thousands in ladder:
                try:
                    with Pair() as pair, tool.served(pair, core=1):
                        r = tool.ask(pair, int(thousands * 1000), MS / thousands, core=0,
                                     size=64, quiet=True)
                except Missing as why:
                    print(f"  {tool.name}, asked {thousands},000: {why}", file=sys.stderr)
                    fell += 1
                    if fell == 2:
                        break
                    continue
                if self.args.verbose:
                    print(f"  {tool.name}: asked {thousands},000: {r.rate:,.0f} a second, "
                          f"{r.a_core:,.0f} of a core, lost {r.lost} of {r.sent}, unexplained "
                          f"{r.wrong}", file=sys.stderr)
                had = best.get(tool.name, (0, 0))
                if r.wrong == 0:
                    best[tool.name] = max(had[0], r.rate), max(had[1], r.a_core)
                fell = 0 if best.get(tool.name, had) != had else fell + 1
                if fell == 2:
                    break
        self.each(FAST, climb)
        table(("", "a second", "a CPU second"),
              [(name, f"{a:,.0f}", f"{b:,.0f}") for name, (a, b) in best.items()])
        self.found["rate"] = best
        for name, least in (("sockperf", 2), ("irtt", 10)):
            self.times(best, name, least)

    def times(self, best, name, least):
        """Against the best of its modes, each by its own measure: the goal is of the rate."""
        rivals = [figures for n, figures in best.items() if n.split()[0] == name]
        if not rivals or "kedge udp" not in best:
            return
        rate, core = (ours / max(theirs)
                      for ours, theirs in zip(best["kedge udp"], zip(*rivals)))
        self.verdict(f"{rate:.1f} times {name}'s rate, probes a second, at least {least}",
                     rate >= least)
        print(f"  {core:.1f} times {name}'s probes for a second of CPU (no goal; what a busy "
              "machine leaves comparable)")

    def cost(self):
        print("\ncost: the prober's CPU for a probe, µs, median of the rounds")
        rows = []
        for label, interval, tools in (("500 a second", 2 * MS, TOOLS),
                                       ("10,000 a second", MS / 10, SERVED)):
            count = int((1 if self.args.quick else 3) * 1e9 / interval)

            def run(tool):
                with Pair() as pair, tool.served(pair):
                    return tool.ask(pair, count, interval, quiet=True)
            for name, results in self.each(tools, run).items():
                each = [r.cpu_s * 1e6 / r.sent for r in results if r.sent]
                rows.append((f"{label}, {name}", f"{statistics.median(each):.1f}"))
                self.found[f"cost {label} {name}"] = statistics.median(each)
        table(("", "CPU µs a probe"), rows)

    def memory(self):
        print("\nmemory: 1,000 targets of 127.0.0.0/8, ICMP, five probes each, MiB")
        rows = []
        hosts = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(1000)]
        for name, ask in ASKERS.items():
            try:
                with Pair() as pair:
                    r = ask(pair, hosts)
            except Missing as why:
                print(f"  left out: {why}", file=sys.stderr)
                continue
            rows.append((name, f"{r.memory_KiB / 1024:.1f}", r.sent, r.lost))
            self.found[f"memory {name}"] = r.memory_KiB
        table(("", "MiB", "sent", "lost"), rows)

    # ---- a server that stands still ----

    def freeze(self):
        print("\nfreeze: the server stopped 300 ms in 5 s of 1,000 probes a second; ms")
        rows, ours = [], ()
        for tool in SERVED:
            try:
                with Pair() as pair, tool.served(pair) as server:
                    r = tool.ask(pair, 5000, MS, freeze=(server, 2, .3))
            except Missing as why:
                print(f"  left out: {why}", file=sys.stderr)
                continue
            tail = r.p99_9 or percentile(r.rtts, .999)
            rows.append((tool.name, r.sent, r.lost, f"{percentile(r.rtts, .5) / MS:.3f}",
                         f"{percentile(r.rtts, .99) / MS:.3f}", f"{tail / MS:.3f}",
                         r.stall or "-"))
            self.found[f"freeze {tool.name}"] = {"lost": r.lost, "p99_9_ns": tail}
            if tool is SERVED[0]:
                ours = (tail > 250 * MS, r.lost == 0, bool(r.stall))
        table(("", "sent", "lost", "p50", "p99", "p99.9", "the stall"), rows)
        for what, reached in zip(("p99.9 over 250 ms", "nothing is called lost",
                                  "the stall is named"), ours):
            self.verdict(what, reached)


QUANTILES = (lambda v: percentile(v, .5), lambda v: percentile(v, .99))
ROWS = ("overhead", "delayed", "rate", "cost", "memory", "freeze")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round, and shorter")
    parser.add_argument("--only", action="append", choices=ROWS, help="only this part")
    parser.add_argument("--verbose", action="store_true", help="each step of the rate")
    parser.add_argument("--json", type=Path, help="write the figures there")
    args = parser.parse_args()
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        sys.exit("bench: network namespaces want root, and badlink /dev/net/tun")
    bench = Bench(args)
    with tempfile.TemporaryDirectory(prefix="kedge-bench-") as place:
        os.chdir(place)
        for row in args.only or ROWS:
            getattr(bench, row)()
            sys.stdout.flush()
    if args.json:
        args.json.write_text(json.dumps(bench.found, indent=1))
    print(f"\n{sum(bench.verdicts)} of {len(bench.verdicts)} reached")


if __name__ == "__main__":
    main()
