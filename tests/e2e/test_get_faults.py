# SPDX-License-Identifier: MIT
"""kedge get against bad links and bad servers, and how it ends then."""
import hashlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from e2e.lib.ports import beside, datagrams, free_port
from e2e.lib.run import finish, names, run, start
from e2e.lib.still import frozen
from e2e.peers.echo import closed_port, wait_for
from e2e.peers.ports import Ports, waiting
from e2e.peers.tftp import ACK, ERROR, ack, data, error
from e2e.peers.tftp_peer import Peer


# ---- bad links and bad servers ----

@pytest.mark.parametrize("window", ["1", "8"])
@pytest.mark.parametrize("fault", [{"lose": (1,)}, {"lose": (2, 5, 11)}, {"twice": True},
                                   {"lose": (3,), "twice": True}, {"strangers": True}])
def test_bad_links(get, window, fault):
    content = os.urandom(512 * 10 + 100)
    with Peer({"f": content}, **fault) as peer:
        done = get(f"{peer.url}/f", "--blksize", "512", "--windowsize", window, "--json")
        assert done.code == 0, done.err
        assert peer.problems == []
    assert (get.here / "f").read_bytes() == content


def test_another_port_of_the_server_hears_that_it_is_not_the_peer(get, kedge):
    """RFC 1350, 4: it is told by ERROR 5, at most eight times, and the transfer goes on. An
    ERROR and another host get no answer."""
    with Ports() as (request, first, second, host):
        url = f"tftp://127.0.0.1:{request.getsockname()[1]}/f"
        process = start(kedge, "get", url, cwd=get.here)
        _, client = request.recvfrom(2000)
        first.sendto(data(1, b"a" * 512), client)
        assert first.recv(2000) == ack(1)
        second.sendto(error(0, "not yours"), client)
        for _ in range(20):
            second.sendto(data(1, b"b" * 512), client)
            host.sendto(data(1, b"b" * 512), client)
        first.sendto(data(2, b"end"), client)
        assert first.recv(2000) == ack(2)
        assert finish(process).code == 0
        assert waiting(second) == [error(5, "")] * 8
        assert waiting(host) == []
    assert (get.here / "f").read_bytes() == b"a" * 512 + b"end"


def test_request_is_repeated(get):
    with Peer({"f": b"abc"}, deaf_to=1) as peer:
        assert get(f"{peer.url}/f").code == 0
        assert len(peer.requests) == 2
        assert len({r.source for r in peer.requests}) == 1


@pytest.mark.parametrize("code", [0, 4, 8])
def test_options_refused(get, code):
    with Peer({"f": b"abc" * 1000}, refuse_options=code) as peer:
        done = get(f"{peer.url}/f")
        assert done.code == 0, done.err
        assert [bool(r.options) for r in peer.requests] == [True, False]
    assert "the server refuses options: a plain request" in done.err
    assert (get.here / "f").read_bytes() == b"abc" * 1000


@pytest.mark.parametrize("extra", [{"multicast": "1"}, {"blksize": "65465"},
                                   {"windowsize": "65000"}, {"blksize": "nonsense"}])
def test_options_that_were_not_asked(get, extra):
    """The OACK is refused with ERROR 8, and a plain request made."""
    with Peer({"f": b"abc"}, extra=extra) as peer:
        done = get(f"{peer.url}/f", "--blksize", "1000", "--windowsize", "4")
        assert done.code == 0, done.err
        assert (ERROR, 8) in [(op, number) for op, number, _ in peer.heard]
        assert [bool(r.options) for r in peer.requests] == [True, False]


def test_large_blocks_do_not_come_through(get):
    with Peer({"f": os.urandom(50_000)}, deaf_above=1000) as peer:
        done = get(f"{peer.url}/f", "--retry-for", "1")
        assert done.code == 0, done.err
        assert [r.options["blksize"] for r in peer.requests] == ["65464", "1228", "512"]
        assert (get.here / "f").read_bytes() == peer.files["f"]
    assert "a smaller block size" in done.err


