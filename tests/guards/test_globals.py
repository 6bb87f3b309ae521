# SPDX-License-Identifier: MIT
"""No mutable globals and no mutable static locals: two of anything run in one process.
The objects tell of what the compiler kept, the sources of what it optimised away."""
import re

import guard
import pytest

# Object symbols in writable sections that may be: name, and why.
EXCEPTIONS = {}
WRITABLE = re.compile(r"^\.(data|bss|tdata|tbss)(\.(?!rel\.ro)|$)|^\*COM\*$")
STATIC_LOCAL = re.compile(r"^[ \t]+(static|_Thread_local|__thread)\b(?!.*\bconst\b)(.*)$", re.M)


def object_files(build):
    """Of the program and the library; not those of tests, examples and benches, which are
    processes of their own."""
    return list(build.glob("*.p/*.o"))


def in_objects(objects):
    found = []
    for path in objects:
        for line in guard.run("objdump", "-t", path).splitlines():
            match = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$",
                             line)
            if match and WRITABLE.match(match[2]) and "d" not in match[1] and \
                    match[4].split(".")[0] not in EXCEPTIONS:
                found.append(f"{path.name}: {match[4]} in {match[2]}")
    return found


def in_sources(tree):
    return [f"{p.relative_to(tree)}: static{m[2]}" for p in
            guard.files(tree, "src/", "include/", suffix=(".c", ".h"))
            for m in STATIC_LOCAL.finditer(p.read_text())]


def test_no_mutable_globals(root, build):
    objects = object_files(build)
    assert len(objects) > 30
    found = in_objects(objects) + in_sources(root)
    assert not found, guard.show(found)


@pytest.mark.parametrize("line, symbol", [
    ("int planted = 1;", "planted in .data"),
    ("int planted;", "planted in .bss"),
    ("static int planted; int next(void); int next(void) { return ++planted; }",
     "planted in .bss"),
    ("_Thread_local int planted = 1;", "planted in .tdata"),
    ("int next(void); int next(void) { static int planted; return ++planted; }",
     "planted.0 in .bss"),
    ("const char *planted[] = { \"a\" };", "planted in .data"),
])
def test_a_mutable_global_is_seen(tmp_path, line, symbol):
    source = guard.plant(tmp_path, "planted.c", line + "\n")
    guard.run("gcc", "-fPIC", "-O2", "-c", source, "-o", tmp_path / "planted.o")
    assert any(symbol in c for c in in_objects([tmp_path / "planted.o"]))


def test_a_constant_table_is_fine(tmp_path):
    source = guard.plant(tmp_path, "planted.c",
                         'const char *const planted[] = { "a" };\nconst int zeros[9];\n')
    guard.run("gcc", "-fPIC", "-O2", "-c", source, "-o", tmp_path / "planted.o")
    assert in_objects([tmp_path / "planted.o"]) == []


def test_a_static_local_is_seen(scratch):
    guard.plant(scratch, "src/base/planted.c", "int f(void)\n{\n    static int seen;\n"
                "    static const int fine = 1;\n    return seen + fine;\n}\n")
    assert in_sources(scratch) == ["src/base/planted.c: static int seen;"]
