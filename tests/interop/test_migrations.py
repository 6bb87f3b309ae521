# SPDX-License-Identifier: MIT
"""dnsmasq and atftpd beside kedge by the policy that `--dnsmasq` and `--atftpd` print: the same
requests over the same tree have the same answers.

Left out: what the policy names as without a counterpart (..; an upper case letter in the name of
a file under tftp-lowercase), and a directory as a name."""
import os
import re
import subprocess

import pytest

from interop.servers import Atftpd, Dnsmasq, Server, namespaces_are_to_be_had

pytestmark = pytest.mark.skipif(not namespaces_are_to_be_had(), reason="needs root")

NAMES = ["a", "/a", "//a", "sub/b", "/sub/b", "sub\\b", "A", "SUB/B", "Mixed", "mixed", "none",
         "sub/none", "own", "in/front", "link", "b"]
TWICE = """
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(5)
sock.sendto(b"\\0\\1a\\0octet\\0blksize\\0" + sys.argv[1].encode() + b"\\0", ("127.0.0.1", 69))
answer, peer = sock.recvfrom(70000)
sock.sendto(b"\\0\\5\\0\\0enough\\0", peer)
print(repr(answer) if answer[1] == 6 else len(answer) - 4)
"""


class Converted(Server):
    """kedge by a policy."""
    program = "kedge"
    hosts = ("127.0.0.1",)

    def __init__(self, kedge, policy, log):
        super().__init__(lambda _: kedge, policy.parent, log)
        self.policy = policy

    def command(self):
        return [self.path, "serve", "-c", self.policy]


class ByFile(Dnsmasq):
    """dnsmasq by a configuration file, which is `directory`."""
    hosts = ("127.0.0.1",)

    def command(self):
        return [self.path, "-k", "-p", "0", "-C", self.directory, "--pid-file=",
                "--log-facility=-"]


class ByWords(Atftpd):
    """atftpd by a command line, which is `directory`."""

    def command(self):
        return [self.path, "--no-fork", "--logfile", "-", *self.directory.split()]


@pytest.fixture
def laid_out(srv):
    for name in ("a", "sub/b", "Mixed", "mixed2", "127.0.0.1/own", "127.0.0.1/a", "in/front"):
        (srv / name).parent.mkdir(exist_ok=True)
        (srv / name).write_text(f"this is {name}\n" * 100)
    (srv / "link").symlink_to("a")
    for path in (srv, *srv.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o644)
    return srv


@pytest.fixture
def beside(kedge, program, tmp_path, laid_out):
    """beside(OPTION, VALUE, PEER): the answers of the peer, and of kedge by what it prints."""
    def do(option, value, peer, ask, more=""):
        text = subprocess.run([kedge, "serve", option, value], check=True, capture_output=True,
                              text=True, timeout=60).stdout
        policy = laid_out.parent / "policy"
        policy.write_text(text + more)
        answers = []
        for server in (peer(program, value, tmp_path / "peer.log"),
                       Converted(kedge, policy, tmp_path / "kedge.log")):
            with server:
                answers.append(ask(server))
        return answers
    return do


@pytest.fixture
def fetch_all(kedge, tmp_path):
    """fetch_all(SERVER): what each name brings, or None."""
    def do(server, names):
        got = {}
        for name in names:
            done = server.run("curl", "-s", "--max-time", "10", "-o", tmp_path / "got",
                              f"tftp://127.0.0.1/{name.replace(chr(92), '%5C')}",
                              "--path-as-is")
            got[name] = (tmp_path / "got").read_bytes() if done.returncode == 0 else None
        return got
    return do


def sizes(server, asked=(8, 500, 900, 1400)):
    return [server.run("/usr/bin/python3", "-B", "-c", TWICE, n).stdout for n in asked]


DNSMASQ = ["", "tftp-lowercase\n", "tftp-unique-root\n", "tftp-unique-root=ip\ntftp-lowercase\n",
           "enable-tftp=lo\n", "tftp-root={srv}/sub,lo\n", "tftp-single-port\n",
           "tftp-port-range=5000,5100\n", "listen-address=127.0.0.1\n", "tftp-max=2\n"]


@pytest.mark.parametrize("text", DNSMASQ)
def test_names_bring_what_they_brought_from_dnsmasq(beside, fetch_all, laid_out, tmp_path, text):
    conf = tmp_path / "conf"
    conf.write_text(f"enable-tftp\ntftp-root={laid_out}\nuser=root\n" + text.format(srv=laid_out))
    names = [name for name in NAMES if name.lower() != "mixed" or "lowercase" not in text]
    before, after = beside("--dnsmasq", conf, ByFile, lambda s: fetch_all(s, names))
    assert sum(content is not None for content in before.values()) >= (1 if ",lo" in text else 2)
    assert after == before


