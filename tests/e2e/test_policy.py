# SPDX-License-Identifier: MIT
"""Policy and map files from outside: what serve does by them, and what it says of those
that are wrong."""
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from e2e.lib.policy import ME, ask, request
from e2e.lib.serve import Server
from e2e.peers.echo import wait_for
from e2e.peers.tftp import RRQ, WRQ


def url(server):
    return f"tftp://127.0.0.1:{server.at[1]}/"


def test_a_client_gets_what_is_its_own(policed, get):
    server = policed()
    assert get(url(server) + "alias", "-o", "-").out == b"a"
    assert get(url(server) + "secret/x", "-o", "-").code == 4
    assert server.record(file="secret/x")["reason"] == \
        "this file is not read here (line 7 of the policy)"
    record = server.record(file="secret/x")
    assert record["rule"] == "get: file secret/**, line 7" and record["path"] is None
    assert record["verdict_id"] == "policy-refused"
    assert record["verdict"].endswith(record["reason"])
    record = server.record(file="alias", outcome="ok")
    assert record["path"] == "a.txt" and record["rule"] == "root: top level, line 4"
    assert get(url(server) + "no/x", "-o", "-").code == 4
    assert server.record(file="no/x")["reason"] == \
        "a rule of the map refuses it (line 5 of the map)"
    assert server.record(file="no/x")["rule"] == "map, line 5"
    assert ask(server.at, "127.0.0.2", RRQ, "a.txt", {"tsize": 0}) == \
        ("granted", {"tsize": "5"})
    assert ask(server.at, "127.0.0.4", RRQ, "a.txt", {"tsize": 0}) == \
        ("granted", {"tsize": "4"})
    assert ask(server.at, "127.0.0.3", RRQ, "a.txt", {}) == ("refused", 2)
    for source, rule in (("2", "root: client 127.0.0.2, line 9"),
                         ("4", "root: client 127.0.0.4/31, line 11"),
                         ("3", "get: client 127.0.0.3, line 10")):
        assert server.record(rule=rule)["peer"].startswith(f"127.0.0.{source}:")


def test_a_root_that_is_missing_hurts_its_clients_alone(policed):
    server = policed()
    assert ask(server.at, "127.0.0.5", RRQ, "a.txt", {}) == ("refused", 1)
    assert server.record(event="refused")["reason"] == "no such file"
    assert ask(server.at, "127.0.0.4", RRQ, "a.txt", {"tsize": 0}) == \
        ("granted", {"tsize": "4"})


def test_limits_are_by_client_and_by_interface(policed):
    server = policed()
    options = {"blksize": 1400, "windowsize": 9}
    for source, blksize, window in [("127.0.0.1", "700", "9"), ("127.0.0.2", "600", "9")]:
        assert ask(server.at, source, RRQ, "a.txt", options) == \
            ("granted", {"blksize": blksize, "windowsize": window}), source
    assert ask(server.at, "127.0.0.3", WRQ, "in/more", options) == \
        ("granted", {"blksize": "700", "windowsize": "2"})


def test_one_name_in_one_turn_is_each_clients_own(policed, tree):
    """What was found for one client in a turn of the loop is not another's: the files are
    open already, and all requests wait in the socket together."""
    (tree / "policy").write_text(f"""listen = {{ "tftp://127.0.0.1:0" }}
                                     root = "{tree}/tree"
                                     user = {ME}
                                     client "127.0.0.2" {{ root = "{tree}/other" }}""")
    server = policed()
    for source, size in (("127.0.0.1", "1"), ("127.0.0.2", "5")):
        assert ask(server.at, source, RRQ, "a.txt", {"tsize": 0}) == ("granted", {"tsize": size})
    socks = []
    server.process.send_signal(signal.SIGSTOP)
    try:
        for k in range(40):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((f"127.0.0.{1 + k % 2}", 0))
            sock.settimeout(20)
            sock.sendto(b"\0\1a.txt\0octet\0", server.at)
            socks.append(sock)
    finally:
        server.process.send_signal(signal.SIGCONT)
    for k, sock in enumerate(socks):
        with sock:
            answer, peer = sock.recvfrom(2000)
            sock.sendto(b"\0\4\0\1", peer)
            assert answer == b"\0\3\0\1" + (b"other" if k % 2 else b"a"), k


def test_the_command_line_wins(policed, tree):
    server = policed("--root", tree / "other", "--uploads", "refuse", "--blksize-max", "512")
    for source in ("127.0.0.1", "127.0.0.2"):
        assert ask(server.at, source, RRQ, "a.txt", {"tsize": 0, "blksize": 900}) == \
            ("granted", {"tsize": "5", "blksize": "512"})
    assert ask(server.at, "127.0.0.1", WRQ, "in/new", {}) == ("refused", 2)


