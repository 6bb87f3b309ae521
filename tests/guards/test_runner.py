# SPDX-License-Identifier: MIT
"""The driver of the tests counts what happened, and a failure makes it fail; the set-up
knows what is missing, and does nothing where all is there."""
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import guard
import pytest

CASES = """<testsuites><testsuite>
<testcase classname="a" name="good"/>
<testcase classname="a" name="bad"><failure message="no"/></testcase>
<testcase classname="a" name="broken"><error message="oh"/></testcase>
<testcase classname="a" name="absent"><skipped message="no peer"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def driver(root, tmp_path, monkeypatch):
    """tests/run as a module, that logs into a place of its own."""
    loader = SourceFileLoader("driver", str(root / "tests/run"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = module_from_spec(spec_from_loader("driver", loader))
    sys.modules["driver"] = module
    loader.exec_module(module)
    monkeypatch.setattr(module, "LOGS", tmp_path)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def test_junit_is_counted(driver, tmp_path):
    (tmp_path / "a.xml").write_text(CASES)
    result = driver.read_junit(tmp_path / "a.xml", 1, "all")
    assert (result.passed, result.failed, len(result.skips)) == (1, 2, 1)
    assert result.failures == ["a::bad", "a::broken"]
    assert result.skips == ["a::absent: no peer"]


def test_a_skip_has_a_reason(driver, tmp_path):
    """meson tells none: it stands behind the name of a unit test."""
    (tmp_path / "a.xml").write_text('<a><testcase classname="u" name="1 - x: needs root">'
                                    '<skipped/></testcase>'
                                    '<testcase classname="u" name="2 - y"><skipped/></testcase></a>')
    result = driver.read_junit(tmp_path / "a.xml", 0, "all")
    assert result.skips == ["u::1 - x: needs root"]
    assert result.failures == ["u::2 - y: skipped without a reason"]


def bare_skips(tree):
    """Tests that would be skipped without a word."""
    found = []
    for path in sorted((tree / "tests").rglob("*.[ch]")) + sorted((tree / "tests").rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if path.name != "skip.h" and re.search(r"(?<![\w.\"'])skip\(\)|pytest\.skip\(\)", line):
                found.append(f"{path.relative_to(tree)}:{number}")
    return found


def test_every_skip_says_why(root, scratch):
    assert bare_skips(root) == []
    guard.plant(scratch, "tests/unit/base/planted.c", "    ski" "p();\n")
    guard.plant(scratch, "tests/e2e/test_planted.py", "    pytest.ski" "p()\n")
    assert bare_skips(scratch) == ["tests/unit/base/planted.c:1", "tests/e2e/test_planted.py:1"]


@pytest.mark.parametrize("line", ["not ok 2 # SKIP y", "ok 2 # SKIP y", "ok 2 - # SKIP y"])
def test_the_reason_of_a_unit_test_stands_behind_its_name(root, tmp_path, line):
    program = guard.plant(tmp_path, "test", f"""#!/bin/sh
echo 1..3
echo ok 1 - x
echo '# skipped: needs root'
echo '{line}'
echo not ok 3 - z
exit 1
""")
    program.chmod(0o755)
    done = subprocess.run([root / "tests/unit/tap", program], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stdout == "1..3\nok 1 - x\nok 2 - y: needs root # SKIP\nnot ok 3 - z\n"


def test_a_whole_program_is_skipped_with_its_reason(root):
    done = subprocess.run([root / "tests/unit/tap", "echo", "1..0 # SKIP no room"],
                          stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0
    assert done.stdout == "1..1\nok 1 - all: no room # SKIP\n"


def test_a_crash_is_a_failure(driver, tmp_path):
    assert driver.read_junit(tmp_path / "none.xml", 139, "all").failed == 1
    (tmp_path / "a.xml").write_text('<a><testcase classname="a" name="good"/></a>')
    result = driver.read_junit(tmp_path / "a.xml", 2, "all")
    assert (result.passed, result.failures) == (1, ["all: exit status 2"])
    assert driver.read_junit(tmp_path / "a.xml", 0, "all").failed == 0


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().split()[2] == "Z"
    except OSError:
        return True


def test_a_stage_has_an_end(driver, tmp_path):
    stage = driver.Stage("slow", .5)
    assert stage.run(["sh", "-c", "sleep 60 & echo $! > child; wait"]) == 124
    child = (tmp_path / "child").read_text().strip()
    for _ in range(100):  # a killed process takes its time to go
        if is_gone(child):
            break
        time.sleep(.05)
    assert is_gone(child)
    assert "out of time" in stage.path.read_text()


@pytest.mark.parametrize("failed, status", [(0, 0), (1, 1)])
def test_the_closing_line_and_status(driver, monkeypatch, capsys, failed, status):
    def stage(_, __):
        return driver.Result(passed=3, failed=failed, failures=["a::b"] * failed,
                             skips=["c: why"])
    monkeypatch.setattr(driver, "build_stage", lambda _: stage)
    monkeypatch.setattr(driver, "STAGES", {"more": (stage, 1, ["build"])})
    monkeypatch.setattr(sys, "argv", ["run", "more"])
    assert driver.main() == status
    lines = capsys.readouterr().out.splitlines()
    assert "skipped: c: why" in lines
    assert lines[-1] == ("6 passed, 0 failed, 2 skipped", "3 passed, 1 failed, 1 skipped")[failed]


def missing(root, path, *words):
    done = subprocess.run([root / "tools/setup", *words, "--list"], stdin=subprocess.DEVNULL,
                          env={"PATH": path}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_setup_is_silent_where_all_is_there(root):
    assert missing(root, os.environ["PATH"], "--check") == ""


def test_setup_knows_what_is_missing(root, tmp_path):
    for tool in ("sh", "dirname", "sort", "tr", "head", "id"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    build = missing(root, str(tmp_path)).split()
    assert {"gcc", "meson", "ninja-build", "pkg-config", "nettle-dev"} <= set(build)
    assert not {"clang", "cppcheck", "libcmocka-dev", "busybox"} & set(build)
    check = missing(root, str(tmp_path), "--check").split()
    assert {"gcc", "clang", "libcmocka-dev"} <= set(check) and "cppcheck" not in check
    assert {"cppcheck", "clang-tidy"} <= set(missing(root, str(tmp_path), "--lint").split())
    assert "busybox" in missing(root, str(tmp_path), "--peers").split()
