# SPDX-License-Identifier: MIT
"""Clocks that jump, and a server that was stopped for a while.

The machine's wall clock is not set for a test: a library loaded ahead makes every look at it
another year. The clock that transfers do live by cannot jump; a time namespace lets it begin
elsewhere."""
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from e2e.lib.serve import Server
from e2e.peers.tftp import Get, Peer, get, put

# What decides when something is done. Elsewhere the wall clock is read to be shown, or to be
# set beside the kernel's own stamps, which are of that clock.
TIMED = ("src/base", "src/tftp", "src/echo", "src/os", "src/file", "src/transfer", "src/serve/tftp",
         "src/serve/echo/tcp")


def readers(tree):
    """Files of these that read a clock that can be set, by any name."""
    words = (r"\bCLOCK_(REALTIME|TAI)\w*|\bclock_wall\s*\("
             r"|\b(gettimeofday|time|timespec_get)\s*\((?!\w+ \w|struct)")
    found = set()
    for path in (tree / "src").rglob("*.[ch]"):
        name = str(path.relative_to(tree))
        if path.stem == "clock":  # it gives both to the rooms above
            continue
        code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        code = re.sub(r'"[^"\n]*"', '""', code)
        if name.startswith(TIMED) and re.search(words, code):
            found.add(name)
    return found


def test_nothing_that_is_timed_reads_the_wall_clock(root):
    assert readers(root) == set()


def test_a_reader_of_the_wall_clock_is_seen(tmp_path):
    (tmp_path / "src/os").mkdir(parents=True)
    for number, line in enumerate(("clock_gettime(CLOCK_REALTIME, &t);", "time(NULL);",
                                   "gettimeofday(&t, NULL);", "clock_wall();",
                                   "/* CLOCK_REALTIME */",
                                   "run_time(x);", "static void time(struct x *y)")):
        (tmp_path / f"src/os/{number}.c").write_text(line + "\n")
    assert readers(tmp_path) == {f"src/os/{n}.c" for n in range(4)}


@pytest.fixture
def jumping(root, tmp_path):
    """The environment of a program whose wall clock jumps."""
    library = tmp_path / "jump.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library,
                    root / "tests/attacks/lib/jump.c"], check=True)
    return ("env", f"LD_PRELOAD={library}")


def test_a_wall_clock_that_jumps(released, jumping, tmp_path, srv, make):
    """Neither a transfer nor a wait is longer for it; the records show the nonsense."""
    content = make("file", 200_000)
    server = Server([*jumping, released, "serve", "tftp://127.0.0.1:0", "echo://127.0.0.1:0",
                     "--root", srv, "--uploads", "create", "--timeout", "200ms"],
                    tmp_path / "log")
    start = time.monotonic()
    try:
        for number in range(10):
            assert get(server.at, "file", blksize=1428, windowsize=4).content == content
            put(server.at, f"up{number}", content[:5000])
        with Peer(server.at) as peer:   # who falls silent is asked again as was agreed
            peer.ask(1, "file", utimeout=100_000)
            peer.hear()
            peer.say(b"\0\4\0\0")
            again = time.monotonic()
            for _ in range(4):
                peer.hear()
            assert 0.2 <= time.monotonic() - again <= 1.5
    finally:
        code = server.stop(signal.SIGTERM, twice=True)
    assert code == 0
    assert time.monotonic() - start < 8
    records = server.records()
    assert [r["outcome"] for r in records[:20]] == ["ok"] * 20
    years = {r["time"][:4] for r in records}
    assert len(years) >= 3, years    # the clock did jump
    assert all(int(r["ms"]) < 5000 for r in records)


@pytest.mark.parametrize("offset", [-1, 10 * 365 * 86400, 100 * 365 * 86400],
                         ids=["the start", "10 years", "100 years"])
def test_a_machine_that_runs_for_long_or_has_just_begun(serve, make, offset):
    """CLOCK_MONOTONIC near 0 and far on, in a time namespace."""
    if offset < 0:
        offset = 1 - int(time.clock_gettime(time.CLOCK_MONOTONIC))
    under = ("unshare", "--time", f"--monotonic={offset}")
    if subprocess.run([*under, "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no time namespace may be made here")
    content = make("file", 100_000)
    server = serve("--uploads", "create", under=under)

    assert get(server.at, "file", blksize=512, windowsize=8).content == content
    put(server.at, "up", content)
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"] * 2


def test_a_server_that_was_stopped_for_a_while(serve, make):
    """Its clock has gone on; the transfer goes on too, and nothing comes twice but once."""
    content = make("file", 60_000)
    server = serve("--timeout", "300ms")
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        while not transfer.done:
            reply = transfer.read(peer.hear())
            if transfer.block == 50:
                os.kill(server.pid, signal.SIGSTOP)
                threading.Timer(1.5, os.kill, (server.pid, signal.SIGCONT)).start()
            if reply:
                peer.say(reply)
        if reply:
            peer.say(reply)
    assert transfer.content == content
    assert transfer.repeats <= 2
    assert server.record(event="get")["outcome"] == "ok"
