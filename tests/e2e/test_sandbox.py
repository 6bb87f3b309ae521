# SPDX-License-Identifier: MIT
"""`kedge serve` confined after start (Landlock, seccomp, no capabilities): what it got, what
an intruder inside it gets, and what clients and SIGHUP still get."""
import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from e2e.lib import plant
from e2e.lib.in_tftpd import InTftpd, named
from e2e.lib.policy import ask
from e2e.lib.serve import PATIENCE, Server
from e2e.lib.status import ask as ask_http, dial, metrics, of, rest, say, status
from e2e.peers import tftp
from e2e.peers.tftp import RRQ, WRQ

READ = "kedge serve: the policy was read again\n"
KEPT = "kedge serve: the policy was not read again: the old one stays in force\n"
SIZE = {"tsize": 0}


@pytest.fixture(scope="session")
def plain(root):
    """The program without a sanitizer, whose run-time cannot be confined."""
    program = root / "build/kedge"
    if not program.exists():
        pytest.skip("build/kedge is not there: run make build")
    return program


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    directory = tmp_path_factory.mktemp("plant")
    for one in (directory, *directory.parents):
        if one.name.startswith(("pytest-", "popen-", "plant")):
            one.chmod(0o755)
    return plant.build(directory)


@pytest.fixture
def confined(plain, srv, tmp_path, as_nobody):
    """confined(*WORDS, under=WORDS): a running `kedge serve`, which must end well."""
    servers = []

    def start(*words, under=(), at=("tftp://127.0.0.1:0",)):
        user = ["--user", "nobody"] if as_nobody else []
        command = [*under, plain, "serve", *at, *user, *words]
        servers.append(Server(command, tmp_path / f"confined-{len(servers)}.log"))
        return servers[-1]
    yield start
    for server in servers:
        assert server.stop(twice=True) == 0, server.stderr


def said(server):
    """What its table says; the line may still be on its way."""
    end = time.monotonic() + PATIENCE
    while not server.lines[-1].startswith("Ctrl-C"):
        assert time.monotonic() < end, server.lines
        time.sleep(0.01)
    return [line.removeprefix("sandbox: ") for line in server.lines
            if line.startswith("sandbox: ")]


def hang_up(server, line):
    before = server.stderr.count(line)
    server.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + PATIENCE
    while server.stderr.count(line) == before:
        assert time.monotonic() < end and server.process.poll() is None, server.stderr
        time.sleep(0.01)


def test_it_says_what_it_got(confined, srv):
    server = confined("--root", srv, "--shards", "2")
    assert re.fullmatch(r"landlock \d+, seccomp, no capabilities", said(server)[0])
    tasks = list(Path(f"/proc/{server.pid}/task").iterdir())
    assert len(tasks) > 2
    for task in tasks:
        status = (task / "status").read_text()
        for line in "NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000":
            assert line in status


def test_it_can_be_off(confined, srv):
    server = confined("--root", srv, "--sandbox=off")
    assert said(server) == ["off"]
    assert server.status("Seccomp") == 0


REFUSED = {
    "open /etc/passwd": errno.EACCES, "list /": errno.EACCES, "write /tmp": errno.EACCES,
    "tcp connect": errno.EPERM, "unix stream": errno.EPERM, "packet socket": errno.EPERM,
    "netfilter": errno.EPERM, "ptrace": errno.EPERM, "process_vm_readv": errno.EPERM,
    "mount": errno.EPERM, "bpf": errno.EPERM, "keyctl": errno.EPERM,
    "open_tree": errno.EPERM, "executable memory": errno.EPERM, "execve": errno.EPERM,
    "execveat": errno.EPERM, "unshare": errno.EPERM, "setuid": errno.ENOSYS,
    "is a terminal": errno.ENOTTY, "udp": 0, "done": 0}
# What counts without a sandbox is the user.
OPEN = ["open /etc/passwd", "list /", "write /tmp", "tcp connect", "unix stream", "udp", "signal",
        "executable memory"]


