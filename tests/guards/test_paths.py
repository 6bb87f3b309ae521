# SPDX-License-Identifier: MIT
"""The project speaks of itself: no path of the machine it was written on, and no host of a
package registry, in any of its files."""
import os
import re

import guard
import pytest

# Cut in two, so that this file has none itself.
PATTERNS = [r"/(home|Users)" r"/\w+", r"/" r"root/", r"(?<![\w.}])/" r"root\b(?!=)",
            r"(?<![\w.\"'])/" r"work/",
            r"\b(deb|security|snapshot)\.debian\.org", r"\barchive\.ubuntu\.com",
            r"\b(registry\.npmjs|pypi|proxy\.golang)\.(org|com)"]
SELF = "tests/guards/test_paths.py"


def complaints(tree, patterns):
    found = []
    sought = re.compile("|".join(patterns))
    for path in guard.files(tree):
        data = path.read_bytes()
        if b"\0" in data or str(path.relative_to(tree)) == SELF:
            continue
        for number, line in enumerate(data.decode(errors="replace").split("\n"), 1):
            if sought.search(line):
                found.append(f"{path.relative_to(tree)}:{number}: {line.strip()[:100]}")
    return found


def here(root):
    """The place of this very tree, where that says something."""
    home = os.path.expanduser("~")
    places = [p for p in (str(root), home) if p.count("/") > 1]
    return [re.escape(p) + r"\b" for p in places]


def test_no_path_of_a_machine(root):
    found = complaints(root, PATTERNS + here(root))
    assert not found, guard.show(found)


@pytest.mark.parametrize("line", [
    "see /" "home/anna/kedge", "cd /" "root && make", "cp \"$here/" "root/file\"",
    "from /" "work/main", "https://pypi.org/x",
    "deb http://deb.debian.org/debian"])
def test_a_path_is_seen(scratch, line):
    guard.plant(scratch, "docs/planted.md", line + "\n")
    assert any("planted.md:1" in c for c in complaints(scratch, PATTERNS))


def test_plain_words_are_fine(scratch):
    guard.plant(scratch, "docs/planted.md", "--root /srv/tftp, %s/root\", framework/\n")
    assert not any("planted.md" in c for c in complaints(scratch, PATTERNS))
