# SPDX-License-Identifier: MIT
"""Sockets that a service manager bound: `kedge serve` serves on them, or says in one line why
not."""
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from e2e.lib.policy import ME, ask
from e2e.peers.echo import wait_for
from e2e.peers.tftp import RRQ

# What systemd does between fork and exec: the sockets from 3 on, and the variables.
PASS = """import os, sys
count, names, numbers = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
for fd in [os.dup2(os.dup(int(n)), 100 + i) for i, n in enumerate(n for n in numbers if n)]:
    os.dup2(fd, fd - 97)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = count
if names != "-":
    os.environ["LISTEN_FDNAMES"] = names
os.execvp(sys.argv[4], sys.argv[4:])
"""


def bound(kind=socket.SOCK_DGRAM, at=("127.0.0.1", 0), only6=True):
    family = socket.AF_INET6 if ":" in at[0] else socket.AF_INET
    s = socket.socket(family, kind)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only6))
    s.bind(at)
    return s


def listening(at=("127.0.0.1", 0)):
    s = bound(socket.SOCK_STREAM, at)
    s.listen()
    return s


def port(s):
    return s.getsockname()[1]


def passing(sockets, names=None, count=None):
    """Words to put ahead of a command, which then has these sockets from 3 on."""
    for s in sockets:
        s.set_inheritable(True)
    return [sys.executable, "-c", PASS, str(len(sockets) if count is None else count),
            "-" if names is None else names, ",".join(str(s.fileno()) for s in sockets)]


@pytest.fixture
def activated(kedge, srv, tmp_path, serve, monkeypatch):
    """activated(SOCKETS, *FLAGS, at=ENDPOINTS, names=...): a server on these sockets."""
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen",
                        lambda *words, **more: real(*words, **{"close_fds": False, **more}))

    def start(sockets, *flags, at=(), names=None):
        return serve(*flags, at=at, under=passing(sockets, names))
    return start