def test_blocks_are_as_large_as_dnsmasqs(beside, laid_out, tmp_path):
    conf = tmp_path / "conf"
    conf.write_text(f"enable-tftp\ntftp-root={laid_out}\nuser=root\ntftp-mtu=1000\n")
    before, after = beside("--dnsmasq", conf, ByFile, sizes)
    assert "968" in before[-1] and after == before


def largest(server):
    """The size of block that was agreed; without the option it is 512."""
    answers = sizes(server, (512, 900, 1400))
    granted = [re.search(r"blksize\\x00(\d+)", answer) for answer in answers]
    return max(int(match[1]) if match else 512 for match in granted)


def test_blocks_stay_small_as_with_dnsmasq(beside, laid_out, tmp_path):
    conf = tmp_path / "conf"
    conf.write_text(f"enable-tftp\ntftp-root={laid_out}\nuser=root\ntftp-no-blocksize\n")
    assert beside("--dnsmasq", conf, ByFile, largest) == [512, 512]


@pytest.mark.parametrize("word, size", [("", 1400), ("--no-blksize", 512)])
def test_blocks_are_as_large_as_atftpds(beside, laid_out, word, size):
    words = f"--daemon --user root {word} {laid_out}"
    assert beside("--atftpd", words, ByWords, largest) == [size, size]


def test_names_with_the_root_in_front_need_the_map_that_is_said(beside, fetch_all, laid_out,
                                                               tmp_path, kedge):
    conf = tmp_path / "conf"
    conf.write_text(f"enable-tftp\ntftp-root={laid_out}\nuser=root\n")
    said = subprocess.run([kedge, "serve", "--dnsmasq", conf], check=True, timeout=60,
                          capture_output=True, text=True).stdout
    map_file = laid_out.parent / "map"
    map_file.write_text(re.search(r"need a map file: (.*)", said).group(1) + "\n")
    names = [f"{laid_out}/a", f"{laid_out}/sub/b", "a", "/a", f"{laid_out}/none"]
    before, after = beside("--dnsmasq", conf, ByFile, lambda s: fetch_all(s, names),
                           f"map = '{map_file}'\n")
    assert before[names[0]] and before[names[1]] and after == before


@pytest.mark.parametrize("words", ["", "--no-windowsize", "--maxthread 2 --no-multicast",
                                   "--port 69 --bind-address 127.0.0.1"])
def test_names_bring_what_they_brought_from_atftpd(beside, fetch_all, laid_out, words):
    words = f"--daemon --user root {words} {laid_out}"
    names = [name for name in NAMES if name != "sub\\b"] + [f"{laid_out}/none"]
    before, after = beside("--atftpd", words, ByWords, lambda s: fetch_all(s, names))
    assert sum(content is not None for content in before.values()) >= 4
    assert after == before


def test_uploads_are_as_with_atftpd(beside, kedge, laid_out, tmp_path):
    """New ones, and those that replace."""
    (tmp_path / "up").write_text("new content\n")

    def ask(server):
        (laid_out / "a").write_text("old")
        (laid_out / "new").unlink(missing_ok=True)
        codes = [server.run(kedge, "put", tmp_path / "up", f"tftp://127.0.0.1/{name}").returncode
                 for name in ("a", "new", "none/new")]
        return codes[:2], codes[2] != 0, (laid_out / "a").read_text(), \
            (laid_out / "new").read_text()
    before, after = beside("--atftpd", f"--daemon --user root {laid_out}", ByWords, ask)
    assert before == ([0, 0], True, "new content\n", "new content\n") and after == before


@pytest.mark.parametrize("peer, option, pattern", [
    ("dnsmasq", "--dnsmasq", r"--((?:enable-|quiet-)?tftp[a-z-]*)"),
    ("atftpd", "--atftpd", r"--([a-z-]+)")])
def test_every_option_of_the_peer_is_known(program, kedge, tmp_path, peer, option, pattern):
    done = subprocess.run([program(peer), "--help"], capture_output=True, text=True, timeout=60)
    names = sorted(set(re.findall(pattern, done.stdout + done.stderr)))
    assert len(names) > 9
    for name in names:
        text = f"--{name}"
        if peer == "dnsmasq":
            text = tmp_path / "conf"
            text.write_text(f"enable-tftp\n{name}\n")
        done = subprocess.run([kedge, "serve", option, text], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0 or "needs a value" in done.stderr, (name, done)
        assert "is no option" not in done.stderr, (name, done)
        assert done.returncode or name in ("enable-tftp", "daemon", "no-multicast") \
            or name in done.stdout or done.stdout.count(" = ") > 2, name
