# SPDX-License-Identifier: MIT
"""docs/performance/tables.md, filled in from the results of one run or of several: between
`<!-- rows: BEGINNINGS OF NAMES -->`, `<!-- run -->` or `<!-- not reached -->` and the next
`<!-- end -->` is what this writes; the rest is prose. Why something is not reached is kept in
docs/performance/reasons.md, by the row's name."""
import json
import os
import platform
import re
import subprocess

import figures
from place import ROOT, Missing, find
from rows import ROWS

PAGE, REASONS = ROOT / "docs/performance/tables.md", ROOT / "docs/performance/reasons.md"
PART = re.compile(r"<!-- (rows|run|not reached)(?:: (.*?))? -->\n.*?<!-- end -->", re.S)
# How each says its version, and where it is in what it says.
VERSIONS = {
    "gcc": (["gcc", "-dumpfullversion"], r"([\d.]+)"),
    "tftpd-hpa": (["in.tftpd", "-V"], r"hpa ([\d.]+)"),
    "tftp-hpa": (["tftp", "-V"], r"hpa ([\d.]+)"),
    "atftpd": (["atftpd", "--version"], r"([\d.]+)"),
    "atftp": (["atftp", "--version"], r"([\d.]+)"),
    "dnsmasq": (["dnsmasq", "-v"], r"version ([\d.]+)"),
    "busybox": (["busybox"], r"v([\d.]+)"),
    "curl": (["curl", "-V"], r"curl ([\d.]+)"),
    "libuv": (["pkg-config", "--modversion", "libuv"], r"([\d.]+)"),
    "socat": (["socat", "-V"], r"version ([\d.]+)"),
    "ncat": (["ncat", "--version"], r"([\d.]+)"),
}


def load(files):
    """{row: its results, who was left out, the command, the load}; later files count more."""
    found = {}
    for file in files:
        if file.exists():
            found |= json.loads(file.read_text())
    return found


def verdicts_of(row, kept):
    return [figures.judge(row, t, kept["results"]) for t in row.targets]


def measured(kept):
    return [(row, kept[row.name]) for row in ROWS if row.name in kept]


def page_of(row, kept):
    low, high = (f"{x:.1f}" for x in kept["load"])
    text = [f"### {row.name}", "", f"`{kept['command']}`, load {low} to {high}", ""]
    if kept["results"]:
        text += [figures.as_markdown(figures.table(row, kept["results"])), ""]
    text += [f"{name} is left out: {why}.\n" for name, why in kept["gone"].items()]
    text += [f"- {verdict.text}" for verdict in verdicts_of(row, kept)]
    return "\n".join(text).rstrip() + "\n"


def rows_part(kept, beginnings):
    begin = tuple(b.strip() for b in beginnings.split(";"))
    return "\n".join(page_of(r, k) for r, k in measured(kept) if r.name.startswith(begin))


def version_of(words, pattern):
    try:
        done = subprocess.run([find(words[0]), *words[1:]], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=10, errors="replace")
    except (Missing, OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(pattern, done.stdout + done.stderr)
    return said and said[1].rstrip(".")


def run_part(kept, _):
    versions = {n: version_of(*how) for n, how in VERSIONS.items()}
    here = ", ".join(f"{n} {v}" for n, v in versions.items() if v)
    commands = dict.fromkeys(k["command"] for _, k in measured(kept))
    verdicts = [v for r, k in measured(kept) for v in verdicts_of(r, k)]
    loads = [x for _, k in measured(kept) for x in k["load"]]
    return "\n".join([
        *(f"    {c}" for c in commands), "",
        f"{os.cpu_count()} processors, {platform.system()} {platform.release()}, release "
        f"build; {here}. Load {min(loads):.1f} to {max(loads):.1f}: the bench itself is about "
        f"2. **{figures.closing_line(verdicts)}.**", ""])


def reasons():
    """{beginning of "row: target": why}"""
    parts = re.split(r"^## (.*)\n", REASONS.read_text(), flags=re.M)[1:]
    return {k: " ".join(v.split()) for k, v in zip(parts[::2], parts[1::2])}


def not_reached_part(kept, _):
    why, lines = reasons(), []
    for row, k in measured(kept):
        for v in verdicts_of(row, k):
            if v.reached is not False:
                continue
            name, found = v.text.split(": ", 1)
            keys = [b for b in why if f"{row.name}: {name}".startswith(b)]
            reason = why[max(keys, key=len)] if keys else "not looked into yet"
            lines.append(f"| {row.name}: {name} | {found.removesuffix(': not reached')} | "
                         f"{reason} |")
    return "\n".join([f"{len(lines)} targets, one a line.", "",
                      "| row: target | found | why, by measurement |", "| --- | --- | --- |",
                      *lines, ""])


PARTS = {"rows": rows_part, "run": run_part, "not reached": not_reached_part}


def homeless(kept, text):
    """Rows that no part of the page is for."""
    begin = tuple(b.strip() for m in PART.finditer(text) if m[1] == "rows"
                  for b in m[2].split(";"))
    return [r.name for r, _ in measured(kept) if not r.name.startswith(begin)]


def fill_in(kept):
    text = PAGE.read_text()

    def part(match):
        head = match[0].split("\n", 1)[0]
        return f"{head}\n\n{PARTS[match[1]](kept, match[2])}\n<!-- end -->"
    PAGE.write_text(PART.sub(part, text))
    return homeless(kept, text)
