# SPDX-License-Identifier: MIT
"""Files over bad links: whole and correct, whatever the link does to their packets.

Each test has a link of 20 ms round trip for each kind of harm, and all transfers over all of
them at once: they mostly wait."""
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from link.links import PEER

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/net/tun"),
                                reason="needs root and /dev/net/tun")

MIB = 1 << 20
HARM = {
    "none": (),
    "loss 1%": ("--loss", "1%"),
    "loss 5%": ("--loss", "5%"),
    "duplication": ("--dup", "5%"),
    "reordering": ("--reorder", "5%", "--reorder-by", "8ms"),
    "corruption": ("--corrupt", "2%", "--corrupt-mode", "payload"),
    "all of it": ("--loss", "1%", "--dup", "2%", "--reorder", "2%", "--jitter", "2ms",
                  "--corrupt", "1%", "--corrupt-mode", "payload"),
}


def unpacked(root, name):
    path = root / "build-peers" / name / "usr/bin" / name.removesuffix("-hpa")
    return path if path.exists() else None


class Far:
    """`kedge serve` at the far end of a link, and transfers with it from the near one."""

    def __init__(self, link, kedge, *flags):
        self.link, self.kedge = link, kedge
        self.outer = tempfile.TemporaryDirectory(prefix="kedge-test-")
        self.place = Path(self.outer.name)
        self.place.chmod(0o755)
        self.srv, self.here = self.place / "srv", self.place / "here"
        for directory in (self.srv, self.here):
            directory.mkdir()
        self.srv.chmod(0o777)
        self.content = os.urandom(MIB)
        for file in (self.srv / "file", self.here / "sent"):
            file.write_bytes(self.content)
            file.chmod(0o644)
        self.transfers = []
        self.log = (self.place / "log").open("w")
        self.server = subprocess.Popen(
            ["ip", "netns", "exec", link.b, str(kedge), "serve", f"tftp://{PEER}",
             "--root", str(self.srv), "--uploads", "create", *flags],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def __enter__(self):
        assert self.server.stdout.readline().startswith("ENDPOINT")
        while not self.server.stdout.readline().startswith("root"):
            pass
        return self

    def __exit__(self, *_):
        for _, process, _, _ in self.transfers:
            process.kill()
            process.communicate()
        self.server.kill()
        self.server.communicate()
        self.log.close()
        self.outer.cleanup()

    def run(self, command):
        return self.link.inside(self.link.a, *(str(c) for c in command), cwd=self.here,
                                stdin=subprocess.DEVNULL)

    def begin(self, what, command, result):
        self.transfers.append((what, self.run(command), command, result))

    def get(self, *flags):
        name = f"got{len(self.transfers)}"
        self.begin(f"get {' '.join(flags)}",
                   [self.kedge, "get", f"tftp://{PEER}/file", "-o", name, "-q", *flags],
                   self.here / name)

    def put(self, *flags):
        name = f"up{len(self.transfers)}"
        self.begin(f"put {' '.join(flags)}",
                   [self.kedge, "put", "sent", f"tftp://{PEER}/{name}", "-q", *flags],
                   self.srv / name)

    def finish(self, end):
        """What did not end well by that time."""
        faults = []
        for what, process, command, result in self.transfers:
            try:
                said = process.communicate(timeout=max(1, end - time.monotonic()))[0]
                for _ in range(3):
                    # Known: atftp gives up when an OACK comes again, for its ACK was lost.
                    if "unexpected OACK" in said:
                        process = self.run(command)
                        said = process.communicate(timeout=60)[0]
            except subprocess.TimeoutExpired:
                process.kill()
                said = "too slow"
            if process.returncode != 0 or result.read_bytes() != self.content:
                faults.append(f"{what}: {process.returncode} {said}")
        return faults

    def stop(self):
        """Its log, when nothing but whole files is left."""
        self.server.terminate()
        assert self.server.wait(10) == 0
        assert not [n for n in os.listdir(self.srv) if n.startswith(".kedge-")]
        return (self.place / "log").read_text()


def over(links, kedge, harms, begin, flags=(), seconds=90, more=()):
    """begin(FAR) over a link of each harm, all at once. What went wrong on which."""
    with ExitStack() as stack:
        fars = {}
        for harm in harms:
            link = stack.enter_context(links("--delay", "10ms", *HARM[harm], *more))
            fars[harm] = stack.enter_context(Far(link, kedge, *flags))
        for far in fars.values():
            begin(far)
        end = time.monotonic() + seconds
        faults = {harm: far.finish(end) for harm, far in fars.items()}
        assert not any(faults.values()), {h: f for h, f in faults.items() if f}
        return {harm: far.stop() for harm, far in fars.items()}


def in_windows(*windows):
    def begin(far):
        for window in windows:
            far.get("--windowsize", window)
            far.put("--windowsize", window)
    return begin


def test_kedge_with_kedge(link, kedge):
    logs = over(link, kedge, HARM, in_windows("1", "32", "64"))
    for log in logs.values():
        assert log.count("outcome=ok") + log.count("outcome=unconfirmed") == 6


def test_through_a_single_port(link, kedge):
    over(link, kedge, ["loss 5%", "all of it"], in_windows("4", "64"), ["--single-port"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_kedge_with_kedge_by_other_dice(link, kedge, seed):
    over(link, kedge, HARM, in_windows("1", "8", "32", "64"), more=["--seed", str(seed)])


def test_a_long_link_is_used(link, kedge):
    """100 Mb/s at 50 ms, with a queue of half a window: little leaves in vain. How soon it is
    done is the simulation's to say (tests/sim/scenes_links.c)."""
    with link("--rt", "--delay", "25ms", "--rate", "100mbit", "--queue", "50ms") as long, \
            Far(long, kedge, "--windowsize-max", "8192") as far:
        far.get("--windowsize", "4096")
        far.put("--windowsize", "4096")
        assert not far.finish(time.monotonic() + 30)
        log = far.stop()
    resent = [int(part.removeprefix("resent=")) for part in log.split()
              if part.startswith("resent=")]
    assert len(resent) == 2 and sum(resent) < 2 * (MIB // 1468)


def test_others_fetch(link, kedge, root):
    """curl, busybox and atftp, in lock-step and, where they can, in windows."""
    atftp = unpacked(root, "atftp")
    if not (atftp or shutil.which("curl") or shutil.which("busybox")):
        pytest.skip("none of curl, busybox and atftp is here (tools/setup --peers)")

    def begin(far):
        if shutil.which("curl"):
            far.begin("curl", ["curl", "-sS", "--tftp-blksize", "1428", "-o", "c",
                               f"tftp://{PEER}/file"], far.here / "c")
        if shutil.which("busybox"):
            far.begin("busybox", ["busybox", "tftp", "-b", "1428", "-g", "-r", "file",
                                  "-l", "b", PEER], far.here / "b")
        for window in (1, 16) if atftp else ():
            far.begin(f"atftp {window}",
                      [atftp, "--option", "blksize 1428", "--option",
                       f"windowsize {window}", "-g", "-r", "file", "-l", f"a{window}",
                       PEER], far.here / f"a{window}")

    over(link, kedge, ["loss 1%", "duplication", "reordering", "corruption"], begin)
