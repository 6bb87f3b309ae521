#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""TFTP as a model, searched by spin: every order of losses, copies and overtakings.

    make model              all of it
    tests/model/model.py --quick

A row holds, or must fail: known dangers and planted faults must be found. Prints the states
and transitions that were explored. Each row has TIME_S and MEMORY_MB, or it is a failure.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

MODEL = Path(__file__).resolve().parent / "tftp.pml"
TIME_S, MEMORY_MB, DEPTH = 180, 2500, 100_000


@dataclass
class Row:
    what: str
    numbers: int
    window: int
    life: int
    last: int
    holds: bool = True
    defines: tuple = ()
    bounds: tuple = ()      # losses, copies, overtakes: then it is about progress
    quick: bool = True

    @property
    def words(self):
        given = {"NUMBERS": self.numbers, "WINDOW": self.window, "LIFE": self.life,
                 "LAST": self.last}
        given |= dict(zip(("LOSSES", "COPIES", "OVERTAKES"), self.bounds))
        return [f"-D{k}={v}" for k, v in given.items()] + [
            f"-D{d}" for d in (*self.defines, "PROGRESS" if self.bounds else "ANY_TIME")]


FEW = (2, 1, 2)
ROWS = [
    Row("in lock-step", 4, 1, 2, 9),
    Row("with a window", 4, 2, 1, 9),
    Row("with a window, eight numbers", 8, 2, 2, 10),
    Row("a window just below half the numbers", 8, 3, 3, 9, defines=("STEADY",)),
    Row("a window of all numbers but one, nothing late", 4, 3, 0, 9, defines=("STEADY",)),
    Row("it ends, in lock-step", 4, 1, 2, 9, bounds=(3, 2, 2)),
    Row("it ends, with a window", 8, 2, 4, 10, bounds=FEW),
    Row("it ends, with a window of three", 8, 3, 3, 10, bounds=FEW, quick=False),
    Row("danger: a packet as old as the numbers", 4, 1, 3, 9, holds=False),
    Row("danger: a window of half the numbers", 4, 2, 2, 9, holds=False),
    Row("danger: the same with eight numbers", 8, 4, 4, 10, holds=False,
        defines=("STEADY",), quick=False),
    Row("danger: a window of all the numbers, nothing late", 4, 4, 0, 9, holds=False),
    Row("fault: the last ACK leaves before the file is kept", 8, 2, 1, 9, holds=False,
        defines=("FAULT_ACK_BEFORE_KEPT",)),
    Row("fault: any block of the window is taken for the next", 8, 2, 1, 9, holds=False,
        defines=("FAULT_ANY_OF_THE_WINDOW",)),
    Row("fault: the sender has no timer", 4, 1, 2, 9, holds=False, bounds=FEW,
        defines=("FAULT_NO_TIMER",)),
]


@dataclass
class Result:
    held: bool      # no error was found, and the search was whole
    failed: bool    # an error was found
    states: int
    transitions: int
    seconds: float
    output: str


def search(row):
    """Spin's verdict on a row. Neither held nor failed: time, memory or depth ran out."""
    with tempfile.TemporaryDirectory() as place:
        def run(*command):
            return subprocess.run(command, cwd=place, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=TIME_S).stdout

        start = time.monotonic()
        progress = bool(row.bounds)
        said = run("spin", "-a", *row.words, MODEL)
        said += run("gcc", "-O2", f"-DMEMLIM={MEMORY_MB}", "-DCOLLAPSE",
                    "-DNFAIR=3" if progress else "-DSAFETY", "-o", "pan", "pan.c")
        try:
            said += run("./pan", f"-m{DEPTH}", *(["-a", "-f"] if progress else []))
        except subprocess.TimeoutExpired:
            said += "out of time"
        seconds = time.monotonic() - start
    errors = re.search(r"errors: (\d+)", said)
    cut = re.search(r"out of time|max search depth too small|memory limit|Search not completed"
                    r"|aborting", said)
    found = [int(float(m)) for m in re.findall(r"([\d.e+]+) (?:states, stored|transitions)", said)]
    failed = bool(errors and int(errors[1]))
    return Result(bool(errors) and not failed and not cut, failed, *(found or [0, 0])[:2],
                  seconds, said)


def right(row, result):
    return result.held if row.holds else result.failed


def missing():
    return [tool for tool in ("spin", "gcc") if not shutil.which(tool)]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave out the longest")
    args = parser.parse_args()
    if missing():
        sys.exit(f"model: no {missing()[0]} here (tools/setup --check)")
    wrong = 0
    print("| | numbers | window | life | found | states | transitions | s |")
    print("|---|---|---|---|---|---|---|---|")
    for row in ROWS:
        if args.quick and not row.quick:
            continue
        result = search(row)
        verdict = "holds" if result.held else "fails" if result.failed else "not decided"
        mark = "" if right(row, result) else " (WRONG)"
        wrong += bool(mark)
        print(f"| {row.what} | {row.numbers} | {row.window} | {row.life} | {verdict}{mark} | "
              f"{result.states:,} | {result.transitions:,} | {result.seconds:.0f} |",
              flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
