# SPDX-License-Identifier: MIT
"""kedge put against an independent server, good and bad."""
import hashlib
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from e2e.lib.run import finish, start
from e2e.lib.still import frozen
from e2e.peers.ports import Ports, waiting
from e2e.peers.tftp import ERROR, ack, data, error
from e2e.peers.tftp_peer import Peer


def write(put, name, content):
    (put.here / name).write_bytes(content)
    return content


def said(peer, code):
    return (ERROR, code) in [(op, number) for op, number, _ in peer.heard]


# ---- whole files ----

@pytest.mark.parametrize("options", [(), ("--no-options",), ("--blksize", "512"),
                                     ("--blksize", "512", "--windowsize", "1"),
                                     ("--blksize", "8", "--windowsize", "7")])
@pytest.mark.parametrize("pipe", [False, True])
def test_sizes_around_a_block(put, options, pipe):
    with Peer() as peer:
        for n in (0, 1, 7, 8, 511, 512, 513, 1024, 5000):
            content = write(put, f"f{n}", os.urandom(n))
            words = ["-", f"{peer.url}/f{n}"] if pipe else [f"f{n}", f"{peer.url}/"]
            done = put(*words, *options, stdin=content)
            assert done.code == 0, done.err
            assert peer.taken[f"f{n}"] == content
        sizes = [r.options.get("tsize") for r in peer.requests]
    if pipe or "--no-options" in options:
        assert set(sizes) == {None}
    else:
        assert sizes == ["0", "1", "7", "8", "511", "512", "513", "1024", "5000"]


@pytest.mark.parametrize("pipe", [False, True])
def test_more_blocks_than_numbers(put, pipe):
    content = write(put, "f", os.urandom(8 * 66000 + 3))
    with Peer() as peer:
        done = put("-" if pipe else "f", f"{peer.url}/f", "--blksize", "8",
                   "--windowsize", "200", stdin=content)
        assert done.code == 0, done.err
        assert peer.taken["f"] == content


def test_ipv6_and_single_port(put):
    content = write(put, "f", os.urandom(100_000))
    with Peer(host="::1") as six, Peer(single_port=True) as single:
        assert put("f", f"{six.url}/f").code == 0
        assert put("f", f"{single.url}/f").code == 0
        assert six.taken["f"] == single.taken["f"] == content


def test_names(put):
    for name in ("a", "b c", "-d"):
        write(put, name, name.encode())
    with Peer() as peer:
        assert put("a", "b c", "./-d", f"{peer.url}/").code == 0
        assert put("a", f"{peer.url}").code == 0
        assert put("a", f"{peer.url}/dir/").code == 0
        assert put("a", f"{peer.url}//abs/").code == 0
        assert put("a", f"{peer.url}/other%20name").code == 0
        assert put(put.here / "a", f"{peer.url}/").code == 0
        assert [r.name for r in peer.requests] == [
            "a", "b c", "-d", "a", "dir/a", "/abs/a", "other name", "a"]


def test_several_files_are_told_apart(put):
    write(put, "a", b"1")
    write(put, "c", b"3")
    with Peer() as peer:
        done = put("a", "b", "c", f"{peer.url}/", "--json")
        assert done.code == 1 and peer.taken == {"a": b"1", "c": b"3"}
        assert [r["outcome"] for r in done.records] == ["ok", "error", "ok"]
        assert put("x", "y", f"{peer.url}/").code == 2


def test_long_name_leaves_no_room_for_options(put):
    write(put, "f", b"abc")
    with Peer() as peer:
        assert put("f", f"{peer.url}/" + "n" * 490).code == 0
        assert peer.taken == {"n" * 490: b"abc"} and peer.requests[0].options == {}


# ---- where it comes from ----

def test_slow_pipe(put, kedge):
    with Peer() as peer:
        process = start(kedge, "put", "-", f"{peer.url}/f", "--blksize", "512", cwd=put.here,
                        stdin=subprocess.PIPE)
        for _ in range(4):
            process.stdin.write(b"x" * 400)
            process.stdin.flush()
            time.sleep(0.3)
        assert finish(process).code == 0
        assert peer.taken["f"] == b"x" * 1600


