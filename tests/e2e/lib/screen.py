# SPDX-License-Identifier: MIT
"""A terminal to look at (tmux)."""
import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest


def rest_of(terminal):
    """What is still to come from this end of an os.openpty(), which is closed then."""
    shown = b""
    try:
        while piece := os.read(terminal, 65536):
            shown += piece
    except OSError:
        pass  # how a terminal ends
    os.close(terminal)
    return shown


class Screen:
    """A terminal of its own, in which one command runs and leaves its last screen."""

    def __init__(self, directory, columns, rows, *command):
        self.tmux = ["tmux", "-S", f"{directory}/tmux", "-f", "/dev/null"]
        self.done = Path(directory) / "done"
        line = f"{shlex.join(map(str, command))}; echo $? > {self.done}; sleep 60"
        self.call("new-session", "-d", "-x", str(columns), "-y", str(rows), line)

    def call(self, *words):
        return subprocess.run([*self.tmux, *words], capture_output=True, text=True, check=True,
                              env=os.environ | {"LC_ALL": "C.UTF-8"}, timeout=20).stdout

    def lines(self):
        return self.call("capture-pane", "-p").rstrip("\n").splitlines()

    def until(self, what):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if what(self.lines()):
                return self.lines()
            time.sleep(0.05)
        pytest.fail("\n".join(self.lines()))

    def status(self):
        self.until(lambda _: self.done.exists() and self.done.read_text())
        return int(self.done.read_text())