def test_large_windows_do_not_come_through(get):
    with Peer({"f": os.urandom(50_000)}, stuck_above=8) as peer:
        done = get(f"{peer.url}/f", "--retry-for", "1", "--blksize", "1000",
                   "--windowsize", "16")
        assert done.code == 0, done.err
        assert [r.options["windowsize"] for r in peer.requests] == ["16", "16", "8"]
        assert (get.here / "f").read_bytes() == peer.files["f"]


def test_recovery_into_a_stream_repeats_nothing(get):
    with Peer({"f": os.urandom(50_000)}, stuck_above=8) as peer:
        done = get(f"{peer.url}/f", "--retry-for", "1", "--blksize", "1000",
                   "--windowsize", "16", "-o", "-")
        assert done.code == 0 and done.out == peer.files["f"]


# ---- ends ----

@pytest.mark.parametrize("code, exit_code", [(0, 5), (1, 3), (2, 4), (3, 5), (4, 5), (6, 5),
                                             (7, 5), (8, 5), (99, 5)])
def test_error_codes(get, code, exit_code):
    with Peer(refuse=(code, "no such luck")) as peer:
        done = get(f"{peer.url}/f")
    assert done.code == exit_code
    assert re.fullmatch(rf"kedge get: tftp://127\.0\.0\.1:{peer.port}/f: the server says: "
                        rf"no such luck \(error {code}\)( \(.*\))?\n", done.err), done.err
    assert names(get.here) == []


def test_error_text_is_made_harmless(get):
    with Peer(refuse=(1, b"\x1b[2J\nbad \xc3\xa9 \xff")) as peer:
        done = get(f"{peer.url}/f")
    assert "\\x1b[2J\\x0abad \u00e9 \\xff (error 1)" in done.err
    assert done.err.count("\n") == 1


def test_error_without_text(get):
    with Peer(refuse=(1, "")) as peer:
        assert "file not found (error 1)" in get(f"{peer.url}/f").err


def test_error_in_the_middle(get):
    with Peer({"f": os.urandom(5000)}, error_at=(4, 3, "server's disk")) as peer:
        done = get(f"{peer.url}/f", "--blksize=512", "--windowsize=1", "--json")
    assert done.code == 5 and done.record["outcome"] == "aborted"
    assert done.record["blocks"] == 3 and "server's disk" in done.record["reason"]


def test_nobody_listens(get):
    port, held = closed_port()
    held.close()
    begun = time.monotonic()
    done = get(f"tftp://127.0.0.1:{port}/f", "--json")
    assert time.monotonic() - begun < 3
    assert done.code == 7 and done.record["outcome"] == "gone"
    assert "nobody listens" in done.err and names(get.here) == []


def test_server_goes_away(get):
    with Peer({"f": os.urandom(5000)}, close_at=4) as peer:
        done = get(f"{peer.url}/f", "--blksize=512", "--windowsize=1", "--retry-for=2")
    assert done.code in (6, 7) and names(get.here) == []


def test_a_server_that_is_restarted(get, kedge, serve, make):
    content = make("large", 20_000_000)
    at = f"tftp://127.0.0.1:{free_port()}"
    first = serve(at=(at,))
    process = start(kedge, "get", f"{at}/large", "--no-options", cwd=get.here)
    while not any(f.stat().st_size for f in get.here.iterdir()):
        assert process.poll() is None
    first.kill()
    time.sleep(0.3)         # so that nobody listens for a while
    serve(at=(at,))
    done = finish(process)
    assert done.code == 0, done.err
    assert "the server went away: asked again" in done.err
    assert (get.here / "large").read_bytes() == content


def test_a_server_that_knows_no_transfer_is_not_flooded(get):
    """Each request is answered, and each transfer ends by ERROR 5: as where a balancer sends
    requests and ACKs to two servers."""
    with Peer({"f": os.urandom(5000)}, error_at=(1, 5, "unknown transfer")) as peer:
        done = get(f"{peer.url}/f", "--blksize=512", "--retry-for=3s")
    assert done.code == 5 and "unknown transfer" in done.err
    assert 3 <= len(peer.requests) <= 14    # one each 250 ms, for 3 s