@pytest.fixture
def intruder(confined, library, tmp_path, srv, as_nobody):
    """intruder(*WORDS): what it got in such a server."""
    tmp_path.chmod(0o777)
    listener = socket.create_server(("127.0.0.1", 0))
    other = subprocess.Popen(["sleep", "600"], **as_nobody)

    def get(*words):
        out = tmp_path / "planted"
        server = confined("--root", srv, *words, under=plant.planted(
            library, PLANT_OUT=out, PLANT_PORT=listener.getsockname()[1],
            PLANT_PID=other.pid, PLANT_FILE=srv / "made"))
        got = plant.triggered(server.at, out)
        if "--sandbox=off" in words:
            server.stop()  # it holds the other one by ptrace
        return got, server
    yield get
    other.kill()
    other.wait()
    listener.close()
    Path("/tmp/kedge-planted").unlink(missing_ok=True)


@pytest.mark.parametrize("uploads", ["refuse", "create"])
def test_code_of_an_intruder_reaches_nothing(intruder, srv, uploads):
    got, server = intruder("--uploads", uploads)
    abi = int(re.match(r"landlock (\d+)", said(server)[0])[1])
    made = 0 if uploads == "create" else errno.EACCES
    assert got == {**REFUSED, "make in the root": made,
                   "signal": errno.EPERM if abi >= 6 else 0}
    assert server.status("Seccomp") == 2  # and it serves on
    assert ask(server.at, "127.0.0.1", RRQ, "none", SIZE) == ("refused", 1)


def test_without_a_sandbox_it_reaches_them(intruder):
    got, _ = intruder("--sandbox=off", "--uploads", "create")
    assert {what: got[what] for what in OPEN} == dict.fromkeys(OPEN, 0)
    assert "execve" not in got and "execveat" not in got  # it became another program


def test_a_call_that_is_unknown_can_be_made_fatal(plain, library, srv, tmp_path, as_nobody):
    """So a run with PLANT_UNKNOWN=kill sees each call that the list lacks."""
    command = [*plant.planted(library, PLANT_UNKNOWN="kill", PLANT_OUT=tmp_path / "planted",
                              PLANT_PORT=9, PLANT_PID=os.getpid(), PLANT_FILE=srv / "made"),
               plain, "serve", "tftp://127.0.0.1:0", "--root", srv]
    tmp_path.chmod(0o777)
    server = Server(command, tmp_path / "fatal.log")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"PLANTED", server.at)
    assert server.process.wait(PATIENCE) == -signal.SIGSYS
    server.kill()


POLICY = """
root = "{srv}/tree"
map = "{srv}/etc/map"
follow = {{ "{srv}/followed" }}
client "127.0.0.9" {{ root = "{srv}/by/%a" }}
file "in/**" {{ uploads = version  create-directories = yes }}
default {{ uploads = {uploads} }}
{more}
"""


@pytest.fixture
def laid_out(srv):
    for name in ("tree/in", "by/127.0.0.9", "followed", "etc", "new"):
        (srv / name).mkdir(parents=True)
    for name in "tree/a", "by/127.0.0.9/a", "followed/f", "new/a", "tree/in/old":
        (srv / name).write_text(name)
    (srv / "tree/link").symlink_to(srv / "followed/f")
    (srv / "etc/map").write_text("r ^alias$ a\n")
    for path in srv.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o777)

    def write(more="", uploads="overwrite", text=POLICY):
        (srv / "etc/new").write_text(text.format(srv=srv, uploads=uploads, more=more))
        os.replace(srv / "etc/new", srv / "etc/policy")
    write()
    return write


def read(server, name, source=None):
    return tftp.get(server.at, name, source=source and (source, 0)).content.decode()


def exercise(server, srv):
    """All that clients of that policy do."""
    assert read(server, "a") == read(server, "alias") == "tree/a"
    assert read(server, "link") == "followed/f"
    assert ask(server.at, "127.0.0.9", RRQ, "a", SIZE) == ("granted", {"tsize": "14"})
    assert ask(server.at, "127.0.0.1", RRQ, "no", SIZE) == ("refused", 1)
    for name in "in/old", "in/deep/er/new", "b":
        tftp.put(server.at, name, name.encode() * 600)
        assert (srv / "tree" / name).read_bytes() == name.encode() * 600
    assert any(p.name.startswith("old") and p.name != "old" for p in (srv / "tree/in").iterdir())


def watch(at):
    """All that clients of --metrics do, and some do not."""
    assert status(at)["transfers"]["get"]["ok"] > 0
    assert of(metrics(at), "kedge_tftp_requests_total") > 0
    assert say(at, b"nonsense" * 10000)[0] != 200
    held = [dial(at) for _ in range(100)]
    for peer in held:
        peer.close()
    assert ask_http(at, "/status")[0] == 200


