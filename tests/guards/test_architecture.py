# SPDX-License-Identifier: MIT
"""The paths that docs/architecture.md leads a reader along: each file has the functions that
are named, and the path stays short."""
import re

import guard
import pytest

LINES_MAX = 400
# What still stands against the rule. This list only gets shorter.
LONGER = {"src/tftp/sender.c"}
PATHS = [("A read request, line by line", 12, 30), ("An ACK, line by line", 10, 30)]
STEP = re.compile(r"^\d+\. `([^`]+)`: ((?:`\w+`(?:, )?)+)\.?", re.M)


def steps(text, title):
    """[(file, [function])] of a section."""
    section = text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    return [(path, re.findall(r"`(\w+)`", names)) for path, names in STEP.findall(section)]


def defines(text, name):
    return re.search(rf"^\w[^;{{}}=]*\b{name}\([^;{{}}]*\)\n{{", text, re.M)


def complaints(tree, title, files_max, moves_max):
    path = steps((tree / "docs" / "architecture.md").read_text(), title)
    texts = {name: (tree / name).read_text() for name, _ in path if (tree / name).is_file()}
    found = [f"{name}: is not there" for name, _ in path if name not in texts]
    if len(set(name for name, _ in path)) > files_max:
        found.append(f"{title}: more than {files_max} files")
    if not 1 < len(path) <= moves_max + 1:
        found.append(f"{title}: {len(path)} lines")
    for name, text in texts.items():
        if text.count("\n") > LINES_MAX and name not in LONGER:
            found.append(f"{name}: more than {LINES_MAX} lines")
    for name, functions in path:
        found += [f"{name}: does not define {f}" for f in functions
                  if not defines(texts.get(name, ""), f)]
    return found


@pytest.mark.parametrize("title, files_max, moves_max", PATHS)
def test_the_path_is_as_it_is_drawn(root, title, files_max, moves_max):
    found = complaints(root, title, files_max, moves_max)
    assert not found, guard.show(found)


def test_what_still_stands_is_longer(root):
    for name in LONGER:
        assert (root / name).read_text().count("\n") > LINES_MAX, f"{name}: strike it"


@pytest.mark.parametrize("old, new, why", [
    ("`udp_receive`", "`udp_recieve`", "does not define udp_recieve"),
    ("src/net/udp_in.c", "src/net/udp_inn.c", "is not there"),
    ("10. `src", "10. `src/base/units.c`: `one`.\n10. `src/net/resolve.c`: `two`.\n10. `src",
     "more than 12 files"),
])
def test_a_planted_step_is_seen(scratch, old, new, why):
    document = scratch / "docs" / "architecture.md"
    text = document.read_text()
    assert old in text
    document.write_text(text.replace(old, new))
    found = complaints(scratch, *PATHS[0])
    assert any(why in c for c in found), found


def test_a_file_that_grew_is_seen(scratch):
    guard.plant(scratch, "src/serve/tftp/transfer.c", "\n" * LINES_MAX)
    assert any("more than 400 lines" in c for c in complaints(scratch, *PATHS[0]))
