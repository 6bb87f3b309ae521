# SPDX-License-Identifier: MIT
"""kedge's client as a test's child."""
import json
import os
import subprocess
from dataclasses import dataclass

CRASHES = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "Assertion")


@dataclass
class Done:
    code: int
    out: bytes
    err: str

    @property
    def record(self):
        """The one record on standard output."""
        lines = self.out.decode().splitlines()
        assert len(lines) == 1, self.out
        return json.loads(lines[0])

    @property
    def records(self):
        return [json.loads(line) for line in self.out.decode().splitlines()]


def finish(process, stdin=None, timeout=60):
    out, err = process.communicate(stdin, timeout)
    done = Done(process.returncode, out, err.decode(errors="surrogateescape"))
    assert not any(c in done.err for c in CRASHES), done.err
    return done


def start(*command, cwd, stdin=subprocess.DEVNULL, **more):
    more.setdefault("stdout", subprocess.PIPE)
    return subprocess.Popen([os.fspath(c) for c in command], cwd=cwd, stdin=stdin,
                            stderr=subprocess.PIPE, **more)


def run(*command, cwd, stdin=None, timeout=60, **more):
    process = start(*command, cwd=cwd,
                    stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE, **more)
    return finish(process, stdin, timeout)


def names(directory):
    """What is in a directory, temporary files too."""
    return sorted(os.listdir(directory))
