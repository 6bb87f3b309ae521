# SPDX-License-Identifier: MIT
"""The lab's TFTP client and server, those on the library (examples/) and those in bare
system calls (examples/posix/), each against an independent one and all against each other.
The bare ones know RFC 1350 in octet mode: no options, no netascii, no directories."""
import os
import re
import signal
import subprocess

import pytest

from e2e.lib.run import names, run
from e2e.peers import tftp
from e2e.peers.tftp_peer import Peer

WAITING = b"SERVER: waiting to recvfrom...\n"
SIZES = [0, 1, 511, 512, 513, 5120, 300_000]
LIBRARY, BARE = "examples", "examples/posix"
only = lambda variant: pytest.mark.parametrize("served", [variant], indirect=True)


class LabServer:
    """tftp_s in a directory, at a free port."""

    def __init__(self, programs, directory):
        self.bare = programs.name == "posix"
        self.process = subprocess.Popen([programs / "tftp_s", "127.0.0.1:0"],
                                        cwd=directory, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        line = self.process.stderr.readline().decode()
        self.at = "127.0.0.1", int(re.fullmatch(r"SERVER: on port (\d+)\n", line).group(1))
        assert self.process.stdout.readline() == WAITING
        self.name = "%s:%d" % self.at

    def stop(self):
        """End it, once it has answered: what it wrote is then complete."""
        if self.process.returncode is not None:
            return ""
        with tftp.Peer(self.at) as peer:
            peer.ask(tftp.RRQ, "no such name")
            peer.hear()
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=20)
        assert out.replace(WAITING, b"") == b""
        assert b"runtime error" not in err and b"Sanitizer" not in err, err
        return err.decode()


@pytest.fixture(params=[LIBRARY, BARE])
def served(build, request):
    """Where the server is."""
    return build / request.param


@pytest.fixture(params=[LIBRARY, BARE])
def asking(build, request):
    """Where the client is."""
    return build / request.param


@pytest.fixture
def lab(served, srv):
    server = LabServer(served, srv)
    yield server
    server.stop()


@pytest.fixture
def client(asking, tmp_path):
    """client(*words): tftp_c in an empty directory of its own."""
    def client(*words):
        return run(asking / "tftp_c", *words, cwd=here)
    here = tmp_path / "here"
    here.mkdir()
    client.here = here
    return client


@pytest.mark.parametrize("words", [(), ("GET",), ("GET", "h"), ("get", "h", "f"),
                                   ("GET", "h", "f", "g"), ("DELETE", "h", "f")])
def test_usage(client, words):
    done = client(*words)
    assert (done.code, done.out) == (1, b"")
    assert done.err == "USAGE: tftp_c GET/PUT server filename\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_client_against_another_server(client, host):
    with Peer({f"f{n}": os.urandom(n) for n in SIZES}, host=host) as peer:
        server = f"[{host}]:{peer.port}" if ":" in host else f"{host}:{peer.port}"
        for n in SIZES:
            done = client("GET", server, f"f{n}")
            assert (done.code, done.out, done.err) == (0, b"", ""), done.err
            assert (client.here / f"f{n}").read_bytes() == peer.files[f"f{n}"]
            assert client("PUT", server, f"f{n}").code == 0
        assert peer.taken == peer.files and names(client.here) == sorted(peer.files)
        done = client("GET", server, "none")
        assert done.code == 1 and "File not found (error 1)" in done.err


def test_client_reports_what_is_wrong(client):
    assert "no such file" in client("PUT", "127.0.0.1:9", "none").err.lower()
    assert client("GET", "no-such-host.invalid", "f").code == 1
    assert client("GET", "bad host", "f").code == 1
    assert client("GET", "127.0.0.1:9", "").code == 1


def test_server_against_another_client(lab, make, srv):
    for n in SIZES:
        content = make(f"f{n}", n)
        assert tftp.get(lab.at, f"f{n}").content == content
        assert tftp.get(lab.at, f"f{n}", blksize=1000, windowsize=4, tsize=0).content == content
        tftp.put(lab.at, f"up{n}", content)
        assert (srv / f"up{n}").read_bytes() == content
        tftp.put(lab.at, f"up{n}", content[::-1], blksize=700, windowsize=5, tsize=n)
        assert (srv / f"up{n}").read_bytes() == content[::-1]
    assert not [n for n in names(srv) if n.startswith(".")]


def test_each_against_the_other(lab, client, make, srv):
    for n in SIZES:
        content = make(f"f{n}", n)
        assert client("GET", lab.name, f"f{n}").code == 0
        assert (client.here / f"f{n}").read_bytes() == content
        (client.here / f"g{n}").write_bytes(content)
        assert client("PUT", lab.name, f"g{n}").code == 0
        assert (srv / f"g{n}").read_bytes() == content


@only(LIBRARY)
def test_server_in_netascii(lab, make, srv):
    make("f", b"one\ntwo\rthree\n")
    assert tftp.get(lab.at, "f", "netascii").content == b"one\r\ntwo\r\0three\r\n"
    tftp.put(lab.at, "g", b"one\r\ntwo\r\0", "netascii")
    assert (srv / "g").read_bytes() == b"one\ntwo\r"