def test_a_refusal_that_was_not_for_the_options(get):
    with Peer({"f": b"abc"}, refuse=(0, "no such luck")) as peer:
        done = get(f"{peer.url}/f")
        assert [bool(r.options) for r in peer.requests] == [True, False]
    assert done.code == 5 and "no such luck (error 0)" in done.err
    assert "options" not in done.err


def test_all_attempts_share_the_time_given(get):
    with Peer({"f": os.urandom(5000)}, silent_at=3) as peer:
        begun = time.monotonic()
        done = get(f"{peer.url}/f", "--blksize=512", "--retry-for=3s")
        took = time.monotonic() - begun
        assert len(peer.requests) >= 2
    assert done.code == 6 and 2.5 < took < 5, took


def test_silence(get):
    with Peer(mute=True) as peer:
        begun = time.monotonic()
        done = get(f"{peer.url}/f", "--retry-for", "4s", "--json")
        assert 3.9 < time.monotonic() - begun < 12
        assert len(peer.requests) >= 2
    assert done.code == 6 and done.record["outcome"] == "timeout"
    assert "no answer from 127.0.0.1" in done.err
    n = len(peer.requests)
    assert re.search(rf"^  tried: {n} requests to 127\.0\.0\.1:{peer.port} \(IPv4\), from "
                     r"127\.0\.0\.1:\d+, asking for blksize=\d+,\S*windowsize=\d+", done.err,
                     re.M), done.err
    assert re.search(r"^  try: kedge probe icmp://127\.0\.0\.1 \(.*--no-options", done.err, re.M)


@pytest.mark.parametrize("words,known,hint", [
    (["--no-options"], (), False), (["--blksize=1024"], ("blksize",), True),
    (["--blksize=512", "--windowsize=1"], ("blksize", "windowsize"), False)])
def test_smaller_packets_are_advised_where_larger_ones_were_granted(get, words, known, hint):
    with Peer({"f": os.urandom(9000)}, silent_at=3, known=known) as peer:
        done = get(f"{peer.url}/f", "--retry-for=2s", *words)
    assert done.code == 6 and ("try: --blksize 512" in done.err) == hint, done.err


def test_a_route_that_is_missing_is_to_be_looked_at(kedge, one_more_namespace, tmp_path):
    """The line can be pasted."""
    under = one_more_namespace("true")
    done = run(*under, kedge, "get", "tftp://192.0.2.1/f", "-o", "/dev/null", cwd=tmp_path)
    assert "  try: ip route get 192.0.2.1 (is there a route?)\n" in done.err


