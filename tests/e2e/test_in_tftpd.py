# SPDX-License-Identifier: MIT
"""kedge called as in.tftpd: who may have what, what each option does, how it starts and
ends. tests/interop/test_in_tftpd.py asks tftp-hpa itself the same."""
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from e2e.lib.in_tftpd import InTftpd, named
from e2e.lib.policy import ask
from e2e.lib.ports import free_port
from e2e.lib.serve import PATIENCE
from e2e.peers.tftp import RRQ, WRQ

ANY = "127.0.0.1:0"


@pytest.fixture
def program(kedge, tmp_path, as_nobody):
    """in.tftpd; as_nobody opens the test's directory to the user that it becomes."""
    return named(kedge, tmp_path)


@pytest.fixture
def daemon(program, tmp_path):
    """daemon(*OPTIONS): it runs, in the foreground. It must end well."""
    running = []

    def start(*options, at=ANY):
        command = [program, "-L", "--stderr", "-a", at, *options]
        running.append(InTftpd(command, tmp_path / f"in.tftpd-{len(running)}.log"))
        return running[-1]
    yield start
    for one in running:
        assert one.stop() == 0, one.stderr


@pytest.fixture
def once(program):
    """once(*OPTIONS): its exit status, output and complaints; it is not to serve."""
    def run(*options):
        return subprocess.run([program, *map(str, options)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE)
    return run


def files(srv):
    srv.chmod(0o755)
    for name, mode in ("open", 0o644), ("closed", 0o640), ("in", 0o666), ("sub/deep", 0o644):
        path = srv / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
        path.chmod(mode)
    return srv


def answers(server, op, names, **options):
    return {str(n): ask(server.at, "127.0.0.1", op, str(n), options) for n in names}


GRANTED, MISSING, DENIED = ("granted", {}), ("refused", 1), ("refused", 2)


def test_without_a_root_names_are_absolute(daemon, srv, tmp_path):
    files(srv)
    beside = tmp_path / "srv2"
    beside.mkdir()
    (beside / "file").write_text("beside")
    (srv / "out").symlink_to(beside / "file")
    server = daemon(srv / "sub", f"{srv}//")
    assert answers(server, RRQ, [srv / "open", f"/{srv}//open", f"{srv}/sub/deep", srv / "out",
                                 f"{srv}/open/", srv / "none", "open", srv / "closed",
                                 beside / "file", f"{srv}/./open", f"{srv}/../srv/open",
                                 f"{srv}\\open", f"{srv}/o\x01pen", "/etc/passwd"]) == {
        str(srv / "open"): GRANTED, f"/{srv}//open": GRANTED, f"{srv}/sub/deep": GRANTED,
        str(srv / "out"): GRANTED, f"{srv}/open/": GRANTED, str(srv / "none"): MISSING,
        "open": DENIED, str(srv / "closed"): DENIED, str(beside / "file"): DENIED,
        f"{srv}/./open": DENIED, f"{srv}/../srv/open": DENIED, f"{srv}\\open": DENIED,
        f"{srv}/o\x01pen": DENIED, "/etc/passwd": DENIED}
    assert server.record(file="open")["reason"] == "the name does not begin with /"


@pytest.mark.parametrize("option", ["-s", "-j"])
def test_with_a_root_names_are_below_it(daemon, srv, option):
    files(srv)
    (srv / "passwd").symlink_to("/etc/passwd")
    (srv / "link").symlink_to("/sub/deep")
    server = daemon(option, srv)
    assert answers(server, RRQ, ["open", "/open", "../open", "sub/../open", "link", "passwd",
                                 "/etc/passwd", "closed", "sub\\deep"]) == {
        "open": GRANTED, "/open": GRANTED, "../open": GRANTED, "sub/../open": GRANTED,
        "link": GRANTED, "passwd": MISSING, "/etc/passwd": MISSING, "closed": DENIED,
        "sub\\deep": MISSING}
    strict = daemon(option, "--validate", srv)
    inner = srv / str(srv)[1:]
    inner.mkdir(parents=True)
    (inner / "open").touch()
    assert answers(strict, RRQ, ["open", "/open", f"{srv}/open", f"{srv}/../open"]) == {
        "open": DENIED, "/open": DENIED, f"{srv}/open": GRANTED, f"{srv}/../open": DENIED}
    flat = daemon(option, "--validate", "--normalize", srv)
    assert answers(flat, RRQ, [f"../x/..{srv}//open", "open"]) == {
        f"../x/..{srv}//open": GRANTED, "open": DENIED}


def test_a_prefix_stands_ahead_of_all_names(daemon, srv):
    files(srv)
    server = daemon("--path-prefix", srv.parent, "/srv")
    assert answers(server, RRQ, ["/srv/open", "/open", srv / "open"]) == {
        "/srv/open": GRANTED, "/open": DENIED, str(srv / "open"): DENIED}
    assert answers(daemon("--path-prefix", srv, "/"), RRQ, ["/open", "open"]) == {
        "/open": GRANTED, "open": DENIED}
    assert answers(daemon("--path-prefix", srv.parent, "-s", "/srv"), RRQ, ["open"]) == {
        "open": GRANTED}


def test_with_p_rights_are_those_of_the_user(daemon, srv):
    files(srv)
    server = daemon("-s", "-p", "-u", "root", srv)
    assert answers(server, RRQ, ["closed"]) == {"closed": GRANTED}
    (srv / "open").chmod(0o600)
    assert answers(daemon("-s", "-u", "root", srv), RRQ, ["open", "closed"]) == {
        "open": DENIED, "closed": DENIED}
    if os.geteuid() == 0:
        assert answers(daemon("-s", "-p", srv), RRQ, ["closed"]) == {"closed": DENIED}


def send(put, server, name, text="new"):
    (put.here / "text").write_text(text)
    return put("text", f"tftp://127.0.0.1:{server.at[1]}/{name}", "--quiet").code


def test_uploads_write_what_is_there_and_open_to_all(daemon, srv, put):
    """The directory is not the server's to write: the file is, and stays itself."""
    files(srv)
    inode = (srv / "in").stat().st_ino
    server = daemon("-s", srv)
    assert [send(put, server, n) for n in ("in", "open", "none", "sub/none")] == [0, 4, 3, 3]
    assert (srv / "in").read_text() == "new"
    assert (srv / "in").stat().st_ino == inode or os.geteuid() != 0
    assert (srv / "in").stat().st_mode & 0o777 == 0o666
    assert (srv / "open").read_text() == "open" and not (srv / "none").exists()
    assert [p.name for p in srv.iterdir() if p.name.startswith(".")] == []


def test_an_upload_that_breaks_off_leaves_the_file(daemon, srv):
    files(srv)
    server = daemon("-s", srv)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.sendto(b"\0\2in\0octet\0", server.at)
        answer, peer = sock.recvfrom(1000)
        assert answer == b"\0\4\0\0"
        sock.sendto(b"\0\3\0\1" + b"x" * 512, peer)
        assert sock.recv(1000) == b"\0\4\0\1"
        assert (srv / "in").read_text() == "in"
        sock.sendto(b"\0\5\0\0enough\0", peer)
    server.record(file="in", outcome="aborted")
    assert (srv / "in").read_text() == "in"


@pytest.mark.parametrize("options, mode", [([], 0o666), (["-U", "027"], 0o640),
                                           (["-p", "-U", "022"], 0o644)])
def test_with_c_files_are_made(daemon, srv, put, options, mode):
    files(srv)
    srv.chmod(0o777)
    server = daemon("-s", "-c", *options, srv)
    assert send(put, server, "made") == 0
    assert (srv / "made").read_text() == "new"
    assert (srv / "made").stat().st_mode & 0o777 == mode
    assert send(put, server, "in", "again") == 0 and (srv / "in").read_text() == "again"
    if "-p" not in options:
        assert send(put, server, "open") == 4 and (srv / "open").read_text() == "open"


def test_with_p_the_mask_is_that_of_its_start(daemon, srv, put):
    files(srv)
    srv.chmod(0o777)
    before = os.umask(0o026)
    try:
        server = daemon("-s", "-c", "-p", srv)
    finally:
        os.umask(before)
    assert send(put, server, "made") == 0
    assert (srv / "made").stat().st_mode & 0o777 == 0o640


def test_uploads_can_be_limited_or_off(daemon, srv, put):
    files(srv)
    small = daemon("-s", "--max-upload", "4", srv)
    assert [send(put, small, "in", t) for t in ("four", "fives")] == [0, 5]
    assert (srv / "in").read_text() == "four"
    for off in ["--ro"], ["--read-only"], ["--max-upload", "0"]:
        assert send(put, daemon("-s", "-c", *off, srv), "in") == 4
    assert (srv / "in").read_text() == "four"


def granted(server, **options):
    return ask(server.at, "127.0.0.1", RRQ, "open", options)[1]


def test_options_are_granted_as_the_command_line_says(daemon, srv):
    files(srv)
    all_asked = {"blksize": 9000, "windowsize": 999, "tsize": 0, "timeout": 3}
    every = granted(daemon("-s", srv), **all_asked)
    assert every == {"blksize": "9000", "windowsize": "42", "tsize": "4", "timeout": "3"}
    assert granted(daemon("-s", srv), blksize=512, windowsize=999)["windowsize"] == "256"
    assert granted(daemon("-s", "-r", "blksize", "-r", "TSIZE", srv), **all_asked) == {
        "windowsize": "256", "timeout": "3"}
    assert granted(daemon("-s", "-r", "cookie", srv), cookie="x", timeout=3) == {"timeout": "3"}
    assert granted(daemon("-s", "--refuse-all", srv), cookie="x", **all_asked) == {}
    assert granted(daemon("-s", "-B", "1024", "-W", "3", srv), **all_asked) == {
        **every, "blksize": "1024", "windowsize": "3"}
    assert granted(daemon("-s", "--window-bytes", "5000", srv), blksize=1000,
                   windowsize=64)["windowsize"] == "4"
    mtu = int(granted(daemon("-s", "-B", "mtu", srv), blksize=65464)["blksize"])
    assert int(granted(daemon("-s", "-B", "mtu-1000", srv), blksize=65464)["blksize"]) < mtu


def test_the_refused_options_stand_in_the_record(daemon, srv):
    files(srv)
    server = daemon("-s", "--refuse-all", srv)
    assert granted(server, blksize=600) == {}
    assert server.record(file="open")["asked"] == "blksize=600"


def test_data_leaves_from_the_range_of_ports(daemon, srv):
    files(srv)
    server = daemon("-s", "-R", "41200:41203", srv)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.sendto(b"\0\1open\0octet\0", server.at)
        answer, peer = sock.recvfrom(1000)
        sock.sendto(b"\0\4\0\1", peer)
    assert answer == b"\0\3\0\1open" and 41200 <= peer[1] <= 41203


def wait_of(at):
    """Between the first block and its repetition."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.sendto(b"\0\1open\0octet\0", at)
        sock.recv(1000)
        begin = time.monotonic()
        _, peer = sock.recvfrom(1000)
        sock.sendto(b"\0\4\0\1", peer)
    return time.monotonic() - begin


def test_retransmit_says_when_a_block_comes_again(daemon, srv):
    """After 50 ms, where it would be a second. A busy machine is late, but not each time."""
    files(srv)
    server = daemon("-s", "-T", "50000", srv)
    assert min(wait_of(server.at) for _ in range(8)) < 0.6
    assert wait_of(daemon("-s", srv).at) > 0.6


def test_a_map_rewrites_names(daemon, srv):
    files(srv)
    (srv / "map").write_text("r ^[^/] /\\0\nr ^/ " + f"{srv}/\na secret$\n")
    server = daemon("-m", srv / "map", srv)
    assert answers(server, RRQ, ["open", "/sub/deep", "secret", "../x"]) == {
        "open": GRANTED, "/sub/deep": GRANTED, "secret": DENIED, "../x": DENIED}
    (srv / "map").write_text(f"r ^ {srv}/sub/\n")
    server.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + PATIENCE
    while answers(server, RRQ, ["deep"])["deep"] != GRANTED:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert answers(server, RRQ, ["open"]) == {"open": MISSING}


def test_a_map_that_loops_is_ended_where_it_is_told(daemon, srv):
    files(srv)
    (srv / "map").write_text("r ^x \ns ^x\n")
    name = "x" * 100 + "y"
    for steps, reason in ("4", "more than"), ("4096", None):
        server = daemon("-s", "-m", srv / "map", "--map-steps", steps, srv)
        ask(server.at, "127.0.0.1", RRQ, name, {})
        said = server.record(file=name)["reason"]
        assert (reason is None) == (said == "no such file"), said


def test_a_hang_up_ends_nothing(daemon, srv):
    files(srv)
    server = daemon("-s", srv)
    server.process.send_signal(signal.SIGHUP)
    assert not server.ended(0.3)
    assert answers(server, RRQ, ["open"]) == {"open": GRANTED}


@pytest.mark.parametrize("option, host", [("-4", "127.0.0.1"), ("-6", "::1")])
def test_one_family_alone(daemon, srv, option, host):
    server = daemon("-s", option, srv, at=":0")
    assert [h for h, _ in server.endpoints] == [{"127.0.0.1": "0.0.0.0", "::1": "::"}[host]]


def test_addresses_as_people_write_them(daemon, srv):
    server = daemon("-s", "-a", "127.0.0.2:0", "-a", "[::1]:0", "-a", "::1", "-S", "0", srv)
    assert [h for h, _ in server.endpoints] == ["127.0.0.1", "127.0.0.2", "::1", "::1"]


def test_it_ends_when_nobody_comes(daemon, srv):
    """The wait begins again with each transfer."""
    files(srv)
    begin = time.monotonic()
    server = daemon("-s", "-t", "5", srv)
    time.sleep(1)
    assert answers(server, RRQ, ["open"]) == {"open": GRANTED}
    assert server.process.wait(PATIENCE) == 0
    assert 5.9 < time.monotonic() - begin < 25


# ---- The command line ----

@pytest.mark.parametrize("code, options", [
    (64, []), (64, ["-L"]), (64, ["-L", "-s", "/tmp", "/var"]), (64, ["-L", "-s", "-j", "/tmp"]),
    (64, ["-B", "12", "/tmp"]), (64, ["--logformat", "other", "/tmp"]), (64, ["-W", "32769", "/tmp"]),
    (67, ["-L", "-u", "", "/tmp"]), (73, ["-L", "--logfile", "/none/log", "/tmp"]),
    (64, ["--systemd", "-L", "/tmp"]), (64, ["-m", "a", "-m", "b", "/tmp"]),
    (65, ["-L", "relative"]), (65, ["-L", "/a/../b"]), (65, ["-L", "/"]),
    (65, ["-L", "--path-prefix", "/none", "/tmp"]), (66, ["-L", "-s", "/none"]),
    (66, ["-L", "-m", "/none", "/tmp"]), (66, ["--map-test", "/none"]),
    (66, ["-L", "-a", "127.0.0.1:none", "/tmp"]), (67, ["-L", "-u", "none such", "/tmp"]),
    (78, ["-L", "-m", "/etc/passwd", "/tmp"]), (78, ["-m", "/etc/passwd", "--map-test", "/dev/null"]),
    (64, ["-L", *["/tmp"] * 65]), (65, ["-L", "--path-prefix", "/etc/passwd", "/tmp"]),
    (66, ["-L", "-s", "/etc/passwd"]), (66, ["-L", "-a", "[::1", "/tmp"]),
    (66, ["-L", "-a", "[::1]0", "/tmp"]), (66, ["-L", "-a", "127.0.0.1:65536", "/tmp"]),
    (66, ["-L", "-s", "none"]), (66, ["--systemd", "/tmp"]), (74, ["/tmp"]),
])
def test_what_is_wrong_has_its_exit_status(once, code, options):
    if code == 67 and os.geteuid() != 0:
        pytest.skip("only root becomes another user")
    done = once(*options)
    assert done.returncode == code, done.stderr
    assert done.stderr and done.stdout == ""


@pytest.mark.parametrize("options", [
    ["--no-such"], ["-Z"], ["--verb"], ["-t", "x"], ["--map-steps", "100000"], ["-P", ""],
    ["-a", "127.0.0.1:none"], ["-a", "no-such.invalid:0"]])
def test_what_counts_for_nothing_is_said_and_it_serves(daemon, srv, options):
    files(srv)
    server = daemon("-s", *options, srv)
    assert answers(server, RRQ, ["open"]) == {"open": GRANTED}
    assert "in.tftpd: " in server.stderr.split("in.tftpd: listens")[0]


@pytest.mark.parametrize("options", [
    ["-B", " +1024"], ["-B", "mtu-70000"], ["--window-bytes", "5g"], ["-U", "1022"],
    ["-R", "2000:3000x"], ["--normalize="], ["--path-prefix", ""], ["--verbosity", "x"],
    ["-t", "99999999999"], ["-a", "192.0.2.1:0"]])
def test_what_tftp_hpa_takes_is_taken(daemon, srv, options):
    files(srv)
    server = daemon("-s", *options, srv)
    assert answers(server, RRQ, ["open"]) == {"open": GRANTED}


@pytest.mark.parametrize("how", ["--stderr=tag", "--logfile"])
def test_lines_with_tags(daemon, program, srv, tmp_path, how):
    files(srv)
    if how != "--logfile":
        server = daemon("-s", how, srv)
        assert answers(server, RRQ, ["open"]) == {"open": GRANTED}
        wait_for_text(server.log, "file=open")
        lines = server.stderr.splitlines()
        assert any(line.startswith("<6>time=") and "file=open" in line for line in lines)
        return
    logs = tmp_path / "logs"
    logs.mkdir()
    logs.chmod(0o777)
    log = logs / "log"
    process = subprocess.Popen([program, "-L", "-s", "-a", "127.0.0.1:0", "--logfile", log,
                                "--logformat", "tag", srv], stdin=subprocess.DEVNULL)
    try:
        wait_for_text(log, "listens at tftp://127.0.0.1:")
        at = "127.0.0.1", int(re.search(r"listens at tftp://127\.0\.0\.1:(\d+)", log.read_text())[1])
        assert ask(at, "127.0.0.1", RRQ, "open", {}) == GRANTED
        wait_for_text(log, "<6>time=")
        log.rename(logs / "old")
        process.send_signal(signal.SIGHUP)
        wait_for_text(log, "")
        assert ask(at, "127.0.0.1", RRQ, "open", {}) == GRANTED
        wait_for_text(log, "<6>time=")
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_its_version_says_what_it_is(once):
    done = once("-V", "-B", "1", "-L", "/none")
    assert done.returncode == 0 and re.match(r"kedge [\d.]+ as in\.tftpd\n", done.stdout)


def test_names_through_a_map(once, tmp_path):
    (tmp_path / "map").write_text("r ^a b\\i\nPr $ .put\n6r $ .six\na ^no Not\\ this\n")
    (tmp_path / "names").write_text("a/../x\nno\nlast line")
    run = ["-m", tmp_path / "map", "--map-test", tmp_path / "names"]
    assert once(*run).stdout == "b192.0.2.34/../x\nERROR: Not this\n"
    assert once("-c6", *run).stdout == "b2001:db8::feed:face:dead:beef/../x.put.six\n" \
        "ERROR: Not this\n"
    assert once("--normalize", *run).stdout == "/x\nERROR: Not this\n"
    (tmp_path / "map").write_text("s ^a\n")
    assert "Remap table failure" in once("--map-steps", "5", *run).stdout


@pytest.mark.parametrize("options", [["-V"], ["--map-test", "/etc/passwd"]])
def test_output_that_does_not_fit_is_a_fault(program, options):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([program, *options], stdout=full, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True, timeout=PATIENCE)
    assert done.returncode == 74 and "No space left" in done.stderr


def test_the_options_are_those_of_the_manual(root, kedge):
    """Each long option that the program knows; and none besides."""
    page = (root / "man/in.tftpd.8").read_text().replace("\\-", "-").replace("\\fR", " ")
    described = set(re.findall(r"(?<![\w-])--([a-z0-9][a-z0-9-]*)", page))
    source = (root / "src/cmd/in_tftpd_args.c").read_text()
    known = set(re.findall(r'\{ "([a-z0-9-]+)", \w+_argument', source))
    assert len(known) == 45 and described == known


# ---- Its process ----

def await_gone(path):
    end = time.monotonic() + PATIENCE
    while path.exists() and path.stat().st_size > 0:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_goes_to_the_background(once, srv, tmp_path):
    """It answers as soon as the command is through; the pid file says who."""
    files(srv)
    pid_file, log = tmp_path / "pid", tmp_path / "log"
    at = "127.0.0.1", free_port()
    done = once("-l", "-s", "-a", f"127.0.0.1:{at[1]}", "-P", pid_file, "--logfile", log, srv)
    assert done.returncode == 0, done.stderr
    pid = int(pid_file.read_text())
    try:
        assert ask(at, "127.0.0.1", RRQ, "open", {}) == GRANTED
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert os.getsid(pid) == pid
        again = once("-l", "-s", "-a", f"127.0.0.1:{at[1]}", "--stderr", srv)
        assert again.returncode == 66 and "in use" in again.stderr
    finally:
        os.kill(pid, signal.SIGTERM)
        await_gone(pid_file)
    assert "file=open" in log.read_text()


def test_a_log_file_is_opened_again(program, srv, tmp_path):
    files(srv)
    logs = tmp_path / "logs"
    logs.mkdir()
    logs.chmod(0o777)
    port = free_port()
    process = subprocess.Popen([program, "-L", "-s", "-a", f"127.0.0.1:{port}", "--logfile",
                                logs / "log", srv], stdin=subprocess.DEVNULL)
    try:
        wait_for_text(logs / "log", "listens at")
        (logs / "log").rename(logs / "old")
        process.send_signal(signal.SIGHUP)
        wait_for_text(logs / "log", "")
        assert ask(("127.0.0.1", port), "127.0.0.1", RRQ, "open", {}) == GRANTED
        wait_for_text(logs / "log", "file=open")
        assert "file=open" not in (logs / "old").read_text()
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def wait_for_text(path, text):
    end = time.monotonic() + PATIENCE
    while not path.exists() or text not in path.read_text():
        assert time.monotonic() < end, path.read_text() if path.exists() else "no file"
        time.sleep(0.02)


class Logger:
    """The system's logger: of datagrams, or of streams whose lines end by NUL."""

    def __init__(self, path, kind):
        self.kind, self.heard = kind, b""
        self.socket = socket.socket(socket.AF_UNIX, kind)
        self.socket.settimeout(PATIENCE)
        self.socket.bind(str(path))
        path.chmod(0o666)
        if kind == socket.SOCK_STREAM:
            self.socket.listen()
        self.peer = None

    def line(self):
        if self.kind == socket.SOCK_DGRAM:
            return self.socket.recv(8192).decode()
        if not self.peer:
            self.peer, _ = self.socket.accept()
            self.peer.settimeout(PATIENCE)
        while b"\0" not in self.heard:
            got = self.peer.recv(8192)
            assert got, self.heard
            self.heard += got
        line, self.heard = self.heard.split(b"\0", 1)
        return line.decode()

    def close(self):
        self.socket.close()
        if self.peer:
            self.peer.close()


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM],
                         ids=["datagrams", "streams"])