@pytest.fixture
def refused(kedge, srv):
    """refused(SOCKETS, *WORDS): the one line by which serve says why not."""
    def start(sockets, *words, names=None, count=None):
        done = subprocess.run([*passing(sockets, names, count), kedge, "serve", "--root", srv,
                               *words], close_fds=False, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 64 and done.stdout == "", done
        assert done.stderr.startswith("kedge serve: ") and done.stderr.count("\n") == 1
        return done.stderr
    return start


def test_the_request_that_was_there_first_is_answered(activated, make):
    """The very one that had the manager start the server."""
    make("f", 10)
    s = bound()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(20)
        client.sendto(b"\0\1f\0octet\0", s.getsockname())
        server = activated([s], at=("tftp://127.0.0.1:%d" % port(s),))
        assert client.recv(600)[:4] == b"\0\3\0\1"
        assert server.at == s.getsockname()


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_a_request_before_the_start_to_any_address(activated, make, address):
    make("f", 10)
    s = bound(at=(address, 0))
    with socket.socket(s.family, socket.SOCK_DGRAM) as client:
        client.settimeout(20)     # it asks once
        client.sendto(b"\0\1f\0octet\0", ({"::": "::1"}.get(address, "127.0.0.1"), port(s)))
        activated([s], at=(f"tftp://*:{port(s)}",))
        assert client.recv(600)[:4] == b"\0\3\0\1"


def test_files_are_served_on_each(activated, make, get):
    content = make("f", 300000)
    sockets = [bound(), bound(at=("::1", 0)), bound()]
    activated(sockets)
    for s in sockets:
        host = "[::1]" if s.family == socket.AF_INET6 else "127.0.0.1"
        assert get(f"tftp://{host}:{port(s)}/f", "-o", "-").out == content


@pytest.mark.parametrize("single", ["auto", "always", "never"])
def test_each_choice_of_ports_works_on_it(activated, make, get, single):
    content = make("f", 100000)
    s = bound()
    activated([s], f"--single-port={single}")
    assert get(f"tftp://127.0.0.1:{port(s)}/f", "-o", "-").out == content


def echoes(at, kind):
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(20)
        client.connect(at)
        client.send(b"x" * 64)
        return client.recv(100) == b"x" * 64


def test_endpoints_find_their_sockets(activated, make):
    """TFTP and echo, UDP and TCP, in no order."""
    make("f", 10)
    udp, tcp, tftp = bound(), listening(), bound()
    server = activated([tcp, tftp, udp], at=(
        f"tftp://*:{port(tftp)}", f"echo+udp://127.0.0.1:{port(udp)}",
        f"echo+tcp://127.0.0.1:{port(tcp)}"))
    assert server.at == tftp.getsockname()
    assert ask(server.at, "127.0.0.1", RRQ, "f", {"tsize": 0}) == ("granted", {"tsize": "10"})
    assert echoes(udp.getsockname(), socket.SOCK_DGRAM)
    assert echoes(tcp.getsockname(), socket.SOCK_STREAM)


def test_without_endpoints_names_say_what_is_served(activated):
    sockets = [bound(), bound(), listening(), bound()]
    server = activated(sockets, names="kedge-tftp.socket:echo:echo:reply")
    assert [(scheme, number) for scheme, _, number in server.endpoints] == [
        ("tftp", port(sockets[0])), ("echo+udp", port(sockets[1])),
        ("echo+tcp", port(sockets[2])), ("reply+udp", port(sockets[3]))]
    assert echoes(sockets[2].getsockname(), socket.SOCK_STREAM)


def test_endpoints_of_the_policy_file_find_theirs(activated, srv, tmp_path):
    s = bound()
    (tmp_path / "policy").write_text(f'listen = {{ "tftp://*:{port(s)}" }}\nuser = {ME}\n')
    assert activated([s], "-c", tmp_path / "policy").at == s.getsockname()


def test_it_stays_when_idle(activated):
    server = activated([bound()])
    assert not server.ended(2)


def udp_sockets(server):
    """The inodes of those that it has, and that are bound."""
    bound_here = {line.split()[9] for table in ("udp", "udp6") for line in
                  open(f"/proc/{server.pid}/net/{table}", encoding="ascii").readlines()[1:]}
    links = [os.readlink(f) for f in Path(f"/proc/{server.pid}/fd").iterdir()]
    return {link[8:-1] for link in links if link.startswith("socket:[")} & bound_here


def test_nothing_else_is_bound_and_children_inherit_nothing(activated):
    s = bound()
    server = activated([s], "--single-port=always")
    # One that asks the kernel for a route at the start is closed soon.
    wait_for(lambda: udp_sockets(server) == {str(os.fstat(s.fileno()).st_ino)})
    flags = Path(f"/proc/{server.pid}/fdinfo/3").read_text().split("flags:")[1].split()[0]
    assert int(flags, 8) & os.O_CLOEXEC


def test_sockets_for_another_process_are_not_taken(kedge, serve):
    server = serve(under=["env", "LISTEN_PID=1", "LISTEN_FDS=1"])
    assert server.endpoints[0][0] == "tftp"


@pytest.mark.parametrize("make_socket, why", [
    (listening, "descriptor 3 (TCP 127.0.0.1:{port}): TFTP is served by UDP; a TCP socket is for "
                "echo+tcp://, or has FileDescriptorName=echo\n"),
    (lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
     "descriptor 3 is not bound to an address and a port\n"),
    (lambda: bound(socket.SOCK_STREAM), "descriptor 3 is a TCP socket that does not listen\n"),
    (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
     "descriptor 3 is not a socket of IPv4 or IPv6\n"),
    (lambda: bound(at=("::", 0), only6=False),
     "descriptor 3 takes IPv4 and IPv6: set BindIPv6Only=ipv6-only in its .socket unit, and pass "
     "one socket for each\n"),
])
def test_a_wrong_socket_is_one_line(refused, make_socket, why):
    s = make_socket()
    where = s.getsockname()[1] if s.family == socket.AF_INET else 0
    assert refused([s]) == "kedge serve: " + why.format(port=where)


def test_a_stream_where_tftp_is_asked_for(refused):
    s = listening()
    assert refused([s], f"tftp://127.0.0.1:{port(s)}") == \
        f"kedge serve: tftp://127.0.0.1:{port(s)}: no UDP socket was passed for it\n"


def test_a_socket_that_no_endpoint_names(refused):
    one, two = bound(), bound()
    assert refused([one, two], f"tftp://*:{port(one)}", names="a:b") == \
        f"kedge serve: descriptor 4 (b, UDP 127.0.0.1:{port(two)}): no endpoint is served there\n"


def test_an_endpoint_without_a_socket(refused):
    s = bound()
    assert refused([s], f"tftp://*:{port(s)}", "echo+tcp://127.0.0.1:7") == \
        "kedge serve: echo+tcp://127.0.0.1:7: no TCP socket was passed for it\n"


def test_an_endpoint_at_another_address(refused):
    s = bound()
    assert "no UDP socket was passed for it" in refused([s], f"tftp://127.0.0.2:{port(s)}")
    assert "no UDP socket was passed for it" in refused([s], f"tftp://[::1]:{port(s)}")


def test_counts_that_are_wrong(refused):
    s = bound()
    assert "descriptor 4 is not open" in refused([s], count=2)
    assert "LISTEN_FDS: 16 sockets at most" in refused([s], count=17)
    assert "LISTEN_FDS is not a number" in refused([s], count="two")
    assert "LISTEN_FDNAMES has 3 names" in refused([s], names="a:b:c")


def test_shards_want_sockets_of_their_own(refused):
    assert "one socket is for one shard: leave --shards out" in refused([bound()], "--shards", "2")


def test_unix_endpoints_are_not_passed(refused):
    assert "only UDP and TCP sockets are taken when passed" in \
        refused([bound()], "echo+unix:///tmp/x")


def test_systemd_s_own_activator_is_understood(kedge, srv, make, get, tmp_path):
    """systemd-socket-activate binds, waits for a datagram, and starts the server."""
    if not shutil.which("systemd-socket-activate"):
        pytest.skip("no systemd-socket-activate")
    content = make("f", 20000)
    free = bound()
    number = port(free)
    free.close()
    process = subprocess.Popen(["systemd-socket-activate", "--datagram", "-l",
                                f"127.0.0.1:{number}", kedge, "serve", "--root", srv,
                                f"tftp://127.0.0.1:{number}"], stdout=subprocess.DEVNULL,
                               stderr=(tmp_path / "log").open("w"))
    try:
        end = time.monotonic() + 20
        done = None
        while time.monotonic() < end and (not done or done.code):
            done = get(f"tftp://127.0.0.1:{number}/f", "-o", "-")
        assert done.out == content
    finally:
        process.terminate()
        assert process.wait(20) == 0, (tmp_path / "log").read_text()
