# SPDX-License-Identifier: MIT
"""The words of the program stand in its tables, and in the files and documents that
`tools/golden` makes of them; both are the same. This is the only test of wording."""
import sys
from pathlib import Path

import guard
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))
import golden  # noqa: E402


def complaints(tree, build):
    return [str(path.relative_to(tree)) for path, text in golden.wanted(tree, build)
            if not path.exists() or path.read_text() != text]


def test_documents_have_what_the_tables_say(root, build):
    found = complaints(root, build)
    assert not found, guard.show(found) + "\nrun tools/golden, and look at what it changes"


def test_the_guide_stays_a_guide(root):
    assert len((root / "docs/probe.md").read_text().splitlines()) <= 250


@pytest.mark.parametrize("name, old", [
    ("docs/probe-keys.md", "| `sent` | probes |"),
    ("man/kedge.1", ".B sent\n"),
    ("tests/golden/notes.txt", "server processing"),
    ("tests/golden/help-probe.txt", "--size"),
])
def test_a_planted_change_is_seen(root, build, tmp_path, name, old):
    for path in [p for p, _ in golden.wanted(root, build)]:
        copy = tmp_path / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text())
    assert complaints(tmp_path, build) == []
    changed = (tmp_path / name).read_text().replace(old, "other words", 1)
    (tmp_path / name).write_text(changed)
    assert complaints(tmp_path, build) == [name]
