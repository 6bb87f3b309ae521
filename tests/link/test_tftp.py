"""Files over bad links: whole and correct, whatever the link does to their packets.

Each test has one link of 20 ms round trip with one kind of harm, and all the transfers
over it at once: they mostly wait."""
import json
import os
import shutil
import subprocess
import tempfile
import time
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


@pytest.fixture
def place():
    """A root to serve, which the server's user can write, and a place to fetch into."""
    with tempfile.TemporaryDirectory(prefix="kedge-test-") as outer:
        outer = Path(outer)
        outer.chmod(0o755)
        for name in ("srv", "here"):
            (outer / name).mkdir()
        (outer / "srv").chmod(0o777)
        yield outer


def unpacked(root, name):
    path = root / "build-peers" / name / "usr/bin" / name.removesuffix("-hpa")
    return path if path.exists() else None


class Far:
    """`kedge serve` at the far end, and transfers with it from the near one."""

    def __init__(self, link, kedge, place, *flags):
        self.link, self.kedge, self.place = link, kedge, place
        self.transfers = []
        self.content = os.urandom(MIB)
        (place / "srv/file").write_bytes(self.content)
        (place / "srv/file").chmod(0o644)
        (place / "here/sent").write_bytes(self.content)
        self.log = (place / "log").open("w")
        self.server = subprocess.Popen(
            ["ip", "netns", "exec", link.b, str(kedge), "serve", f"tftp://{PEER}",
             "--root", str(place / "srv"), "--uploads", "create", *flags],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        assert self.server.stdout.readline().startswith("ENDPOINT")
        while not self.server.stdout.readline().startswith("root"):
            pass

    def begin(self, what, command, result):
        process = self.link.inside(self.link.a, *(str(c) for c in command),
                                   cwd=self.place / "here", stdin=subprocess.DEVNULL)
        self.transfers.append((what, process, result))

    def get(self, *flags):
        name = f"got{len(self.transfers)}"
        self.begin(f"get {flags}", [self.kedge, "get", f"tftp://{PEER}/file", "-o", name,
                                    "--json", *flags], self.place / "here" / name)

    def put(self, *flags):
        name = f"up{len(self.transfers)}"
        self.begin(f"put {flags}", [self.kedge, "put", "sent", f"tftp://{PEER}/{name}",
                                    "--json", *flags], self.place / "srv" / name)

    def finish(self, seconds):
        """All must end well; how long each took."""
        end = time.monotonic() + seconds
        for what, process, result in self.transfers:
            try:
                said = process.communicate(timeout=max(1, end - time.monotonic()))[0]
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"{what}: not done after {seconds} s") from None
            assert process.returncode == 0, f"{what}: {said}"
            assert result.read_bytes() == self.content, f"{what}: not what was sent"

    def stop(self):
        self.server.terminate()
        assert self.server.wait(10) == 0
        self.server.stdout.close()
        self.log.close()
        return (self.place / "log").read_text()


WINDOWS = [("--windowsize", "1"), ("--windowsize", "64"), ()]


def run_kedge(link, kedge, place, harm, windows, seconds, *flags):
    with link("--delay", "10ms", *harm) as it:
        far = Far(it, kedge, place, *flags)
        for window in windows:
            far.get(*window)
            far.put(*window)
        far.finish(seconds)
        return far.stop()


@pytest.mark.parametrize("harm", HARM)
def test_kedge_with_kedge(link, kedge, place, harm):
    log = run_kedge(link, kedge, place, HARM[harm], WINDOWS, 60)
    assert log.count("outcome=ok") + log.count("outcome=unconfirmed") == 2 * len(WINDOWS)
    assert not [n for n in os.listdir(place / "srv") if n.startswith(".kedge-")]


@pytest.mark.parametrize("harm", ["loss 5%", "all of it"])
def test_through_a_single_port(link, kedge, place, harm):
    run_kedge(link, kedge, place, HARM[harm], WINDOWS[1:], 60, "--single-port")


@pytest.mark.slow
@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("seed", range(5))
def test_kedge_with_kedge_again(link, kedge, place, harm, seed):
    run_kedge(link, kedge, place, (*HARM[harm], "--seed", str(seed)), WINDOWS, 120)


@pytest.mark.parametrize("harm", ["loss 1%", "duplication", "reordering", "corruption"])
def test_others_fetch(link, kedge, place, root, harm):
    """curl, busybox and atftp, in lock-step and, where they can, in windows."""
    url, got = f"tftp://{PEER}/file", place / "here"
    with link("--delay", "10ms", *HARM[harm]) as it:
        far = Far(it, kedge, place)
        if shutil.which("curl"):
            far.begin("curl", ["curl", "-sS", "--tftp-blksize", "1428", "-o", "c", url],
                      got / "c")
        if shutil.which("busybox"):
            far.begin("busybox", ["busybox", "tftp", "-b", "1428", "-g", "-r", "file", "-l",
                                  "b", PEER], got / "b")
        atftp = unpacked(root, "atftp")
        for window in (1, 16) if atftp else ():
            far.begin(f"atftp {window}",
                      [atftp, "--option", "blksize 1428", "--option",
                       f"windowsize {window}", "-g", "-r", "file", "-l", f"a{window}", PEER],
                      got / f"a{window}")
        if not far.transfers:
            pytest.skip("none of curl, busybox and atftp is here")
        far.finish(60)
        far.stop()