def code_of(call, *words, **more):
    with pytest.raises(tftp.TftpError) as error:
        call(*words, **more)
    return error.value.code


def test_server_keeps_to_its_directory(lab, make, srv, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (srv / "link").symlink_to(tmp_path / "secret")
    (srv / "dir").mkdir()
    os.mkfifo(srv / "fifo")
    make(".kedge-0123456789abcdef", b"its own")
    for name in ("../secret", "/../secret", "dir/../../secret", "link", "none",
                 str(tmp_path / "secret"), ".kedge-0123456789abcdef", "\\..\\secret"):
        assert code_of(tftp.get, lab.at, name) == 1, name
    assert code_of(tftp.get, lab.at, "dir") == 2
    assert code_of(tftp.get, lab.at, "fifo") == 2
    assert code_of(tftp.put, lab.at, "nodir/f", b"x") == 1
    assert code_of(tftp.put, lab.at, "dir", b"x") == 2
    assert code_of(tftp.put, lab.at, ".kedge-0123456789abcdef", b"x") == 1
    if lab.bare:    # it replaces a link; the library writes what it leads to, below the root
        tftp.put(lab.at, "link", b"new")
        assert (srv / "link").read_bytes() == b"new" and not (srv / "link").is_symlink()
        assert code_of(tftp.put, lab.at, "../up", b"below") == 1
    else:
        assert code_of(tftp.put, lab.at, "link", b"new") == 1
        assert (srv / "link").is_symlink()
        tftp.put(lab.at, "../up", b"below")
        assert (srv / "up").read_bytes() == b"below"
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert not (tmp_path / "up").exists()


def test_server_takes_whole_files_only(lab, make, srv):
    old = make("f", b"old")
    with tftp.Peer(lab.at) as peer:
        peer.ask(tftp.WRQ, "f")
        assert peer.packet().op == tftp.ACK
        peer.say(tftp.data(1, b"x" * 512))
        assert peer.packet().number == 1
        assert (srv / "f").read_bytes() == old
        peer.say(tftp.error(0, "no more"))
    if not lab.bare:
        assert code_of(tftp.put, lab.at, "f", b"x" * 100, tsize=200) == 0
    lab.stop()
    assert (srv / "f").read_bytes() == old and names(srv) == ["f"]


def test_server_passes_over_what_is_no_request(lab, make):
    make("f", b"abc")
    with tftp.Peer(lab.at) as peer:
        for datagram in (b"", b"\0", b"\0\1", b"\0\1f", b"\0\1f\0octet", b"\0\1f\0mail\0",
                         b"\0\1\0octet\0", tftp.ack(1), tftp.data(1, b"x"), tftp.error(0),
                         b"\xff" * 1400, b"\0\1" + b"n" * 1400):
            peer.raw(datagram)
        peer.timeout = 0.5
        with pytest.raises((tftp.Silence, tftp.TftpError)):
            packet = peer.packet()
            if packet.op == tftp.ERROR:
                tftp.raise_error(packet)
    assert tftp.get(lab.at, "f").content == b"abc"


def test_server_repeats_lost_blocks_and_outlives_its_clients(lab, make):
    content = make("f", 3000)
    make("a longer name", content)  # a block again costs a forger of requests more bytes
    with tftp.Peer(lab.at) as peer:
        peer.ask(tftp.RRQ, "a longer name")
        first = bytes(peer.hear())
        assert bytes(peer.hear(3)) == first == tftp.data(1, content[:512])
        peer.say(tftp.ack(1))
        assert bytes(peer.hear()) == tftp.data(2, content[512:1024])
    # Its port is closed now, so the server learns that nobody is there.
    assert tftp.get(lab.at, "f", wait=10).content == content


def test_server_answers_a_repeated_request_once(lab, make):
    make("f", b"abc")
    with tftp.Peer(lab.at) as peer:
        for _ in range(5):
            peer.ask(tftp.RRQ, "f", blksize=600)
        if not lab.bare:
            assert peer.packet().op == tftp.OACK
            peer.say(tftp.ack(0))
        heard = bytes(peer.hear())
        while heard[:2] == b"\0\6":  # a request that came once the file was open
            heard = bytes(peer.hear())
        assert heard == tftp.data(1, b"abc")
        peer.say(tftp.ack(1))
        assert peer.silent(0.3)
        assert tftp.get(lab.at, "f", wait=1).content == b"abc"


@only(BARE)
def test_bare_server_knows_octet_only(lab, make):
    make("f", b"abc")
    assert code_of(tftp.get, lab.at, "f", "netascii") == 0
    assert tftp.get(lab.at, "f", "OcTeT").content == b"abc"


@only(BARE)
def test_bare_server_sends_nothing_for_an_old_ack(lab, make):
    """The Sorcerer's Apprentice: else each later block would go out twice. (Its timer sends
    again after 0.5 s.)"""
    content = make("f", 3000)
    with tftp.Peer(lab.at) as peer:
        peer.ask(tftp.RRQ, "f")
        peer.hear()
        for _ in range(3):
            peer.say(tftp.ack(1))
        assert bytes(peer.hear()) == tftp.data(2, content[512:1024])
        assert peer.silent(0.25)
        peer.say(tftp.error(0))


def test_server_acknowledges_a_block_again_and_stores_it_once(lab, srv):
    with tftp.Peer(lab.at) as peer:
        peer.ask(tftp.WRQ, "f")
        assert peer.packet().number == 0
        for _ in range(9 if lab.bare else 2):  # its timer would send but three more
            peer.say(tftp.data(1, b"a" * 512))
            assert bytes(peer.hear()) == tftp.ack(1)
        peer.say(tftp.data(2, b"b"))
        assert bytes(peer.hear()) == tftp.ack(2)
        if lab.bare:  # it waits where something was sent again: the last ACK may be lost too
            peer.say(tftp.data(2, b"b"))
            assert bytes(peer.hear()) == tftp.ack(2)
    assert (srv / "f").read_bytes() == b"a" * 512 + b"b"


def test_server_does_not_let_a_stranger_in(lab, make):
    content = make("f", 3000)
    with tftp.Peer(lab.at) as peer, tftp.Peer(lab.at) as stranger:
        peer.ask(tftp.RRQ, "f")
        peer.hear()
        stranger.tid = peer.tid
        for datagram in (tftp.ack(1), tftp.data(1, b"x"), tftp.error(0), b"", b"\0\4\0"):
            stranger.say(datagram)
        for _ in range(2 if lab.bare else 1):  # nothing answers an ERROR
            assert bytes(stranger.hear()[:4]) == b"\0\5\0\5"
        assert stranger.silent(0.2)
        peer.say(tftp.ack(1))
        assert bytes(peer.hear()) == tftp.data(2, content[512:1024])
        peer.say(tftp.error(0))


@pytest.mark.parametrize("faults", [{"strangers": True}, {"lose": (1, 3, 6)}, {"twice": True},
                                    {"lose": (0, 2)}, {"lose_confirm": 1}])
def test_client_over_a_bad_link(client, faults):
    content = os.urandom(2560)
    with Peer({"f": content}, **faults) as peer:
        assert client("GET", f"127.0.0.1:{peer.port}", "f").code == 0
        assert (client.here / "f").read_bytes() == content
    with Peer(**faults) as peer:
        assert client("PUT", f"127.0.0.1:{peer.port}", "f").code == 0
        assert peer.taken == {"f": content}


def test_client_keeps_the_file_it_has_when_a_transfer_fails(client):
    (client.here / "f").write_bytes(b"old")
    with Peer({"f": b"x" * 300_000}, error_at=(3, 0, "\033[2Jthe end")) as peer:
        done = client("GET", f"127.0.0.1:{peer.port}", "f")
        assert done.code == 1 and "the end (error 0)" in done.err
        assert "\033" not in done.err and done.err.count("\n") == 1
    assert (client.here / "f").read_bytes() == b"old" and names(client.here) == ["f"]


def test_client_finds_the_address_that_answers(client, asking, under_hosts):
    """In whichever order the addresses of a name come, and on one only there is a server."""
    under = under_hosts("127.0.0.7 a\n127.0.0.1 a\n127.0.0.1 b\n127.0.0.7 b\n"
                        "::1 c\n127.0.0.1 c\n")
    with Peer({"f": b"abc"}) as peer:
        for name in "abc":
            done = run(*under, asking / "tftp_c", "GET", f"{name}:{peer.port}", "f",
                       cwd=client.here)
            assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("served, asking", [(LIBRARY, BARE)], indirect=True)
def test_block_numbers_begin_again_at_0(lab, client, make, srv):
    """65,537 blocks and an empty one; without options these are of 512 bytes. (The bare
    server's sending and receiving are the bare client's.)"""
    content = make("f", 65537 * 512)
    assert client("GET", lab.name, "f").code == 0
    assert (client.here / "f").read_bytes() == content
    (client.here / "f").rename(client.here / "g")
    assert client("PUT", lab.name, "g").code == 0
    assert (srv / "g").read_bytes() == content


def test_server_usage(served, tmp_path):
    for words in (("no-port",), ("127.0.0.1:99999",), ("1", "2")):
        done = run(served / "tftp_s", *words, cwd=tmp_path)
        assert done.code == 1 and "USAGE: tftp_s [[ADDRESS:]PORT]" in done.err


def test_server_answers_from_the_address_that_was_asked(served, srv, make):
    make("f", b"abc")
    process = subprocess.Popen([served / "tftp_s", "127.0.0.6:0"], cwd=srv,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        port = int(process.stderr.readline().split()[-1])
        with tftp.Peer(("127.0.0.6", port)) as peer:
            peer.ask(tftp.RRQ, "f")
            peer.hear()
            assert peer.tid[0] == "127.0.0.6" and peer.tid[1] != port
    finally:
        process.kill()
        process.communicate()