def test_pipe_survives_losses(put):
    content = os.urandom(512 * 40 + 9)
    with Peer(lose=(3, 9)) as peer:
        done = put("-", f"{peer.url}/f", "--blksize=512", "--windowsize=4", stdin=content)
        assert done.code == 0, done.err
        assert peer.taken["f"] == content


def test_pipe_after_refused_options(put):
    content = os.urandom(3000)
    with Peer(refuse_options=8) as peer:
        assert put("-", f"{peer.url}/f", stdin=content).code == 0
        assert peer.taken["f"] == content


def test_fifo_and_redirected_file(put, kedge):
    content = write(put, "f", os.urandom(200_000))
    os.mkfifo(put.here / "fifo")
    with Peer() as peer:
        process = start(kedge, "put", "fifo", f"{peer.url}/", cwd=put.here)
        (put.here / "fifo").write_bytes(content)
        assert finish(process).code == 0
        with open(put.here / "f", "rb") as redirected:
            process = start(kedge, "put", "-", f"{peer.url}/g", cwd=put.here,
                            stdin=redirected)
            assert finish(process).code == 0
        assert peer.taken == {"fifo": content, "g": content}
        assert peer.requests[1].options["tsize"] == "200000"


def test_a_file_without_a_name(put, kedge):
    fd = os.memfd_create("kedge-test")
    content = os.urandom(5000)
    os.write(fd, content)
    with Peer() as peer:
        done = subprocess.run([kedge, "put", "-q", f"/dev/fd/{fd}", f"{peer.url}/f"],
                              cwd=put.here, pass_fds=[fd], capture_output=True, timeout=20)
        assert (done.returncode, done.stderr) == (0, b"") and peer.taken["f"] == content
    os.close(fd)


@pytest.mark.parametrize("name, why", [("none", "no such file"), (".", "is no file name"),
                                       ("dir", "is a directory")])
def test_no_such_file(put, name, why):
    (put.here / "dir").mkdir()
    with Peer() as peer:
        done = put(name, f"{peer.url}/")
        assert done.code == (64 if name == "." else 9) and why in done.err
        assert peer.requests == []


def test_unreadable_file(put, as_nobody):
    write(put, "f", b"secret")
    (put.here / "f").chmod(0)
    put.here.chmod(0o755)
    with Peer() as peer:
        done = put("f", f"{peer.url}/", **as_nobody)
    assert done.code == 9 and "f: permission denied" in done.err


@pytest.mark.parametrize("change", ["cut", "grow", "touch"])
def test_file_that_changes_is_not_sent_to_its_end(put, kedge, change):
    write(put, "f", os.urandom(30_000))
    with Peer(ack_delay=0.02) as peer:
        process = start(kedge, "put", "f", f"{peer.url}/f", "--blksize=512",
                        "--windowsize=1", "--json", cwd=put.here)
        while len(peer.heard) < 5:
            time.sleep(0.01)
        if change == "cut":
            os.truncate(put.here / "f", 10_000)
        elif change == "grow":
            with open(put.here / "f", "ab") as f:
                f.write(b"more")
        else:
            os.utime(put.here / "f")
        done = finish(process)
        assert peer.taken == {} and said(peer, 0)
    assert done.code == 11 and done.record["outcome"] == "changed"


# ---- netascii ----

@pytest.mark.parametrize("pipe", [False, True])
@pytest.mark.parametrize("at", range(508, 515))
def test_netascii_across_blocks(put, pipe, at):
    content = write(put, "f", b"a" * at + b"\nb\rc" + b"d" * 900 + b"\n\r")
    wire = content.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")
    wire = b"a" * at + b"\r\nb\r\0c" + b"d" * 900 + b"\r\n\r\0"
    with Peer(lose=(2,)) as peer:
        done = put("-" if pipe else "f", f"{peer.url}/f", "--mode=netascii",
                   "--blksize=512", "--sha256", hashlib.sha256(content).hexdigest(),
                   stdin=content)
        assert done.code == 0, done.err
        assert peer.taken["f"] == wire
        assert peer.requests[0].mode == "netascii"
        assert not {"windowsize", "tsize"} & peer.requests[0].options.keys()


@pytest.mark.parametrize("blksize, window", [(512, 32), (1468, 32), (8192, 12), (65464, 2)])
def test_a_window_fits_a_socket_of_the_usual_size(put, blksize, window):
    write(put, "f", b"x" * 3000)
    with Peer() as peer:
        assert put("f", f"{peer.url}/f", f"--blksize={blksize}").code == 0
    assert int(peer.requests[0].options["windowsize"]) == window


