# SPDX-License-Identifier: MIT
"""A root that vanishes while it is served: its clients hear nothing, the log says so once a
minute, and nobody else notices."""
import shutil
import socket

import pytest

from e2e.lib.policy import ME, ask, request
from e2e.lib.serve import Server
from e2e.peers.tftp import RRQ, WRQ

POLICY = """
root = "{srv}/tree"
user = {me}
shards = 2
uploads = "overwrite"
client "127.0.0.2" {{ root = "{srv}/other" }}
client "127.0.0.4/31" {{ root = "{srv}/by/%a" }}
"""
SIZE = {"tsize": 0}
GONE = "the served directory is gone"


@pytest.fixture
def server(kedge, tree, tmp_path):
    (tree / "policy").write_text(POLICY.format(me=ME, srv=tree))
    server = Server([kedge, "serve", "-c", tree / "policy", "tftp://127.0.0.1:0"],
                    tmp_path / "serve.log")
    yield server
    assert server.stop(twice=True) == 0, server.stderr
    assert "Sanitizer" not in server.stderr


def hears_nothing(server, source, op, name):
    """Asked three times, from ports of their own: both shards have some."""
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for sock in socks:
        sock.bind((source, 0))
        sock.sendto(request(op, name, SIZE), server.at)
    for sock in socks:
        sock.settimeout(0.4)
        with pytest.raises(TimeoutError):
            sock.recvfrom(1000)
        sock.close()


def lines(server):
    return [r for r in server.records() if r["reason"] == GONE]


@pytest.mark.parametrize("source, root", [("127.0.0.2", "other"), ("127.0.0.4", "by/127.0.0.4")])
def test_its_clients_hear_nothing_and_others_all(server, tree, source, root):
    assert ask(server.at, source, RRQ, "a.txt", SIZE)[0] == "granted"
    assert ask(server.at, source, RRQ, "missing", SIZE) == ("refused", 1)
    shutil.rmtree(tree / root)
    for op, name in ((RRQ, "a.txt"), (RRQ, "missing"), (RRQ, "deep/er"), (WRQ, "a.txt"), (WRQ, "deep/new")):
        hears_nothing(server, source, op, name)
    assert len(lines(server)) == 1, server.stderr
    assert lines(server)[0]["verdict_id"] == "server-busy"
    assert ask(server.at, "127.0.0.1", RRQ, "a.txt", SIZE) == ("granted", {"tsize": "1"})
    assert ask(server.at, "127.0.0.1", RRQ, "missing", SIZE) == ("refused", 1)
    assert ask(server.at, "127.0.0.1", WRQ, "new/er", {}) == ("refused", 1)


def test_two_of_them_have_a_line_each(server, tree):
    for source, root in (("127.0.0.2", "other"), ("127.0.0.4", "by/127.0.0.4")):
        assert ask(server.at, source, RRQ, "a.txt", SIZE)[0] == "granted"
        shutil.rmtree(tree / root)
        hears_nothing(server, source, RRQ, "a.txt")
    assert len(lines(server)) == 2, server.stderr