def test_the_log_goes_to_syslog(program, srv, tmp_path, kind):
    """A /dev of its own, where the test is the system's logger. One of datagrams may be started
    again; a stream is made before the sandbox only."""
    files(srv)
    dev = tmp_path / "dev"
    dev.mkdir(mode=0o755)
    (dev / "null").touch()
    under = ["unshare", "-m", "sh", "-c", 'mount --bind /dev/null "$0/null" && '
             'mount --rbind "$0" /dev && exec "$@"', dev]
    if subprocess.run([*under, "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a mount namespace may not be made here")
    logger = Logger(dev / "log", kind)
    port = free_port()
    process = subprocess.Popen([*under, program, "-L", "-s", "-a", f"127.0.0.1:{port}",
                                srv], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True)
    try:
        assert "listens at" in process.stderr.readline()
        for again in (False, True) if kind == socket.SOCK_DGRAM else (False,):
            if again:
                logger.close()
                (dev / "log").unlink()
                logger = Logger(dev / "log", kind)
            assert ask(("127.0.0.1", port), "127.0.0.1", RRQ, "open", {}) == GRANTED
            line = logger.line()
            assert re.match(r"<30>.*in\.tftpd\[\d+\]: .*file=open", line), line
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
        logger.close()


@pytest.fixture
def bound():
    """A UDP socket with a port, as a service manager has it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def test_inetd_passes_the_socket_on_standard_input(program, srv, bound):
    """The request that woke it is answered, and those behind it; then it ends, and the socket
    is inetd's again."""
    files(srv)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.sendto(b"\0\1open\0octet\0", bound.getsockname())
        process = subprocess.Popen([program, "-s", "-t", "5", srv], stdin=bound.fileno(),
                                   stdout=bound.fileno(), stderr=bound.fileno())
        answer, peer = sock.recvfrom(1000)
        sock.sendto(b"\0\4\0\1", peer)
        assert answer == b"\0\3\0\1open"
    assert ask(bound.getsockname(), "127.0.0.1", RRQ, "sub/deep", {}) == GRANTED
    assert process.wait(PATIENCE) == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"next", bound.getsockname())
        bound.settimeout(PATIENCE)
        assert bound.recv(100) == b"next"


def test_systemd_passes_the_socket(program, srv, bound, tmp_path):
    files(srv)
    log = tmp_path / "log"
    as_systemd = ("import os, sys; os.dup2(int(sys.argv[1]), 3); "
                  "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); "
                  "os.execv(sys.argv[2], sys.argv[2:])")
    words = [sys.executable, "-c", as_systemd, str(bound.fileno()), program, "--stderr",
             "--systemd", "--jail", srv]
    with log.open("w") as errors:
        process = subprocess.Popen(words, pass_fds=[bound.fileno()], stderr=errors,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        assert ask(bound.getsockname(), "127.0.0.1", RRQ, "open", {}) == GRANTED
        wait_for_text(log, "file=open")
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