ECHO = "echo+tcp://127.0.0.1:0", "echo+udp://127.0.0.1:0", "reply+udp://127.0.0.1:0"


@pytest.mark.parametrize("unknown", ["refused", "kill"])
def test_what_clients_and_sighup_need_goes_on(confined, library, plain, laid_out, srv, unknown):
    """A system call that the filter does not know may end the server: it makes none."""
    under = plant.planted(library, PLANT_UNKNOWN="kill") if unknown == "kill" else ()
    left = srv / "tree/.kedge-0123456789abcdef"
    left.write_text("of a crash")
    left.chmod(0o666)
    local = srv / "new/socket"
    server = confined("-c", srv / "etc/policy", "--ignore-case", "--shards", "2",
                      "--metrics", f"unix://{srv}/new/metrics", "--control",
                      f"unix://{srv}/new/control", under=under, at=("tftp://127.0.0.1:0", *ECHO, f"echo+unix-dgram://{local}"))
    exercise(server, srv)
    watch(f"{srv}/new/metrics")
    with dial(f"{srv}/new/control") as peer:
        assert json.loads(rest(peer))["v"] == 1
    for scheme, kind in ("echo+tcp", "tcp"), ("echo+udp", "udp"):
        done = subprocess.run([plain, "send", "%s://%s:%d" % (kind, *server.address(scheme)),
                               "x"], timeout=PATIENCE, stdout=subprocess.PIPE)
        assert done.returncode == 0
    laid_out('file "x*" { get = refuse }')
    (srv / "etc/map2").write_text("r ^other$ a\n")
    os.replace(srv / "etc/map2", srv / "etc/map")
    hang_up(server, READ)
    assert read(server, "other") == "tree/a"
    assert ask(server.at, "127.0.0.1", RRQ, "xyz", SIZE) == ("refused", 2)
    exercise_again = {"A": ("granted", {"tsize": "6"}), "alias": ("refused", 1)}
    assert {n: ask(server.at, "127.0.0.1", RRQ, n, SIZE) for n in exercise_again} == \
        exercise_again
    assert server.stop() == 0, server.stderr
    assert not left.exists()
    assert not local.exists() or os.geteuid() != 0
    assert not (srv / "new/metrics").exists()


