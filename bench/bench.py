#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measure kedge beside every other implementation that is here, in one run.

    bench/bench.py [--quick [--all]] [--rounds N] [--only NAME]... [--against NAME]...
                   [--json FILE]
    bench/bench.py --document FILE...
    bench/bench.py --plots DIRECTORY

Each row is one kind of work. Its runs are interleaved (A B A B ...), every byte is
compared, and what counts is a ratio within a round: absolute figures say nothing on a
shared machine. The figure is mostly the server's CPU, of its whole process tree: it is the
steadiest. Servers run in network namespaces of their own, so this wants root. The last line
is `N of M reached`.
"""
import argparse
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from interop import servers  # noqa: E402

import document  # noqa: E402
import figures  # noqa: E402
import plots  # noqa: E402
from place import Files, Missing  # noqa: E402
from rows import ROWS  # noqa: E402


def run_row(row, files, args):
    """{subject: [figures of a run, ...]}, round by round; who is not here is left out."""
    results, gone = {}, {}
    if hasattr(row.work, "run_all"):  # it interleaves by itself
        return row.work.run_all(row.everybody, files, args.quick), gone
    for _ in range(args.rounds or (1 if args.quick else row.rounds)):
        for name in row.everybody:
            if name in gone or args.against and name not in (row.ours, *args.against):
                continue
            try:
                results.setdefault(name, []).append(row.work.run(name, files, args.quick))
            except (Missing, AssertionError) as why:
                gone[name] = str(why)
                results.pop(name, None)
            except subprocess.TimeoutExpired as why:
                gone[name] = f"it was not done after {why.timeout} s"
                results.pop(name, None)
    return results, gone


def show(row, results, gone):
    """Print a row; its verdicts."""
    print(f"\n{row.name}" + (f" ({row.note})" if row.note else ""))
    for name, why in gone.items():
        print(f"  {name} is left out: {why}")
    if results:
        print(figures.as_text(figures.table(row, results)))
    verdicts = [figures.judge(row, t, results) for t in row.targets]
    for verdict in verdicts:
        print(f"  {verdict.text}")
    sys.stdout.flush()
    return verdicts


def command():
    """What was asked, without where the results go."""
    words = list(sys.argv[1:])
    if "--json" in words:
        at = words.index("--json")
        del words[at:at + 2]
    return shlex.join(["bench/bench.py", *words])


def chosen(only):
    rows = [r for r in ROWS if not only or any(r.name.startswith(o) for o in only)]
    if not rows:
        sys.exit(f"bench: no such row; there are: {'; '.join(r.name for r in ROWS)}")
    return rows


@contextmanager
def scratch():
    """Files to be served, with room for logs and copies beside them."""
    with tempfile.TemporaryDirectory(prefix="kedge-bench-") as outer:
        Path(outer).chmod(0o755)
        yield Files(Path(outer) / "srv")


def measure(rows, args):
    """The verdicts; --json keeps all, beside what is in its file of other rows."""
    verdicts, kept = [], document.load([args.json] if args.json else [])
    with scratch() as files:
        for row in rows:
            if args.quick and not row.quick and not (args.all or args.only):
                continue
            before = os.getloadavg()[0]
            results, gone = run_row(row, files, args)
            verdicts += show(row, results, gone)
            kept[row.name] = {"results": results, "gone": gone, "command": command(),
                              "load": sorted([before, os.getloadavg()[0]])}
            if args.json:
                args.json.write_text(json.dumps(kept, indent=1))
    return verdicts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--all", action="store_true",
                        help="with --quick: also the rows that it leaves out")
    parser.add_argument("--json", type=Path,
                        help="keep all results there; other rows in it stay as they are")
    parser.add_argument("--document", type=Path, nargs="+", metavar="FILE",
                        help="measure no row, but fill docs/performance/tables.md in from such files")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="only rows whose name begins so; may be repeated")
    parser.add_argument("--against", action="append", default=[], metavar="NAME",
                        help="only beside this peer or limit; may be repeated")
    parser.add_argument("--rounds", type=int, help="of each row, in place of its own")
    parser.add_argument("--plots", type=Path, metavar="DIRECTORY",
                        help="measure no row, but draw how cost grows, as SVG: at-once, "
                             "file-size, or what --only names")
    parser.add_argument("--list", action="store_true", help="the rows' names")
    args = parser.parse_args()
    if args.list:
        sys.exit(print("\n".join(r.name for r in ROWS)))
    if args.document:
        left = document.fill_in(document.load(args.document))
        sys.exit(f"bench: the page has no place for {'; '.join(left)}" if left else 0)
    if not servers.namespaces_are_to_be_had():
        sys.exit("bench: network namespaces want root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and so end what it runs
    start = time.monotonic()
    print(f"{os.cpu_count()} CPUs, {platform.system()} {platform.release()}, "
          f"load {os.getloadavg()[0]:.1f} at the start")
    if args.plots:
        with scratch() as files:
            plots.draw(args.plots, files, args.only)
        return
    verdicts = measure(chosen(args.only), args)
    print(f"\n{time.monotonic() - start:.0f} s, load {os.getloadavg()[0]:.1f} at the end")
    unjudged = sum(v.reached is None for v in verdicts)
    if unjudged:
        print(f"{unjudged} not compared")
    print(figures.closing_line(verdicts))


if __name__ == "__main__":
    main()
