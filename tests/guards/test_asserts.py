# SPDX-License-Identifier: MIT
"""An assertion only looks: what it would do besides would go with it."""
import re

import guard
import pytest

# Functions that only look. CMSG_SPACE and sizeof are the compiler's.
LOOKS = {"KEDGE_ASSERT", "sizeof", "CMSG_SPACE", "limit", "block_reader_stride", "min_u64"}
ACTS = re.compile(r"\+\+|--|(?<![=!<>])=(?!=)")


def asserted(text):
    """What stands in each assertion."""
    for start in re.finditer(r"KEDGE_ASSERT\(", text):
        depth, at = 1, start.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        yield text[start.end():at - 1]


def complaints(tree):
    found = []
    for path in guard.files(tree, "src/"):
        if path.suffix not in (".c", ".h"):
            continue
        for words in asserted(path.read_text()):
            calls = set(re.findall(r"(\w+)\(", words)) - LOOKS
            if calls or ACTS.search(words):
                found.append(f"{path.relative_to(tree)}: {' '.join(words.split())}")
    return found


def test_assertions_only_look(root):
    found = complaints(root)
    assert not found, guard.show(found)


@pytest.mark.parametrize("words", ["close(fd) == 0", "n++ < 3", "(n = 3)", "n += 2", "--n"])
def test_one_that_acts_is_seen(scratch, words):
    guard.plant(scratch, "src/base/planted.c",
                f"void f(void)\n{{\n    KEDGE_ASSERT({words});\n}}\n")
    assert complaints(scratch) == [f"src/base/planted.c: {words}"]