def test_uploads_are_by_name_and_by_client(policed, put, tree):
    left = [tree / root / ".kedge-0123456789abcdef" for root in ("tree", "other")]
    for path in left:
        path.write_text("by a crash")
    server = policed()
    wait_for(lambda: not any(path.exists() for path in left))   # a helper's job
    (put.here / "new").write_text("new")
    (put.here / "big").write_bytes(bytes(1025))
    assert put("new", url(server) + "put/new").code == 0   # by the map it is in/new
    record = server.record(file="put/new", event="put")
    assert (record["rule"], record["path"]) == ("uploads: file in/*, line 8", "in/new")
    assert (tree / "tree/in/new").read_text() == "new"
    assert put("new", url(server) + "in/old").code == 5    # it is there
    assert put("new", url(server) + "elsewhere").code == 4
    record = server.record(file="elsewhere")
    assert record["rule"] == "uploads: default, line 13"
    assert record["verdict_id"] == "uploads-refused"
    assert put("big", url(server) + "in/big").code != 0
    assert not (tree / "tree/in/big").exists()


def test_directories_are_made_for_those_who_may(policed, put, tree, kedge):
    """And are gone again where the file did not come."""
    with (tree / "policy").open("a") as policy:
        policy.write('file "made/**" { uploads = create  create-directories = yes }\n')
    server = policed()
    (put.here / "new").write_text("new")
    assert put("new", url(server) + "made/a/new").code == 0
    assert (tree / "tree/made/a/new").read_text() == "new"
    assert (tree / "tree/made/a").stat().st_mode & 0o777 == 0o755
    assert put("new", url(server) + "in/a/new").code == 4
    assert ask(server.at, "127.0.0.3", WRQ, "more/b/new", {}) == ("granted", {})
    wait_for(lambda: not (tree / "tree/more").exists())
    done = subprocess.run([kedge, "explain", "-c", tree / "policy", "127.0.0.1", "put", "made/b/c"],
                          capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines()
    assert "file      is new, as are directories of its name" in lines and lines[-1] == "granted"
    assert f"path      {tree}/tree/made" in lines
    assert not (tree / "tree/made/b").exists()


class Asking:
    """A client that asked for a file of some blocks, and acknowledges nothing by itself."""

    def __init__(self, server, source):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((source, 0))
        self.sock.settimeout(20)
        self.at = server.at
        self.ask()

    def ask(self):
        self.sock.sendto(b"\0\1blocks\0octet\0", self.at)

    def hears(self, seconds, most=sys.maxsize):
        """How many datagrams come in that time; it waits for so many at most."""
        end, count = time.monotonic() + seconds, 0
        while count < most and (left := end - time.monotonic()) > 0:
            self.sock.settimeout(left)
            try:
                _, self.peer = self.sock.recvfrom(1000)
                count += 1
            except TimeoutError:
                break
        return count

    def answer(self):
        self.sock.settimeout(20)
        _, self.peer = self.sock.recvfrom(1000)

    def end(self):
        self.sock.sendto(b"\0\5\0\0enough\0", self.peer)
        self.sock.close()


def test_a_section_has_so_many_transfers_at_once(policed, tree):
    """Who is one too many hears nothing, asks again, and is served when one is over; another
    section is not hurt, nor is the next policy's count."""
    (tree / "tree/blocks").write_bytes(bytes(2000))
    (tree / "policy").write_text(f"""listen = {{ "tftp://127.0.0.1:0" }}
                                     root = "{tree}/tree"
                                     user = {ME}
                                     client "127.0.0.2/31" {{ max-transfers = 2 }}""")
    server = policed()
    first, second = Asking(server, "127.0.0.2"), Asking(server, "127.0.0.3")
    first.answer()
    second.answer()
    third, other = Asking(server, "127.0.0.2"), Asking(server, "127.0.0.9")
    other.answer()
    said = server.record(event="refused")
    assert said["reason"] == \
        "its section has as many transfers as it may have (line 4 of the policy)"
    assert said["rule"] == "max-transfers: client 127.0.0.2/31, line 4"
    assert third.hears(0.2) == 0
    first.end()
    server.record(outcome="aborted")
    third.ask()
    third.answer()
    fourth = Asking(server, "127.0.0.3")
    wait_for(lambda: len([r for r in server.records() if r["event"] == "refused"]) == 2)
    for one in (second, third, other):
        one.end()
    wait_for(lambda: len([r for r in server.records() if r["outcome"] == "aborted"]) == 4)
    fourth.ask()
    fourth.answer()
    fourth.end()


def test_one_rack_does_not_starve_the_rest(policed, tree):
    """Where a section is of no address, each network of clients has as many as it says."""
    (tree / "tree/blocks").write_bytes(bytes(2000))
    (tree / "policy").write_text(f"""listen = {{ "tftp://127.0.0.1:0" }}
                                     root = "{tree}/tree"
                                     user = {ME}
                                     default {{ max-transfers = 2 }}""")
    server = policed()
    rack = [Asking(server, f"127.0.0.{number}") for number in (2, 3)]
    for one in rack:
        one.answer()
    late = Asking(server, "127.0.0.4")
    assert server.record(event="refused")["reason"] == \
        "its network has as many transfers as it may have (line 4 of the policy)"
    others = [Asking(server, f"127.0.1.{number}") for number in (2, 3)]
    for one in others:
        one.answer()
    rack[0].end()
    server.record(outcome="aborted")
    late.ask()
    late.answer()
    for one in (rack[1], late, *others):
        one.end()


def test_a_section_has_its_timeout(policed, tree):
    """After one ACK its second block comes again and again, and the other's seldom: no time is
    measured, but one beside the other."""
    (tree / "tree/blocks").write_bytes(bytes(2000))
    with (tree / "policy").open("a") as policy:
        policy.write('client "127.0.0.9" { timeout = 20ms }\n')
    server = policed()
    fast, slow = Asking(server, "127.0.0.9"), Asking(server, "127.0.0.1")
    for one in (fast, slow):
        one.answer()
        one.sock.sendto(b"\0\4\0\1", one.peer)
    assert fast.hears(30, most=20) == 20 > slow.hears(0.01)
    for one in (fast, slow):
        one.end()


def test_a_file_has_the_mode_of_its_section(policed, put, tree):
    with (tree / "policy").open("a") as policy:
        policy.write('file "in/private" { mode = "0600" }\n')
    server = policed()
    for name in ("private", "shared"):
        (put.here / name).write_text(name)
        assert put(name, url(server) + f"in/{name}").code == 0
    assert (tree / "tree/in/private").stat().st_mode & 0o777 == 0o600
    assert (tree / "tree/in/shared").stat().st_mode & 0o777 == 0o644


def test_a_map_alone_rewrites_names(serve, get, srv, make):
    make("a.txt", b"a")
    (srv.parent / "map").write_text("r ^/tftpboot/\n")
    server = serve("--map", srv.parent / "map")
    assert get(url(server) + "/tftpboot/a.txt", "-o", "-").out == b"a"
    assert server.record(file="/tftpboot/a.txt")["outcome"] == "ok"


FAULTS = [
    ('rot = "/x"\n', ":1: no such option 'rot'; allowed are "),
    ('\ndefault { root = "/nonexistent" }\n', ":2: root takes a directory that is there"),
    ('default { timeout = 2ms }', ":1: timeout takes a time such as 10ms or 2s, 10ms"),
    ('default { max-transfers = 0 }', ":1: max-transfers takes a number, 1 to 1000000, not '0'"),
    ('file "x" { max-transfers = 2 }', ":1: no such option 'max-transfers'; allowed are get"),
    ('get = allow\nclient "52:54:00:zz" { get = allow }',
     ":2: client takes an address, a CIDR prefix, a MAC (52:54:00:12:34:56 or 52:54:00:*) or "
     "interface NAME, not '52:54:00:zz'"),
    ('client "52:54:00:12:34:56:78" { get = allow }', ":1: client takes an address, "),
    ('client "52:54" { get = allow }', ":1: client takes an address, "),
    ('client "192.0.2.0/33" { get = allow }', ":1: client takes an address, a CIDR prefix"),
    ('file "x" { root = "/" }', ":1: no such option 'root'; allowed are get uploads"),
    ('default { mode = "999" }', ":1: mode takes an octal number"),
    ('shards = 65\n', ":1: shards takes a number, 1 to 64, not '65'"),
    ('check = yes\n', ":1: check is for the command line only"),
    ('trace = yes\n', ":1: no such option 'trace'; allowed are "),
    ('default { map = "/nonexistent" }', ":1: map cannot be used: /nonexistent: No such file"),
    ('default { uploads = refuse ', ":2: "),
    ('get = allow\nget = refuse\n', ":2: get is set twice"),
]


@pytest.mark.parametrize("text, said", FAULTS)
@pytest.mark.parametrize("how", [["--check"], ["tftp://127.0.0.1:0"]])
def test_what_is_wrong_is_said_with_its_line(kedge, tmp_path, text, said, how):
    (tmp_path / "policy").write_text(text)
    done = subprocess.run([kedge, "serve", "-c", tmp_path / "policy", *how],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 64 and done.stdout == "", done
    assert f"kedge serve: {tmp_path}/policy{said}" in done.stderr


def test_a_wrong_map_is_said_with_its_line(kedge, tmp_path):
    (tmp_path / "map").write_text("r ^a b\nr ([ x\n")
    done = subprocess.run([kedge, "serve", "--map", tmp_path / "map", "--check"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 64
    assert done.stderr.startswith(f"kedge serve: {tmp_path}/map:2: ")


@pytest.mark.parametrize("how", [["--check"], ["tftp://127.0.0.1:0"]])
@pytest.mark.parametrize("option, line, limit", [
    ("-c", "get = allow # \n", "4 MiB, the limit of a policy file"),
    ("--map", "r ^a b\n", "1 MiB, the limit of a map file")])
def test_ten_mib_are_too_many(kedge, tmp_path, option, line, limit, how):
    (tmp_path / "file").write_text(line * (10 * 2**20 // len(line)))
    done = subprocess.run([kedge, "serve", option, tmp_path / "file", *how],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 64
    assert done.stderr == f"kedge serve: {tmp_path}/file: larger than {limit}\n"


SLOW = "a" * 92  # the C library takes some seconds to see that the rule does not match it


def test_a_slow_rule_holds_up_the_clients_of_one_network(kedge, tmp_path):
    """The second client of that network waits for the first, though its own name is short;
    that of another network does not."""
    (tmp_path / "root").mkdir()
    (tmp_path / "map").write_text(r"r ^((.*)*\2)*\1c$ none" + "\n")
    for name in (SLOW, "short"):
        (tmp_path / "root" / name).write_text(name)
    server = Server([kedge, "serve", "tftp://127.0.0.1:0", "--root", tmp_path / "root",
                     "--map", tmp_path / "map", "--log", "json"], tmp_path / "log")
    try:
        with ExitStack() as stack:
            slow, second = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                            for _ in range(2)]
            for sock, source in ((slow, "127.0.0.2"), (second, "127.0.0.3")):
                sock.bind((source, 0))
            slow.sendto(request(RRQ, SLOW, {}), server.at)
            assert ask(server.at, "127.0.1.2", RRQ, "short", {}) == ("granted", {})
            assert not select.select([slow], [], [], 0)[0]
            second.sendto(request(RRQ, "short", {}), server.at)
            assert ask(server.at, "127.0.1.2", RRQ, "short", {}) == ("granted", {})
            assert not select.select([slow, second], [], [], 0)[0]
            for sock, name in ((slow, SLOW), (second, "short")):
                sock.settimeout(200)
                answer, peer = sock.recvfrom(1000)
                assert answer == b"\0\3\0\1" + name.encode()
                sock.sendto(b"\0\4\0\1", peer)
    finally:
        server.stop(twice=True)


def test_check_reads_all_and_binds_nothing(kedge, tree):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        done = subprocess.run([kedge, "serve", "--check", "-c", tree / "policy",
                               f"tftp://127.0.0.1:{sock.getsockname()[1]}"],
                              capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stderr == (f"kedge serve: {tree}/map:7: warning: a back-reference in a regular"
                           " expression is slow; this rule sees only names of up to 128 bytes\n")


def test_a_policy_of_several_endpoints_and_shards(kedge, tree, tmp_path):
    policy = tree / "many"
    policy.write_text(f'listen = {{ "tftp://127.0.0.1:0", "tftp://[::1]:0" }}\n'
                      f'root = "{tree}/tree"\nuser = {ME}\nshards = 2\nlog = json\n'
                      f'client "::1" {{ root = "{tree}/other" }}\n')
    server = Server([kedge, "serve", "-c", policy], tmp_path / "many.log")
    try:
        assert [host for _, host, _ in server.endpoints] == ["127.0.0.1", "::1"]
        for _ in range(8):
            assert ask(server.at, "127.0.0.1", RRQ, "a.txt", {"tsize": 0}) == \
                ("granted", {"tsize": "1"})
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.settimeout(20)
            sock.sendto(b"\0\1a.txt\0octet\0", server.address("tftp", 1))
            answer, peer = sock.recvfrom(2000)
            sock.sendto(b"\0\4\0\1", peer)
        assert answer == b"\0\3\0\1other"
    finally:
        code = server.stop(twice=True)
    assert code == 0 and f"policy {policy} takes precedence" in server.lines
