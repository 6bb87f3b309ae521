# SPDX-License-Identifier: MIT
"""--control, and kedge top, which reads it: on a terminal (tmux) and without one."""
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from e2e.lib.screen import rest_of
from e2e.lib.status import STALE, dial, half_done, metrics, of, rest, status, where
from e2e.peers import tftp

needs_tmux = pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux")
LIFE = 5  # seconds that a client of the control socket has


@pytest.fixture
def served(serve, make, srv, as_nobody):
    """A server with one open transfer, half done; its path is .control."""
    assert as_nobody is not None  # so that the service gets there
    server = serve("--control", f"unix://{srv}/control", "--metrics", "tcp://127.0.0.1:0")
    server.control = f"{srv}/control"
    make("image.bin", 5000)
    with pytest.raises(tftp.TftpError):
        tftp.get(server.at, "no\x1b[31m<b>")
    with half_done(server, "image.bin"):
        server.record(event="refused")
        time.sleep(STALE)
        yield server


@pytest.fixture
def top(kedge):
    def run(*words, **env):
        return subprocess.run([kedge, "top", *words], capture_output=True, text=True, timeout=30,
                              env=os.environ | env)
    return run


def test_each_connection_gets_one_document(served):
    for garbage in b"", b"GET /status HTTP/1.1\r\n\r\n", b"\0\xff" * 30000:
        with dial(served.control) as peer:
            try:
                peer.sendall(garbage)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it was closed while we spoke
            got = rest(peer)
        assert got.endswith(b"}\n") and got.count(b"\n") == 1
        assert json.loads(got)["live"][0]["file"] == "image.bin"
    time.sleep(STALE)
    same = {k: v for k, v in json.loads(got).items() if k in ("transfers", "requests", "bytes")}
    assert status(where(served)).items() >= same.items()


def test_its_clients_are_bounded(served, make):
    held = [dial(served.control) for _ in range(200)]
    documents = [rest(peer) for peer in held]
    assert all(d == b"" or json.loads(d)["v"] == 1 for d in documents)
    assert sum(d != b"" for d in documents) >= 16
    for peer in held:
        peer.close()
    content = make("other", 100000)
    assert tftp.get(served.at, "other", blksize=1400).content == content
    with dial(served.control) as peer:
        assert json.loads(rest(peer))["v"] == 1


def test_one_that_does_not_read_is_ended(serve, make, srv, as_nobody):
    """A document larger than a socket's queue, of which nothing is read."""
    assert as_nobody is not None
    server = serve("--control", f"unix://{srv}/control")
    name = "\x01" * 120  # in the document \\u0001 each
    make(name, 5000)
    peers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(300)]
    for peer in peers:
        peer.settimeout(20)
        peer.sendto(tftp.request(tftp.RRQ, name), server.at)
        peer.recvfrom(2000)
    before = server.descriptors()
    start = time.monotonic()
    silent = [dial(f"{srv}/control") for _ in range(16)]
    time.sleep(1)
    assert server.descriptors() >= before + 16
    while server.descriptors() > before:
        assert time.monotonic() < start + 4 * LIFE
        time.sleep(0.1)
    assert time.monotonic() >= start + LIFE - 0.5
    for got in map(rest, silent):
        assert got.startswith(b'{"v":1,') and not got.endswith(b"\n")
    for peer in silent + peers:
        peer.close()


def test_without_a_terminal_it_prints_once(served, top):
    done = top(f"unix://{served.control}")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1 open, 0 ok, 1 failed, ")
    assert lines[1].split()[:2] == ["CLIENT", "FILE"]
    assert re.match(r"127\.0\.0\.1:\d+ +image\.bin +\[####\.{6}\]  40% +\d+ B/s +\d+ +\ds$", lines[2])
    assert re.search(r" refused +127\.\S+ no\\x1b\[31m<b>: ", lines[4])
    assert "\x1b" not in done.stdout


def test_the_port_of_metrics_will_do(served, top):
    host, port = where(served)
    done = top(f"tcp://{host}:{port}", "--once")
    assert done.returncode == 0 and "image.bin" in done.stdout
    assert of(metrics((host, port)), "kedge_tftp_active_transfers") == 1


def test_so_will_a_path_of_metrics(serve, make, srv, as_nobody, top):
    assert as_nobody is not None
    server = serve("--metrics", f"unix://{srv}/metrics")
    make("file", 500)
    tftp.get(server.at, "file")
    server.record(event="get")
    done = top(f"unix://{where(server)}", "--once")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 open, 1 ok, 0 failed")


@pytest.mark.parametrize("address, code, why", [
    ("unix:///nowhere/at/all", 7, "No such file"),
    ("udp://127.0.0.1:1", 64, "takes unix:///PATH"),
    ("nonsense", 64, "nonsense"),
    ("tcp://no.such.name.invalid:1", 8, "no.such.name.invalid")])
def test_a_server_that_is_not_there(top, address, code, why):
    done = top(address)
    assert (done.returncode, done.stdout) == (code, "")
    assert why in done.stderr and done.stderr.count("\n") == 1


