# SPDX-License-Identifier: MIT
"""kedge serve's echo on streams and local sockets from outside, by plain sockets."""
import os
import random
import resource
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

PATIENCE = 20
RESET = b"\1\0\0\0\0\0\0\0"  # struct linger: on, 0 s
MIB = 1 << 20


def read_exactly(sock, size):
    data = bytearray()
    while len(data) < size and (part := sock.recv(min(1 << 16, size - len(data)))):
        data += part
    return bytes(data)


def asks(sock, message):
    sock.sendall(message)
    return read_exactly(sock, len(message))


@pytest.fixture
def echo(serve):
    """echo(*flags): a server of echo+tcp; how to connect to it."""
    def start(*flags, **more):
        server = serve(*flags, at=["echo+tcp://127.0.0.1:0"], **more)
        server.connect = lambda: socket.create_connection(server.address("echo+tcp"),
                                                          timeout=PATIENCE)
        return server
    return start


# ---- connections

@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_tcp(serve, host):
    server = serve(at=[f"echo+tcp://{host}:0"])
    with socket.create_connection(server.address("echo+tcp"), timeout=PATIENCE) as sock:
        for size in 1, 2, 1000, 16384, 16385, 3 * MIB:
            content = os.urandom(size)
            writer = threading.Thread(target=sock.sendall, args=(content,))
            writer.start()
            assert read_exactly(sock, size) == content
            writer.join()


def test_all_comes_back_after_the_clients_fin(echo):
    """8 MiB that the client reads only after it has finished sending."""
    server = echo()
    content = random.Random(1).randbytes(8 * MIB)
    with server.connect() as sock:
        back = bytearray()
        sent = 0
        sock.setblocking(False)
        while sent < len(content):
            readable, writable, _ = select.select([sock], [sock], [], PATIENCE)
            if writable:
                sent += sock.send(content[sent:sent + 65536])
            if readable and len(back) < sent // 2:
                back += sock.recv(65536)
        sock.shutdown(socket.SHUT_WR)
        sock.setblocking(True)
        while part := sock.recv(65536):
            back += part
    assert back == content
    server.stop()
    assert server.count("finished") == 1


def stuff(sock):
    """Write, and read nothing, until nothing more is taken; how many bytes were."""
    sock.setblocking(False)
    total, idle_since = 0, time.monotonic()
    while time.monotonic() - idle_since < 0.3:
        try:
            total += sock.send(bytes(1 << 16))
            idle_since = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    sock.setblocking(True)
    return total


def test_clients_that_only_write_cost_no_memory(echo, kedge):
    server = echo()
    with server.connect() as sock:
        assert asks(sock, b"x") == b"x"
    before = server.status("VmRSS")
    socks = [server.connect() for _ in range(20)]
    taken = [stuff(sock) for sock in socks]
    grown = server.status("VmRSS") - before
    assert sum(taken) > 20 * 100_000  # it is in the kernel's buffers
    if "sanitize" not in str(kedge):
        assert grown < 1024 + 20 * 16 + 300  # KiB: large parts of some, small ones of all
    with server.connect() as other:
        assert asks(other, b"not stuck") == b"not stuck"
    for sock, size in zip(socks, taken):
        sock.shutdown(socket.SHUT_WR)
        assert len(read_exactly(sock, size + 1)) == size
        sock.close()


