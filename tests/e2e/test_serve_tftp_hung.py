# SPDX-License-Identifier: MIT
"""A mount below the root that no longer answers harms the requests for its own files only."""
import ctypes
import os
import subprocess
import time

import pytest

from e2e.lib.in_tftpd import InTftpd, named
from e2e.peers.tftp import RRQ, WRQ, Peer, TftpError, get, put

libc = ctypes.CDLL(None, use_errno=True)
STUCK = 40      # more requests than a server has helpers


@pytest.fixture
def hung(srv):
    """A directory of the root that is a mount whose server never says a word. As it goes, all
    who wait for it are told that it is not connected."""
    place = srv / "dead"
    place.mkdir()
    try:
        fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError as problem:
        pytest.skip(f"no FUSE here: {problem}")
    options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other"
    if libc.mount(b"dead", str(place).encode(), b"fuse", 0, options.encode()):
        os.close(fd)
        pytest.skip(f"no FUSE may be mounted here: {os.strerror(ctypes.get_errno())}")
    yield place
    os.close(fd)
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def stuck():
    """stuck(SERVER, OP): clients that ask for files of that mount, or send some there."""
    peers = []

    def ask(server, op=RRQ):
        for number in range(STUCK):
            peers.append(Peer(server.at))
            peers[-1].ask(op, f"dead/file{number}")
    yield ask
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("flags", [(), ("--uploads", "create")], ids=["reads", "sweeps"])
def test_others_are_served(serve, hung, stuck, make, flags):
    """The last of three, which is not there, takes the helpers' time as a file does. Nothing
    is asked twice within 5 s."""
    content = make("file", 3000)
    (hung.parent / "below").mkdir()
    below = make("below/file", 5000)
    server = serve("--user", "root", *flags)

    stuck(server)
    began = time.monotonic()
    assert get(server.at, "file").content == content
    assert get(server.at, "below/file").content == below
    with pytest.raises(TftpError, match="not found"):
        get(server.at, "missing")
    assert time.monotonic() - began < 4


def test_uploads_that_hang(serve, hung, stuck, srv, make):
    """Others are served, and send their files, once as many helpers hang as ever will."""
    content = make("file", 3000)
    server = serve("--user", "root", "--uploads", "create")

    stuck(server, WRQ)
    time.sleep(1.5)
    began = time.monotonic()
    assert get(server.at, "file").content == content
    put(server.at, "sent", content)
    assert (srv / "sent").read_bytes() == content
    assert time.monotonic() - began < 4


def test_it_ends_all_the_same(serve, hung, stuck):
    """Five seconds for what is open, and one for the helpers; at once by a second signal."""
    server = serve("--user", "root", "--uploads", "create")

    stuck(server)
    server.process.terminate()
    assert not server.ended(0.5)
    server.process.terminate()
    assert server.ended(4)


def test_in_tftpd_ends_in_order(kedge, tmp_path, srv, hung, stuck):
    """Its pid file names no process that is gone, whatever hangs."""
    pid_file = tmp_path / "pid"
    server = InTftpd([named(kedge, tmp_path), "-L", "--stderr", "-s", "-u", "root",
                      "-a", "127.0.0.1:0", "-P", pid_file, srv], tmp_path / "log")

    assert pid_file.read_text() == f"{server.process.pid}\n"
    stuck(server)
    server.process.terminate()
    assert not server.ended(0.5)
    server.process.terminate()
    assert server.ended(4)
    assert server.process.returncode == 0
    assert not pid_file.exists()
