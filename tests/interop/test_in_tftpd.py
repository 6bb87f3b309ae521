# SPDX-License-Identifier: MIT
"""kedge called as in.tftpd beside tftp-hpa 7.3: the same command line over the same tree,
and the same requests, must be granted or refused alike.

What is left out: a directory, whose read 7.3 grants and has nothing to send then; --refuse-all,
under which it answers nothing; an upload through a link under -c, which it refuses."""
import os
import random
import shutil
import socket
import subprocess
import time

import pytest

from e2e.lib.in_tftpd import InTftpd, named
from e2e.lib.policy import ask
from e2e.lib.ports import free_port
from e2e.peers.tftp import RRQ, WRQ, request

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="7.3's chroot needs root")

SEED = os.environ.get("KEDGE_MAP_SEED", "7.3")
PATIENCE = 20
OPTIONS = ([], ["-p"], ["-c"], ["-c", "-p"], ["--ro"], ["-s"], ["-j"], ["-s", "-c"],
           ["-s", "--validate"], ["--normalize"], ["-j", "--validate", "--normalize=root"],
           ["--max-upload", "3"], ["-r", "blksize"], ["-r", "cookie"], ["-B", "1024"],
           ["-W", "4"], ["--normalize=root"])
MODES = [0o644, 0o666, 0o604, 0o602, 0o640, 0o600, 0o622, 0o444]
PARTS = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "none", "sub", "sub/b0", "sub/b1",
         "link", "up", ".", "..", "", "a0\x01", "open/new", "open/c0"]


def lay_out(base):
    """Below base: `srv`, `other`, and a directory that all may write."""
    for name in "srv", "srv/sub", "srv/open", "other":
        (base / name).mkdir(parents=True, exist_ok=True)
        (base / name).chmod(0o777 if name == "srv/open" else 0o755)
    for number, mode in enumerate(MODES):
        (base / f"srv/a{number}").write_text("a")
        (base / f"srv/a{number}").chmod(mode)
    for name, mode in ("srv/sub/b0", 0o644), ("srv/sub/b1", 0o666), ("srv/open/c0", 0o666), \
            ("other/x", 0o666):
        (base / name).write_text("other")
        (base / name).chmod(mode)
    for name in "srv/link", "srv/up":
        (base / name).unlink(missing_ok=True)
    (base / "srv/link").symlink_to("sub/b1")
    (base / "srv/up").symlink_to("../other/x")
    return base


def laid_out(base):
    """The directories stay: a server may have them open."""
    return {base / "srv/sub", base / "srv/open"}