# ---- bad links and bad servers ----

@pytest.mark.parametrize("window", ["1", "8"])
@pytest.mark.parametrize("fault", [{"lose": (0,)}, {"lose": (2, 8, 11)}, {"ack_delay": 0.1},
                                   {"deaf_to": 1}, {"strangers": True}])
def test_bad_links(put, window, fault):
    content = write(put, "f", os.urandom(512 * 10 + 100))
    with Peer(**fault) as peer:
        done = put("f", f"{peer.url}/f", "--blksize=512", "--windowsize", window)
        assert done.code == 0, done.err
        assert peer.taken["f"] == content and peer.problems == []


@pytest.mark.parametrize("code", [0, 4, 8])
def test_options_refused(put, code):
    content = write(put, "f", b"abc" * 1000)
    with Peer(refuse_options=code) as peer:
        assert put("f", f"{peer.url}/").code == 0
        assert peer.taken["f"] == content
        assert [bool(r.options) for r in peer.requests] == [True, False]


def test_confirmation_is_waited_for(put):
    """Writing may take a server seconds: the last ACK says that it is done."""
    content = write(put, "f", os.urandom(2000))
    with Peer(confirm_delay=4) as peer:
        done = put("f", f"{peer.url}/", "--blksize=512", "--windowsize=2")
        assert done.code == 0, done.err
        assert peer.taken["f"] == content


def test_confirmation_is_asked_for_again(put):
    write(put, "f", os.urandom(2000))
    with Peer(lose_confirm=2) as peer:
        assert put("f", f"{peer.url}/", "--blksize=512").code == 0


def test_no_confirmation_is_no_success(put):
    write(put, "f", os.urandom(2000))
    with Peer(confirm_delay=6) as peer:
        done = put("f", f"{peer.url}/", "--blksize=512", "--retry-for=1", "--json")
    assert done.code == 6 and done.record["outcome"] == "unconfirmed"
    assert "without a confirmation" in done.err


@pytest.mark.parametrize("code, exit_code", [(0, 5), (3, 5)])
def test_failure_after_all_was_sent(put, code, exit_code):
    write(put, "f", os.urandom(2000))
    with Peer(fail_at_end=(code, "the disk broke")) as peer:
        done = put("f", f"{peer.url}/", "--blksize=512", "--windowsize=2")
    assert done.code == exit_code and "the disk broke" in done.err


# ---- ends ----

@pytest.mark.parametrize("code, exit_code", [(0, 5), (1, 3), (2, 4), (3, 5), (6, 5)])
def test_error_codes(put, code, exit_code):
    write(put, "f", b"abc")
    with Peer(refuse=(code, "no such luck")) as peer:
        done = put("f", f"{peer.url}/")
    assert done.code == exit_code and f"no such luck (error {code})" in done.err


def test_error_in_the_middle(put):
    write(put, "f", os.urandom(5000))
    with Peer(error_at=(4, 3, "full")) as peer:
        done = put("f", f"{peer.url}/", "--blksize=512", "--windowsize=1", "--json")
    assert done.code == 5 and done.record["outcome"] == "aborted"


def test_server_goes_away(put):
    write(put, "f", os.urandom(5000))
    with Peer(close_at=4) as peer:
        done = put("f", f"{peer.url}/", "--blksize=512", "--windowsize=1", "--retry-for=2")
    assert done.code == 7


def test_silence(put):
    write(put, "f", os.urandom(5000))
    with Peer(silent_at=3) as peer:
        done = put("f", f"{peer.url}/", "--blksize=512", "--windowsize=1", "--retry-for=1")
    assert done.code == 6 and "no progress after block" in done.err


