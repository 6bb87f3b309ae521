"""The driver of the tests counts what happened, and a failure makes it fail; the set-up
knows what is missing, and does nothing where all is there."""
import os
import shutil
import subprocess
import sys
import time
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

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
    monkeypatch.setattr(driver, "STAGES", {"build": (stage, 1), "more": (stage, 1)})
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
    assert {"gcc", "clang", "cppcheck", "libcmocka-dev"} <= set(check)
    assert "busybox" in missing(root, str(tmp_path), "--peers").split()
