# SPDX-License-Identifier: MIT
"""The files that options write, one rule for all: through a symbolic link, complete or not at
all, and straight through to what is no regular file."""
import os
import resource
import signal
import subprocess
import time

import pytest

from e2e.lib.exposition import parse
from e2e.peers.echo import Datagrams
from e2e.peers.tftp_peer import Peer

LOOP = ("127.0.0.1", 0)
# Option, what its file begins with, and the words before and behind the option.
WRITERS = {
    "-o": (b"content", "get", ()),
    "--html": (b"<!doctype html>", "probe", ("-c", "1")),
    "--prometheus": (b"# ", "probe", ("-c", "1")),
    "report --html": (b"<!doctype html>", "report", ()),
    "--svg": (b"<svg", "trace", ("true",)),
    "--junit": (b"<?xml", "check", ("--only", "request-size-0")),
    "--pcap": (b"\xd4\xc3\xb2\xa1", "check", ("--only", "request-size-0")),
}


@pytest.fixture
def write(kedge, tmp_path, request):
    """write(writer, file): that option with that file, run to its end."""
    peer = Peer({"f": b"content" * 10})
    peer.__enter__()
    request.addfinalizer(lambda: peer.__exit__(None, None, None))
    echo = Datagrams(LOOP)
    lines = tmp_path / "run.jsonl"

    def run(writer, file, **how):
        verb, words = WRITERS[writer][1:]
        if verb == "report" and not lines.exists():
            lines.write_bytes(subprocess.run([kedge, "probe", "--jsonl", "-c", "1", echo.url],
                                             capture_output=True, timeout=60).stdout)
        last = {"get": [f"{peer.url}/f"], "probe": [echo.url], "report": [lines], "trace": [],
                "check": [f"{peer.url}/"]}[verb]
        return subprocess.run([kedge, verb, writer.split()[-1], file, *words, *last],
                              capture_output=True, timeout=120, **how)
    return run


@pytest.fixture
def directory(tmp_path):
    """A link to a file elsewhere."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"old")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "link").symlink_to("../real/file")
    return tmp_path


def all_names(directory):
    return sorted(p.name for d in ("real", "links") for p in (directory / d).iterdir())


@pytest.mark.parametrize("writer", WRITERS)
def test_a_link_stays_and_its_target_is_written(write, directory, writer):
    link, real = directory / "links" / "link", directory / "real" / "file"
    real.chmod(0o604)
    write(writer, link)
    assert os.readlink(link) == "../real/file"
    assert real.read_bytes().startswith(WRITERS[writer][0])
    assert real.stat().st_mode & 0o777 == 0o604
    assert all_names(directory) == ["file", "link"]


@pytest.mark.parametrize("writer", WRITERS)
def test_a_link_that_leads_nowhere_is_refused(write, directory, writer):
    (directory / "links" / "nowhere").symlink_to("nothing")
    done = write(writer, directory / "links" / "nowhere")
    assert b"a symbolic link that leads nowhere" in done.stderr and done.returncode == 9
    assert all_names(directory) == ["file", "link", "nowhere"]


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_leaves_what_was(write, directory, writer):
    """No file may grow: each write fails, as on a full disk."""
    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    real = directory / "real" / "file"
    done = write(writer, directory / "links" / "link", preexec_fn=small)
    assert done.returncode != 0 and real.read_bytes() == b"old"
    assert all_names(directory) == ["file", "link"]


@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_no_file_is_written_through(write, writer):
    done = write(writer, "/dev/full")
    assert done.returncode == 10 and os.path.exists("/dev/full")
    assert os.stat("/dev/full").st_rdev == os.makedev(1, 7)


@pytest.mark.parametrize("option", ["--html", "--prometheus"])
def test_a_kill_leaves_what_was_or_all_that_is_new(kedge, directory, option):
    real, echo = directory / "real" / "file", Datagrams(LOOP)
    often = ["--prometheus-every", "100ms"] if option == "--prometheus" else []
    process = subprocess.Popen([kedge, "probe", "-c", "0", "-i", "5ms", option,
                                directory / "links" / "link", *often, echo.url],
                               stdout=subprocess.DEVNULL)
    while process.poll() is None and len(echo.seen) < 40:
        time.sleep(.005)
    process.kill()
    assert process.wait(10) == -signal.SIGKILL
    content = real.read_text()
    if option == "--html":
        assert content == "old"
    else:
        assert parse(content)["kedge_probe_running"].one() == 1
    assert (directory / "links" / "link").is_symlink()
