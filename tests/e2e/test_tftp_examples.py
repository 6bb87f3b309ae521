"""The lab's TFTP client and server, each against an independent one and against each
other."""
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


class LabServer:
    """tftp_s in a directory, at a free port."""

    def __init__(self, build, directory):
        self.process = subprocess.Popen([build / "examples" / "tftp_s", "127.0.0.1:0"],
                                        cwd=directory, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        line = self.process.stderr.readline().decode()
        self.at = "127.0.0.1", int(re.fullmatch(r"SERVER: on port (\d+)\n", line).group(1))
        assert self.process.stdout.readline() == WAITING
        self.name = "%s:%d" % self.at

    def stop(self):
        """End it, once it waits again: what it wrote is then complete."""
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


@pytest.fixture
def lab(build, srv):
    server = LabServer(build, srv)
    yield server
    server.stop()


@pytest.fixture
def client(build, tmp_path):
    """client(*words): tftp_c in an empty directory of its own."""
    def client(*words):
        return run(build / "examples" / "tftp_c", *words, cwd=here)
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
        assert peer.taken == peer.files
        done = client("GET", server, "none")
        assert done.code == 1 and "File not found (error 1)" in done.err


def test_client_reports_what_is_wrong(client):
    assert "no such file" in client("PUT", "127.0.0.1:9", "none").err
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
    tftp.put(lab.at, "link", b"new")
    tftp.put(lab.at, "../up", b"below")
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert (srv / "link").read_bytes() == b"new" and not (srv / "link").is_symlink()
    assert (srv / "up").read_bytes() == b"below" and not (tmp_path / "up").exists()


def test_server_takes_whole_files_only(lab, make, srv):
    old = make("f", b"old")
    with tftp.Peer(lab.at) as peer:
        peer.ask(tftp.WRQ, "f")
        assert peer.packet().op == tftp.ACK
        peer.say(tftp.data(1, b"x" * 512))
        assert peer.packet().number == 1
        assert (srv / "f").read_bytes() == old
        peer.say(tftp.error(0, "no more"))
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
    with tftp.Peer(lab.at) as peer:
        peer.ask(tftp.RRQ, "f")
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
        assert peer.packet().op == tftp.OACK
        peer.say(tftp.ack(0))
        assert bytes(peer.hear()) == tftp.data(1, b"abc")
        peer.say(tftp.ack(1))
        assert peer.silent(0.3)
        assert tftp.get(lab.at, "f", wait=1).content == b"abc"


def test_server_usage(build, tmp_path):
    for words in (("no-port",), ("127.0.0.1:99999",), ("1", "2")):
        done = run(build / "examples" / "tftp_s", *words, cwd=tmp_path)
        assert done.code == 1 and "USAGE: tftp_s [[ADDRESS:]PORT]" in done.err


def test_server_answers_from_the_address_that_was_asked(build, srv, make):
    make("f", b"abc")
    process = subprocess.Popen([build / "examples" / "tftp_s", "127.0.0.6:0"], cwd=srv,
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