def test_resets_are_survived(echo):
    server = echo()
    good = server.connect()
    assert asks(good, b"before") == b"before"
    for i in range(50):
        sock = server.connect()
        if i % 2:
            sock.sendall(bytes(1000))
        if i % 5 == 0:
            stuff_quickly(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        sock.close()
    assert asks(good, b"after") == b"after"
    good.close()
    server.stop()
    assert server.count("connections") == 51


def stuff_quickly(sock):
    sock.setblocking(False)
    try:
        for _ in range(1000):
            sock.send(bytes(1 << 16))
    except BlockingIOError:
        pass


def test_a_thousand_connections_at_once(echo):
    server = echo()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    socks = []
    try:
        socks += [server.connect() for _ in range(1000)]
        for turn in range(3):
            for i, sock in enumerate(socks):
                sock.sendall(b"%d:%d" % (turn, i))
            for i, sock in enumerate(socks):
                message = b"%d:%d" % (turn, i)
                assert read_exactly(sock, len(message)) == message
        assert server.status("Threads") < 10
        assert not server.children()
    finally:
        for sock in socks:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    server.stop()
    assert server.count("finished") == 1000


def test_no_descriptor_left_stops_accepting_for_a_moment(echo):
    """With a low RLIMIT_NOFILE those who wait in the queue are served when others go, and
    meanwhile the server sleeps."""
    prlimit = shutil.which("prlimit")
    if not prlimit:
        pytest.skip("no prlimit here")
    server = echo(under=[prlimit, "--nofile=64:64", "--"])
    socks = [server.connect() for _ in range(100)]
    for sock in socks:
        sock.sendall(b"hello")
    time.sleep(0.3)
    spent = cpu(server.pid)
    time.sleep(0.5)
    assert cpu(server.pid) - spent < 0.2
    answered = 0
    for sock in socks:
        assert read_exactly(sock, 5) == b"hello"
        answered += 1
        sock.close()
    assert answered == 100
    server.stop()
    assert server.count("pauses") >= 1


def cpu(pid):
    """Seconds of CPU that a process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_connection_limit(echo):
    server = echo("--echo-max-connections", "3")
    socks = [server.connect() for _ in range(5)]
    for sock in socks:
        sock.sendall(b"x")
    for sock in socks[:3]:
        assert read_exactly(sock, 1) == b"x"
    assert not select.select(socks[3:], [], [], 0.2)[0]
    socks[0].close()
    socks[1].close()
    for sock in socks[3:]:
        assert read_exactly(sock, 1) == b"x"
        sock.close()
    socks[2].close()


def test_idle_connections_end(echo):
    server = echo("--idle-timeout", "3s")
    with server.connect() as busy, server.connect() as idle:
        while not select.select([idle], [], [], 0.1)[0]:
            assert asks(busy, b"x") == b"x"
        assert idle.recv(1) == b""
        assert asks(busy, b"x") == b"x"
        assert busy.recv(1) == b""
    server.stop()
    assert server.count("idle") == 2


def test_no_delay(echo):
    """Many small parts of one message: without TCP_NODELAY some wait 40 ms."""
    server = echo()
    with server.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = time.monotonic()
        for _ in range(100):
            sock.send(b"a")
            sock.send(b"b")
            assert read_exactly(sock, 2) == b"ab"
        assert time.monotonic() - start < 2


# ---- the end

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stop_sends_what_is_owed(echo, number):
    server = echo()
    quiet, talking = server.connect(), server.connect()
    assert asks(quiet, b"x") == b"x"
    size = stuff(talking)
    server.process.send_signal(number)
    assert quiet.recv(1) == b""
    assert not server.ended(0.2)
    with pytest.raises(OSError):
        server.connect()
    assert len(read_exactly(talking, size + 1)) == size
    assert server.stop() == 0
    quiet.close()
    talking.close()


def test_second_signal_ends_at_once(echo):
    server = echo()
    with server.connect() as sock:
        stuff(sock)
        server.process.send_signal(signal.SIGTERM)
        assert not server.ended(0.3)
        start = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - start < 2


def test_stuck_client_does_not_hold_the_end_up_for_ever(echo):
    server = echo()
    with server.connect() as sock:
        stuff(sock)
        start = time.monotonic()
        assert server.stop() == 0
        assert 4 < time.monotonic() - start < 10


# ---- unix

def test_unix_stream(serve, tmp_path):
    # Who gave up root may not remove a path from root's directory.
    flags = ["--user", "root"] if os.geteuid() == 0 else []
    server = serve(*flags, at=["echo+tcp://127.0.0.1:0", f"echo+unix://{tmp_path}/s"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(f"{tmp_path}/s")
        content = os.urandom(MIB)
        threading.Thread(target=sock.sendall, args=(content,), daemon=True).start()
        assert read_exactly(sock, MIB) == content
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    server.stop()
    assert not (tmp_path / "s").exists()


def test_unix_seqpacket(serve, tmp_path):
    serve(at=["echo+tcp://127.0.0.1:0", f"echo+unix-seqpacket://{tmp_path}/s"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(f"{tmp_path}/s")
        messages = [b"one", b"two", os.urandom(100000), b"four"]
        for message in messages:
            sock.send(message)
        assert [sock.recv(1 << 18) for _ in messages] == messages


def test_unix_dgram(serve, tmp_path):
    serve(at=["echo+tcp://127.0.0.1:0", f"echo+unix-dgram://{tmp_path}/s"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.bind("")  # an abstract name
        sock.connect(f"{tmp_path}/s")
        for message in b"one", b"", os.urandom(50000):
            sock.send(message)
            assert sock.recv(1 << 18) == message


# ---- what cannot be served

def test_tipc_works_or_is_clearly_missing(kedge):
    done = subprocess.run([kedge, "send", "tipc://18888:17", "x"], capture_output=True,
                          text=True, timeout=PATIENCE)
    try:
        socket.socket(socket.AF_TIPC, socket.SOCK_RDM).close()
    except OSError:
        assert done.returncode != 0
        assert "this kernel has no TIPC" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("scheme", ["echo+tcp", "echo+udp", "reply+udp"])
def test_port_in_use_is_an_error_at_start(kedge, scheme):
    kind = socket.SOCK_STREAM if scheme == "echo+tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        at = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run([kedge, "serve", at], capture_output=True, text=True,
                              timeout=PATIENCE)
    assert done.returncode not in (0, 64)
    assert at in done.stderr and "in use" in done.stderr
    assert done.stderr.count("\n") == 1
