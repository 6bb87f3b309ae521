# SPDX-License-Identifier: MIT
"""`kedge serve` as a program: its sockets, flags, users, signals and words."""
import os
import pwd
import re
import signal
import socket
import subprocess
import time

import pytest

from e2e.lib.ports import free_port
from e2e.peers.tftp import RRQ, Get, Peer, TftpError, ack, get, put

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")


@pytest.fixture
def run(kedge, srv):
    """run(ARGUMENTS): `kedge serve` that is to fail; its exit code and its one line."""
    def run(*arguments, root=srv):
        done = subprocess.run([kedge, "serve", "--root", root, *arguments],
                              capture_output=True, text=True, timeout=20)
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("kedge serve: ")
        return done.returncode, done.stderr
    return run


@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_many_listeners_of_both_families(serve, make, flags):
    content = make("file", 3000)
    at = ["tftp://127.0.0.1:0", "tftp://[::1]:0", "tftp://127.0.0.2:0", "tftp://localhost:0"]
    server = serve(*flags, at=at)

    hosts = [host for _, host, _ in server.endpoints]
    assert hosts[:3] == ["127.0.0.1", "::1", "127.0.0.2"]
    assert set(hosts[3:]) <= {"127.0.0.1", "::1"} and hosts[3:]
    for _, host, port in server.endpoints:
        assert get((host, port), "file", blksize=1000, windowsize=2).content == content
        server.record(local=f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
@pytest.mark.parametrize("any_host,hosts", [("0.0.0.0", ["127.0.0.1", "127.0.0.3"]),
                                            ("[::]", ["::1"])])
def test_replies_leave_from_the_address_asked(serve, make, flags, any_host, hosts):
    content = make("file", 3000)
    server = serve(*flags, at=[f"tftp://{any_host}:0"])
    port = server.endpoints[0][2]

    for host in hosts:
        for source in (None, (hosts[0], 0)):
            transfer = Get("file", blksize=512)
            with Peer((host, port), source=source) as peer:
                peer.raw(transfer.request)
                packet = peer.hear()
                assert peer.tid[0] == host
                reply = transfer.read(packet)
                while not transfer.done:
                    peer.say(reply)
                    reply = transfer.read(peer.hear())
                    assert peer.tid[0] == host
                peer.say(reply)
            assert transfer.content == content


def test_single_port_answers_from_the_request_port(serve, make):
    make("file", 100)
    server = serve("--single-port")

    with Peer(server.at) as peer:
        for name in ("file", "nothing"):
            peer.ask(RRQ, name)
            peer.hear()
            assert peer.tid == server.at


def test_data_ports_of_a_range(serve, make):
    content = make("file", 100)
    low = free_port() // 10 * 10
    server = serve("--port-range", f"{low}-{low + 9}")
    seen = set()

    for _ in range(30):
        with Peer(server.at) as peer:
            peer.ask(RRQ, "file")
            assert bytes(peer.packet().body) == content
            seen.add(peer.tid[1])
            peer.say(ack(1))
    assert all(low <= port <= low + 9 for port in seen)
    assert len(seen) <= 4       # of an address; by a secret hash, so some may be the same
    with Peer(server.at) as peer:               # nor do refusals leave from a third port
        peer.ask(RRQ, "nothing")
        peer.hear()
        assert peer.tid[1] == server.at[1]


def test_a_range_without_a_free_port(run):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        code, said = run("--port-range", f"{port}-{port}", "tftp://127.0.0.1:0")
    assert code not in (0, 64)
    assert "in use" in said


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_in_use(run, serve, host):
    shown = f"[{host}]" if ":" in host else host
    first = serve(at=[f"tftp://{shown}:0"])
    port = first.endpoints[0][2]

    code, said = run(f"tftp://{shown}:{port}")
    assert code not in (0, 64)
    assert f"tftp://{shown}:{port}: " in said and "in use" in said


@pytest.mark.parametrize("at, code, why", [
    ("tftp://192.0.2.1:0", 9, "no interface here has it"),
    ("echo+tcp://192.0.2.1:0", 9, "no interface here has it"),
    ("tftp://224.0.0.1:0", 64, "are not served"),
    ("tftp://255.255.255.255:0", 64, "are not served"),
    ("echo+udp://[ff02::1%lo]:0", 64, "are not served"),
    ("reply+udp://[fe80::1]:0", 8, "needs its interface")])
def test_an_address_that_cannot_be_served(run, at, code, why):
    assert run(at)[0] == code and why in run(at)[1]


def test_a_port_in_use_that_others_share(run):
    """Bound by a program with SO_REUSEPORT, which would let another in unseen."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        code, said = run(f"tftp://127.0.0.1:{taken.getsockname()[1]}")
    assert code not in (0, 64)
    assert "in use" in said


def test_an_address_that_is_not_ours(run):
    code, said = run("tftp://192.0.2.1:0")
    assert code not in (0, 64)
    assert "192.0.2.1" in said


@pytest.mark.parametrize("at", ["tftp://127.0.0.1:69", "echo://127.0.0.1:7",
                                "reply+udp://127.0.0.1:90"])
def test_a_low_port_without_permission(kedge, srv, as_nobody, at):
    if int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read()) <= 90:
        pytest.skip("low ports are for everybody here")
    done = subprocess.run([kedge, "serve", "--root", srv, at], capture_output=True,
                          text=True, timeout=20, **as_nobody)
    assert done.returncode == 13 and done.stderr.count("\n") == 1
    assert "(ports below 1024 want root or CAP_NET_BIND_SERVICE)" in done.stderr


def test_a_range_of_ports_that_may_not_be_had_is_named(kedge, srv, as_nobody):
    if int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read()) <= 90:
        pytest.skip("low ports are for everybody here")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        own = taken.getsockname()[1]
        for ports, named, why in (("90", "90-90", "Permission denied (ports below 1024"),
                                  (f"{own}", f"{own}-{own}", "Address already in use")):
            done = subprocess.run([kedge, "serve", "--root", srv, "--port-range", ports,
                                   "tftp://127.0.0.1:0"], capture_output=True, text=True,
                                  timeout=20, **as_nobody)
            assert done.returncode in (9, 13) and done.stderr.count("\n") == 1
            assert done.stderr.startswith(f"kedge serve: --port-range {named}: {why}")


@pytest.mark.parametrize("root,words", [("/nonexistent/srv", "no such file"),
                                        ("/etc/hostname", ""), ("", "")])
def test_a_root_that_is_none(run, root, words):
    code, said = run("tftp://127.0.0.1:0", root=root)
    assert code not in (0, 64)
    assert words in said
    assert root in said


def test_a_root_that_the_user_cannot_read(run, srv):
    (srv / "closed").mkdir(mode=0o000)
    code, said = run("tftp://127.0.0.1:0", root=srv / "closed")
    assert code in (9, 13)
    assert "closed" in said
    (srv / "closed").chmod(0o700)


@pytest.mark.parametrize("policy", ["create", "overwrite", "version"])
def test_a_root_that_the_user_cannot_write(run, serve, srv, policy):
    closed = srv / "closed"
    closed.mkdir(mode=0o755 if os.geteuid() == 0 else 0o555)
    code, said = run("--uploads", policy, "tftp://127.0.0.1:0", root=closed)
    assert code == 13
    assert "write" in said and "closed" in said
    serve(root=closed)                          # to read it is enough without uploads


USAGE = [
    (["--bogus"], "--bogus"), (["-x"], "-x"), (["--uploads"], "--uploads"),
    (["--uploads", "maybe"], "--uploads"), (["--uploads=sometimes"], "--uploads"),
    (["--single-port", "--port-range", "2000-2010"], "--port-range"),
    (["--port-range", "2010-2000"], "--port-range"), (["--port-range", "0-10"], "--port-range"),
    (["--port-range", "-5"], "--port-range"), (["--port-range", "1-70000"], "--port-range"),
    (["--blksize-max", "7"], "--blksize-max"), (["--blksize-max", "65465"], "--blksize-max"),
    (["--blksize-max", "big"], "--blksize-max"), (["--windowsize-max", "0"], "--windowsize-max"),
    (["--windowsize-max", "65536"], "--windowsize-max"),
    (["--max-transfers", "0"], "--max-transfers"), (["--max-transfers", "-1"], "--max-transfers"),
    (["--max-upload", "many"], "--max-upload"), (["--upload-mode", "999"], "--upload-mode"),
    (["--upload-mode", "7777"], "--upload-mode"), (["--timeout", "5x"], "--timeout"),
    (["--timeout", "0s"], "--timeout"), (["--timeout", "300s"], "--timeout"),
    (["--log", "xml"], "--log"), (["--shards", "0"], "--shards"),
    (["--single-port=yes"], "auto|always|never"),
    (["tftp://127.0.0.1:99999"], "99999"),
    (["tftp://127.0.0.1:0/path"], "path"), (["ftp://127.0.0.1"], "ftp"),
    (["127.0.0.1:69"], "127.0.0.1"), (["tftp://[::1"], "[::1"), (["icmp://127.0.0.1"], "icmp"),
    (["tftp://127.0.0.1:0", "--", "--bogus"], "--bogus"),
]


@pytest.mark.parametrize("arguments,named", USAGE, ids=lambda v: " ".join(v)
                         if isinstance(v, list) else "")
def test_a_bad_command_line_is_one_line_and_64(run, arguments, named):
    code, said = run(*arguments)
    assert code == 64, said
    assert named in said


@AS_ROOT
def test_root_becomes_another_user(serve, make, srv):
    make("file", 10)
    names = [n for n in ("tftp", "nobody") if n in {p.pw_name for p in pwd.getpwall()}]
    for flags, user in (((), names[0]), (("--user", "nobody"), "nobody"),
                        (("--user", "root"), "root")):
        server = serve(*flags)
        assert server.status("Uid") == pwd.getpwnam(user).pw_uid
        assert get(server.at, "file").size == 10


@AS_ROOT
def test_root_stays_where_there_is_no_list_of_users(serve, make):
    """As in a container that has this program and nothing else."""
    make("file", 10)
    hides = "mount --bind /dev/null /etc/passwd && exec \"$@\""
    if subprocess.run(["unshare", "-m", "sh", "-c", hides, "-", "true"]).returncode:
        pytest.skip("no mount of its own")
    server = serve("--user", "root", under=("unshare", "-m", "sh", "-c", hides, "-"))
    assert get(server.at, "file").size == 10


def test_a_user_that_is_none(run):
    code, said = run("--user", "nobody-of-that-name", "tftp://127.0.0.1:0")
    assert code in (13, 64)
    assert "nobody-of-that-name" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_a_summary(serve, make, number):
    make("file", 1000)
    server = serve()
    get(server.at, "file")
    with pytest.raises(TftpError):
        get(server.at, "nothing")

    server.record(file="nothing")
    start = time.monotonic()
    assert server.stop(number) == 0
    assert time.monotonic() - start < 1.5
    assert re.search(r"served for \d+\.\d s", server.summary)
    assert "tftp: 1 ok, 1 refused; 1000 bytes" in server.summary


@pytest.mark.parametrize("twice", [False, True])
def test_a_download_that_is_open_at_the_end(serve, make, twice):
    """It is given 5 s; new requests are not taken; the second signal ends it at once."""
    content = make("file", 3000)
    server = serve()
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer, Peer(server.at) as late:
        peer.raw(transfer.request)
        reply = transfer.read(peer.hear())
        server.process.terminate()
        time.sleep(0.1)
        late.ask(RRQ, "file")
        assert late.silent(0.2)
        if twice:
            start = time.monotonic()
            server.process.terminate()
            assert server.process.wait(20) == 0
            assert time.monotonic() - start < 4
        else:
            while not transfer.done:
                peer.say(reply)
                reply = transfer.read(peer.hear())
            peer.say(reply)
            assert transfer.content == content
            assert server.process.wait(5) == 0
    server.stop()
    assert server.record(event="get")["outcome"] == ("error" if twice else "ok")


def test_one_at_the_request_port_that_is_open_at_the_end(serve, make):
    """As behind a NAT: it asks again, and goes on with who answers that. No other is let in."""
    content = make("file", 3000)
    server = serve()
    transfer = Get("file", blksize=512)

    with Peer(server.at) as peer, Peer(server.at) as late:
        peer.raw(transfer.request)
        peer.hear()
        time.sleep(0.2)
        peer.tid = server.at
        peer.raw(transfer.request)
        peer.say(transfer.read(peer.hear()))
        reply = transfer.read(peer.hear())
        server.process.terminate()
        time.sleep(0.1)
        late.ask(RRQ, "file")
        assert late.silent(0.2)
        while not transfer.done:
            peer.say(reply)
            reply = transfer.read(peer.hear())
        peer.say(reply)
        assert transfer.content == content
        assert server.process.wait(5) == 0
    server.stop()
    assert [r["outcome"] for r in server.records()] == ["ok"]


def test_an_idle_server_does_not_wake(serve, make):
    make("file", 1000)
    server = serve()
    get(server.at, "file")
    time.sleep(0.3)

    def switches():
        return server.status("voluntary_ctxt_switches")
    before = switches()
    time.sleep(1)
    assert switches() - before <= 5


def test_the_table_names_a_command_that_works(serve, make, kedge):
    """What stands under TRY IT is pasted into another terminal, and names the first file of
    the root, whoever chose its name."""
    content = make("'$(id)'hello world.txt", b"hello\n")
    server = serve(at=["tftp://127.0.0.1:0", "tftp://[::1]:0", "tftp://0.0.0.0:0"])

    rows = [re.split(r"\s{2,}", line, maxsplit=1)[1] for line in server.lines[1:4]]
    for command in rows:
        done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=20)
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout == content


PUBLIC = ["unshare", "-n", "sh", "-c",
          "ip link set lo up && ip addr add 10.9.8.7/32 dev lo && exec \"$@\"", "sh"]


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
def test_public_is_every_address(serve, make):
    """The default set at its own ports, in a network namespace of its own."""
    make("hello", b"hello\n")
    server = serve("--public", at=[], under=PUBLIC)
    rows = [re.split(r"\s{2,}", line, maxsplit=1) for line in server.lines[1:9]]

    assert {endpoint.rpartition(":")[0] for endpoint, _ in rows} == {
        f"{scheme}://{host}" for scheme in ("tftp", "echo+tcp", "echo+udp", "reply+udp")
        for host in ("0.0.0.0", "[::]")}
    for _, command in rows:
        for typed in {command, command.replace("127.0.0.1", "10.9.8.7")}:
            done = subprocess.run(["nsenter", "-t", str(server.pid), "-n", "sh", "-c", typed],
                                  capture_output=True, timeout=20)
            assert done.returncode == 0, (typed, done.stderr)
            assert b"ello" in done.stdout


def test_uploads_that_are_refused_leave_no_trace(serve, srv, make):
    make("file", 10)
    before = {p: p.stat().st_mtime_ns for p in srv.iterdir()}
    server = serve()

    with pytest.raises(TftpError):
        put(server.at, "file", b"x")
    assert {p: p.stat().st_mtime_ns for p in srv.iterdir()} == before


ENDLESS = """
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <unistd.h>
struct dirent64 *readdir64(DIR *dir)
{
    static struct dirent64 entry = { .d_type = DT_REG, .d_name = "again" };
    struct dirent64 *(*next)(DIR *) = (struct dirent64 *(*)(DIR *))dlsym(RTLD_NEXT, "readdir64");

    return gettid() == getpid() ? &entry : next(dir);
}
"""


def test_a_root_of_any_size_is_served_at_once(serve, make, tmp_path):
    """The example of the table is one of its first names."""
    (tmp_path / "endless.c").write_text(ENDLESS)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "endless.so", tmp_path / "endless.c",
                    "-ldl"], check=True)
    content = make("again", 300)
    server = serve(under=["env", f"LD_PRELOAD={tmp_path}/endless.so"])
    assert any("/again' -o -" in line for line in server.lines)
    assert get(server.at, "again").content == content
