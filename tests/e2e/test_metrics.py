# SPDX-License-Identifier: MIT
"""--metrics: figures that are those of the records, in formats that strict readers take; and
what whoever reaches the port cannot do."""
import grp
import json
import pwd
import re
import shutil
import socket
import stat
import subprocess
import threading
import time
from statistics import median

import pytest

from e2e.lib.run import run
from e2e.lib.status import STALE, ask, dial, half_done, metrics, of, rest, say, status, where
from e2e.peers import tftp
from e2e.peers.echo import wait_for

ANY = "tcp://127.0.0.1:0"
SILENCE = 5  # seconds in which a client may move no byte


def refused(at, name):
    with pytest.raises(tftp.TftpError):
        tftp.get(at, name)


@pytest.fixture
def busy(serve, make):
    """A server of two shards that did some things: its port of metrics, and what it did."""
    server = serve("--metrics", ANY, "--uploads", "create", "--shards", "2")
    content = make("file", 3000)
    for _ in range(5):
        assert tftp.get(server.at, "file").content == content
    tftp.put(server.at, "new", b"x" * 700)
    refused(server.at, "nothing")
    refused(server.at, "../<script>\"secret")
    server.record(event="put")
    return server


def test_the_figures_are_those_of_what_was_done(busy):
    found = metrics(where(busy))
    assert of(found, "kedge_tftp_requests_total") == 8
    ends = "kedge_tftp_transfers_total"
    assert of(found, ends, direction="get", outcome="ok") == 5
    assert of(found, ends, direction="put", outcome="ok") == 1
    assert of(found, ends, direction="get", outcome="refused") == 2
    assert of(found, ends, direction="get", outcome="timeout") == 0
    assert of(found, "kedge_tftp_bytes_total", direction="get") == 15000
    assert of(found, "kedge_tftp_bytes_total", direction="put") == 700
    assert of(found, "kedge_tftp_refusals_total", kind="file-not-found") == 2
    assert of(found, "kedge_tftp_verdicts_total", verdict="file-not-found") == 2
    assert of(found, "kedge_tftp_active_transfers") == 0
    assert found["kedge_uptime_seconds"].one() > 0
    assert list(found["kedge_build_info"].of().values()) == [1]


def test_status_says_the_same(busy):
    document, found = status(where(busy)), metrics(where(busy))
    assert document["transfers"]["get"] == {"ok": 5, "refused": 2}
    assert document["transfers"]["put"] == {"ok": 1}
    assert document["bytes"] == {"get": 15000, "put": 700}
    assert (document["done"], document["failed"]) == (6, 2)
    assert document["requests"] == of(found, "kedge_tftp_requests_total")
    assert document["refusals"] == {"file-not-found": 2}
    assert document["verdicts"] == {"file-not-found": 2}
    assert (document["shards"], document["shards_silent"], document["live"]) == (2, 0, [])
    last, *before = document["recent"]
    assert len(before) == 7 and last["file"] == "../<script>\"secret"
    assert last["verdict_id"] == "file-not-found" and last["peer"].startswith("127.")
    assert {e["outcome"] for e in before} == {"ok", "refused"}


