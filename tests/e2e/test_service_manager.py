# SPDX-License-Identifier: MIT
"""What `kedge serve` tells the service manager that started it, as sd_notify(3) has it."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from e2e.lib.manager import Manager
from e2e.lib.serve import PATIENCE
from e2e.lib.status import ask as ask_http, where
from e2e.peers.tftp import RRQ
from e2e.lib.policy import ME, ask


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    name = str(tmp_path / "notify") if request.param == "path" else f"@kedge-e2e-{os.getpid()}"
    manager = Manager(name)
    if request.param == "path":
        os.chmod(name, 0o777)
    yield manager
    manager.close()


@pytest.fixture
def abstract():
    manager = Manager(f"@kedge-e2e-{os.getpid()}-2")
    yield manager
    manager.close()


def test_it_is_ready_once_it_serves(manager, serve, make):
    make("f", 10)
    server = serve(under=manager.environment())
    assert manager.expect("READY") == {"READY": "1"}
    assert ask(server.at, "127.0.0.1", RRQ, "f", {"tsize": 0}) == ("granted", {"tsize": "10"})
    server.stop()
    manager.expect("STOPPING", "1")
    assert manager.states() == [("READY", "1"), ("STOPPING", "1")]


def test_a_server_that_cannot_start_is_never_ready(abstract, kedge, srv, tmp_path):
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", 0))
    words = [*abstract.environment(), str(kedge), "serve", "--root", str(srv),
             f"tftp://127.0.0.1:{taken.getsockname()[1]}"]
    assert os.spawnvp(os.P_WAIT, words[0], words) == 9
    abstract.listen(0.2)
    assert abstract.heard == []


def test_the_status_has_its_numbers(abstract, serve, make, get):
    make("f", 5000)
    server = serve(under=abstract.environment())
    abstract.expect("STATUS", "0 transfers running, 0 done, 0 failed or refused")
    url = "tftp://%s:%d/" % server.at
    assert get(url + "f").code == 0
    assert get(url + "missing").code == 3
    abstract.expect("STATUS", "0 transfers running, 1 done, 1 failed or refused")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.sendto(b"\0\1f\0octet\0", server.at)
        abstract.expect("STATUS", "1 transfers running, 1 done, 1 failed or refused")
        answer = silent.recvfrom(600)
        silent.sendto(b"\0\5\0\0over\0", answer[1])
        abstract.expect("STATUS", "0 transfers running, 1 done, 2 failed or refused")


def test_the_numbers_are_of_all_shards(abstract, serve, make, get):
    make("f", 50)
    server = serve("--shards", "3", under=abstract.environment())
    for _ in range(12):    # dealt out by their ports
        assert get("tftp://%s:%d/f" % server.at).code == 0
    abstract.expect("STATUS", "0 transfers running, 12 done, 0 failed or refused")


def test_its_numbers_are_those_of_status_and_of_top(abstract, serve, make, kedge):
    make("f", 10)
    server = serve("--shards", "2", "--metrics", "tcp://127.0.0.1:0",
                   under=abstract.environment())
    for name in "f", "f", "no":
        ask(server.at, "127.0.0.1", RRQ, name, {})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"\0\1unterminated", server.at)
    abstract.expect("STATUS", "0 transfers running, 2 done, 2 failed or refused")
    time.sleep(0.3)
    host, port = where(server)
    said = json.loads(ask_http((host, port), "/status")[2])
    assert said["transfers"] == {"get": {"ok": 2, "refused": 1}, "put": {}}
    assert said["refusals"] == {"malformed-request": 1, "file-not-found": 1}
    done = subprocess.run([kedge, "top", f"tcp://{host}:{port}"], capture_output=True, text=True,
                          timeout=20)
    assert re.match(r"0 open, 2 ok, 2 failed, ", done.stdout)


def test_a_reload_is_told_and_its_end(abstract, serve, srv, tmp_path):
    (tmp_path / "policy").write_text(f'root = "{srv}"\nuser = {ME}\n')
    server = serve("-c", tmp_path / "policy", under=abstract.environment())
    abstract.expect("READY")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    server.process.send_signal(signal.SIGHUP)
    lines = abstract.expect("RELOADING", "1")
    assert before <= int(lines["MONOTONIC_USEC"]) <= before + PATIENCE * 1000000
    abstract.expect("READY", "1")
    assert "the policy was read again" in server.stderr
    (tmp_path / "policy").write_text("rot = 1\n")
    server.process.send_signal(signal.SIGHUP)
    abstract.expect("RELOADING", "1")
    abstract.expect("READY", "1")      # by the old policy


def test_a_reload_with_nothing_to_read_does_not_stop_it(abstract, serve):
    server = serve(under=abstract.environment())
    abstract.expect("READY")
    server.process.send_signal(signal.SIGHUP)
    abstract.expect("RELOADING", "1")
    abstract.expect("READY", "1")
    assert server.process.poll() is None


def pings(manager):
    return [at for at, lines in manager.heard if lines.get("WATCHDOG") == "1"]


@pytest.mark.parametrize("shards", [1, 3])
def test_the_watchdog_is_fed_in_time(abstract, serve, shards):
    """Every two seconds of a watchdog of four. On a busy machine a ping may be late, so the
    bound is the watchdog's own."""
    serve("--shards", str(shards), under=abstract.environment(WATCHDOG_USEC=4000000))
    abstract.expect("READY")
    abstract.listen(6.5)
    times = pings(abstract)
    assert 2 <= len(times) <= 5
    assert all(b - a < 4 for a, b in zip(times, times[1:]))


def test_another_process_s_watchdog_is_not_fed(abstract, serve):
    serve(under=abstract.environment(WATCHDOG_USEC=200000, WATCHDOG_PID=1))
    abstract.expect("READY")
    abstract.listen(0.6)
    assert pings(abstract) == []


def test_a_server_that_hangs_does_not_feed_it(abstract, serve):
    """Every thread is stopped, so what the manager hears ends."""
    server = serve(under=abstract.environment(WATCHDOG_USEC=400000))
    abstract.expect("WATCHDOG", "1")
    server.process.send_signal(signal.SIGSTOP)
    abstract.listen(0.3)
    abstract.heard.clear()
    abstract.listen(0.7)
    server.process.send_signal(signal.SIGCONT)
    assert pings(abstract) == []
    abstract.expect("WATCHDOG", "1")


def test_a_manager_that_does_not_listen_holds_nothing_up(abstract, serve, make, get):
    """Its queue is full (net.unix.max_dgram_qlen, 10 to some hundreds) before the server
    starts: files are served, and READY follows once there is room."""
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    other.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            other.sendto(b"STATUS=x", "\0" + abstract.name[1:])
    make("f", 5000)
    server = serve(under=abstract.environment())
    assert get("tftp://%s:%d/f" % server.at).code == 0
    abstract.expect("READY", "1")
    assert abstract.states() == [("READY", "1")]


def test_without_its_socket_it_serves_and_says_so(serve, make, get):
    make("f", 100)
    server = serve(under=["env", "NOTIFY_SOCKET=/no/such/socket"])
    assert get("tftp://%s:%d/f" % server.at).code == 0
    assert "NOTIFY_SOCKET: No such file or directory: no service manager is told" in server.stderr


def test_it_is_told_after_privileges_are_gone(manager, serve, make):
    """The socket's directory is root's alone: what is connected at the start stays so."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if not manager.name.startswith("@"):
        os.chmod(manager.name, 0o600)
    server = serve("--user", "nobody", under=manager.environment())
    manager.expect("READY", "1")
    assert server.status("Uid") != 0
