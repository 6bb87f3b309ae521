# SPDX-License-Identifier: MIT
"""The bench itself: what it makes of figures, and one small row measured."""
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import document  # noqa: E402
import figures  # noqa: E402
import svg  # noqa: E402
from figures import Row, Target  # noqa: E402
from rows import ROWS  # noqa: E402


CPU = "server_us_each"


class Work:
    metric = "server_us_each"


def row(*targets):
    return Row("work", Work(), ("quick", "slow"), targets, limits=("loop",))


def runs(*values, failed=0):
    return [{"server_us_each": v, "failed": failed, "wrong": 0} for v in values]


def reached(target, **results):
    return figures.judge(row(target), target, results).reached


def test_a_ratio_is_taken_within_its_round():
    """A machine that is twice as slow in the second round changes nothing."""
    by = figures.ratios(runs(5, 10, 6), runs(10, 20, 10), "server_us_each")
    assert by.values == [0.5, 0.5, 0.6]
    assert by.median == 0.5
    assert by.text("{:.1f}") == "0.5 (0.5 to 0.6)"


def test_the_best_peer_failed_nothing():
    results = {"kedge": runs(1), "quick": runs(2), "slow": runs(4), "loop": runs(1)}
    assert figures.best_peer(row(), results, Target(CPU, most=1)) == "quick"
    results["quick"] = runs(2, failed=1)
    assert figures.best_peer(row(), results, Target(CPU, most=1)) == "slow"


@pytest.mark.parametrize("target,want", [
    (Target(CPU, most=0.5), True), (Target(CPU, most=0.49), False),
    (Target(CPU, most=0.25, against="slow"), True),
    (Target(CPU, most=1.05, against="loop"), False),
    (Target(CPU, least=2, against="loop"), True),
    (Target(CPU, most=2, against=None), True), (Target(CPU, most=1, against=None), False),
    (Target(CPU, most=1, against="nobody"), None), (Target("p99_ms", most=1), None),
    (Target("failed", most=0, against=None), True)])
def test_a_target_is_reached_or_not_or_not_to_be_judged(target, want):
    assert reached(target, kedge=runs(2), quick=runs(4), slow=runs(8), loop=runs(1)) is want


def test_who_failed_reached_nothing():
    assert reached(Target(CPU, most=1), kedge=runs(1, failed=1), quick=runs(4)) is False


def test_without_a_peer_nothing_is_judged():
    assert reached(Target(CPU, most=1), kedge=runs(1)) is None
    assert reached(Target(CPU, most=1), quick=runs(1)) is None


def test_the_closing_line_counts_what_was_judged():
    verdicts = [figures.Verdict(None, r, "") for r in (True, False, None, True)]
    assert figures.closing_line(verdicts) == "2 of 3 reached"


def test_a_table_has_a_line_for_everybody_who_ran():
    lines = figures.table(row(), {"kedge": runs(1, 3), "loop": runs(2, 2)})
    assert [line[0] for line in lines] == ["", "kedge", "loop (limit)"]
    assert lines[1][1:] == ["2 (1 to 3)", "", "0"]
    assert lines[2][1:] == ["2 (2 to 2)", "1.00 (0.50 to 1.50)", "0"]
    assert figures.as_markdown(lines).count("\n") == 3


def test_rows_name_their_own():
    assert len({r.name for r in ROWS}) == len(ROWS)
    for r in ROWS:
        for t in r.targets:
            assert t.against in (None, "best", *r.everybody), r.name
            assert (t.most is None) != (t.least is None)


def kept(row, *values, peer=10):
    metric = row.metric
    return {row.name: {"results": {row.ours: [{metric: v} for v in values],
                                   **{n: [{metric: peer} for _ in values]
                                      for n in (*row.subjects, *row.limits)}},
                       "gone": {}, "command": "bench/bench.py", "load": [1, 2]}}


def test_every_row_has_a_place_in_the_page():
    everything = {}
    for r in ROWS:
        everything |= kept(r, 1)
    assert document.homeless(everything, document.PAGE.read_text()) == []


def test_what_is_not_reached_is_one_line_a_target():
    first = next(r for r in ROWS if r.name == "echo tcp, churn")
    results = kept(first, 9, 9.5)
    verdicts = document.verdicts_of(first, results[first.name])
    missed = [v for v in verdicts if v.reached is False]
    text = document.not_reached_part(results, None)
    assert len(missed) == 1 and text.startswith("1 targets")
    assert [line for line in text.splitlines() if line.startswith("| echo tcp, churn: ")] == [
        f"| echo tcp, churn: server CPU µs each, by libuv's | 0.925 (0.9 to 0.95), to be <= 0.7 "
        f"| {document.reasons()['echo tcp, churn: server CPU µs each, by libuv' + chr(39) + 's']} |"]


def test_a_reason_is_of_a_row_that_there_is():
    assert [b for b in document.reasons()
            if not any(r.name.startswith(b.split(":")[0]) for r in ROWS)] == []


def test_a_plot_has_a_line_for_each_series():
    drawn = ET.fromstring(svg.plot("a < b", "x", "y", {
        "one": [(1, 10), (100, 1000)], "two & more": [(1, 20), (10, 30)], "none": []}))
    found = {e.tag.rpartition("}")[2] for e in drawn.iter()}
    lines = [e for e in drawn.iter() if e.tag.endswith("polyline")]
    assert "title" in found and len(lines) == 2
    first, last = ([float(v) for v in p.split(",")]
                   for p in lines[0].get("points").split())
    assert first == [svg.LEFT, svg.HEIGHT - svg.BOTTOM]
    assert last == [svg.WIDTH - svg.RIGHT, svg.TOP]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("name", ["storm, no options", "echo tcp, 1 x", "echo udp, bursts, 64"])
def test_a_row_is_measured(root, build, name):
    done = subprocess.run([root / "bench/bench.py", "--quick", "--only", name, "--against",
                           "kedge"], env={**os.environ, "KEDGE_BUILD": str(build)},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    line = re.search(r"^ +kedge +([\d.]+) .*", done.stdout, re.M)
    assert line and float(line[1]) > 0, done.stdout
    assert done.stdout.endswith("0 of 0 reached\n")
