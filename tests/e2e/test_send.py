# SPDX-License-Identifier: MIT
"""`kedge send` against servers that share no code with it."""
import json
import re
import signal
import socket
import subprocess
import time

import pytest

from e2e.peers.echo import Connections, Datagrams, closed_port, every_kind, wait_for

LOOP = ("127.0.0.1", 0)


@pytest.fixture
def send(kedge):
    """send(*words, stdin=b""): its exit status, standard output and standard error."""
    def run(*words, stdin=b""):
        done = subprocess.run([kedge, "send", *words], input=stdin, timeout=30,
                              capture_output=True)
        return done.returncode, done.stdout.decode(), done.stderr.decode()
    return run


@pytest.mark.parametrize("kind", ["udp4", "udp6", "tcp4", "tcp6", "unix", "seqpacket",
                                  "dgram"])
def test_each_reply_with_its_round_trip(send, tmp_path, kind):
    peer = every_kind(str(tmp_path))[kind]
    code, out, err = send(peer.url, "one", "two and three")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert re.fullmatch(r"reply 1: 3 bytes in \d+\.\d{3} ms: one", lines[0])
    assert re.fullmatch(r"reply 2: 13 bytes in \d+\.\d{3} ms: two and three", lines[1])
    assert re.fullmatch(r"2 sent, 2 answered; round trip min \d+\.\d{3}, "
                        r"max \d+\.\d{3} ms", lines[2])


def test_count_repeats_each_message(send):
    peer = Datagrams(LOOP)
    code, out, _ = send(peer.url, "-c", "3", "-q", "a", "b")
    assert (code, out) == (0, "a\na\na\nb\nb\nb\n")
    assert peer.seen == [b"a"] * 3 + [b"b"] * 3


def test_without_a_message_it_greets(send):
    peer = Connections(LOOP)
    assert send(peer.url, "-q") == (0, "Hello, world\n", "")


def test_lines_of_standard_input(send):
    peer = Datagrams(LOOP)
    code, out, _ = send(peer.url, "-q", "first", "-", stdin=b"one\n\nlast without end")
    assert (code, out) == (0, "first\none\n\nlast without end\n")
    assert peer.seen == [b"first", b"one", b"", b"last without end"]


