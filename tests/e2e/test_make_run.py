# SPDX-License-Identifier: MIT
"""`make run` on a tree that was never built: it builds, serves ./srv at the default ports
(here in a network namespace of their own), the tour (docs/tour.md) can be followed, and Ctrl-C on its
terminal ends it cleanly."""
import os
import pty
import re
import select
import subprocess
import time

import pytest
from guards import guard

GET = """import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.sendto(b"\\0\\1hello.txt\\0octet\\0", ("127.0.0.1", 6969))
data, peer = s.recvfrom(600)
s.sendto(b"\\0\\4\\0\\1", peer)
print(data[4:].decode())
"""
# How it is compiled for use, tools/fresh sees; optimizing it takes longer than all the rest.
FASTER = "-O0 -g0 -U_FORTIFY_SOURCE"
ENTER = ["unshare", "-n", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]


class Terminal:
    """A command with a terminal of its own, as its foreground process group."""

    def __init__(self, command, **more):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(["setsid", "-c", "-w", *command], stdin=slave,
                                        stdout=slave, stderr=slave, **more)
        os.close(slave)
        self.text = ""

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.text += os.read(self.master, 65536).decode(errors="replace")
            except OSError:  # all others have closed it
                return False
        return True

    def wait_for(self, pattern, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.read(.2):
            if re.search(pattern, self.text):
                return
        pytest.fail(f"no {pattern} within {seconds} s in:\n{self.text}")

    def wait_for_end(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            self.read(.1)
        while select.select([self.master], [], [], .1)[0] and self.read(0):
            pass
        return self.process.poll()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
def test_make_run_builds_serves_and_ends(root, tmp_path):
    tree = guard.copy(root, tmp_path / "tree")
    before = files(tree)
    terminal = Terminal([*ENTER, "make", "run"], cwd=tree,
                        env={**os.environ, "MAKEFLAGS": "", "TERM": "dumb", "CFLAGS": FASTER})
    try:
        terminal.wait_for(r"6969", 400)  # two busy cores compile it all
        terminal.wait_for(r"Ctrl-C", 10)
        assert (tree / "build/kedge").exists()
        inside = next(p for p in descendants(terminal.process.pid) if name(p) == "kedge")
        done = subprocess.run(["nsenter", "-t", inside, "-n", "/usr/bin/python3", "-c", GET],
                              stdout=subprocess.PIPE, text=True)
        assert done.stdout.strip() == (tree / "srv/hello.txt").read_text().strip()
        follow_the_tour(tree, inside, tmp_path / "scratch")
        assert files(tree) == before, "the tour leaves files in the source tree"
        os.write(terminal.master, b"\x03")
        status = terminal.wait_for_end(10)
        assert status in (0, -2), terminal.text  # make itself ends by the signal
        after = terminal.text.split("^C")[-1]
        assert "served for" in after and "tftp: 3 ok, 2 refused" in after, after
        assert "Error" not in after and "Interrupt" not in after, after
    finally:
        terminal.close()


def files(tree):
    """All but what .gitignore names."""
    return {p for p in tree.rglob("*") if p.relative_to(tree).parts[0] not in ("build", "srv")}


def tour(tree):
    """The commands of the tour's second terminal."""
    text = (tree / "docs/tour.md").read_text()
    return re.findall(r"^    \$ (.*)", re.split(r"\nTwo terminals|\nCtrl-C in the first",
                                               text)[1].split("The rest is for")[1], re.M)


def follow_the_tour(tree, inside, scratch):
    """/tmp is a directory of the test's own. A second server runs beside what comes after it."""
    scratch.mkdir()
    script = []
    for command in tour(tree):
        command = command.replace("/tmp/", f"{scratch}/")
        if " serve " in command:
            command += " --user root & sleep 2"
        elif "exit status" not in command:
            command += " || exit 99"
        script.append(command)
    script.append("kill $!; wait $!")
    done = subprocess.run(["nsenter", "-t", inside, "-n", "sh", "-c", "\n".join(script)],
                          cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stdout
    assert sorted(p.name for p in (scratch / "in").iterdir()) == ["hello.txt", "hello.txt.~1~"]
    assert re.findall("exit status (.*)", done.stdout) == ["3", "4", "7"], done.stdout


def descendants(pid):
    found = []
    for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
        found += [child, *descendants(child)]
    return found


def name(pid):
    return open(f"/proc/{pid}/comm").read().strip()