def test_what_is_said_of_a_failure_leaves_at_once(kedge, one_more_namespace, tmp_path):
    """Each write is a packet here."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        subprocess.run([*one_more_namespace("true"), kedge, "get", "tftp://192.0.2.1/f"],
                       stderr=theirs, cwd=tmp_path, timeout=60)
        ours.settimeout(10)
        first, *lines = ours.recv(10000).decode().splitlines()
    assert first.startswith("kedge get: ")
    assert [line.split(":")[0] for line in lines] == ["  tried", "  try"]


def test_what_was_tried_of_two_addresses(get, kedge, under_hosts):
    """The last one is named, and how often it was asked in all."""
    under = under_hosts("127.0.0.1 both\n::1 both\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
        first = beside(second, "127.0.0.1", lambda: datagrams("::1"))
        port = first.getsockname()[1]
        done = run(*under, kedge, "get", f"tftp://both:{port}/f", "--retry-for", "2s",
                   "--no-options", cwd=get.here)
    assert done.code == 6
    assert re.search(r"^  tried: \d+ requests to 2 addresses, the last 127\.0\.0\.1:\d+ "
                     r"\(IPv4\), from \S+, without options$", done.err, re.M), done.err
    assert "--no-options" not in done.err


def answers_from(host, asked, packet):
    """A server with two addresses: what is asked at one is answered from another."""
    sock, other = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    sock.bind((asked, 0))
    other.bind((host, 0))

    def run():
        with sock, other:
            sock.settimeout(10)
            while True:
                try:
                    _, source = sock.recvfrom(2000)
                except OSError:
                    return
                other.sendto(packet, source)
                sock.settimeout(2)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return sock.getsockname()[1], other.getsockname()[1], thread


@pytest.mark.parametrize("host, packet, told", [
    ("127.0.0.9", data(1, b"abc"), True), ("127.0.0.9", error(1, "no"), True),
    ("127.0.0.9", b"hello", False), ("127.0.0.9", data(7, b"abc"), False)])
def test_an_answer_from_another_address_is_named(get, host, packet, told):
    """It is not taken, for anybody can send one; but said."""
    port, source, thread = answers_from(host, "127.0.0.1", packet)
    done = get(f"tftp://127.0.0.1:{port}/f", "--retry-for", "1s")
    thread.join(20)
    assert done.code == 6 and f"no answer from 127.0.0.1:{port}" in done.err
    assert (f"{host} answered instead, so ask that address" in done.err) == told
    assert names(get.here) == []


@pytest.mark.parametrize("packet, told", [
    (b"\3\0\0\1abc", "its opcode is in the wrong byte order"),
    (b"\0\3\1\0abc", "DATA 256, a number in the wrong byte order"),
    (data(7, b"abc"), "DATA 7, which is no first answer"),
    (b"hello", "no packet of TFTP"),
    (None, "")])
def test_answers_that_are_not_understood_are_told(get, packet, told):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(20)

        def answer():
            _, source = sock.recvfrom(2000)
            if packet:
                sock.sendto(packet, source)
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        done = get(f"tftp://127.0.0.1:{sock.getsockname()[1]}/f", "--retry-for", "1s")
        thread.join(20)
    assert done.code == 6 and names(get.here) == []
    assert ("1 packet not understood, the last: " + told in done.err) == bool(told)
    assert ("not understood" in done.err) == bool(told)


def test_silence_in_the_middle(get):
    with Peer({"f": os.urandom(5000)}, silent_at=3) as peer:
        done = get(f"{peer.url}/f", "--blksize=512", "--windowsize=1", "--retry-for=1",
                   "--json")
    assert done.code == 6 and done.record["reason"].startswith("no progress after block 2")


@pytest.mark.parametrize("said", [4999, 5001])
def test_size_announced_is_checked(get, said):
    with Peer({"f": os.urandom(5000)}, tsize=said) as peer:
        done = get(f"{peer.url}/f")
        assert done.code == 11 and "its size differs from the announced one" in done.err
        assert ERROR in [op for op, _, _ in peer.heard]
    assert names(get.here) == []


@pytest.mark.parametrize("window", ["1", "8"])
def test_blocks_of_another_size_than_was_granted(get, window):
    """A short first block would end the file, were it not for the next one."""
    with Peer({"f": os.urandom(3000)}, blocks_of=512, known=("blksize", "windowsize")) as peer:
        done = get(f"{peer.url}/f", "--blksize", "1024", "--windowsize", window)
    assert done.code == 11
    assert "the server's blocks are not of the size that it granted" in done.err
    assert names(get.here) == []


@pytest.mark.parametrize("flags", [("--blksize", "1024"), ("--no-options",)])
def test_blocks_numbered_from_0(get, flags):
    with Peer({"f": os.urandom(3000)}, first_block=0) as peer:
        done = get(f"{peer.url}/f", *flags)
    assert done.code == 5
    assert "the server numbers its blocks from 0" in done.err
    assert names(get.here) == []


def test_a_file_of_512_bytes_in_larger_blocks(get):
    with Peer({"f": b"x" * 512}, known=("blksize",)) as peer:
        done = get(f"{peer.url}/f", "--blksize", "1024")
        assert done.code == 0, done.err
        assert [m for m in peer.heard if m[1] == 1] == [(ACK, 1, b"")]
    assert (get.here / "f").read_bytes() == b"x" * 512


def test_size_zero_announces_nothing(get):
    with Peer({"f": b"abc"}, tsize=0) as peer:
        assert get(f"{peer.url}/f").code == 0


def test_name_does_not_resolve(get):
    done = get("tftp://no-such-host.invalid/f")
    assert done.code == 8 and "no-such-host.invalid" in done.err
    assert done.err.count("\n") == 1


def test_sha256(get):
    with Peer({"f": b"content"}) as peer:
        good = hashlib.sha256(b"content").hexdigest()
        assert get(f"{peer.url}/f", "--sha256", good.upper()).code == 0
        (get.here / "f").write_bytes(b"old")
        done = get(f"{peer.url}/f", "--sha256", "0" * 64)
        assert done.code == 12 and "SHA-256" in done.err
        assert (get.here / "f").read_bytes() == b"old" and names(get.here) == ["f"]


def test_another_sha256_names_both(get):
    good, other = (hashlib.sha256(b).hexdigest() for b in (b"abc", b"abd"))
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", "--sha256", other.upper())
        wait_for(lambda: any(op == ERROR for op, _, _ in peer.heard), 10)
        said = [text for op, _, text in peer.heard if op == ERROR]
    assert done.code == 12 and f": SHA-256 is {good}, expected {other}\n" in done.err
    assert said == [f"SHA-256 is {good}, expected {other}\0".encode()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(get, kedge, number):
    (get.here / "f").write_bytes(b"old")
    with Peer({"f": os.urandom(1_000_000)}, slow=0.05) as peer:
        process = start(kedge, "get", f"{peer.url}/f", "--blksize=512", "--windowsize=1",
                        cwd=get.here)
        while not peer.heard:
            time.sleep(0.02)
        process.send_signal(number)
        done = finish(process)
        end = time.monotonic() + 5
        while ERROR not in [op for op, _, _ in peer.heard] and time.monotonic() < end:
            time.sleep(0.02)
        assert peer.heard[-1][:2] == (ERROR, 0)
    assert done.code == -number and "interrupted" in done.err
    assert (get.here / "f").read_bytes() == b"old" and names(get.here) == ["f"]


def test_interrupted_where_nothing_listens_to_it(get, kedge):
    """A FIFO without a reader cannot be opened, and nothing ends that but the signal."""
    os.mkfifo(get.here / "fifo")
    with Peer({"f": b"abc"}) as peer:
        process = start(kedge, "get", f"{peer.url}/f", "-o", "fifo", cwd=get.here)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert finish(process, timeout=10).code == -signal.SIGINT


def test_no_lingering_on_a_good_link(get):
    with Peer({"f": b"abc"}) as peer:
        begun = time.monotonic()
        for _ in range(5):
            assert get(f"{peer.url}/f").code == 0
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("lose, again", [((), 0), ((2,), 1)])
def test_last_ack_can_be_had_again_where_something_was_lost(get, lose, again):
    with Peer({"f": os.urandom(2000)}, lose=lose, repeat_last=0.05) as peer:
        assert get(f"{peer.url}/f", "--blksize=512", "--windowsize=2").code == 0
    assert (peer.confirmed, peer.reconfirmed) == (1, again)


def test_source_without_permission(get, as_nobody):
    limit = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not as_nobody or int(limit.read_text()) <= 7:
        pytest.skip("every user may have every port here")
    get.here.chmod(0o777)
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", "--source", "127.0.0.1:7", **as_nobody)
    assert done.code == 13 and "Permission denied" in done.err


def test_what_came_while_it_stood_still_is_read_before_it_gives_up(get, kedge):
    """Ctrl-Z for longer than its patience, and the next block waits in its socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)
        process = start(kedge, "get", "tftp://127.0.0.1:%d/f" % server.getsockname()[1],
                        "--retry-for=1", "--no-options", cwd=get.here)
        _, client = server.recvfrom(100)
        server.sendto(b"\0\3\0\1" + bytes(512), client)
        assert server.recvfrom(100)[0] == b"\0\4\0\1"
        with frozen(process):
            server.sendto(b"\0\3\0\2end", client)
            time.sleep(1.2)
        done = finish(process)
    assert done.code == 0, done.err
    assert (get.here / "f").read_bytes() == bytes(512) + b"end"
