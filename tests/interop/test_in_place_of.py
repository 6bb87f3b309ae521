# SPDX-License-Identifier: MIT
"""Rows of the tables "In place of" in docs/server.md that no other test looks at, each with the
peer beside kedge (in_place_of.py says which test holds which row)."""
import os
import pwd
import signal
import socket
import subprocess
import time

import pytest

from e2e.lib.in_tftpd import InTftpd, named
from e2e.lib.policy import ask
from e2e.lib.ports import free_port
from e2e.peers import tftp
from e2e.peers.tftp import RRQ, request
from interop.servers import namespaces_are_to_be_had
from interop.test_in_tftpd import PATIENCE, Judge
from interop.test_migrations import ByFile, ByWords, beside, laid_out  # noqa: F401

pytestmark = pytest.mark.skipif(not namespaces_are_to_be_had(), reason="needs root")


def own(kedge, tmp_path, words):
    return InTftpd([named(kedge, tmp_path), "-L", "--stderr", "-a", "127.0.0.1:0", *words],
                   tmp_path / "log")


@pytest.fixture
def both(judge, kedge, tmp_path, srv):
    """both(WORDS, LOOK): what LOOK(server) sees of 7.3 with these words, and of kedge."""
    (srv / "f").write_text("content")
    (srv / "f").chmod(0o644)

    def do(words, look):
        seen = []
        for start in (lambda: Judge(judge, words), lambda: own(kedge, tmp_path, words)):
            server = start()
            try:
                seen.append(look(server))
            finally:
                server.stop()
        return seen
    return do


@pytest.mark.parametrize("mask", [[], ["-U", "021"], ["-p", "-U", "077"]])
def test_new_files_have_the_same_mode(both, srv, mask):
    """Without -p and with a mask that closes it to others 7.3 makes a file, and refuses to write it."""
    def look(server):
        tftp.put(server.at, "new", b"new")
        mode = (srv / "new").stat().st_mode & 0o777
        (srv / "new").unlink()
        return mode
    theirs, ours = both(["-s", "-c", *mask, srv], look)
    assert theirs == ours == {"": 0o666, "021": 0o646, "077": 0o600}[mask[-1] if mask else ""]


@pytest.mark.parametrize("user, granted", [("daemon", True), ("nobody", False)])
def test_files_are_read_as_the_same_user(both, srv, user, granted):
    (srv / "f").chmod(0o600)
    os.chown(srv / "f", pwd.getpwnam("daemon").pw_uid, -1)
    theirs, ours = both(["-s", "-p", "-u", user, srv],
                        lambda server: ask(server.at, "127.0.0.1", RRQ, "f", {})[0])
    assert theirs == ours == ("granted" if granted else "refused")


def first_data(at):
    """Its port, and how long it took to come again."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.sendto(request(RRQ, "f"), at)
        peer = sock.recvfrom(1000)[1]
        begin = time.monotonic()
        sock.recv(1000)
        sock.sendto(b"\0\4\0\1", peer)
    return peer[1], time.monotonic() - begin


def test_a_block_comes_again_as_soon(both, srv):
    """After 0.3 s, where it would be one. A busy machine is late, but not each time."""
    for took in both(["-s", "-T", "300000", srv],
                     lambda server: min(first_data(server.at)[1] for _ in range(5))):
        assert 0.2 < took < 0.8


def test_data_leave_from_the_same_ports(both, srv):
    low = 42000 + os.getpid() % 1000 * 4  # those of another run are others
    for ports in both(["-s", "-T", "50000", "-R", f"{low}:{low + 3}", srv],
                      lambda server: [first_data(server.at)[0] for _ in range(6)]):
        assert low <= min(ports) and max(ports) <= low + 3


def test_a_map_is_read_again(both, srv):
    rules = srv.parent / "map"

    def look(server):
        before = ask(server.at, "127.0.0.1", RRQ, "alias", {})[0]
        rules.write_text("r ^alias$ f\n")
        server.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + PATIENCE
        while ask(server.at, "127.0.0.1", RRQ, "alias", {})[0] != "granted":
            assert time.monotonic() < end
            time.sleep(0.05)
        rules.write_text("r ^none$ f\n")
        return before
    rules.write_text("r ^none$ f\n")
    assert both(["-s", "-m", rules, srv], look) == ["refused", "refused"]


def test_the_pid_file_comes_and_goes(both, srv):
    def look(server):
        end = time.monotonic() + PATIENCE
        while not path.exists() or not path.read_text():
            assert time.monotonic() < end
            time.sleep(0.02)
        wrote = int(path.read_text()) == server.process.pid
        server.process.terminate()
        server.process.wait(PATIENCE)
        return wrote, path.exists() and path.read_text()  # who may not remove it empties it
    path = srv.parent / "pid"
    theirs, ours = both(["-s", "-P", path, srv], look)
    assert theirs == (True, False) and ours in ((True, False), (True, ""))


def test_each_request_is_a_line(judge, kedge, srv, tmp_path):
    (srv / "f").write_text("content")
    for program in judge, named(kedge, tmp_path):
        port = free_port()
        with (tmp_path / "lines").open("w") as lines:
            process = subprocess.Popen([program, "-L", "--stderr", "-v", "-s", "-a",
                                        f"127.0.0.1:{port}", srv], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=lines)
        try:
            assert fetched(("127.0.0.1", port)) == b"content"
            end = time.monotonic() + PATIENCE
            while not any("f" in line.replace("=", " ").split()
                          for line in (tmp_path / "lines").read_text().splitlines()):
                assert time.monotonic() < end, (tmp_path / "lines").read_text()
                time.sleep(0.02)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def fetched(at):
    """Asked again until it listens."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return tftp.get(at, "f", wait=0.5).content
        except (tftp.Silence, ConnectionError):
            assert time.monotonic() < end


