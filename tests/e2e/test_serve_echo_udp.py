# SPDX-License-Identifier: MIT
"""kedge serve's echo and reply services on UDP: whom they answer, and whom never."""
import os
import select
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE = 20


def datagram_client(address, at=None):
    sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET,
                         socket.SOCK_DGRAM)
    sock.settimeout(PATIENCE)
    if at:
        sock.bind(at)
    sock.connect(address)
    return sock


def is_silent(sock):
    return not select.select([sock], [], [], 0.3)[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_udp(serve, host):
    server = serve(at=[f"echo+udp://{host}:0"])
    with datagram_client(server.address("echo+udp")) as sock:
        for size in 0, 1, 24, 1472, 1473, 9000, 65507:
            content = os.urandom(size)
            sock.send(content)
            assert sock.recv(70000) == content


def test_reply_never_answers_its_own_text(serve):
    server = serve(at=["reply+udp://127.0.0.1:0"])
    with datagram_client(server.address("reply+udp")) as sock:
        sock.send(b"Hello UDP Server")
        text = sock.recv(1000)
        assert text == b"Hello UDP Client"
        sock.send(text)
        assert is_silent(sock)
        sock.send(b"")
        assert sock.recv(1000) == text
    server.stop()
    assert server.count("own text") == 1


def test_the_same_again_and_again_misses_one_a_second(serve):
    server = serve(at=["echo+udp://127.0.0.1:0"])
    with datagram_client(server.address("echo+udp")) as sock:
        answers = 0
        for _ in range(64):
            sock.send(b"same")
            answers += sock.recv(100) == b"same"
        sock.send(b"same")
        assert is_silent(sock)
        for _ in range(100):
            sock.send(b"same")
            assert sock.recv(100) == b"same"
        for i in range(200):
            sock.send(b"%d" % i)
            assert sock.recv(100) == b"%d" % i
    server.stop()
    assert (answers, server.count("loop")) == (64, 1)


def test_own_ports_of_every_service_are_not_answered(serve):
    """A peer elsewhere that uses the number of any UDP port of this server."""
    server = serve(at=["echo+udp://127.0.0.1:0", "reply+udp://127.0.0.1:0",
                       "tftp://127.0.0.1:0"])
    schemes = ("echo+udp", "reply+udp", "tftp")
    for scheme in schemes:
        port = server.address(scheme)[1]
        for service in "echo+udp", "reply+udp":
            with datagram_client(server.address(service), ("127.0.0.2", port)) as sock:
                sock.send(b"x")
                assert is_silent(sock), (scheme, service)
    server.stop()
    assert server.count("own port") == 3


def test_a_peer_at_the_number_of_a_data_port_is_answered(serve):
    """There are a thousand of them: many a client elsewhere has the number of one."""
    server = serve(at=["echo+udp://127.0.0.1:0", "tftp://127.0.0.1:0"])
    taken = {server.address("echo+udp")[1], server.address("tftp")[1]}
    sockets = Path(f"/proc/{server.pid}/net/udp").read_text().splitlines()[1:]
    inodes = {os.readlink(f) for f in Path(f"/proc/{server.pid}/fd").iterdir()}
    rows = [row.split() for row in sockets if f"socket:[{row.split()[9]}]" in inodes]
    ports = {int(row[1].partition(":")[2], 16) for row in rows} - taken

    assert len(ports) > 4
    for port in sorted(ports)[:4]:
        with datagram_client(server.address("echo+udp"), ("127.0.0.2", port)) as sock:
            sock.send(b"x")
            assert sock.recv(10) == b"x"


def in_own_network(script, *words):
    """Run a Python script where every port is free and may be bound."""
    if not shutil.which("unshare"):
        pytest.skip("no unshare here")
    done = subprocess.run(["unshare", "-r", "-n", "sh", "-c",
                           'ip link set lo up || exit 77; exec "$@"', "sh",
                           sys.executable, "-c", script, *map(str, words)],
                          capture_output=True, text=True, timeout=3 * PATIENCE)
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("this user may make no network namespace")
    assert done.returncode == 0, done.stderr
    return done.stdout


ANSWERING = [7, 13, 17, 19, 37, 53, 69, 111, 123, 137, 161, 389, 1900, 2049]
SENDS_FROM_EACH_PORT = """
import select, socket, subprocess, sys
server = subprocess.Popen([sys.argv[1], "serve", "echo+udp://127.0.0.1:9000",
                           "--user", "root", "--root", "/"], stdout=subprocess.PIPE, text=True)
while "Ctrl-C" not in server.stdout.readline():
    pass
for port in map(int, sys.argv[2:]):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))
        sock.sendto(b"x", ("127.0.0.1", 9000))
        print(port, bool(select.select([sock], [], [], 0.1)[0]))
server.terminate()
print(server.stdout.read())
"""


def test_ports_that_answer_by_themselves_are_not_answered(kedge):
    out = in_own_network(SENDS_FROM_EACH_PORT, kedge, *ANSWERING, 8, 1024, 2050)
    for port in ANSWERING:
        assert f"\n{port} False\n" in "\n" + out
    for port in 8, 1024, 2050:
        assert f"\n{port} True\n" in out
    assert f"{len(ANSWERING)} service port" in out
