# SPDX-License-Identifier: MIT
"""`kedge serve` as a test's child: started, asked where it listens, read, ended."""
import json
import re
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path

ENDPOINT = re.compile(r"^([a-z+-]+)://(?:\[([0-9a-f:.]+)\]|([^:/ ]+)):(\d+)\b")
PATIENCE = 20


def parse_text(line):
    """A record's line of text as a dict; "-" is None."""
    record = {}
    for word in shlex.split(line):
        key, _, value = word.partition("=")
        record[key] = None if value == "-" else value
    return record


class Server:
    """One process. `endpoints` are (scheme, host, port) as its table says; `at` is the
    first TFTP one as an address to send to."""

    def __init__(self, command, stderr):
        self.log = Path(stderr)
        self.process = subprocess.Popen([str(c) for c in command], text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.log.open("w"))
        self.lines = []
        self.endpoints = []
        self.up = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if not self.up.wait(PATIENCE) or not self.endpoints:
            self.kill()
            raise AssertionError(f"no table of endpoints: {self.lines} {self.stderr}")

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            found = ENDPOINT.match(line)
            if found:
                scheme, six, four, port = found.groups()
                self.endpoints.append((scheme, six or four, int(port)))
            elif self.endpoints:
                self.up.set()
        self.up.set()

    @property
    def pid(self):
        return self.process.pid

    @property
    def stderr(self):
        return self.log.read_text(errors="surrogateescape")

    @property
    def at(self):
        return self.address("tftp")

    def address(self, scheme, which=0):
        found = [(h, p) for s, h, p in self.endpoints if s == scheme][which]
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(found[0], found[0]), found[1]

    def records(self):
        """Every record so far, in either form."""
        return [json.loads(line) if line.startswith("{") else parse_text(line)
                for line in self.stderr.split("\n")[:-1]
                if " event=" in line or '"event":' in line]

    def record(self, patience=PATIENCE, **wanted):
        """The record that has these values, awaited."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for record in self.records():
                if all(str(record.get(k)) == str(v) for k, v in wanted.items()):
                    return record
            time.sleep(0.02)
        raise AssertionError(f"no record with {wanted} in:\n{self.stderr[-3000:]}")

    def count(self, word):
        """The number before a word of the summary, once it has ended."""
        return int(re.search(rf"(\d+) {word}", "\n".join(self.lines)).group(1))

    def stop(self, number=signal.SIGTERM, twice=False):
        """End it by signal; its exit code. Whatever it wrote is then complete."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            if twice and not self.ended(0.3):
                self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code

    def ended(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)

    @property
    def summary(self):
        return "\n".join(self.lines[-2:])

    def status(self, key):
        """A number of /proc/PID/status."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{key}:\s+(\d+)", text, re.M).group(1))

    def descriptors(self):
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def children(self):
        return Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