def test_inetd_starts_both(judge, kedge, srv, tmp_path):
    """By a socket with a request in it; and each ends when nobody has come for a while."""
    (srv / "f").write_text("content")
    for program in judge, named(kedge, tmp_path):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inetd, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            inetd.bind(("127.0.0.1", 0))
            client.settimeout(PATIENCE)
            client.sendto(request(RRQ, "f"), inetd.getsockname())
            process = subprocess.Popen([program, "-t", "1", "-s", srv], stdin=inetd,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            answer, peer = client.recvfrom(1000)
            client.sendto(b"\0\4\0\1", peer)
            assert answer == b"\0\3\0\1content"
            assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize("option, heard", [("-4", [True, False]), ("-6", [False, True])])
def test_the_same_families_are_heard(judge, kedge, srv, tmp_path, option, heard):
    (srv / "f").write_text("content")
    for program in judge, named(kedge, tmp_path):
        port = free_port()
        process = subprocess.Popen([program, "-L", "--stderr", "-s", option, "-a", f":{port}",
                                    srv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            assert fetched((["127.0.0.1", "::1"][heard.index(True)], port)) == b"content"
            with pytest.raises((tftp.Silence, ConnectionError)):
                tftp.get((["127.0.0.1", "::1"][heard.index(False)], port), "f", wait=0.5)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def curl(server, name):
    return server.run("curl", "-s", "--max-time", "10", f"tftp://127.0.0.1/{name}").stdout


def test_the_owner_counts_for_dnsmasq_and_rights_for_kedge(beside, laid_out, tmp_path):  # noqa: F811
    """tftp-secure: a file that all may read, of root, is not had from dnsmasq as nobody."""
    conf = tmp_path / "conf"
    os.chown(laid_out / "mixed2", pwd.getpwnam("nobody").pw_uid, -1)
    (laid_out / "mixed2").chmod(0o600)
    (laid_out / "sub/b").chmod(0o600)
    conf.write_text(f"enable-tftp\ntftp-root={laid_out}\nuser=nobody\ntftp-secure\n")
    before, after = beside("--dnsmasq", conf, ByFile, lambda s: [
        bool(curl(s, name)) for name in ("mixed2", "sub/b", "a")])
    assert before == [True, False, False] and after == [True, False, True]


def test_a_root_that_is_not_there(program, kedge, tmp_path):
    """Neither starts; dnsmasq with tftp-no-fail does."""
    conf = tmp_path / "conf"
    for more, starts in ("", False), ("tftp-no-fail\n", True):
        conf.write_text(f"enable-tftp\ntftp-root={tmp_path}/none\nuser=root\nport=0\n"
                        f"bind-interfaces\nlisten-address=127.0.0.1\n{more}")
        done = subprocess.run(["unshare", "-n", "timeout", "2", program("dnsmasq"), "-k", "-C",
                               conf, "--pid-file="], capture_output=True, timeout=PATIENCE)
        assert (done.returncode == 124) == starts, done
    done = subprocess.run([kedge, "serve", "--root", tmp_path / "none", "tftp://127.0.0.1:0"],
                          capture_output=True, timeout=PATIENCE)
    assert done.returncode == 9


def test_neither_dnsmasq_nor_kedge_takes_uploads(beside, kedge, laid_out, tmp_path):  # noqa: F811
    (tmp_path / "up").write_text("up")
    conf = tmp_path / "conf"
    conf.write_text(f"enable-tftp\ntftp-root={laid_out}\nuser=root\n")

    def look(server):
        done = server.run(kedge, "put", "--retry-for", "1s", tmp_path / "up",
                          "tftp://127.0.0.1/up")
        return done.returncode != 0, (laid_out / "up").exists()
    assert beside("--dnsmasq", conf, ByFile, look) == [(True, False)] * 2


def test_atftpd_reads_as_the_same_user(beside, laid_out):  # noqa: F811
    os.chown(laid_out / "mixed2", pwd.getpwnam("daemon").pw_uid, -1)
    (laid_out / "mixed2").chmod(0o600)
    for user, has in ("daemon", True), ("nobody", False):
        words = f"--daemon --user {user}.nogroup {laid_out}"
        assert beside("--atftpd", words, ByWords,
                      lambda s: bool(curl(s, "mixed2"))) == [has] * 2, user