def test_a_reply_is_seen_before_the_next_line_is_typed(kedge):
    """Standard output leaves line by line, into a pipe too."""
    peer = Connections(LOOP)
    process = subprocess.Popen([kedge, "send", "-q", peer.url, "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for word in (b"one\n", b"two\n"):
        process.stdin.write(word)
        process.stdin.flush()
        assert process.stdout.readline() == word
    process.stdin.close()
    assert process.wait(10) == 0


def test_what_would_move_the_cursor_is_escaped(send):
    peer = Datagrams(LOOP, lambda data, _: [b"\x1b[2J\xff\r\n" + "gr\u00fcn\u202e".encode()])
    _, out, _ = send("-q", peer.url)
    assert out == "\\x1b[2J\\xff\\x0d\\x0agr\u00fcn\\xe2\\x80\\xae\n"


def test_json_a_line_a_message(send):
    peer = Datagrams(LOOP, lambda data, n: [data + b"\x00\xff"] if n == 0 else [])
    code, out, err = send("--json", "--timeout", "100ms", peer.url, "a", "b")
    first, second = map(json.loads, out.splitlines())
    rtt = first.pop("rtt_ns")
    assert isinstance(rtt, int) and 0 < rtt < 100_000_000
    assert first == {"v": 1, "message": 1, "outcome": "reply", "error": None, "bytes": 3,
                     "reply": "a\0\\xff"}
    assert second == {"v": 1, "message": 2, "outcome": "timeout", "error": None,
                      "rtt_ns": None, "bytes": None, "reply": None}
    assert code == 1 and "message 2: no reply in time" in err


def test_a_long_reply_is_whole(send):
    peer = Datagrams(LOOP, lambda data, n: [b"y" * 20000])
    assert send("-q", peer.url)[1] == "y" * 20000 + "\n"
    assert " bytes in " in send(peer.url)[1] and "y" * 20000 + "\n" in send(peer.url)[1]
    line = json.loads(send("--json", peer.url)[1])
    assert line["bytes"] == len(line["reply"]) == 20000


def smtp(connection):
    connection.sendall(b"220 mail.example ESMTP ready\r\n")
    while line := connection.recv(100):
        connection.sendall(b"250 " + line)


def test_a_server_that_speaks_first_is_heard(send):
    """Its greeting is no reply, and is not thrown away."""
    peer = Connections(LOOP, smtp)
    code, out, err = send(peer.url, "NOOP", "QUIT")
    greeting, first, second, end = out.splitlines()
    assert (code, err) == (0, "") and end.startswith("2 sent, 2 answered")
    assert greeting == "greeting: 30 bytes: 220 mail.example ESMTP ready\\x0d\\x0a"
    assert first.endswith(": 250 NOOP") and second.endswith(": 250 QUIT")
    assert send("-q", peer.url, "NOOP")[1] == "250 NOOP\n"
    said, reply = map(json.loads, send("--json", peer.url, "NOOP")[1].splitlines())
    assert (said["message"], said["outcome"], said["rtt_ns"]) == (0, "greeting", None)
    assert said["reply"].startswith("220 ") and said["bytes"] == 30
    assert (reply["message"], reply["outcome"], reply["reply"]) == (1, "reply", "250 NOOP")


def test_one_that_greets_and_leaves(send):
    peer = Connections(LOOP, lambda connection: connection.sendall(b"too many users"))
    code, out, err = send(peer.url, "x")
    assert (code, out) == (2, "greeting: 14 bytes: too many users\n1 sent, 0 answered\n")
    assert "message 1: " in err
    assert send("-q", peer.url, "x")[:2] == (2, "")


def test_a_silent_peer_is_a_timeout(send):
    peer = Datagrams(LOOP, lambda data, n: [])
    start = time.monotonic()
    code, out, err = send("--timeout", "200ms", peer.url, "x", "y")
    assert code == 2 and 0.4 <= time.monotonic() - start < 5
    assert out == "2 sent, 0 answered\n"
    assert err == "".join(f"kedge send: message {n}: no reply in time\n" for n in (1, 2))


def test_a_late_reply_is_not_the_next_ones(send):
    peer = Datagrams(LOOP, lambda data, n: [(0.25, b"late")] if n == 0 else [data])
    code, out, _ = send("-q", "--timeout", "100ms", "-i", "500ms", peer.url, "x", "y")
    assert (code, out) == (1, "y\n")


def test_a_closed_udp_port_is_refused(send):
    port, held = closed_port()
    held.close()
    code, out, err = send(f"udp://127.0.0.1:{port}", "x")
    assert code == 7 and out == "1 sent, 0 answered\n"
    assert err == "kedge send: message 1: Connection refused\n"


@pytest.mark.parametrize("words,code,why", [
    (["tcp://127.0.0.1:{port}"], 7, "Connection refused"),
    (["unix:///no/such/socket"], 7, "No such file or directory"),
    (["udp://no-such-host.invalid:7"], 8, "no-such-host.invalid"),
    (["udp://127.0.0.1:7", "-6"], 8, "no IPv6 address"),
    (["tftp://127.0.0.1/file"], 64, "tftp:// names a file"),
    (["icmp://127.0.0.1"], 64, "ICMP carries no messages"),
    (["echo://127.0.0.1"], 64, "echo+tcp:// or echo+udp://"),
    (["no endpoint"], 64, "an endpoint begins with a scheme"),
    (["tcp://127.0.0.1"], 64, "the port is missing"),
])
def test_what_cannot_be_dialled_says_why(send, words, code, why):
    port, held = closed_port(socket.SOCK_STREAM)
    with held:
        got, out, err = send(*[w.format(port=port) for w in words])
    assert (got, out) == (code, "") and why in err
    assert err.startswith("kedge send: ") and err.count("\n") == 1


def test_tipc_is_answered_or_named(send):
    code, out, err = send("tipc://4242:1", "--timeout", "100ms")
    assert out == "" or "0 answered" in out
    assert code != 0 and err.count("\n") == 1 and err.startswith("kedge send: ")


def test_a_stream_reply_in_pieces_is_one(send):
    def pieces(connection):
        for byte in connection.recv(100):
            connection.sendall(bytes([byte]))
            time.sleep(0.01)
        connection.recv(1)
    assert send("-q", Connections(LOOP, pieces).url, "piecemeal") == (0, "piecemeal\n", "")


def test_a_shorter_stream_reply_ends_by_silence(send):
    def short(connection):
        connection.recv(100)
        connection.sendall(b"ok")
        connection.recv(1)
    start = time.monotonic()
    code, out, _ = send(Connections(LOOP, short).url, "a long question", "--timeout", "9s")
    assert code == 0 and ": ok\n" in out and time.monotonic() - start < 5


def test_a_stream_may_end_with_or_without_a_reply(send):
    def once(connection):
        connection.sendall(b"bye" if connection.recv(100) == b"x" else b"")
    peer = Connections(LOOP, once)
    assert send("-q", peer.url, "x") == (0, "bye\n", "")
    code, _, err = send("-q", peer.url, "y")
    assert code == 2 and "the peer closed the connection" in err


def test_a_large_message_both_ways(send):
    """More than a socket's buffers hold, echoed by one who reads while it writes."""
    text = "0123456789abcdef" * 8000
    code, out, err = send(Connections(LOOP).url, "-", "--timeout", "20s", stdin=text.encode())
    assert (code, err) == (0, "") and f"{len(text)} bytes in" in out


def test_what_is_too_long_says_so(send):
    code, _, err = send(Datagrams(LOOP).url, "-", stdin=b"x" * 70000)
    assert code == 2 and "Message too long" in err
    code, _, err = send(Connections(LOOP).url, "-", stdin=b"x" * 200000)
    assert code == 2 and "a line is too long" in err


def test_newline_ends_each_message(send):
    peer = Datagrams(LOOP)
    send("-q", "--newline", peer.url, "x")
    assert peer.seen == [b"x\n"]


def test_interval_spaces_the_sends(send):
    start = time.monotonic()
    assert send("-c", "3", "-i", "150ms", Datagrams(LOOP).url, "x")[0] == 0
    assert time.monotonic() - start >= 0.3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_prints_the_summary(kedge, number):
    peer = Datagrams(LOOP, lambda data, n: [data] if n == 0 else [])
    process = subprocess.Popen([kedge, "send", peer.url, "a", "b", "--timeout", "60s"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(peer.seen) == 2)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0 and err == ""
    assert out.splitlines()[-1].startswith("1 sent, 1 answered")


def test_ctrl_c_while_waiting_for_a_line(kedge):
    peer = Datagrams(LOOP)
    process = subprocess.Popen([kedge, "send", peer.url, "a", "-"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("reply 1:")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.stdout.read().startswith("1 sent, 1 answered")
    assert process.wait(10) == 0
