# SPDX-License-Identifier: MIT
"""Files that are taken away while they are served. Cut short or grown:
tests/e2e/test_serve_tftp_get.py. Only one thing must never come: a mixture that is `ok`."""
import os

import pytest

from e2e.peers.tftp import Get, Peer, Silence, TftpError, get

SIZE = 400_000
OPTIONS = [{}, {"blksize": 1428, "windowsize": 16}, {"blksize": 65464, "windowsize": 4}]


def halfway(server, name, options, then):
    """Get a file, and do something when half of it has come. The content, or None if the
    server ended the transfer by an ERROR."""
    transfer = Get(name, **options)
    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        try:
            while not transfer.done:
                reply = transfer.read(peer.hear())
                if then and transfer.size > SIZE // 2:
                    then()
                    then = None
                if reply:
                    peer.say(reply)
        except TftpError:
            return None
    return transfer.content


@pytest.fixture
def old(make):
    return make("file", SIZE)


def replace(srv, content):
    def then():
        (srv / "new").write_bytes(content)
        (srv / "new").chmod(0o644)
        os.rename(srv / "new", srv / "file")
    return then


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_file_replaced_while_it_is_served(serve, srv, old, options):
    """Who began with the old one gets the old one; who asks now gets the new."""
    new = os.urandom(SIZE)
    server = serve("--blksize-max", "65464")

    assert halfway(server, "file", options, replace(srv, new)) == old
    assert get(server.at, "file", **options).content == new


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_file_deleted_while_it_is_served(serve, srv, old, options):
    server = serve("--blksize-max", "65464")

    assert halfway(server, "file", options, (srv / "file").unlink) == old
    with pytest.raises(TftpError) as refused:
        get(server.at, "file", **options)
    assert refused.value.code == 1


@pytest.mark.parametrize("size", [0, 1, SIZE // 2])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_file_cut_short_while_it_is_served(serve, srv, old, options, size):
    server = serve("--blksize-max", "65464")
    content = halfway(server, "file", options, lambda: os.truncate(srv / "file", size))

    assert content is None or content == old    # all of it may have left by then
    outcome = server.record(file="file")["outcome"]
    assert outcome == ("ok" if content == old else "changed")
    assert get(server.at, "file", **options).content == old[:size]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_file_overwritten_in_place_while_it_is_served(serve, srv, old, options):
    """What is sent then is a mixture, and is not called `ok`."""
    server = serve("--blksize-max", "65464")
    content = halfway(server, "file", options,
                      lambda: (srv / "file").write_bytes(bytes(SIZE)))

    outcome = server.record(file="file")["outcome"]
    assert outcome == ("ok" if content == old else "changed")


def test_the_root_is_taken_away(serve, srv, old, tmp_path):
    server = serve()

    os.rename(srv, tmp_path / "elsewhere")
    assert get(server.at, "file").content == old    # it is held, not looked up
    (tmp_path / "elsewhere/file").unlink()
    os.rmdir(tmp_path / "elsewhere")
    with pytest.raises(Silence):                    # ERROR 1 would be final for a board
        get(server.at, "file")
    assert server.record(outcome="refused")["reason"] == "the served directory is gone"
