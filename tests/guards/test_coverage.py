# SPDX-License-Identifier: MIT
"""The count of lines that no test reaches: a line that is not reached is seen, and one that
is excused without need."""
import runpy
import subprocess

import pytest

SOURCE = """int sign(int n);
int sign(int n)
{
    if (n < 0)
        return -1;
    return n > 0;
}
"""
MAIN = "int sign(int n);\nint main(void)\n{\n    return sign(3) - 1;\n}\n"
MISSED = ("src/base/sign.c", "return -1;")


@pytest.fixture
def coverage(root):
    return runpy.run_path(str(root / "tests" / "coverage" / "run"))


@pytest.fixture
def times(coverage, tmp_path):
    build = tmp_path / "build"
    build.mkdir()
    (tmp_path / "src" / "base").mkdir(parents=True)
    (tmp_path / "src" / "base" / "sign.c").write_text(SOURCE)
    (tmp_path / "main.c").write_text(MAIN)
    subprocess.run(["gcc", "--coverage", "-O0", "../src/base/sign.c", "../main.c", "-o",
                    "main"], cwd=build, check=True)
    subprocess.run([build / "main"], cwd=build, check=True)
    return coverage["lines_reached"](build, tmp_path)


def test_a_line_that_is_not_reached_is_seen(coverage, times, tmp_path):
    assert {path for path, _ in times} == {"src/base/sign.c"}  # and not main.c
    assert times["src/base/sign.c", 6] == 1
    said, wrong = coverage["judge"](times, [], tmp_path)
    assert said == ["src/base/sign.c:5: return -1;"] and wrong == 1


def test_one_that_is_explained_is_no_fault(coverage, times, tmp_path):
    entries = coverage["explained"]("# why\nsrc/base/sign.c: return -1;\n")
    assert entries == [MISSED]
    assert coverage["judge"](times, entries, tmp_path)[1] == 0


def test_an_explanation_without_need_is_a_fault(coverage, times, tmp_path):
    entries = [MISSED, ("src/base/sign.c", "return n > 0;")]
    said, wrong = coverage["judge"](times, entries, tmp_path)
    assert wrong == 1 and said[-1].startswith("explained, but reached or gone")
