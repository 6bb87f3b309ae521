# SPDX-License-Identifier: MIT
"""`kedge get` and `kedge put` against other servers."""
import json
import os
import time

import pytest

from interop.servers import SERVERS, namespaces_are_to_be_had

SMALL = [0, 1, 511, 512, 513]
MIB = 1 << 20

pytestmark = pytest.mark.skipif(not namespaces_are_to_be_had(),
                                reason="only root makes network namespaces")


@pytest.fixture(params=list(SERVERS))
def kind(request):
    return SERVERS[request.param]


@pytest.fixture
def server(kind, program, srv, tmp_path):
    with kind(program, srv, tmp_path / "server.log") as running:
        yield running


@pytest.fixture
def ask(kedge, tmp_path):
    """ask(SERVER, VERB, WORDS): its exit code and record, run in a place of its own."""
    here = tmp_path / "here"
    here.mkdir()

    def ask(server, verb, *words):
        done = server.run(kedge, verb, *words, "--json", cwd=here)
        ask.said = done.stdout + done.stderr
        return done.returncode, json.loads(ask.said.splitlines()[0])
    ask.here = here
    return ask


def fetch(ask, server, host, name, content, *flags):
    code, record = ask(server, "get", f"tftp://{host}/{name}", *flags)
    assert (code, record["outcome"]) == (0, "ok"), ask.said
    assert (ask.here / name).read_bytes() == content, record
    assert record["bytes"] == len(content)
    return record


def appears(path, content):
    """Known: atftpd says its last ACK before it has written the end of the file."""
    end = time.monotonic() + 5
    while path.read_bytes() != content and time.monotonic() < end:
        time.sleep(0.01)
    return path.read_bytes() == content


def send(ask, server, host, srv, content, *flags):
    (ask.here / "sent").write_bytes(content)
    code, record = ask(server, "put", "sent", f"tftp://{host}/up", *flags)
    assert (code, record["outcome"]) == (0, "ok"), ask.said
    assert appears(srv / "up", content), record
    (srv / "up").unlink()
    return record


FLAGS = [(), ("--no-options",), ("--blksize", "512", "--windowsize", "1"),
         ("--blksize", "1468", "--windowsize", "8"), ("--blksize", "100"),
         ("--blksize", "8192", "--windowsize", "1")]


def test_small_files(server, kind, ask, srv, make):
    content = {size: make(f"f{size}", size) for size in SMALL}

    for host in kind.hosts:
        for flags in FLAGS:
            for size in SMALL:
                fetch(ask, server, host, f"f{size}", content[size], *flags)
                if kind.uploads:
                    send(ask, server, host, srv, content[size], *flags)


def test_a_mebibyte(server, kind, ask, srv, make):
    content = make("file", MIB)

    for host in kind.hosts:
        for flags in FLAGS:
            record = fetch(ask, server, host, "file", content, *flags)
            assert ("windowsize" in (record["granted"] or "")) == (
                kind.windows and "windowsize" in record["asked"])
            if kind.uploads:
                send(ask, server, host, srv, content, *flags)


def test_forty_mebibytes(server, kind, ask, srv, make):
    """Once as asked by default, once over 65,535 blocks."""
    content = make("file", 40 * MIB)

    for flags in ((), ("--blksize", "512")):
        fetch(ask, server, kind.hosts[0], "file", content, *flags)
        if kind.uploads:
            send(ask, server, kind.hosts[0], srv, content, *flags)


def test_many_at_once(server, kind, ask, make, kedge):
    content = {f"f{i}": make(f"f{i}", 1000 * i) for i in range(8)}

    done = server.run(kedge, "get", *(f"tftp://{kind.hosts[0]}/{n}" for n in content),
                      cwd=ask.here)
    assert done.returncode == 0, done.stderr
    for name, wanted in content.items():
        assert (ask.here / name).read_bytes() == wanted


@pytest.mark.parametrize("flags", [(), ("--no-options",)], ids=["options", "plain"])
def test_a_missing_file(server, kind, ask, flags):
    for host in kind.hosts:
        code, record = ask(server, "get", f"tftp://{host}/nothing", *flags)
        assert (code, record["outcome"]) == (3, "refused")
    assert os.listdir(ask.here) == []


def test_a_path_that_is_refused(server, kind, ask, srv, make):
    make("private", b"secret")
    (srv / "private").chmod(0o600)
    (srv / "sub").mkdir()

    for name in ("private", "../../../../etc/passwd", "/etc/passwd"):
        code, record = ask(server, "get", f"tftp://{kind.hosts[0]}/{name}")
        # tftp-hpa says ERROR 0 where it means no permission; atftpd that there is none.
        assert code in (3, 4, 5), (name, ask.said)
        assert record["outcome"] in ("refused", "aborted")
    assert os.listdir(ask.here) == []


def test_a_directory(server, kind, ask, srv):
    """Known: all three announce its size; then two send ERROR 0, and atftpd sends an empty
    file, which only the size tells from a true one."""
    (srv / "sub").mkdir()

    code, record = ask(server, "get", f"tftp://{kind.hosts[0]}/sub")
    assert (code, record["outcome"]) == ((11, "error") if kind.program == "atftpd"
                                         else (5, "aborted"))
    assert os.listdir(ask.here) == []


def test_an_upload_that_is_refused(server, kind, ask, srv, make):
    make("old", b"old")
    (srv / "old").chmod(0o444)
    (srv / "closed").mkdir(mode=0o755)
    (ask.here / "sent").write_bytes(b"new")

    for name in ("closed/new", "nothing/new", "old"):
        code, record = ask(server, "put", "sent", f"tftp://{kind.hosts[0]}/{name}")
        assert code in (3, 4, 5), (name, ask.said)
        assert record["outcome"] in ("refused", "aborted")
    assert (srv / "old").read_bytes() == b"old"


def test_netascii(server, kind, ask, srv, make):
    text = make("text", b"".join(b"line %d of many\n" % i for i in range(3000)))
    host = kind.hosts[0]

    code, record = ask(server, "get", f"tftp://{host}/text", "--mode", "netascii")
    assert code == 0, ask.said
    assert (ask.here / "text").read_bytes() == text
    if kind.uploads:
        (ask.here / "sent").write_bytes(text)
        code, record = ask(server, "put", "sent", f"tftp://{host}/up", "--mode", "netascii")
        assert code == 0, ask.said
        assert appears(srv / "up", text)


@pytest.mark.parametrize("kind", [SERVERS["atftpd"]], ids=["atftpd"])
@pytest.mark.parametrize("blksize", ["8", "9"])
def test_known_fault_of_atftpd_that_refuses_small_blocks(server, ask, make, blksize):
    """ERROR 8, where RFC 2348 allows 8 and more: kedge asks again without options."""
    content = make("file", 3000)

    record = fetch(ask, server, "127.0.0.1", "file", content, "--blksize", blksize)
    assert record["asked"] == ""