NO_SERVER = "this is no kedge server"


@pytest.mark.parametrize("answer, why", [
    (b"", NO_SERVER), (b"hello\n", NO_SERVER + ": hello\n"), (b"\x1b[31m\n", NO_SERVER + "\n"),
    (b'{"v":2}\n', NO_SERVER), (b"x" * 3_000_000, NO_SERVER),
    (b"HTTP/1.1 403 Forbidden\r\n\r\nno\n",
     "the server gives no state: HTTP/1.1 403 Forbidden\n")],
    ids=["nothing", "a word", "an escape", "a later version", "too much", "a refusal"])
def test_what_is_no_server_is_said(top, tmp_path, answer, why):
    path = f"{tmp_path}/other"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve_once():
            peer, _ = listener.accept()
            with peer:
                try:
                    peer.sendall(answer)
                except (BrokenPipeError, ConnectionResetError):
                    pass
        thread = threading.Thread(target=serve_once)
        thread.start()
        done = top(f"unix://{path}")
        thread.join()
    assert done.returncode == 5 and why in done.stderr and "\x1b" not in done.stderr


def test_only_a_path_is_taken(kedge, srv):
    done = subprocess.run([kedge, "serve", "tftp://127.0.0.1:0", "--root", srv, "--control",
                           "tcp://127.0.0.1:0"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 64
    assert done.stderr == "kedge serve: --control tcp://127.0.0.1:0: takes unix:///PATH\n"


# ---- on a terminal ----

@needs_tmux
@pytest.mark.parametrize("columns, shown", ids=[40, 80, 200], argvalues=[
    (40, r"127\.0\.0\.1:\d+ ima\S* +40% +\d+ B/s"),
    (80, r"127\.0\.0\.1:\d+ +image\.bin +\[####\.+\] +40% +\d+ B/s +\d+ +\d+s"),
    (200, r"127\.0\.0\.1:\d+ +- +image\.bin +\[#{12}\.{18}\] +40% +\d+ B/s +1000x1 +\d+ +\d+s")])
def test_a_row_has_what_fits(kedge, served, screen, columns, shown):
    s = screen(columns, 12, kedge, "top", f"unix://{served.control}")
    rows = s.until(lambda lines: len(lines) > 4 and re.fullmatch(shown, lines[2]))
    assert rows[0].startswith("1 open, 0 ok, 1 failed")
    assert any(row.find("refused") >= 0 for row in rows[3:])
    s.call("send-keys", "q")
    assert s.status() == 0
    assert not any("image" in line for line in s.lines())  # the screen is as it was


@needs_tmux
def test_keys_sort_the_rows(kedge, served, screen):
    """The first client is older, the second one has more."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(20)
        peer.sendto(tftp.request(tftp.RRQ, "image.bin", blksize=1000), served.at)
        for block in range(5):
            _, transfer = peer.recvfrom(2000)
            peer.sendto(tftp.ack(block), transfer)
        peer.recvfrom(2000)
        s = screen(80, 12, kedge, "top", f"unix://{served.control}")
        for key, first in ("", "40%"), ("b", "80%"), ("a", "40%"):
            s.call("send-keys", key or "x")
            s.until(lambda lines: len(lines) > 4 and first in lines[2] and
                    ("80%" if first == "40%" else "40%") in lines[3])
        s.call("send-keys", "q")
        assert s.status() == 0


@needs_tmux
def test_it_goes_on_when_the_server_ends_and_comes_again(kedge, served, serve, screen):
    s = screen(100, 12, kedge, "top", f"unix://{served.control}", "-i", "300ms")
    s.until(lambda lines: lines and "quit" in lines[-1])
    served.stop(twice=True)
    s.until(lambda lines: lines and "No such file" in lines[-1])
    serve("--control", f"unix://{served.control}")
    s.until(lambda lines: lines[0].startswith("0 open, 0 ok, 0 failed"))
    s.call("send-keys", "C-c")
    assert s.status() == 0


def test_it_draws_in_place(kedge, served):
    """Each screen is one piece that clears nothing before it writes, and the terminal is left
    as it was."""
    ours, theirs = os.openpty()
    process = subprocess.Popen([kedge, "top", f"unix://{served.control}", "-i", "300ms"],
                               stdin=theirs, stdout=theirs, stderr=theirs,
                               env=os.environ | {"TERM": "xterm"})
    os.close(theirs)
    shown = b""
    end = time.monotonic() + 20
    while shown.count(b"\x1b[H") < 4:  # so that three are complete
        assert select.select([ours], [], [], end - time.monotonic())[0]
        shown += os.read(ours, 65536)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    shown = (shown + rest_of(ours)).decode()
    assert shown.startswith("\x1b[?1049h\x1b[?25l\x1b[?7l")
    assert shown.endswith("\x1b[?7h\x1b[?25h\x1b[?1049l")
    screens = shown.split("\x1b[H")[1:]
    assert len(screens) >= 3 and "\x1b[2J" not in shown
    assert all(s.count("\x1b[J") == 1 and s.count("\x1b[K") >= 5 for s in screens)
