# SPDX-License-Identifier: MIT
"""The name of a static function stands in two files at most, so that `break NAME` in a debugger
stops at few places."""
import re
from collections import defaultdict

import guard

FUNCTION = re.compile(r"^static\b[^;{}()=]*?\b(\w+)\(", re.M)


def shared_names(tree):
    files = defaultdict(set)
    for path in guard.files(tree, "src/", "include/", suffix=(".c", ".h")):
        for match in FUNCTION.finditer(path.read_text()):
            files[match[1]].add(str(path.relative_to(tree)))
    return [f"{name}: {', '.join(sorted(at))}" for name, at in sorted(files.items())
            if len(at) > 2]


def test_static_names_tell_where_they_stand(root):
    found = shared_names(root)
    assert not found, guard.show(found)


def test_a_name_that_stands_in_three_files_is_seen(scratch):
    for name in "one", "two", "three":
        guard.plant(scratch, f"src/base/{name}.c",
                    "static const struct span *\nbegin(int a);\nstatic int "
                    f"{name}_end(void)\n{{\n}}\n")
    assert shared_names(scratch) == [
        "begin: src/base/one.c, src/base/three.c, src/base/two.c"]
