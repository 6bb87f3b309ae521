# SPDX-License-Identifier: MIT
"""SIGHUP: policy and map are read again, whole or not at all, while transfers go on."""
import os
import signal
import socket
import time

import pytest

from e2e.lib.policy import ME, ask
from e2e.lib.serve import PATIENCE, Server
from e2e.peers.tftp import RRQ

POLICY = """
root = "{srv}/tree"
user = {me}
shards = 2
map = "{srv}/map"
client "127.0.0.2" {{ root = "{srv}/other" }}
client "127.0.0.254" {{ root = "{srv}/by/%a" }}
"""
READ = "kedge serve: the policy was read again\n"
KEPT = "kedge serve: the policy was not read again: the old one stays in force\n"
SIZE = {"tsize": 0}


class Reloaded(Server):
    def hang_up(self, said=READ):
        """SIGHUP, and wait until what it leads to is said once more."""
        before = self.stderr.count(said)
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + PATIENCE
        while self.stderr.count(said) == before:
            assert time.monotonic() < end and self.process.poll() is None, self.stderr
            time.sleep(0.01)


@pytest.fixture
def reloaded(kedge, tree, tmp_path):
    (tree / "policy").write_text(POLICY.format(me=ME, srv=tree))
    (tree / "map").write_text("r ^alias$ a.txt\n")
    server = Reloaded([kedge, "serve", "-c", tree / "policy", "tftp://127.0.0.1:0"],
                      tmp_path / "serve.log")
    yield server
    assert server.stop(twice=True) == 0, server.stderr
    assert "Sanitizer" not in server.stderr


def add(tree, text):
    """In one step: half a file would be a policy too."""
    (tree / "new").write_text(POLICY.format(me=ME, srv=tree) + text)
    os.replace(tree / "new", tree / "policy")


def test_policy_and_map_are_read_again(reloaded, tree):
    for name in ("a.txt", "alias"):
        assert ask(reloaded.at, "127.0.0.1", RRQ, name, SIZE) == ("granted", {"tsize": "1"})
    add(tree, f'client "127.0.0.1" {{ root = "{tree}/by/%a" }}\nfile "x*" {{ get = refuse }}\n')
    (tree / "by/127.0.0.1").mkdir()
    (tree / "by/127.0.0.1/a.txt").write_text("changed")
    (tree / "map").write_text("r ^other$ a.txt\n")
    assert ask(reloaded.at, "127.0.0.1", RRQ, "a.txt", SIZE) == ("granted", {"tsize": "1"})
    reloaded.hang_up()
    assert ask(reloaded.at, "127.0.0.1", RRQ, "a.txt", SIZE) == ("granted", {"tsize": "7"})
    assert ask(reloaded.at, "127.0.0.1", RRQ, "other", SIZE) == ("granted", {"tsize": "7"})
    assert ask(reloaded.at, "127.0.0.1", RRQ, "alias", SIZE) == ("refused", 1)
    assert ask(reloaded.at, "127.0.0.2", RRQ, "xyz", SIZE) == ("refused", 2)
    assert ask(reloaded.at, "127.0.0.2", RRQ, "a.txt", SIZE) == ("granted", {"tsize": "5"})


@pytest.mark.parametrize("which, text, said", [
    ("policy", "default { get = maybe }\n", "/policy:1: get takes "),
    ("policy", 'default { root = "/nonexistent" }\n', "/policy:1: root takes a directory"),
    ("map", "r ([ x\n", "/policy:5: map cannot be used: {tree}/map:1: "),
    ("policy", None, "/policy: No such file"),
    pytest.param("policy", "# too long\n" * 1000000,
                 "/policy: larger than 4 MiB, the limit of a policy file\n", id="10 MiB of policy"),
    pytest.param("map", "r ^a b\n" * 1500000, "/policy:5: map cannot be used: {tree}/map: "
                 "larger than 1 MiB, the limit of a map file\n", id="10 MiB of map"),
])
def test_a_bad_file_leaves_the_old_in_force(reloaded, tree, which, text, said):
    good = (tree / which).read_text()
    if text is None:
        (tree / which).unlink()
    else:
        (tree / which).write_text(text)
    reloaded.hang_up(KEPT)
    assert f"kedge serve: {tree}{said.format(tree=tree)}" in reloaded.stderr
    assert "kedge serve: \n" not in reloaded.stderr
    assert READ not in reloaded.stderr
    assert ask(reloaded.at, "127.0.0.1", RRQ, "alias", SIZE) == ("granted", {"tsize": "1"})
    assert ask(reloaded.at, "127.0.0.2", RRQ, "a.txt", SIZE) == ("granted", {"tsize": "5"})
    (tree / which).write_text(good)
    reloaded.hang_up()