@pytest.mark.parametrize("pipe", [False, True])
def test_sha256(put, pipe):
    content = write(put, "f", os.urandom(100_000))
    name = "-" if pipe else "f"
    with Peer(lose=(1,)) as peer:
        good = hashlib.sha256(content).hexdigest()
        done = put(name, f"{peer.url}/f", "--sha256", good, "--blksize=1000", stdin=content)
        assert done.code == 0 and peer.taken.pop("f") == content
        done = put(name, f"{peer.url}/f", "--sha256", "0" * 64, stdin=content)
        assert done.code == 12 and peer.taken == {} and said(peer, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(put, kedge, number):
    write(put, "f", os.urandom(500_000))
    with Peer(ack_delay=0.05) as peer:
        process = start(kedge, "put", "f", f"{peer.url}/f", "--blksize=512",
                        "--windowsize=1", cwd=put.here)
        while not peer.heard:
            time.sleep(0.02)
        process.send_signal(number)
        done = finish(process)
        end = time.monotonic() + 5
        while not said(peer, 0) and time.monotonic() < end:
            time.sleep(0.02)
        assert said(peer, 0) and peer.taken == {}
    assert done.code == -number and "interrupted" in done.err


def test_interrupted_while_a_pipe_is_silent(put, kedge):
    with Peer() as peer:
        process = start(kedge, "put", "-", f"{peer.url}/f", cwd=put.here,
                        stdin=subprocess.PIPE)
        while not peer.requests:
            time.sleep(0.02)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        done = finish(process, timeout=10)
        assert done.code == -signal.SIGINT and "interrupted" in done.err


def test_summary(put):
    write(put, "f", b"x" * 12345)
    with Peer() as peer:
        done = put("f", f"{peer.url}/g")
    assert re.fullmatch(rf"f -> tftp://127\.0\.0\.1:{peer.port}/g: 12345 bytes in "
                        r"\d+\.\d{3} ms, \S+ (B|KiB|MiB|GiB)/s\n", done.err), done.err


@pytest.mark.parametrize("words, why", [
    (("f",), "missing operand"),
    (("f", "g"), "g: not a tftp:// URL"),
    (("f", "echo://h"), "not a tftp:// URL"),
    (("-", "tftp://h/"), "standard input has no name"),
    (("-", "tftp://h/dir/"), "standard input has no name"),
    (("a", "b", "tftp://h/name"), "names one file"),
    (("a/..", "tftp://h/"), "is no file name"),
    (("/dev/null", "tftp://127.0.0.1/" + "d" * 506), "too long for a request"),
    (("ab", "tftp://127.0.0.1/" + "d" * 510 + "/"), "the name is too long"),
    (("a", "b", "tftp://h/", "--sha256", "0" * 64), "--sha256"),
    (("a", "tftp://h/", "-o", "x"), "unknown option -o"),
])
def test_bad_words(put, words, why):
    done = put(*words)
    assert done.code == 64 and why in done.err, done.err
    assert done.err.count("\n") == 1 and done.out == b""


def test_what_came_while_it_stood_still_is_read_before_it_gives_up(put, kedge):
    write(put, "f", bytes(512) + b"end")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)
        process = start(kedge, "put", "f", "tftp://127.0.0.1:%d/" % server.getsockname()[1],
                        "--retry-for=1", "--no-options", cwd=put.here)
        _, client = server.recvfrom(100)
        server.sendto(b"\0\4\0\0", client)
        assert server.recvfrom(600)[0] == b"\0\3\0\1" + bytes(512)
        with frozen(process):
            server.sendto(b"\0\4\0\1", client)
            time.sleep(1.2)
        assert server.recvfrom(600)[0] == b"\0\3\0\2end"
        server.sendto(b"\0\4\0\2", client)
        assert finish(process).code == 0


def test_another_port_of_the_server_hears_that_it_is_not_the_peer(put, kedge):
    """RFC 1350, 4: it is told by ERROR 5, at most eight times, and the transfer goes on. An
    ERROR and another host get no answer."""
    write(put, "f", b"a" * 512 + b"end")
    with Ports() as (request, first, second, host):
        url = f"tftp://127.0.0.1:{request.getsockname()[1]}/f"
        process = start(kedge, "put", "f", url, cwd=put.here)
        _, client = request.recvfrom(2000)
        first.sendto(ack(0), client)
        assert first.recv(2000) == data(1, b"a" * 512)
        second.sendto(error(0, "not yours"), client)
        for _ in range(20):
            second.sendto(ack(1), client)
            host.sendto(ack(1), client)
        first.sendto(ack(1), client)
        assert first.recv(2000) == data(2, b"end")
        first.sendto(ack(2), client)
        assert finish(process).code == 0
        assert waiting(second) == [error(5, "")] * 8
        assert waiting(host) == []