def test_what_is_dropped_in_silence_is_counted(serve, make):
    """It has no record, and no answer."""
    server = serve("--metrics", ANY)
    make("f", 5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for _ in range(7):
            peer.sendto(tftp.ack(5), server.at)
    tftp.get(server.at, "f")
    wait_for(lambda: status(where(server))["dropped"].get("not-a-request") == 7)
    found = metrics(where(server))
    assert of(found, "kedge_tftp_dropped_total", kind="not-a-request") == 7
    assert of(found, "kedge_tftp_dropped_total", kind="over-budget") == 0
    assert of(found, "kedge_tftp_dropped_total", kind="socket-queue") == 0
    assert of(found, "kedge_tftp_requests_total") == 1


def test_labels_have_no_names_and_no_addresses(busy):
    _, _, body = ask(where(busy), "/metrics")
    assert b"script" not in body and b"127.0.0.1" not in body and b"new" not in body
    labels = set(re.findall(rb'[{,](\w+)="', body))
    assert labels == {b"version", b"direction", b"outcome", b"kind", b"verdict"}


def test_open_metrics_is_the_default(busy):
    code, headers, body = ask(where(busy), "/metrics")
    assert (code, headers["content-type"]) == \
        (200, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    lines = body.decode().split("\n")
    assert lines[-2:] == ["# EOF", ""] and body.count(b"# EOF") == 1
    kinds = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
    for line in lines[:-2]:
        if line.startswith("#"):
            continue
        name = re.match(r"\w+", line)[0]
        assert kinds.get(name.removesuffix("_total")) == "counter" if name.endswith("_total") \
            else kinds[name] == "gauge", line


@pytest.fixture
def promtool(root):
    unpacked = root / "build-peers/promtool/usr/bin/promtool"
    found = unpacked if unpacked.exists() else shutil.which("promtool")
    if not found:
        pytest.skip("no promtool: tools/setup --peers")
    return found


def test_promtool_finds_nothing_to_complain_of(busy, promtool):
    _, _, body = ask(where(busy), "/metrics", "Accept: text/plain")
    done = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True,
                          timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_an_open_transfer_has_a_row(serve, make):
    server = serve("--metrics", ANY, "--shards", "3")
    make("dir/<b>\"file", 5000)
    with half_done(server, "dir/<b>\"file") as peer:
        document = status(where(server))
        [row] = document["live"]
        assert row["peer"] == "127.0.0.1:%d" % peer.getsockname()[1]
        assert (row["file"], row["event"], row["mac"]) == ("dir/<b>\"file", "get", None)
        assert (row["bytes"], row["size"], row["blksize"], row["windowsize"]) == \
            (2000, 5000, 1000, 1)
        assert row["age_ms"] >= row["quiet_ms"] >= 200 and row["rate_Bps"] > 0
        assert document["active"] == 1
        assert of(metrics(where(server)), "kedge_tftp_active_transfers") == 1


def test_a_document_is_bounded(serve, make):
    """Of three hundred open transfers some are shown, and all are counted."""
    server = serve("--metrics", ANY)
    make("file", 5000)
    peers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(300)]
    for peer in peers:
        peer.settimeout(20)
        peer.sendto(tftp.request(tftp.RRQ, "file"), server.at)
        peer.recvfrom(2000)
    document = status(where(server))
    for peer in peers:
        peer.close()
    assert document["active"] == 300 and len(document["live"]) == 256


# ---- who asks what ----

@pytest.mark.parametrize("host, code", [
    ("127.0.0.1", 200), ("127.0.0.1:9469", 200), ("localhost:9469", 200), ("LocalHost", 200),
    ("[::1]:9469", 200), ("127.9.9.9", 200), ("evil.example", 403), ("evil.example:9469", 403),
    ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403), ("192.0.2.1", 403),
    ("[::2]", 403), ("", 403), ("127.0.0.1:9469x", 403), ("[::1", 403), ("0.0.0.0", 403)])
