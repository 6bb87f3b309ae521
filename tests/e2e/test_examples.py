# SPDX-License-Identifier: MIT
"""The lab programs, those on the library (examples/) and those in bare system calls
(examples/posix/), against Python programs of the same exercise (peers/lab.py), both ways
round: whoever serves and whoever asks, the output is the same to the byte."""
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

import pytest

from e2e.lib.ports import free_port
from e2e.peers import lab

HOSTS = ["127.0.0.1", "::1"]
TUPLE = {"127.0.0.1": r"\('127\.0\.0\.1', (\d+)\)", "::1": r"\('::1', (\d+), 0, 0\)"}
AWKWARD = [b"", b"it's", b'say "it\'s"', b'"', b"\\ \t\r\n", bytes(range(1, 256)),
           "h\u00e9 \u2603".encode(), b"0123456789" * 5000]
PATIENCE = 20


def url(scheme, host, port):
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class Program:
    """A server as a child; its lines arrive while it runs, through a pipe."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.lines = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode(errors="surrogateescape").rstrip("\n"))

    def wait_for(self, count):
        """The first `count` lines, awaited."""
        end = time.monotonic() + PATIENCE
        while len(self.lines) < count and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.lines) >= count, self.lines
        return self.lines[:count]

    def end(self):
        self.process.kill()
        return self.process.communicate()[1].decode()


@pytest.fixture
def run():
    """run(COMMAND...): a server; each is ended."""
    programs = []

    def start(*command):
        programs.append(Program(*map(str, command)))
        return programs[-1]

    yield start
    for program in programs:
        complaints = program.end()
        assert "Sanitizer" not in complaints and "runtime error" not in complaints


def python_server(run, what, host):
    """A server of peers/lab.py, and the port it got."""
    server = run(sys.executable, lab.__file__, what, host, 0)
    return server, int(server.process.stderr.readline())


def await_tcp(host, port):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection((host, port), timeout=PATIENCE)
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.01)


def ask(*command):
    done = subprocess.run(list(map(os.fsencode, map(str, command[:-1]))) + [command[-1]],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=["examples", "examples/posix"])
def examples(build, request):
    return build / request.param


# ---- echo

@pytest.mark.parametrize("host", HOSTS)
def test_echo_client_of_a_python_server(run, examples, host):
    server, port = python_server(run, "echo_server", host)
    for message in AWKWARD:
        out = ask(examples / "echo_client", url("tcp", host, port), message)
        assert out == f"Received {message!r}\n".encode()
    for line in server.wait_for(len(AWKWARD)):
        assert re.fullmatch("Connected by " + TUPLE[host], line)


@pytest.mark.parametrize("host", HOSTS)
def test_python_client_of_the_echo_server(run, examples, host):
    port = free_port(socket.SOCK_STREAM, host)
    server = run(examples / "echo_server", url("tcp", host, port))
    await_tcp(host, port).close()
    for message in AWKWARD:
        out = ask(sys.executable, lab.__file__, "echo_client", host, port, message)
        assert out == f"Received {message!r}\n".encode()
    for line in server.wait_for(1 + len(AWKWARD)):
        assert re.fullmatch("Connected by " + TUPLE[host], line)


def test_echo_server_names_the_real_port(run, examples):
    port = free_port(socket.SOCK_STREAM)
    server = run(examples / "echo_server", f"tcp://127.0.0.1:{port}")
    with await_tcp("127.0.0.1", port) as sock:
        assert server.wait_for(1) == [f"Connected by {sock.getsockname()}"]


def test_echo_server_takes_any_size_and_a_half_close(run, examples):
    """8 MiB in both directions at once; all of it comes after our FIN, then theirs."""
    port = free_port(socket.SOCK_STREAM)
    run(examples / "echo_server", f"tcp://127.0.0.1:{port}")
    content = os.urandom(8 << 20)
    with await_tcp("127.0.0.1", port) as sock:
        def write():
            sock.sendall(content)
            sock.shutdown(socket.SHUT_WR)
        writer = threading.Thread(target=write)
        writer.start()
        back = bytearray()
        while part := sock.recv(1 << 16):
            back += part
        writer.join()
    assert back == content


def test_echo_server_outlives_a_reset(run, examples):
    port = free_port(socket.SOCK_STREAM)
    server = run(examples / "echo_server", f"tcp://127.0.0.1:{port}")
    sock = await_tcp("127.0.0.1", port)
    server.wait_for(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
    out = ask(sys.executable, lab.__file__, "echo_client", "127.0.0.1", port, b"on")
    assert out == b"Received b'on'\n"


def test_echo_client_reads_what_comes_in_parts(examples):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in connection.recv(1024):
                    connection.send(bytes([byte]))
                    time.sleep(0.005)
        threading.Thread(target=serve, daemon=True).start()
        at = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        assert ask(examples / "echo_client", at, b"in parts") == b"Received b'in parts'\n"


def test_echo_client_says_what_is_missing(examples):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            connection, _ = listener.accept()
            connection.recv(1024)
            connection.sendall(b"Hel")
            connection.close()
        threading.Thread(target=serve, daemon=True).start()
        done = subprocess.run([examples / "echo_client",
                               f"tcp://127.0.0.1:{listener.getsockname()[1]}"],
                              capture_output=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (1, b"Received b'Hel'\n")
    assert b"before all was back" in done.stderr


@pytest.mark.parametrize("examples", ["examples"], indirect=True)
def test_echo_over_a_unix_socket(run, examples, tmp_path):
    """By the library only: the bare programs know IPv4 and IPv6."""
    at = f"unix://{tmp_path}/s"
    run(examples / "echo_server", at)
    end = time.monotonic() + PATIENCE
    while not (tmp_path / "s").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert ask(examples / "echo_client", at, b"local") == b"Received b'local'\n"


# ---- messages

@pytest.mark.parametrize("host", HOSTS)
def test_udp_client_of_a_python_server(run, examples, host):
    server, port = python_server(run, "udp_server", host)
    for message in AWKWARD:
        out = ask(examples / "udp_client", 1, url("udp", host, port), message)
        assert out == b"Message from Server b'Hello UDP Client'\n"
    lines = server.wait_for(1 + 2 * len(AWKWARD))
    assert lines[1::2] == [f"Message from Client:{m!r}" for m in AWKWARD]


@pytest.mark.parametrize("host", HOSTS)
def test_python_client_of_the_udp_server(run, examples, host):
    port = free_port(socket.SOCK_DGRAM, host)
    server = run(examples / "udp_server", url("udp", host, port))
    assert server.wait_for(1) == ["UDP server up and listening"]
    for message in AWKWARD:
        out = ask(sys.executable, lab.__file__, "udp_client", host, port, message)
        assert out == b"Message from Server b'Hello UDP Client'\n"
    lines = server.wait_for(1 + 2 * len(AWKWARD))
    assert lines[1::2] == [f"Message from Client:{m!r}" for m in AWKWARD]
    for line in lines[2::2]:
        assert re.fullmatch("Client IP Address:" + TUPLE[host], line)


def test_udp_server_names_the_real_port(run, examples):
    port = free_port(socket.SOCK_DGRAM)
    server = run(examples / "udp_server", f"udp://127.0.0.1:{port}")
    server.wait_for(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(PATIENCE)
        sock.sendto(b"Hello UDP Server", ("127.0.0.1", port))
        assert sock.recv(100) == b"Hello UDP Client"
        assert server.wait_for(3)[1:] == ["Message from Client:b'Hello UDP Server'",
                                          f"Client IP Address:{sock.getsockname()}"]


def test_udp_client_asks_n_times(run, examples):
    server, port = python_server(run, "udp_server", "127.0.0.1")
    out = ask(examples / "udp_client", 5, f"udp://127.0.0.1:{port}", b"x")
    assert out == b"Message from Server b'Hello UDP Client'\n" * 5
    assert server.wait_for(11)[1::2] == ["Message from Client:b'x'"] * 5


def test_udp_largest_message(run, examples):
    port = free_port(socket.SOCK_DGRAM)
    server = run(examples / "udp_server", f"udp://127.0.0.1:{port}")
    server.wait_for(1)
    out = ask(examples / "udp_client", 1, f"udp://127.0.0.1:{port}", b"u" * 65507)
    assert out == b"Message from Server b'Hello UDP Client'\n"
    assert server.wait_for(2)[1] == f"Message from Client:{b'u' * 65507!r}"


# ---- errors

@pytest.mark.parametrize("command, word", [
    (["echo_client", "tcp://127.0.0.1:{closed}"], "Connection refused"),
    (["echo_client", "nonsense"], "scheme"),
    (["echo_server", "tcp://127.0.0.1:99999"], "65535"),
    (["echo_server", "tcp://192.0.2.1:0"], "192.0.2.1"),
    (["udp_client", "1", "udp://127.0.0.1:{closed}"], "Connection refused"),
    (["udp_client", "1", "udp://127.0.0.1:{silent}"], "unavailable"),
    (["udp_client", "x"], "USAGE"),
    (["udp_client", "0"], "USAGE"),
    (["udp_server", "udp://nosuch.invalid:1"], "nosuch.invalid"),
])
def test_errors_are_one_line(examples, command, word):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        ports = {"closed": free_port(socket.SOCK_STREAM),
                 "silent": silent.getsockname()[1]}
        words = [w.format(**ports) for w in command[1:]]
        done = subprocess.run([examples / command[0], *words], capture_output=True,
                              text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert done.stdout == ""
    assert word in done.stderr and done.stderr.count("\n") == 1


# ---- by default: on fixed ports, in a network of their own

def in_own_network(script):
    """Run a shell script where every port is free; skip where that is not allowed."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("no unshare or ip here")
    done = subprocess.run(["unshare", "-r", "-n", "sh", "-c",
                           "ip link set lo up || exit 77\n" + script],
                          capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("this user may make no network namespace")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_echo_pair_by_default(examples):
    out = in_own_network(f"""
        {examples}/echo_server & server=$!
        for i in 1 2 3 4 5 6 7 8 9; do
            {examples}/echo_client 2>/dev/null && break; sleep 0.2
        done
        kill $server""")
    assert re.fullmatch(r"Connected by \('127\.0\.0\.1', \d+\)\n"
                        r"Received b'Hello, world'\n", out)


def test_udp_pair_by_default(examples):
    out = in_own_network(f"""
        {examples}/udp_server & server=$!
        for i in 1 2 3 4 5 6 7 8 9; do
            {examples}/udp_client 2>/dev/null && break; sleep 0.2
        done
        kill $server""")
    assert re.fullmatch(r"UDP server up and listening\n"
                        r"Message from Client:b'Hello UDP Server'\n"
                        r"Client IP Address:\('127\.0\.0\.1', \d+\)\n"
                        r"Message from Server b'Hello UDP Client'\n", out)


def test_echo_server_is_thirty_lines(root):
    """A socket server in few lines is what the library is for."""
    text = re.sub(r"/\*.*?\*/", "", (root / "examples/echo_server.c").read_text(), flags=re.S)
    assert len([line for line in text.splitlines() if line.strip()]) <= 30


def test_tftp_server_is_short(root):
    assert (root / "examples/tftp_s.c").read_text().count("\n") < 60


def test_bare_programs_are_short_and_stand_alone(root):
    """What the library hides is to be seen whole, on the system's headers alone. The two of
    TFTP share their lock step."""
    bare = {path.stem: path.read_text() for path in (root / "examples/posix").glob("*.c")}
    assert bare.keys() == {path.stem for path in (root / "examples").glob("*.c")} - {"trace"}
    for name, text in bare.items():
        own = {"tftp.h"} if name.startswith("tftp") else set()
        assert text.count("\n") <= (120 if name == "tftp_s" else 80), name
        assert set(re.findall('#include "(.*)"', text)) == own and "kedge" not in text, name
    assert "kedge" not in (root / "examples/posix/tftp.h").read_text()
