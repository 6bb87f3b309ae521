# SPDX-License-Identifier: MIT
"""What a row's runs amount to: medians, ratios round by round, targets, tables. No I/O."""
import statistics
from dataclasses import dataclass, field

# Figure of a run: heading, and how it is printed.
COLUMNS = {
    "server_us_each": ("CPU µs each", "{:,.1f}"),
    "server_s_per_GiB": ("CPU s a GiB", "{:.3f}"),
    "per_s": ("a second", "{:,.0f}"), "MBps": ("MB/s", "{:,.0f}"),
    "wall_s": ("time s", "{:.3f}"), "bounds": ("bounds", "{:.2f}"), "p50_ms": ("p50 ms", "{:.3f}"),
    "p99_ms": ("p99 ms", "{:.3f}"), "server_us_a_packet": ("CPU µs a packet", "{:.2f}"),
    "repeats_percent": ("repeats %", "{:.2f}"), "link_percent": ("% of the link", "{:.0f}"),
    "KiB_each": ("KiB each", "{:.2f}"), "memory_MiB": ("memory MiB", "{:.1f}"),
    "busy": ("generator busy", "{:.0%}"),
}
UNITS = {
    "server_us_each": "server CPU µs each", "server_s_per_GiB": "server CPU s a GiB",
    "server_us_a_packet": "server CPU µs a packet", "server_us_per_MB": "server CPU µs a MB",
    "client_s_per_GiB": "client CPU s a GiB", "wall_s": "seconds", "per_s": "a second",
    "MBps": "MB/s", "KiB_each": "KiB each", "p99_ms": "p99 ms", "failed": "failures",
    "bounds": "times the bound of lock-step",
    "repeats_percent": "% of blocks that came needlessly", "link_percent": "% of the link",
    "memory_MiB": "MiB",
}


@dataclass(frozen=True)
class Target:
    """A figure of ours against that of somebody in the same round: his name, `best` for the
    peer that has the best of it, or None for the figure itself."""
    metric: str
    most: float = None
    least: float = None
    against: str = "best"
    who: str = None         # ours, if it is not the row's

    @property
    def bound(self):
        return f"<= {self.most:g}" if self.least is None else f">= {self.least:g}"

    def holds(self, value):
        return value <= self.most if self.least is None else value >= self.least


@dataclass(frozen=True)
class Row:
    """One kind of work, and who does it. Limits are measured beside but are nobody's best."""
    name: str
    work: object
    subjects: tuple
    targets: tuple = ()
    limits: tuple = ()
    ours: str = "kedge"
    rounds: int = 5
    quick: bool = True
    note: str = ""

    @property
    def metric(self):
        return self.work.metric

    @property
    def everybody(self):
        return (self.ours, *self.subjects, *self.limits)


@dataclass
class Spread:
    """A median and the range about it."""
    values: list = field(default_factory=list)

    def __bool__(self):
        return bool(self.values)

    @property
    def median(self):
        return statistics.median(self.values)

    def text(self, form="{:.3g}"):
        low, high = min(self.values), max(self.values)
        middle = form.format(self.median)
        if len(self.values) == 1:
            return middle
        return f"{middle} ({form.format(low)} to {form.format(high)})"


def spread(runs, metric):
    return Spread([r[metric] for r in runs if r.get(metric) is not None])


def ratios(ours, theirs, metric):
    """Ours by theirs, round by round."""
    return Spread([a[metric] / b[metric] for a, b in zip(ours, theirs)
                   if a.get(metric) is not None and b.get(metric)])


def faults(runs):
    return sum(r.get("failed", 0) + r.get("wrong", 0) for r in runs)


def best_peer(row, results, target):
    """The peer whose figure is the best by the target; who failed is no peer."""
    whole = {n: spread(results[n], target.metric) for n in row.subjects
             if results.get(n) and not faults(results[n])}
    whole = {n: s.median for n, s in whole.items() if s}
    pick = min if target.least is None else max
    return pick(whole, key=whole.get) if whole else None


@dataclass(frozen=True)
class Verdict:
    target: Target
    reached: bool       # None: there was nothing to compare with
    text: str


def judge(row, target, results):
    unit = UNITS.get(target.metric, target.metric)
    who = target.who or row.ours
    ours = results.get(who)
    if target.who:
        unit = f"{who}, {unit}"
    if not ours:
        return Verdict(target, None, f"{unit}: {who} was left out")
    against = best_peer(row, results, target) if target.against == "best" else target.against
    if target.against is None:
        found, name = spread(ours, target.metric), unit
    elif not results.get(against):
        return Verdict(target, None, f"{unit}: {against or 'no peer'} to compare with"
                       if against is None else f"{unit}: {against} was left out")
    else:
        found = ratios(ours, results[against], target.metric)
        name = f"{unit}, by {against}'s"
    if not found:
        return Verdict(target, None, f"{name}: no figure")
    whole = target.metric == "failed" or not faults(ours)
    reached = whole and target.holds(found.median)
    word = "reached" if reached else "not reached" if whole else "not reached: it failed"
    return Verdict(target, reached, f"{name}: {found.text()}, to be {target.bound}: {word}")


def table(row, results):
    """Heading and lines of cells, as text: everybody who ran."""
    present = [n for n in row.everybody if results.get(n)]
    extra = [c for c in COLUMNS if c != row.metric
             and any(r.get(c) is not None for n in present for r in results[n])]
    lines = [["", UNITS.get(row.metric, row.metric), f"{row.ours}'s by this", "failed",
              *(COLUMNS[c][0] for c in extra)]]
    for name in present:
        runs = results[name]
        own = spread(runs, row.metric)
        by = ratios(results.get(row.ours, []), runs, row.metric)
        cells = [name + (" (limit)" if name in row.limits else ""),
                 own.text() if own else "-",
                 by.text("{:.2f}") if by and name != row.ours else "",
                 f"{faults(runs):,}"]
        for c in extra:
            s = spread(runs, c)
            cells.append(COLUMNS[c][1].format(s.median) if s else "-")
        lines.append(cells)
    return lines


def as_text(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  " + "  ".join(
        cell.ljust(w) if i == 0 else cell.rjust(w)
        for i, (cell, w) in enumerate(zip(line, widths))).rstrip() for line in lines)


def as_markdown(lines):
    head, *rest = lines
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rest))


def closing_line(verdicts):
    judged = [v for v in verdicts if v.reached is not None]
    return f"{sum(v.reached for v in judged)} of {len(judged)} reached"
