# SPDX-License-Identifier: MIT
"""A root that vanishes while it is served: its clients hear nothing, the log says so once a
minute, and nobody else notices."""
import ctypes
import os
import select
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from e2e.lib import slowfs
from e2e.lib.policy import ME, ask, request
from e2e.lib.serve import PATIENCE, Server
from e2e.lib.status import metrics, of, where
from e2e.peers.tftp import RRQ, WRQ

POLICY = """
root = "{srv}/tree"
user = {me}
shards = 2
uploads = "overwrite"
client "127.0.0.2" {{ root = "{srv}/other" }}
client "127.0.0.4/31" {{ root = "{srv}/by/%a" }}
"""
SIZE = {"tsize": 0}
GONE = "the served directory is gone"
AGAIN = "the served directory was removed and made again; kedge has the old one"


libc = ctypes.CDLL(None, use_errno=True)


def mount(place, kind, options):
    if libc.mount(b"none", os.fsencode(place), kind, 0, options.encode()):
        pytest.skip(f"nothing may be mounted here: {os.strerror(ctypes.get_errno())}")


@pytest.fixture
def mounted(tree):
    """127.0.0.2's root is a mount."""
    place = tree / "other"

    class Mounted:
        def tmpfs(self):
            mount(place, b"tmpfs", "mode=755")
            (place / "a.txt").write_text("12")

        def fuse(self):
            """A program's file system, and the program."""
            program = "import sys, slowfs; fs = slowfs.SlowFs(sys.argv[1]); print(1, flush=True); fs.run()"
            child = subprocess.Popen(["/usr/bin/python3", "-c", program, place], text=True,
                                     cwd=Path(slowfs.__file__).parent, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            if not child.stdout.readline():
                pytest.skip(f"no FUSE here: {child.communicate()[1][-200:]}")
            return child

        def umount(self, *flags):
            return subprocess.run(["umount", *flags, place], capture_output=True).returncode
    mounted = Mounted()
    yield mounted
    mounted.umount("-l")


@pytest.fixture
def start(kedge, tree, tmp_path):
    """Starts the server, once; it is ended whatever became of the test."""
    started = []

    def start():
        (tree / "policy").write_text(POLICY.format(me=ME, srv=tree))
        started.append(Server([kedge, "serve", "-c", tree / "policy", "--metrics", "tcp://127.0.0.1:0",
                               "tftp://127.0.0.1:0"], tmp_path / "serve.log"))
        return started[0]
    yield start
    for server in started:
        assert server.stop(twice=True) == 0, server.stderr
        assert "Sanitizer" not in server.stderr


@pytest.fixture
def server(start):
    return start()


def hears_nothing(server, source, op, name, said=1):
    """Asked eight times, from ports of their own, so that both shards have some; the log says so
    in as many lines, and then nothing comes."""
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
    for sock in socks:
        sock.bind((source, 0))
        sock.sendto(request(op, name, SIZE), server.at)
    end = time.monotonic() + PATIENCE
    while len(lines(server)) < said and time.monotonic() < end:
        time.sleep(0.01)
    assert not select.select(socks, [], [], 0.4)[0]
    for sock in socks:
        sock.close()


def lines(server):
    return [r for r in server.records() if r["reason"] in (GONE, AGAIN)]


@pytest.mark.parametrize("source, root", [("127.0.0.2", "other"), ("127.0.0.4", "by/127.0.0.4")])
def test_its_clients_hear_nothing_and_others_all(server, tree, source, root):
    assert ask(server.at, source, RRQ, "a.txt", SIZE)[0] == "granted"
    assert ask(server.at, source, RRQ, "missing", SIZE) == ("refused", 1)
    shutil.rmtree(tree / root)
    for op, name in ((RRQ, "a.txt"), (RRQ, "missing"), (RRQ, "deep/er"), (WRQ, "a.txt"), (WRQ, "deep/new")):
        hears_nothing(server, source, op, name)
    assert len(lines(server)) == 1, server.stderr
    assert lines(server)[0]["reason"] == GONE
    assert lines(server)[0]["verdict_id"] == "root-gone"
    assert "asks again" not in lines(server)[0]["verdict"]
    assert ask(server.at, "127.0.0.1", RRQ, "a.txt", SIZE) == ("granted", {"tsize": "1"})
    assert ask(server.at, "127.0.0.1", RRQ, "missing", SIZE) == ("refused", 1)
    assert ask(server.at, "127.0.0.1", WRQ, "new/er", {}) == ("refused", 1)


@pytest.mark.parametrize("source, root", [("127.0.0.1", "tree"), ("127.0.0.2", "other")])
def test_one_that_was_made_again_needs_a_restart(server, tree, source, root):
    """What is served is the directory that was opened: no path leads to it any more, and the
    sandbox lets the server read no other."""
    assert ask(server.at, source, RRQ, "a.txt", SIZE)[0] == "granted"
    shutil.rmtree(tree / root)
    (tree / root).mkdir()
    (tree / root / "a.txt").write_text("123")
    for name in ("a.txt", "missing"):
        hears_nothing(server, source, RRQ, name)
    assert len(lines(server)) == 1, server.stderr
    line = lines(server)[0]
    assert line["reason"] == AGAIN
    assert line["verdict_id"] == "root-gone"
    assert "until the directory is there and the server is restarted" in line["verdict"]


def test_what_is_not_in_the_log_is_counted(server, tree):
    shutil.rmtree(tree / "other")
    for _ in range(2):
        hears_nothing(server, "127.0.0.2", RRQ, "a.txt")
    assert len(lines(server)) == 1, server.stderr
    found = metrics(where(server))
    assert of(found, "kedge_tftp_requests_total") == 16
    assert of(found, "kedge_tftp_transfers_total", direction="get", outcome="refused") == 16
    assert of(found, "kedge_tftp_refusals_total", kind="root-gone") == 16
    assert of(found, "kedge_tftp_verdicts_total", verdict="root-gone") == 16


def test_two_of_them_have_a_line_each(server, tree):
    for said, (source, root) in enumerate((("127.0.0.2", "other"), ("127.0.0.4", "by/127.0.0.4")), 1):
        assert ask(server.at, source, RRQ, "a.txt", SIZE)[0] == "granted"
        shutil.rmtree(tree / root)
        hears_nothing(server, source, RRQ, "a.txt", said)
    assert len(lines(server)) == 2, server.stderr


def test_a_mount_whose_server_ended(mounted, start):
    program = mounted.fuse()
    server = start()
    assert ask(server.at, "127.0.0.2", RRQ, "read-0", SIZE)[0] == "granted"
    assert ask(server.at, "127.0.0.2", RRQ, "missing", SIZE) == ("refused", 1)
    program.kill()
    program.communicate()
    for name in ("read-0", "missing", "deep/er"):
        hears_nothing(server, "127.0.0.2", RRQ, name)
    assert len(lines(server)) == 1, server.stderr
    assert ask(server.at, "127.0.0.1", RRQ, "a.txt", SIZE) == ("granted", {"tsize": "1"})


def test_a_mount_in_use_stays_until_it_is_let_go(mounted, start):
    """umount says that it is busy; by umount -l the server keeps what it has."""
    mounted.tmpfs()
    server = start()
    assert mounted.umount() != 0
    assert mounted.umount("-l") == 0
    assert ask(server.at, "127.0.0.2", RRQ, "a.txt", SIZE) == ("granted", {"tsize": "2"})
    assert ask(server.at, "127.0.0.2", RRQ, "missing", SIZE) == ("refused", 1)
