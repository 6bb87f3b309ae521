# SPDX-License-Identifier: MIT
"""Other clients against `kedge serve`."""
import os
import subprocess

import pytest

from interop.clients import CLIENTS, Curl

SMALL = [0, 1, 511, 512, 513]
MIB = 1 << 20


@pytest.fixture(params=list(CLIENTS))
def client(request, program):
    return CLIENTS[request.param](program)


@pytest.fixture(params=["127.0.0.1", "::1"], ids=["IPv4", "IPv6"])
def host(request):
    return request.param


@pytest.fixture
def start(serve, host):
    shown = f"[{host}]" if ":" in host else host
    return lambda *flags: serve(*flags, at=[f"tftp://{shown}:0"])


def fetch(client, at, name, to, content, **options):
    done = client.get(at, name, to, **options)
    assert done.code == 0, done.said
    assert to.read_bytes() == content, (name, options, done.said)


def send(client, at, srv, path, content, **options):
    path.write_bytes(content)
    done = client.put(at, "up", path, **options)
    assert done.code == 0, done.said
    assert (srv / "up").read_bytes() == content, (len(content), options, done.said)


def variants(client):
    """Options that the client can ask for, one set at a time."""
    sets = [{}]
    if "blksize" in client.options:
        sets += [{"blksize": 100}, {"blksize": 1468}, {"blksize": 8192}]
    if "windowsize" in client.options:
        sets += [{"windowsize": 4}, {"windowsize": 8, "blksize": 1024}]
    return sets


def test_small_files(client, start, srv, make, tmp_path):
    content = {size: make(f"f{size}", size) for size in SMALL}
    server = start("--uploads", "overwrite")

    for options in variants(client):
        for size in SMALL:
            fetch(client, server.at, f"f{size}", tmp_path / "got", content[size], **options)
            send(client, server.at, srv, tmp_path / "sent", content[size], **options)
    server.stop(twice=True)
    assert {r["outcome"] for r in server.records()} == {"ok"}


def test_single_port(client, start, srv, make, tmp_path):
    content = make("file", 50000)
    server = start("--uploads", "overwrite", "--single-port")

    for options in variants(client):
        fetch(client, server.at, "file", tmp_path / "got", content, **options)
        send(client, server.at, srv, tmp_path / "sent", content, **options)


def test_a_mebibyte(client, start, srv, make, tmp_path):
    content = make("file", MIB)
    server = start("--uploads", "overwrite")

    for options in variants(client):
        fetch(client, server.at, "file", tmp_path / "got", content, **options)
        send(client, server.at, srv, tmp_path / "sent", content, **options)
    server.stop(twice=True)
    assert {r["outcome"] for r in server.records()} == {"ok"}


def over_65535_blocks(client, server, srv, make, tmp_path, size):
    content = make("file", size)
    fetch(client, server.at, "file", tmp_path / "got", content)
    send(client, server.at, srv, tmp_path / "sent", content)
    server.stop(twice=True)
    assert {r["blocks"] for r in server.records()} == {str(size // 512 + 1)}


@pytest.mark.parametrize("host", ["127.0.0.1"], indirect=True)
def test_forty_mebibytes_of_512(client, start, srv, make, tmp_path):
    over_65535_blocks(client, start("--uploads", "overwrite"), srv, make, tmp_path, 40 * MIB)


@pytest.mark.slow
@pytest.mark.parametrize("size", [65534 * 512 - 1, 65536 * 512])
def test_about_65535_blocks(client, start, srv, make, tmp_path, size):
    over_65535_blocks(client, start("--uploads", "overwrite"), srv, make, tmp_path, size)


@pytest.mark.parametrize("name,last", [("curl", 65535), ("curl", 65536), ("tftp-hpa", 65536)])
def test_known_fault_of_a_client_whose_last_block_wraps(program, serve, srv, tmp_path, name,
                                                        last):
    """When the number behind its last block is 0 or 1 it sends one more, to nobody, and
    waits for an ACK. The file is whole, and kedge says so."""
    client = CLIENTS[name](program)
    server = serve("--uploads", "create")
    content = os.urandom((last - 1) * 512 + (7 if name == "curl" else 0))
    (tmp_path / "sent").write_bytes(content)

    client.waits_for = lambda: server.record(event="put")
    client.patience = 1
    with pytest.raises(subprocess.TimeoutExpired):
        client.put(server.at, "up", tmp_path / "sent")
    assert (srv / "up").read_bytes() == content
    assert server.record()["outcome"] == "ok"


@pytest.mark.parametrize("host", ["127.0.0.1"], indirect=True)
@pytest.mark.parametrize("client", ["atftp", "curl", "busybox"], indirect=True)
def test_forty_mebibytes_in_large_blocks(client, start, srv, make, tmp_path):
    content = make("file", 40 * MIB)
    server = start("--uploads", "overwrite")

    fetch(client, server.at, "file", tmp_path / "got", content, blksize=8192)
    send(client, server.at, srv, tmp_path / "sent", content, blksize=8192)


def test_missing_and_refused(client, start, srv, make, tmp_path):
    make("old", b"old")
    (srv / "sub").mkdir()
    (srv / "out").symlink_to("/etc/passwd")
    server = start()

    for name in ("nothing", "sub/nothing", "sub", "out"):
        done = client.get(server.at, name, tmp_path / "got")
        assert not (tmp_path / "got").exists() or (tmp_path / "got").read_bytes() == b""
        assert not client.fails_well or done.code != 0, (name, done.said)
        server.record(event="refused", file=name)
    (tmp_path / "sent").write_bytes(b"new")
    for name in ("old", "new"):
        done = client.put(server.at, name, tmp_path / "sent")
        assert not client.fails_well or done.code != 0, (name, done.said)
    assert (srv / "old").read_bytes() == b"old"
    assert sorted(os.listdir(srv)) == ["old", "out", "sub"]
    server.stop()
    assert {r["outcome"] for r in server.records()} == {"refused"}


def test_an_existing_name(client, start, srv, make, tmp_path):
    make("old", b"old")
    server = start("--uploads", "create")

    (tmp_path / "sent").write_bytes(b"new")
    done = client.put(server.at, "old", tmp_path / "sent")
    assert not client.fails_well or done.code != 0, done.said
    assert (srv / "old").read_bytes() == b"old"


@pytest.mark.parametrize("size", [0, 1, 512, 100000])
def test_curl_uploads_from_a_pipe(program, start, srv, size):
    """It announces a size of 0, and it does not know better."""
    curl = Curl(program)
    server = start("--uploads", "create")
    content = os.urandom(size)

    done = subprocess.run([curl.path, "-sS", "-T", "-", curl.url(server.at, "up")],
                          input=content, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert (srv / "up").read_bytes() == content
    assert server.record(event="put")["outcome"] == "ok"


def test_curl_writes_to_a_pipe(program, start, make):
    curl = Curl(program)
    content = make("file", 30000)
    server = start()

    done = subprocess.run([curl.path, "-sS", curl.url(server.at, "file")],
                          capture_output=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, content)


def test_curl_without_options(program, start, make):
    curl = Curl(program)
    content = make("file", 30000)
    server = start()

    done = subprocess.run([curl.path, "-sS", "--tftp-no-options",
                           curl.url(server.at, "file")], capture_output=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, content)