OUTSIDE = {
    "root": ('client "127.0.0.2" {{ root = "{srv}/new" }}', {},
             "kedge serve: restart needed for {srv}/new\n"),
    "a client's": ('client "127.0.0.2" {{ root = "{srv}/new/%a" }}', {},
                   "kedge serve: restart needed for {srv}/new/%a\n"),
    "top": ("", {"text": POLICY.replace("tree", "new")},
            "kedge serve: restart needed for {srv}/new\n"),
    "map": ("", {"text": POLICY.replace("etc/map", "new/map")},
            "{srv}/new/map: restart needed: outside the sandbox\n"),
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_a_policy_that_leads_outside_needs_a_restart(confined, laid_out, srv, what):
    server = confined("-c", srv / "etc/policy")
    more, how, line = OUTSIDE[what]
    (srv / "new/map").write_text("r ^alias$ a\n")
    laid_out(more.format(srv=srv), **how)
    hang_up(server, KEPT)
    assert line.format(srv=srv) in server.stderr
    assert read(server, "alias") == "tree/a"
    laid_out(f'client "127.0.0.2" {{ root = "{srv}/tree/in" }}')
    hang_up(server, READ)
    assert ask(server.at, "127.0.0.2", RRQ, "old", SIZE) == ("granted", {"tsize": "11"})


@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_a_root_that_is_made_again_needs_a_restart(confined, laid_out, srv, sandbox):
    """It is another directory, and a sandbox never widens. Without one SIGHUP opens it."""
    server = confined("-c", srv / "etc/policy", f"--sandbox={sandbox}")
    assert read(server, "a") == "tree/a"
    shutil.rmtree(srv / "tree")
    (srv / "tree/in").mkdir(parents=True)
    (srv / "tree/a").write_text("new")
    for path in srv / "tree", srv / "tree/in":
        path.chmod(0o777)
    hang_up(server, KEPT if sandbox == "auto" else READ)
    if sandbox == "auto":
        assert f"restart needed for {srv}/tree\n" in server.stderr
    else:
        assert read(server, "a") == "new"


def test_a_root_that_stands_twice_is_said_once(confined, laid_out, srv):
    server = confined("-c", srv / "etc/policy")
    (srv / "other").mkdir()
    roots = "new", "other", "new", "other/", "other"
    laid_out("".join(f'client "127.0.0.{2 + i}" {{ root = "{srv}/{root}" }} '
                     for i, root in enumerate(roots)),
             text=POLICY.replace("{srv}/tree", "{srv}/new"))
    hang_up(server, KEPT)
    assert server.stderr.count(f"restart needed for {srv}/new\n") == 1, server.stderr
    assert server.stderr.count(f"restart needed for {srv}/other") == 1, server.stderr


def test_uploads_where_none_were_need_a_restart(confined, laid_out, srv):
    read_only = POLICY.replace("uploads = version", "get = allow").replace(
        "  create-directories = yes", "")
    laid_out(uploads="refuse", text=read_only)
    server = confined("-c", srv / "etc/policy", "--follow", srv / "new")
    laid_out(uploads="create", text=read_only)
    hang_up(server, KEPT)
    line = "kedge serve: restart needed for uploads to %s\n"
    assert line % (srv / "tree") in server.stderr
    assert server.stderr.count(line % (srv / "new")) == 1, server.stderr
    assert ask(server.at, "127.0.0.1", WRQ, "b", {}) == ("refused", 2)


def test_a_kernel_without_landlock(confined, plain, srv, tmp_path):
    script = ["/usr/bin/python3", "-c",
              "import os, sys; from e2e.lib import plant; plant.without_landlock(); "
              "os.execvp(sys.argv[1], sys.argv[1:])"]
    under = ["env", f"PYTHONPATH={Path(__file__).parents[1]}", *script]
    server = confined("--root", srv, under=under)
    assert said(server) == ["no landlock (Function not implemented), seccomp, no capabilities"]
    done = subprocess.run([*under, plain, "serve", "--sandbox=require", "--root", srv,
                           "tftp://127.0.0.1:0"], capture_output=True, text=True,
                          timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (14, "")
    assert done.stderr == ("kedge serve: --sandbox=require: a part is missing: no landlock (Function not "
                           "implemented), seccomp, no capabilities\n")


def test_all_of_it_can_be_required(confined, plain, srv):
    assert "landlock" in said(confined("--root", srv, "--sandbox=require"))[0]
    if os.geteuid() != 0:
        pytest.skip("the rest needs root")
    done = subprocess.run([plain, "serve", "--sandbox=require", "--root", srv, "--user", "root",
                           "tftp://127.0.0.1:0"], capture_output=True, text=True,
                          timeout=PATIENCE)
    assert done.returncode == 14 and "root's capabilities" in done.stderr


def test_a_build_with_sanitizers_is_not_confined(kedge, serve, srv):
    if b"__asan_init" not in kedge.read_bytes():
        pytest.skip("the program under test has no sanitizer")
    assert said(serve()) == ["none (built with a sanitizer)"]
    done = subprocess.run([kedge, "serve", "--sandbox=require", "--root", srv,
                           "tftp://127.0.0.1:0"], capture_output=True, text=True,
                          timeout=PATIENCE)
    assert done.returncode == 14


@pytest.mark.parametrize("secure", [True, False])
def test_in_tftpd_keeps_its_files(plain, library, srv, tmp_path, as_nobody, secure):
    """Also where each unknown call would end it."""
    (srv / "a").write_text("a")
    (srv / "up").write_text("")
    (srv / "up").chmod(0o666)
    command = [*plant.planted(library, PLANT_UNKNOWN="kill"), named(plain, tmp_path), "-L",
               "--stderr", "-a", "127.0.0.1:0", *(["-s"] if secure else []), srv]
    server = InTftpd(command, tmp_path / "in.tftpd.log")
    at = "" if secure else f"{srv}/"
    try:
        assert "in.tftpd: sandbox: landlock" in server.stderr
        assert tftp.get(server.at, f"{at}a").content == b"a"
        tftp.put(server.at, f"{at}up", b"new")
        assert (srv / "up").read_bytes() == b"new"
        if not secure:
            (srv / "passwd").symlink_to("/etc/passwd")
            assert tftp.get(server.at, f"{at}passwd").content.startswith(b"root:")
    finally:
        assert server.stop() == 0, server.stderr
