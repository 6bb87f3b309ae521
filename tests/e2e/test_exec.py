# SPDX-License-Identifier: MIT
"""`kedge serve --exec PROGRAM`: a program that runs after each transfer."""
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest

from e2e.lib.policy import ME
from e2e.lib.ports import free_port
from e2e.lib.run import run
from e2e.peers.tftp import RRQ, error, request

PATIENCE = 20
SAVES = """#!/bin/sh
( printf '%s\\n' "$#" "$1" "$2" "$3" "$4"; env | grep ^KEDGE_ ) >"$0.new.$$"
mv "$0.new.$$" "$0.$1.$2"
"""
READS = """#!/bin/sh
cat /etc/hostname >"$0.new" && mv "$0.new" "$0.done"
"""


@pytest.fixture
def hook(srv):
    """hook(SCRIPT): a program in a place of its own, which everybody may write."""
    place = srv.parent / "hook"
    place.mkdir()
    place.chmod(0o777)

    def make(script):
        program = place / "program"
        program.write_text(script)
        program.chmod(0o755)
        return program
    return make


def await_file(path):
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, f"no {path.name}: {os.listdir(path.parent)}"
        time.sleep(0.01)
    return path.read_text()


def test_each_end_is_told(hook, serve, get, make):
    make("f", 3000)
    program = hook(SAVES)
    server = serve("--exec", program, "--user", ME)
    url = "tftp://{}:{}".format(*server.at)

    assert get(f"{url}/f", "-o", "got").code == 0
    assert get(f"{url}/%24(id)%20%0a-x", "-o", "got").code == 3
    count, event, outcome, peer, file, *variables = \
        await_file(Path(f"{program}.get.ok")).splitlines()
    record = server.record(file="f")
    assert [count, event, outcome, peer, file] == ["4", "get", "ok", record["peer"], "f"]
    told = dict(line.split("=", 1) for line in variables)
    assert {key: told[f"KEDGE_{key.upper()}"] for key in ("bytes", "granted", "port", "time")} == \
        {key: record[key] for key in ("bytes", "granted", "port", "time")}
    assert "KEDGE_VERDICT" not in told
    refused = await_file(Path(f"{program}.refused.refused"))
    assert "\n$(id) \n-x\n" in refused and "KEDGE_VERDICT_ID=file-not-found\n" in refused


def test_it_is_not_confined_and_the_server_is(hook, serve, get, make):
    """It reads what the server may not."""
    make("f", 10)
    program = hook(READS)
    server = serve("--exec", program, "--user", ME)

    get("tftp://{}:{}/f".format(*server.at), "-o", "got")
    assert await_file(Path(f"{program}.done")) == Path("/etc/hostname").read_text()
    helper, = (int(word) for word in
               Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())
    status = Path(f"/proc/{helper}/status").read_text()
    assert "NoNewPrivs:\t1\n" in status
    assert len(os.listdir(f"/proc/{helper}/fd")) == 5  # the streams, the server, its children


def test_it_holds_nothing_when_the_server_is_killed(hook, serve, get, make):
    make("f", 10)
    at = f"tftp://127.0.0.1:{free_port()}"
    server = serve("--exec", hook("#!/bin/sh\nexec sleep 1000\n"), "--user", ME, at=[at])
    get(f"{at}/f", "-o", "got")

    server.kill()
    again = serve(at=[at])
    assert get(f"{at}/f", "-o", "got").code == 0
    assert again.stop() == 0


def test_a_failing_one_is_said(hook, serve, get, make):
    make("f", 10)
    program = hook("#!/bin/sh\necho of its own; exit 3\n")
    server = serve("--exec", program, "--user", ME)

    get("tftp://{}:{}/f".format(*server.at), "-o", "got")
    end = time.monotonic() + PATIENCE
    while f"--exec: {program}: ended with 3" not in server.stderr:
        assert time.monotonic() < end, server.stderr
        time.sleep(0.01)
    assert "of its own\n" in server.stderr
    assert server.stop(signal.SIGTERM) == 0


def test_a_flood_of_refusals_leaves_room_for_transfers(hook, serve, get, make):
    """Whoever sends requests for nothing cannot keep the program from what was done."""
    make("f", 10)
    program = hook("#!/bin/sh\nsleep 0.2\necho \"$1\" >>\"$0.log\"\n")
    server = serve("--exec", program, "--user", ME)
    url = "tftp://{}:{}/f".format(*server.at)
    start = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(30)
        for number in range(300):
            sock.sendto(request(RRQ, f"none{number}"), server.at)
            sock.recv(1000)
        for _ in range(3):
            assert get(url, "-o", "got").code == 0
    end = time.monotonic() + PATIENCE
    log = Path(f"{program}.log")
    while not log.exists() or log.read_text().count("get\n") < 3:
        assert time.monotonic() < end, log.exists() and log.read_text()
        time.sleep(0.05)
    refused = log.read_text().count("refused\n")
    took = time.monotonic() - start
    assert 0 < refused <= 8 + 4 * took + 1
    assert server.stop() == 0
    left_out, = re.findall(r"^--exec: (\d+) records not handed on", "\n".join(server.lines), re.M)
    assert int(left_out) >= 300 - 8 - 4 * took - 1


def test_a_flood_of_forged_requests_leaves_room_for_transfers(hook, serve, make):
    """Who never answers need not be there: that is no transfer."""
    make("f", 10)
    server = serve("--exec", hook("#!/bin/sh\n"), "--user", ME)
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(60)]
    for sock in socks:
        sock.sendto(request(RRQ, "f"), server.at)
    server.record(patience=60, outcome="timeout")  # it is given 30 s
    start = time.monotonic()
    while len(server.records()) < 60:
        assert time.monotonic() < start + PATIENCE, server.stderr
        time.sleep(0.05)
    took = time.monotonic() - start
    assert {record["event"] for record in server.records()} == {"get"}
    assert server.stop() == 0
    for sock in socks:
        sock.close()
    left_out, = re.findall(r"^--exec: (\d+) records not handed on", "\n".join(server.lines), re.M)
    assert int(left_out) >= 60 - 8 - 4 * took - 1


def test_who_asks_for_a_size_only_is_told(hook, serve, make):
    make("f", 10)
    program = hook("#!/bin/sh\necho \"$1\" >>\"$0.log\"\n")
    server = serve("--exec", program, "--user", ME)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(60):
            sock.sendto(request(RRQ, "f", tsize=0), server.at)
            _, peer = sock.recvfrom(1000)
            sock.sendto(error(8, "enough"), peer)
    end = time.monotonic() + PATIENCE
    log = Path(f"{program}.log")
    while not log.exists() or log.read_text().count("probe\n") < 60:
        assert time.monotonic() < end, log.exists() and log.read_text()
        time.sleep(0.05)
    assert server.stop() == 0
    assert "not handed on" not in "\n".join(server.lines)


@pytest.mark.parametrize("program, why", [("none", "No such file or directory"),
                                          ("plain", "Permission denied")])
def test_what_cannot_be_run_is_refused_at_start(program, why, kedge, srv):
    (srv / "plain").write_text("text")
    done = run(kedge, "serve", "--root", srv, "--user", ME, "--exec", srv / program,
               "tftp://127.0.0.1:0", cwd=srv)
    assert done.code == 9
    assert done.err == f"kedge serve: --exec {srv / program}: {why}\n"
