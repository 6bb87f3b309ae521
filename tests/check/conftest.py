# SPDX-License-Identifier: MIT
"""What the tests of `kedge check` start from: its files, and a server with faults."""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

# The same servers as end to end.
from e2e.conftest import make, serve, srv  # noqa: F401

HERE = Path(__file__).parent
CRASHES = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "Assertion")
# They wait for half a minute or move tens of megabytes.
LONG = {"lockstep-adapts", "lockstep-gives-up", "lockstep-stray-timer", "lockstep-wrap",
        "lockstep-wrap-exact", "options-timeout-kept", "window-gives-up", "window-wrap",
        "upload-wrap", "manners-amplification", "manners-crowd"}


@pytest.fixture(scope="session")
def made(kedge, tmp_path_factory):
    """A root with the files of `kedge check --make-files`."""
    root = tmp_path_factory.mktemp("made")
    subprocess.run([kedge, "check", "--make-files", root], check=True)
    return root


@pytest.fixture(scope="session")
def quick(kedge):
    """The checks of a server that take no long time."""
    listed = subprocess.run([kedge, "check", "--list"], check=True, capture_output=True,
                            text=True).stdout
    ids = re.findall(r"^(\S+) ", listed, re.M)
    return [i for i in ids if i not in LONG and not i.startswith("client-")]


class Result:
    """What a run printed: verdicts by id, and the objects of its lines."""

    def __init__(self, code, out, err):
        self.code, self.err = code, err
        lines = [json.loads(line) for line in out.splitlines()]
        self.rows = {x["id"]: x for x in lines if x["event"] == "check"}
        self.end = next((x for x in lines if x["event"] == "end"), None)

    def of(self, *verdicts):
        return {i for i, row in self.rows.items() if row["verdict"] in verdicts}

    @property
    def found(self):
        return self.of("FAILS", "deviates")


@pytest.fixture
def check(kedge):
    """check(*words): a Result of `kedge check --json`."""
    def run(*words, timeout=180):
        done = subprocess.run([kedge, "check", "--json", *map(str, words)], text=True,
                              capture_output=True, timeout=timeout)
        assert not any(c in done.stderr for c in CRASHES), done.stderr
        return Result(done.returncode, done.stdout, done.stderr)
    return run


@pytest.fixture
def faulty():
    """faulty(ROOT, *FAULTS): the URL of a server of tests/check/faulty."""
    running = []

    def start(root, *faults, program="faulty/server.py"):
        process = subprocess.Popen([sys.executable, "-B", HERE / program, root, *faults],
                                   stdout=subprocess.PIPE, text=True)
        running.append(process)
        return f"tftp://127.0.0.1:{int(process.stdout.readline())}/"
    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()
