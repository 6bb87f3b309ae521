# SPDX-License-Identifier: MIT
"""Every source file names its license in its first line and says what it is in a sentence
behind that. A file that a comment or a document names is there."""
import re

import guard
import pytest

LICENSE = "SPDX-License-Identifier: MIT"
NO_SENTENCE = "no sentence behind the license says what it is"
ROOMS = ("src/", "include/", "examples/", "trace/", "tests/", "bench/", "tools/", "docs/")
# The corpus of the fuzzers is bytes.
DATA = ("tests/fuzz/corpus/", "tests/fuzz/regressions/")
C, PYTHON = (".c", ".h"), (".py",)
# A name of a file in a comment of C. A path is of the tree when it begins with a room.
NAMED = re.compile(r"(?<![\w./<-])((?:\w+/)*\w+\.[ch])\b(?!\()")
MADE_UP = re.compile(r"\b(NAME|ROOM|linux|sys|netinet|arpa)\b")


def sources(tree):
    """C, Python and shell: by the suffix, or by the first line."""
    for path in guard.files(tree, *ROOMS):
        name = str(path.relative_to(tree))
        if name.startswith(DATA) or path.is_symlink():
            continue
        if name.endswith((*C, *PYTHON, ".sh")):
            yield name, path.read_text()
        elif "." not in path.name and path.open("rb").read(2) == b"#!":
            yield name, path.read_text()


def sentence(name, text):
    """What stands behind the license, without its marks of a comment; None without one."""
    if name.endswith(C):
        found = re.match(rf"/\* {LICENSE} \*/\n/\*(.*?)\*/", text, re.S)
        return " ".join(found[1].replace("\n *", " ").split()) if found else None
    found = re.match(rf'(?:#!.*\n)?# {LICENSE}\n(?:"""(.*?)"""|((?:#.*\n)+))', text, re.S)
    words = (found[1] or found[2].replace("#", " ")) if found else ""
    return " ".join(words.split()) or None


def complaint(name, text):
    lines = text.split("\n")
    first = lines[1] if lines[0].startswith("#!") else lines[0]
    if first not in (f"/* {LICENSE} */", f"# {LICENSE}"):
        return "no license in its first line"
    words = sentence(name, text)
    if not words:
        return NO_SENTENCE
    if len(words) < 12 or not re.search(r"[.:]( |$)", words):
        return f"not a sentence: {words}"
    return None


def complaints(tree):
    return [f"{name}: {wrong}" for name, text in sources(tree)
            if (wrong := complaint(name, text))]


def lost_names(tree):
    """Files that a comment of C names and that are nowhere: a name without a folder is that
    of any file of the tree."""
    known = {path.name for path in guard.files(tree)}
    found = []
    for name, text in sources(tree):
        if not name.endswith(C):
            continue
        for comment in re.findall(r"/\*.*?\*/", text, re.S):
            found += [f"{name}: {named}" for named in NAMED.findall(comment)
                      if named.split("/")[-1] not in known and not MADE_UP.search(named)]
    return found


def seen(found, name):
    return [c.removeprefix(f"{name}: ") for c in found if c.startswith(name)]


def test_licenses_and_sentences_stand(root):
    found = complaints(root)
    assert not found, guard.show(found)


def test_named_files_are_there(root):
    found = lost_names(root)
    assert not found, guard.show(found)


@pytest.mark.parametrize("name", ["src/base/planted.c", "tests/unit/base/planted.h"])
def test_a_bare_file_of_c_is_seen(scratch, name):
    guard.plant(scratch, name, f"/* {LICENSE} */\n/* Tests of nothing whatever. */\n")
    assert seen(complaints(scratch), name) == []
    (scratch / name).write_text("/* What it is. */\n#include <stddef.h>\n")
    assert seen(complaints(scratch), name) == ["no license in its first line"]
    (scratch / name).write_text(f"/* {LICENSE} */\n#include <stddef.h>\n/* Late. */\n")
    assert seen(complaints(scratch), name) == [NO_SENTENCE]
    (scratch / name).write_text(f"/* {LICENSE} */\n/* Cursors */\n")
    assert seen(complaints(scratch), name) == ["not a sentence: Cursors"]


@pytest.mark.parametrize("name, good", [
    ("tests/e2e/planted.py", f'# {LICENSE}\n"""Tests of nothing whatever."""\n'),
    ("tools/planted", f"#!/bin/sh\n# {LICENSE}\n# planted: does nothing whatever.\nset -eu\n")])
def test_a_bare_script_is_seen(scratch, name, good):
    guard.plant(scratch, name, good)
    assert seen(complaints(scratch), name) == []
    (scratch / name).write_text(good.replace(f"# {LICENSE}\n", ""))
    assert seen(complaints(scratch), name) == ["no license in its first line"]
    (scratch / name).write_text(good.partition(LICENSE + "\n")[0] + LICENSE + "\nimport os\n")
    assert seen(complaints(scratch), name) == [NO_SENTENCE]


def test_a_lost_name_is_seen(scratch):
    name = "src/base/planted.c"
    guard.plant(scratch, name,
                "/* As in base/bytes.c and bytes.h, <stdio.h>. */\nint x; /* See admit.c. */\n")
    assert seen(lost_names(scratch), name) == ["admit.c"]
