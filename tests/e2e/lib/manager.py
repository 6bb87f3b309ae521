# SPDX-License-Identifier: MIT
"""A service manager's side of sd_notify(3): a socket that hears what a server tells."""
import socket
import time

from e2e.lib.serve import PATIENCE


class Manager:
    def __init__(self, name):
        """name as NOTIFY_SOCKET has it: a path, or @ and an abstract name."""
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.heard = []    # (time, {NAME: VALUE}), each a datagram

    def environment(self, **more):
        """Words to put ahead of a command."""
        return ["env", f"NOTIFY_SOCKET={self.name}", *(f"{k}={v}" for k, v in more.items())]

    def hear(self, seconds):
        """One datagram more, if one comes in this time."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            text = self.socket.recv(4096).decode()
        except TimeoutError:
            return None
        lines = dict(line.split("=", 1) for line in text.split("\n"))
        self.heard.append((time.monotonic(), lines))
        return lines

    def expect(self, name, value=None, seconds=PATIENCE):
        """The next datagram with such a line, awaited; what comes before it is kept in heard."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            lines = self.hear(end - time.monotonic())
            if lines and name in lines and value in (None, lines[name]):
                return lines
        raise AssertionError(f"no {name}={value} in {self.heard}")

    def listen(self, seconds):
        """All that comes in this time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.hear(end - time.monotonic())

    def states(self):
        """READY, RELOADING and STOPPING in their order, as [(NAME, VALUE)]."""
        return [(name, lines[name]) for _, lines in self.heard
                for name in ("RELOADING", "READY", "STOPPING") if name in lines]

    def close(self):
        self.socket.close()
