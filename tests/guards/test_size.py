# SPDX-License-Identifier: MIT
"""How long a function and a file may be, and how many parameters a function may have. The
format has the braces of a function, and only those, alone at the edge of a line."""
import re

import guard
import pytest

FUNCTION_LINES = 60
PARAMETERS = 5
FILE_LINES = 600
SOURCES = (".c", ".h")


def functions(text):
    """Name, signature, first line and length of each function defined in a C source."""
    lines = text.split("\n")
    opened = [i for i, line in enumerate(lines) if line == "{"]
    for start in opened:
        end = next((i for i in range(start, len(lines)) if lines[i] == "}"), len(lines))
        first = start
        while first > 0 and lines[first - 1] and not re.match(r"[#}/ ]\*?/?$|.*[;}/]$|#",
                                                               lines[first - 1]):
            first -= 1
        signature = " ".join(line.strip() for line in lines[first:start])
        name = re.search(r"(\w+)\s*\(", re.sub(r"__attribute__\s*\(\(.*?\)\)", "", signature))
        yield name.group(1) if name else "?", signature, first + 1, end - first + 1


def parameters(signature):
    """How many, by the commas between the outer parentheses."""
    inside = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", signature).partition("(")[2]
    inside = inside.rpartition(")")[0]
    while "(" in inside:
        flat = re.sub(r"\([^()]*\)", "", inside)
        if flat == inside:
            break
        inside = flat
    return 0 if inside.strip() in ("", "void") else inside.count(",") + 1


def complaints(tree):
    found = []
    for path in guard.files(tree, suffix=(*SOURCES, ".py", ".sh")):
        name, text = str(path.relative_to(tree)), path.read_text()
        if text.count("\n") > FILE_LINES:
            found.append(f"{name}: {text.count(chr(10))} lines, over {FILE_LINES}")
        for function, signature, line, length in \
                functions(text) if name.endswith(SOURCES) else ():
            if length > FUNCTION_LINES:
                found.append(f"{name}:{line}: {function} has {length} lines, "
                             f"over {FUNCTION_LINES}")
            if parameters(signature) > PARAMETERS:
                found.append(f"{name}:{line}: {function} has {parameters(signature)} "
                             f"parameters, over {PARAMETERS}")
    return found


def test_sizes_hold(root):
    found = complaints(root)
    assert not found, guard.show(found)


def test_every_function_is_seen(root):
    """The measure counts what the compiler's own reading of a known file has."""
    seen = [f[0] for f in functions((root / "src/base/deadlines.c").read_text())]
    assert seen == ["deadlines_init", "seat", "rise", "sink", "place_deadline", "clear",
                    "deadlines_set", "deadlines_next", "deadlines_pop"]


def planted(scratch, text, path="src/base/planted.c"):
    guard.plant(scratch, path, text)
    return [c for c in complaints(scratch) if path in c]


def test_a_long_function_is_seen(scratch):
    body = "    (void)0;\n"
    assert planted(scratch, "void fine(void)\n{\n" + body * 57 + "}\n") == []
    assert "long_one has 61 lines" in planted(
        scratch, "\nvoid long_one(int a,\n              int b)\n{\n" + body * 57 + "}\n")[0]


@pytest.mark.parametrize("path", ["src/base/planted.c", "tests/unit/base/planted.c",
                                  "tests/e2e/test_planted.py"])
def test_a_long_file_is_seen(scratch, path):
    assert planted(scratch, "\n" * 600, path) == []
    assert "601 lines" in planted(scratch, "\n", path)[0]


def test_many_parameters_are_seen(scratch):
    five = "int a, void (*b)(int, int), int c, int d, int e"
    assert planted(scratch, f"void fine({five})\n{{\n}}\n") == []
    assert "wide has 6 parameters" in planted(
        scratch, f"\nstatic int *wide({five},\n                 int f)\n{{\n}}\n")[0]
