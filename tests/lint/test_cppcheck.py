# SPDX-License-Identifier: MIT
"""cppcheck finds nothing in the program, the library and the examples."""
import subprocess

import pytest
import versions

versions.require("cppcheck")

OPTIONS = ["-q", "--enable=warning,style,performance,portability", "--std=c11",
           "--inline-suppr", "--error-exitcode=1", "-D_GNU_SOURCE", "-D__linux__",
           # What the compilers see better: an array that a call fills, a struct that holds
           # no address, an enum that is unsigned.
           "--suppress=unassignedVariable", "--suppress=returnDanglingLifetime",
           "--suppress=invalidPrintfArgType_uint",
           # Matters of taste, in which the style is another.
           "--suppress=variableScope", "--suppress=redundantContinue"]


def cppcheck(tree, *words):
    done = subprocess.run(["cppcheck", *OPTIONS, *map(str, words)], cwd=tree, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def test_cppcheck(root):
    status, text = cppcheck(root, "-Iinclude", "-Isrc", "-I.", "src", "include",
                            "examples", "trace")
    assert status == 0, text


@pytest.mark.parametrize("body, fault", [
    ("int a[2]; a[2] = n; return a[2];", "arrayIndexOutOfBounds"),
    ("char *p = malloc(1); return n;", "memleak"),
    ("FILE *f = fopen(\"a\", \"r\"); return f ? n : 0;", "resourceLeak"),
    ("int m = 1; if (m == 1) return n; return 0;", "knownConditionTrueFalse"),
])
def test_a_fault_is_seen(tmp_path, body, fault):
    (tmp_path / "planted.c").write_text("#include <stdio.h>\n#include <stdlib.h>\n"
                                        f"int planted(int n)\n{{\n    {body}\n}}\n")
    status, text = cppcheck(tmp_path, "planted.c")
    assert status == 1 and fault in text