def test_a_foreign_host_is_refused(serve, host, code):
    """A page whose name was made to resolve to loopback says that name here."""
    at = where(serve("--metrics", ANY))
    for path in "/metrics", "/status":
        got, _, body = say(at, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert got == code and (code == 200 or b"kedge_" not in body and b'"v"' not in body)


@pytest.mark.parametrize("request_text, code", [
    ("GET /status HTTP/1.1\r\n\r\n", 400),
    ("GET /status HTTP/1.0\r\n\r\n", 403),
    ("GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", 403),
    ("GET http://evil.example/status HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
    ("GET /no HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ("GET /status/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ("GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
    ("GET /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabcde", 413),
    ("GET /status HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
    ("GET /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", 413),
])
def test_what_is_answered_to_odd_requests(serve, request_text, code):
    at = where(serve("--metrics", ANY))
    got, headers, body = say(at, request_text.encode())
    assert got == code
    if got < 400:
        assert body == b"" and int(headers["content-length"]) > 1000  # HEAD


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH",
                                    "get", "X"])
def test_it_only_reads(serve, method):
    at = where(serve("--metrics", ANY))
    code, headers, body = ask(at, "/status", method=method)
    assert code in (405, 501) and b'"v"' not in body
    assert code != 405 or headers["allow"] == "GET, HEAD"


GARBAGE = {
    "long path": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "many headers": b"GET /status HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"Host: localhost\r\n\r\n",
    "zeros": b"\0" * 100000,
    "odd bytes": b"\xff\xfe garbage\r\n\r\n",
    "half a line": b"GET\r\n\r\n",
    "empty lines": b"\r\n" * 50000,
}


@pytest.mark.parametrize("what", GARBAGE)
def test_bytes_that_are_no_request_take_little(serve, what):
    server = serve("--metrics", ANY)
    at = where(server)
    before = server.status("VmRSS")
    for _ in range(20):
        code, _, body = say(at, GARBAGE[what])
        assert code == 0 or 400 <= code < 600, body
    assert server.status("VmRSS") - before < 4096  # KiB
    assert ask(at, "/status")[0] == 200


def test_answers_may_be_used_nowhere_else(serve):
    _, headers, _ = ask(where(serve("--metrics", ANY)), "/status")
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


# ---- who takes too much ----

def dialled(at):
    """None: it was reset at once."""
    try:
        return dial(at)
    except ConnectionResetError:
        return None


def is_closed(peer, by):
    """Before it could have been silent for too long."""
    peer.settimeout(max(by - time.monotonic(), 0.001))
    try:
        return rest(peer) == b""
    except TimeoutError:
        return False


def test_a_thousand_connections_and_slow_readers_stop_no_transfer(serve, make):
    server = serve("--metrics", ANY)
    at = where(server)
    content = make("file", 2_000_000)
    start = time.monotonic()
    held = [dial(at) for _ in range(64)]
    for peer in held[:32]:
        peer.send(b"GET /metrics HT")  # and never goes on; the others say nothing at all,
    for peer in held[32:40]:
        peer.send(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n")  # or never read
    refused_at_once = [peer for peer in (dialled(at) for _ in range(936)) if peer]
    ended = (time.monotonic() - start) // (SILENCE - 1)  # times that all may have been
    got = []
    thread = threading.Thread(target=lambda: got.append(
        tftp.get(server.at, "file", blksize=1400, windowsize=16).content))
    thread.start()
    by = time.monotonic() + 3
    open_still = [peer for peer in refused_at_once if not is_closed(peer, by)]
    assert len(open_still) <= 8 + 64 * ended  # those eight were answered, and made room
    thread.join(20)
    assert got == [content]
    assert server.descriptors() < 64 + 64 + 1100  # data ports are most of them
    for peer in held + refused_at_once:
        peer.close()
    end = time.monotonic() + 20
    while ask(at, "/metrics")[0] != 200:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_slow_one_is_ended(serve):
    """One that says nothing, and one that says a byte now and then: it has no more time in all."""
    at = where(serve("--metrics", ANY))
    silent, slow = dial(at), dial(at)
    start = time.monotonic()
    silent.settimeout(60)
    slow.settimeout(0.5)
    try:
        while time.monotonic() - start < 60:
            slow.send(b"X")
            try:
                if slow.recv(100) == b"":
                    break
            except socket.timeout:
                pass
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert 15 < time.monotonic() - start < 40
    rest(silent)
    assert time.monotonic() - start < 40
    assert ask(at, "/status")[0] == 200


def silent_reader(at):
    """One that asks for /status, and reads nothing of the answer."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # so the server's queue is short
    peer.settimeout(20)
    peer.connect(at)
    peer.send(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return peer


@pytest.fixture
def large(serve, make):
    """A server whose document is larger than what its sockets take at once."""
    server = serve("--metrics", ANY)
    name = "\x01" * 120  # in the document \\u0001 each
    make(name, 5000)
    peers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(300)]
    for peer in peers:
        peer.settimeout(20)
        peer.sendto(tftp.request(tftp.RRQ, name), server.at)
        peer.recvfrom(2000)
    yield server
    for peer in peers:
        peer.close()


def test_one_that_reads_no_answer_is_ended(large):
    before, start = large.descriptors(), time.monotonic()
    with silent_reader(where(large)):
        time.sleep(1)
        assert large.descriptors() == before + 1
        while large.descriptors() > before:
            assert time.monotonic() < start + 2 * SILENCE + 5
            time.sleep(0.1)
    assert time.monotonic() >= start + SILENCE - 1


def test_those_who_read_a_byte_a_second_slow_no_transfer(large, make):
    """As many as may be connected, all in the middle of an answer; and each is ended, though it
    never stops to read."""
    content = make("file", 4_000_000)

    def fetch():
        start = time.monotonic()
        assert tftp.get(large.at, "file", blksize=1400, windowsize=16).content == content
        return time.monotonic() - start
    alone = min(fetch() for _ in range(3))
    before, start = large.descriptors(), time.monotonic()
    held = [silent_reader(where(large)) for _ in range(60)]
    assert all(peer.recv(1) == b"H" for peer in held) and large.descriptors() == before + 60
    beside = []
    while large.descriptors() > before:
        assert time.monotonic() < start + 60
        assert all(peer.recv(1) for peer in held)  # there is more in the client's own queue
        beside.append(fetch())
        time.sleep(1)
    assert time.monotonic() >= start + SILENCE - 1
    assert median(beside) < 10 * alone + 1, (alone, beside)
    for peer in held:
        peer.close()
    assert ask(where(large), "/status")[0] == 200


def test_those_who_ask_for_one_document_have_one_copy(large):
    at = where(large)
    before = large.descriptors()
    with silent_reader(at):
        time.sleep(STALE)
        size = large.status("VmRSS")  # KiB
        held = [silent_reader(at) for _ in range(40)]
        time.sleep(0.5)
        assert large.descriptors() == before + 41
        assert large.status("VmRSS") - size < 20 * 180
        for peer in held:
            peer.close()


# ---- where it may be ----

@pytest.fixture
def serving(kedge, srv, tmp_path):
    def start(*words):
        return run(kedge, "serve", "tftp://127.0.0.1:0", "--root", srv, *words, cwd=tmp_path)
    return start


@pytest.mark.parametrize("endpoint, why", [
    ("tcp://0.0.0.0:0", "not a loopback one"), ("tcp://*:0", "not a loopback one"),
    ("tcp://[::]:0", "not a loopback one"), ("tcp://192.0.2.1:9469", "not a loopback one"),
    ("udp://127.0.0.1:1", "takes tcp://HOST:PORT or unix:///PATH"),
    ("tftp://127.0.0.1:1", "takes tcp://HOST:PORT or unix:///PATH"),
    ("unix://@name", "an abstract name has no mode"),
    ("nonsense", "nonsense")])
def test_an_endpoint_that_is_not_taken(serving, endpoint, why):
    done = serving("--metrics", endpoint)
    assert done.code == 64 and why in done.err, done.err
    assert done.err.count("\n") == 1


def test_public_is_public(serve):
    server = serve("--metrics", "tcp://0.0.0.0:0", "--public")
    _, port = where(server)
    for host, code in ("192.0.2.7", 200), ("localhost", 200), ("evil.example", 403):
        assert ask(("127.0.0.1", port), "/status", host=host)[0] == code


def test_a_port_in_use_is_said(serving):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = serving("--metrics", "tcp://127.0.0.1:%d" % taken.getsockname()[1])
    assert done.code == 14 or "Address already in use" in done.err
    assert "--metrics" in done.err


def test_a_path_is_the_service_s_own(serve, srv, as_nobody):
    path = srv / "metrics"
    user = ("--user", "nobody") if as_nobody else ()
    server = serve("--metrics", f"unix://{path}", *user)
    assert where(server) == str(path)
    found = path.stat()
    assert stat.S_ISSOCK(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o660
    if as_nobody:
        assert (found.st_uid, found.st_gid) == (pwd.getpwnam("nobody").pw_uid,
                                                grp.getgrnam("nogroup").gr_gid)
    assert status(str(path))["requests"] == 0
    assert ask(str(path), "/status", host="anything.example")[0] == 200
    assert server.stop() == 0
    assert not path.exists()


def test_a_path_that_a_crash_left_is_taken(serve, srv, as_nobody):
    assert as_nobody is not None  # so that the service gets there
    path = srv / "metrics"
    first = serve("--metrics", f"unix://{path}")
    first.kill()
    assert path.exists()
    assert status(str(where(serve("--metrics", f"unix://{path}"))))["requests"] == 0


def test_it_ends_while_someone_holds_on(serve):
    server = serve("--metrics", ANY)
    with dial(where(server)) as peer:
        peer.send(b"GET /sta")
        assert server.stop() == 0


def test_without_the_library_all_else_is_served(kedge, srv, tmp_path, serve):
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    library = re.search(r"libmicrohttpd\.so\.12 .*=> (\S+)", listed)
    under = ["unshare", "-m", "sh", "-c", 'mount --bind /dev/null "$0" && exec "$@"', library[1]]
    if subprocess.run([*under, "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a mount namespace may not be made here")
    done = run(*under, kedge, "serve", "tftp://127.0.0.1:0", "--root", srv, "--metrics", ANY,
               cwd=tmp_path)
    assert (done.code, done.out) == (14, b"")
    assert done.err == \
        "kedge serve: --metrics: this system has no libmicrohttpd (Debian: libmicrohttpd12)\n"
    assert serve(under=under).stop() == 0


def test_it_is_loaded_only_where_it_is_wanted(serve):
    for words, loaded in ((), False), (("--metrics", ANY), True):
        with open(f"/proc/{serve(*words).pid}/maps") as maps:
            assert ("libmicrohttpd" in maps.read()) == loaded


def test_a_policy_file_may_name_it(kedge, srv, tmp_path):
    from e2e.lib.serve import Server
    policy = tmp_path / "policy"
    policy.write_text(f'root = "{srv}"\nlisten = {{ "tftp://127.0.0.1:0" }}\n'
                      f'metrics = "{ANY}"\n')
    server = Server([kedge, "serve", "-c", policy], tmp_path / "log")
    try:
        assert json.loads(ask(where(server), "/status")[2])["v"] == 1
    finally:
        assert server.stop() == 0
