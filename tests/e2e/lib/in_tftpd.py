# SPDX-License-Identifier: MIT
"""kedge called as in.tftpd, in the foreground, with its log on standard error."""
import re
import subprocess
import time
from pathlib import Path

from e2e.lib.serve import PATIENCE, Server

LISTENS = re.compile(r"listens at tftp://(?:\[([0-9a-f:]+)\]|([^:]+)):(\d+)$", re.M)


def named(kedge, directory):
    """The program under the name in.tftpd, in that directory."""
    link = Path(directory) / "in.tftpd"
    if not link.is_symlink():
        link.symlink_to(kedge)
    return link


class InTftpd(Server):
    """`endpoints` are (host, port); `at` is the first one's address."""

    def __init__(self, command, stderr):
        self.log = Path(stderr)
        self.process = subprocess.Popen([str(c) for c in command], stderr=self.log.open("w"),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not LISTENS.search(self.stderr):
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"it does not listen: {self.stderr}")
            time.sleep(0.01)
        time.sleep(0.02)  # there may be one more line
        self.endpoints = [(six or four, int(port))
                          for six, four, port in LISTENS.findall(self.stderr)]

    @property
    def at(self):
        return self.endpoints[0]

    def stop(self, *_, **__):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait()