class Judge:
    """7.3 itself."""

    def __init__(self, path, words):
        self.at = "127.0.0.1", free_port()
        self.process = subprocess.Popen(
            [path, "-L", "--stderr", "-a", f"127.0.0.1:{self.at[1]}", *map(str, words)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        row = f"0100007F:{self.at[1]:04X}"
        while row not in open("/proc/net/udp").read():
            assert self.process.poll() is None and time.monotonic() < end
            time.sleep(0.01)

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


def names_for(rng, base, count):
    """Names as clients send them, most of them good."""
    for _ in range(count):
        ahead = rng.choice([f"{base}/srv/", f"{base}/srv/", f"/{base}//srv//", "/", "", "/srv/",
                            f"{base}/other/../srv/", f"{base}/"])
        yield ahead + "/".join(rng.choice(PARTS) for _ in range(rng.choice([1, 1, 1, 2, 3])))


def shape(answer):
    """What a client sees of it: granted with which options, or refused."""
    return (answer[0], tuple(sorted(answer[1].items()))) if answer[0] == "granted" else answer


# 7.3 says 0 (not defined) or 2 where a name is a directory or runs through a file, kedge 1 or
# 2. To a client all of them are: you cannot have it.
def alike(theirs, ours):
    if theirs[0] == ours[0] == "refused":
        return True
    return theirs == ours


def is_directory(base, name, options):
    rooted = "-s" in options or "-j" in options
    lay_out(base)
    found = os.path.isdir(f"{base}/srv/{name}" if rooted else name) or \
        os.path.isdir(f"{base}/srv/{os.path.normpath('/' + name)}") or \
        os.path.isdir(os.path.normpath("/" + name))
    shutil.rmtree(base)
    return found


def is_upload_through_link(request, options):
    return "-c" in options and request[0] == WRQ and request[1].endswith(("link", "up"))


def command(options, base):
    rooted = "-s" in options or "-j" in options
    return [*options, base / "srv"] if rooted else [*options, base / "srv/sub", base / "srv"]


@pytest.fixture
def place(srv):
    """Where a tree is laid out that everybody may reach."""
    return srv / "tree"


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_the_same_is_granted_and_refused(judge, kedge, place, tmp_path, options):
    rng = random.Random(f"{SEED}{options}")
    requests = [(rng.choice([RRQ, RRQ, WRQ]), name, rng.choice([{}, {"blksize": 2000}, {
        "windowsize": 9, "blksize": 600}, {"tsize": 0, "cookie": "x y"}]))
        for name in names_for(rng, place, 60) if not is_directory(place, name, options)]
    requests = [r for r in requests if not is_upload_through_link(r, options)]
    seen = []
    for start in (lambda words: Judge(judge, words),
                  lambda words: InTftpd([named(kedge, tmp_path), "-L", "--stderr", "-a",
                                         "127.0.0.1:0", *words], tmp_path / "log")):
        lay_out(place)
        server = start(command(options, place))
        try:
            seen.append([shape(one(server, request, place)) for request in requests])
        finally:
            server.stop()
        shutil.rmtree(place)
    differ = [(r, a, b) for r, a, b in zip(requests, *seen) if not alike(a, b)]
    assert not differ, differ[:5]
    if "--validate" not in options:  # then names lie in the directory's own name below itself
        assert {a[0] for a in seen[0]} == {"granted", "refused"}


def one(server, request, base, again=False):
    """Each meets the same tree: an upload that breaks off empties a file of 7.3's. 7.3 does not
    answer a second upload of a file while the process of the first is there, which may be long on a
    busy machine."""
    op, name, options = request
    try:
        answer = ask(server.at, "127.0.0.1", op, name, options)
    except TimeoutError:
        if isinstance(server, Judge) and op == WRQ and not again:
            return one(server, request, base, again=True)
        return "silent", type(server).__name__
    if op == WRQ and answer[0] == "granted":
        time.sleep(0.02)
        for new in {*base.glob("srv/*"), *base.glob("srv/*/*")} - laid_out(base):
            new.unlink(missing_ok=True)
        lay_out(base)
    return answer


def texts(directory):
    """What tftp-hpa's own tests/test-tftp.sh sends to and fro."""
    rng = random.Random(SEED)
    files = {"small.txt": b"This is a small test file.\n", "multiline.txt": b"Line\n" * 5,
             "boundary.txt": b"A" * 511 + b"\r" + b"B" * 1534 + b"\rtrailing\r",
             "numbers.txt": "".join(f"{n}\n" for n in range(1, 101)).encode(),
             "medium.bin": rng.randbytes(10240), "window.bin": rng.randbytes(2048)}
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return files


class Exchange:
    """7.3's client and kedge, called as that script calls its server."""

    def __init__(self, client, kedge, srv, tmp_path):
        self.client, self.srv, self.here = client, srv, tmp_path / "here"
        self.here.mkdir()
        self.server = InTftpd([named(kedge, tmp_path), "--stderr", "-L", "-p", "-c", "-a", "127.0.0.1:0",
                               "-a", "[::1]:0", "--normalize=root", "--path-prefix", srv, "/"],
                              tmp_path / "log")

    def say(self, at, options, *words):
        mode = "netascii" if words[-1].endswith(".txt") else "octet"
        done = subprocess.run([self.client, *options, "-m", mode, *map(str, at), "-c", *words],
                              cwd=self.here, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and "error" not in done.stdout + done.stderr, done

    def both_ways(self, files, at, options):
        for name, content in files.items():
            (self.srv / name).write_bytes(content)
            self.say(at, options, "get", name, f"got-{name}")
            assert (self.here / f"got-{name}").read_bytes() == content, (name, options)
            (self.srv / name).unlink()
            self.say(at, options, "put", name)
            assert (self.srv / name).read_bytes() == content, (name, options)


@pytest.fixture
def exchange(newest_tftp, kedge, srv, tmp_path):
    it = Exchange(newest_tftp, kedge, srv, tmp_path)
    yield it
    it.server.stop()


@pytest.mark.parametrize("blksize", [199, 512, 1468, 9001])
def test_what_its_own_tests_do(exchange, blksize):
    files = texts(exchange.here)
    for window in 1, 4, 64, 256:
        for number in range(2):  # IPv4 and IPv6
            exchange.both_ways(files, exchange.server.endpoints[number],
                               ["-B", str(blksize), "-W", str(window)])


def test_more_blocks_than_there_are_numbers(exchange):
    large = {"large.bin": random.Random(SEED).randbytes(512 * 67890)}
    (exchange.here / "large.bin").write_bytes(large["large.bin"])
    exchange.both_ways(large, exchange.server.endpoints[0], ["-B", "512", "-W", "64"])


# Each alone, before one directory. What is not alike, and stays: more than 64 directories or 32
# addresses, a port above 65535, and `[::1` without its bracket are taken by 7.3.
LINES = [
    ["--no-such"], ["-Z"], ["--verb"], ["-r", "none"], ["-r", "TSIZE"], ["--refuse-al"], ["-B", "511"],
    ["-B", "65465"], ["-B", " 1024"], ["-B", "+1024"], ["-B", "1k"], ["-B", "0x400"], ["-B", ""],
    ["-B", "mtu-"], ["-B", "mtux"], ["-B", "MTU-20"], ["-B", "mtu-70000"], ["-W", "0"], ["-W", "32769"],
    ["-W", "-1"], ["-W", ""], ["--window-bytes", "5g"], ["--window-bytes", "x"], ["--window-bytes", "-1"],
    ["-T", "9999"], ["-T", "255000001"], ["-T", "20k"], ["-T", "x"], ["-t", "x"], ["-t", "-1"],
    ["-t", "99999999999"], ["-U", "1777"], ["-U", "999"], ["-U", ""], ["-R", "3000:2000"], ["-R", "0:5"],
    ["-R", "5"], ["-R", "1:65535"], ["-R", "2000:2001x"], ["-R", " 2000:2001"], ["-R", "2000:"],
    ["-u", ""], ["-u", "none such"], ["-m", "/none"], ["-m", "/dev/null", "-m", "/dev/null"],
    ["-m", "/etc/passwd"], ["-m", ""], ["--map-steps", "0"], ["--map-steps", "100000"],
    ["--map-steps", "x"], ["--max-upload", "x"], ["--max-upload", "1kb"], ["--max-upload", ""],
    ["--normalize="], ["--normalize=x"], ["--normalize=PATH"], ["--verbosity", "x"], ["--logformat", "tag"],
    ["--logformat", "x"], ["--stderr=tag"], ["--stdout=x"], ["--logfile", "/none/log"], ["--logfile", ""],
    ["-s", "-j"], ["--path-prefix", "/none"], ["--path-prefix", ""], ["-S", "none"], ["-S", ""],
    ["-P", "/none/pid"], ["-P", ""], ["--systemd"], ["-V", "-B", "1"], ["-a", "no-such.invalid"],
    ["-a", "127.0.0.1:none"], ["-a", "192.0.2.1:0"]]


def answers(sock, port):
    """Within a moment, to a request of a file that there is not."""
    sock.sendto(request(RRQ, "no-such-file"), ("127.0.0.1", port))
    try:
        return sock.recv(2000)
    except TimeoutError:
        return None


def status(program, words):
    """Its exit status, or None: it serves. A socket says nothing of that: it may be bound, and the
    program end."""
    port, once = free_port(), {**os.environ, "RES_OPTIONS": "timeout:1 attempts:1"}
    process = subprocess.Popen([program, "-L", "--stderr", "-a", f"127.0.0.1:{port}", *map(str, words)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=once)
    end = time.monotonic() + PATIENCE
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(0.05)
            while process.poll() is None and not answers(sock, port):
                assert time.monotonic() < end, words
        return process.poll()
    finally:
        process.kill()
        process.wait(PATIENCE)


def test_command_lines_end_alike(judge, kedge, tmp_path):
    wrong = []
    for words in LINES:
        both = [status(p, [*words, tmp_path]) for p in (judge, named(kedge, tmp_path))]
        if both[0] != both[1]:
            wrong.append((words, *both))
    assert not wrong


def test_last_words_end_alike(judge, kedge, tmp_path, srv):
    """What stands alone or at the end: a value that is missing, and directories."""
    for words in ([tmp_path, "-B"], [tmp_path, "--map-file"], ["-s", "none"], ["-j", "none"], ["none"],
                  ["/a/../b"], [], ["/"], ["-s", "/"], ["-s", tmp_path, tmp_path], ["/none"],
                  ["--path-prefix", srv, "/"]):
        both = [status(p, words) for p in (judge, named(kedge, tmp_path))]
        assert both[0] == both[1], (words, both)
