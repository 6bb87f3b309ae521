# SPDX-License-Identifier: MIT
"""Every C source is as clang-format would write it; text ends its lines, and has no blanks
at their ends."""
import subprocess

import versions
from guards import guard

versions.require("clang-format")


def formatted(tree):
    sources = [str(p) for p in guard.files(tree, suffix=(".c", ".h"))]
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", *sources], text=True,
                          cwd=tree, stderr=subprocess.PIPE)
    return [line for line in done.stderr.splitlines() if "error:" in line]


def untidy(tree):
    found = []
    for path in guard.files(tree):
        data = path.read_bytes()
        if b"\0" in data or "corpus" in path.parts or not data:
            continue
        name = path.relative_to(tree)
        if not data.endswith(b"\n"):
            found.append(f"{name}: no newline at its end")
        for number, line in enumerate(data.split(b"\n"), 1):
            if line.endswith((b" ", b"\t", b"\r")) and path.suffix != ".md":
                found.append(f"{name}:{number}: blanks at the end")
    return found


def test_sources_are_formatted(root):
    found = formatted(root) + untidy(root)
    assert not found, guard.show(found)


def test_bad_format_is_seen(scratch):
    guard.plant(scratch, "src/base/planted.c", "int  planted( void )\n{ return 0;}\n")
    assert any("planted.c" in c for c in formatted(scratch))


def test_blanks_are_seen(scratch):
    guard.plant(scratch, "tools/planted", "echo \necho")
    assert len([c for c in untidy(scratch) if "tools/planted" in c]) == 2