def test_a_transfer_goes_on(reloaded, tree):
    content = os.urandom(5 * 512 + 7)
    (tree / "other/big").write_bytes(content)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.2", 0))
        sock.settimeout(20)
        sock.sendto(b"\0\1big\0octet\0", reloaded.at)
        got = b""
        for block in range(1, 7):
            answer, peer = sock.recvfrom(2000)
            while answer[:4] != b"\0\3" + block.to_bytes(2, "big"):  # sent again meanwhile
                answer, peer = sock.recvfrom(2000)
            got += answer[4:]
            add(tree, 'client "127.0.0.0/8" { get = refuse }\n')
            reloaded.hang_up()
            sock.sendto(b"\0\4" + block.to_bytes(2, "big"), peer)
    assert got == content
    assert reloaded.record(file="big")["outcome"] == "ok"
    assert ask(reloaded.at, "127.0.0.2", RRQ, "big", {}) == ("refused", 2)


def open_directories(server):
    """Their names, as /proc has them."""
    return {os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{server.pid}/fd")
            if os.path.isdir(f"/proc/{server.pid}/fd/{fd}")}


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("times", [1, 2])
def test_roots_that_are_not_served_any_more_are_closed(reloaded, tree, times):
    """Of the first policy, and of a later one; that a transfer counts for as long as it runs."""
    other = str(tree / "other")
    (tree / "other/blocks").write_bytes(bytes(2000))
    counted = f'client "127.0.0.6" {{ root = "{other}"  max-transfers = 9 }}\n'
    if times == 2:
        add(tree, counted)
        reloaded.hang_up()
    assert other in open_directories(reloaded)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.6" if times == 2 else "127.0.0.2", 0))
        sock.settimeout(PATIENCE)
        sock.sendto(b"\0\1blocks\0octet\0", reloaded.at)
        _, peer = sock.recvfrom(1000)
        (tree / "new").write_text(f'root = "{tree}/tree"\nuser = {ME}\n')
        os.replace(tree / "new", tree / "policy")
        reloaded.hang_up()
        if times == 2:
            assert other in open_directories(reloaded)
        sock.sendto(b"\0\5\0\0enough\0", peer)
        until(lambda: other not in open_directories(reloaded))
    assert str(tree / "tree") in open_directories(reloaded)


def test_many_in_a_storm_lose_and_leave_nothing(reloaded, tree):
    """Each answer is of the one policy or of the other, and no old one stays open."""
    for source in ("127.0.0.1", "127.0.0.2"):
        ask(reloaded.at, source, RRQ, "a.txt", SIZE)
    reloaded.hang_up()
    before = reloaded.descriptors()
    texts = [f'client "127.0.0.4" {{ root = "{tree}/other" }}\n',
             f'client "127.0.0.4" {{ root = "{tree}/by/127.0.0.4" }}\n',
             f'client "127.0.0.4" {{ root = "{tree}/by/%a" }}\n']
    size = {}
    for k in range(120):
        add(tree, texts[k % 3])
        reloaded.process.send_signal(signal.SIGHUP)
        for source in ("127.0.0.4", "127.0.0.2"):
            kind, options = ask(reloaded.at, source, RRQ, "a.txt", SIZE)
            size.setdefault(source, set()).add((kind, options["tsize"]))
    assert size["127.0.0.2"] == {("granted", "5")}
    assert size["127.0.0.4"] <= {("granted", "1"), ("granted", "4"), ("granted", "5")}
    for text, wanted in ((texts[0], "5"), (texts[1], "4")):  # the last one always counts
        add(tree, text)
        reloaded.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + PATIENCE
        while ask(reloaded.at, "127.0.0.4", RRQ, "a.txt", SIZE)[1]["tsize"] != wanted:
            assert time.monotonic() < end, reloaded.stderr
            time.sleep(0.05)
    end = time.monotonic() + 60  # idle files stay open for ten seconds
    while reloaded.descriptors() > before + 10 and time.monotonic() < end:
        time.sleep(0.2)
    assert reloaded.descriptors() <= before + 10  # of more than a hundred policies


def test_without_a_policy_it_stops(serve):
    server = serve()
    assert server.stop(signal.SIGHUP) == 0
