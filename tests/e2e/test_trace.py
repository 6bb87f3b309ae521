# SPDX-License-Identifier: MIT
"""kedge trace of kedge's own verbs and of the lab programs: the TCP states that are seen are
those that the kernel went through, for each way that a connection can end; and the drawing is
one."""
import re
import signal
import socket
import struct
import subprocess
import threading
import time
import xml.dom.minidom

import pytest

from e2e.lib.trace import calls, names, path
from e2e.peers.echo import Connections, Datagrams, closed_port

LOOP = ("127.0.0.1", 0)


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def send(kedge):
    """send(*words): kedge send."""
    return lambda *words: run(kedge, "send", *words)


@pytest.fixture
def traced(kedge):
    """traced(*words): kedge send, by kedge trace."""
    return lambda *words: run(kedge, "trace", kedge, "send", *words)


class Once:
    """A server of one connection; `then` does with it what it likes."""

    def __init__(self, then):
        self.listener = socket.create_server(LOOP)
        self.url = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, args=[then], daemon=True)
        self.thread.start()

    def serve(self, then):
        with self.listener, self.listener.accept()[0] as connection:
            then(connection)


OPENED = ["CLOSED", "SYN-SENT", "ESTABLISHED"]


def test_active_close(traced):
    code, out, err = traced(Connections(LOOP).url, "hi")
    found = calls(err)
    assert code == 0 and out.startswith("reply 1: 2 bytes")
    assert path(found) == [*OPENED, "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
    assert names(found)[:3] == ["socket", "TCP_NODELAY 1", "connect"]
    assert found[2].result == "EINPROGRESS"
    sent = next(c for c in found if c.name == "send")
    assert (sent.result, sent.states) == ("2", "ESTABLISHED")
    assert float(sent.rtt) < 1000 and int(sent.rto) >= 200 and int(sent.cwnd) > 0
    assert sent.resent is None
    assert [c.result for c in found if c.name == "recv"] == ["EAGAIN", "2"]
    assert any(c.peer and c.peer.startswith("127.0.0.1:") for c in found)


def test_passive_close(traced):
    """The peer finishes first, and we when we have seen it."""
    def finish(connection):
        connection.recv(10)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(10) == b""
    code, _, err = traced(Once(finish).url, "hi")
    found = calls(err)
    assert code == 2 and "the peer closed the connection" in err
    assert path(found) == [*OPENED, "CLOSE-WAIT", "LAST-ACK", "CLOSED"]
    assert next(c for c in found if c.result == "0" and c.name == "recv").states.endswith(
        "CLOSE-WAIT")


def test_half_close(traced):
    """What the peer sends after our FIN is still read."""
    def late(connection):
        data = connection.recv(10)
        connection.sendall(data)
        assert connection.recv(10) == b""
        connection.sendall(b"more")
    code, _, err = traced("--end=half", Once(late).url, "hi")
    found = calls(err)
    finish = names(found).index("shutdown SHUT_WR")
    assert code == 0
    assert [c.result for c in found[finish + 1:] if c.name == "recv"] == ["4", "0"]
    assert names(found)[-1] == "close"
    assert found[finish + 1].rtt is None or found[finish + 1].states.endswith("FIN-WAIT-2")
    assert path(found) == [*OPENED, "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]


def test_we_reset(traced):
    seen = []

    def look(connection):
        connection.sendall(connection.recv(10))
        with pytest.raises(ConnectionResetError):
            connection.recv(10)
        seen.append("RST")
    peer = Once(look)
    code, _, err = traced("--end=reset", peer.url, "hi")
    peer.thread.join(10)
    assert code == 0 and seen == ["RST"]
    assert path(calls(err)) == [*OPENED, "RST", "CLOSED"]
    assert "RST in ESTABLISHED" in err and "[TIME-WAIT]" not in err


def test_the_peer_resets(traced):
    """SO_LINGER 0: close() is a RST."""
    def reset(connection):
        connection.recv(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    code, _, err = traced(Once(reset).url, "hi")
    found = calls(err)
    assert code == 2 and path(found) == [*OPENED, "RST", "CLOSED"]
    assert "ECONNRESET" in [c.result for c in found if c.name == "recv"]


def test_refused(traced):
    port, held = closed_port(socket.SOCK_STREAM)
    with held:
        code, _, err = traced(f"tcp://127.0.0.1:{port}")
    found = calls(err)
    assert code == 7 and path(found) == ["CLOSED", "SYN-SENT", "RST", "CLOSED"]
    assert "ECONNREFUSED" in [c.result for c in found] and "RST in SYN-SENT" in err


def test_datagrams_have_no_states(traced):
    code, out, err = traced(Datagrams(LOOP).url, "hi")
    found = calls(err)
    assert code == 0 and names(found) == ["socket", "connect", "recv", "send", "recv", "close"]
    assert {c.rest.split(",")[0] for c in found} == {"UDP"} and "ESTABLISHED" not in err


def test_without_it_nothing_is_said(send):
    assert send("-q", Connections(LOOP).url, "hi") == (0, "hi\n", "")


@pytest.fixture
def server(kedge):
    """server(*flags of trace): a traced echo's URL, and a function that ends it: its trace."""
    started = []

    def start(*flags):
        process = subprocess.Popen([kedge, "trace", *flags, kedge, "serve", "--sandbox=off",
                                    "echo+tcp://127.0.0.1:0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        process.stdout.readline()
        url = "tcp://" + process.stdout.readline().split()[0].partition("://")[2]

        def end():
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
            assert process.returncode == 0, err
            return err
        return url, end

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_server_sees_the_other_side(send, server):
    url, end = server()
    for how in "close", "half", "reset":
        assert send(url, "--end", how, "hi")[0] == 0
    found = calls(end())
    assert path(found) == ["CLOSED", "LISTEN", "CLOSED"]
    passive = ["LISTEN", "SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"]
    assert path(found, "2") == path(found, "3") == passive
    assert path(found, "4") == ["LISTEN", "SYN-RECEIVED", "ESTABLISHED", "RST", "CLOSED"]


def test_probe_of_a_connection(kedge):
    url = Connections(LOOP).url
    done = subprocess.run([kedge, "trace", kedge, "probe", "-c", "3", "-i", "1ms", "--json",
                           "--timeout", "30s",
                           url], capture_output=True, text=True, timeout=30)
    found = calls(done.stderr)
    assert done.returncode == 0 and done.stdout.startswith("{")
    mine = next(c.socket for c in found if c.name == "connect" and url.endswith(c.peer))
    assert names([c for c in found if c.socket == mine]).count("send") == 3
    assert path(found, mine)[:4] == [*OPENED, "FIN-WAIT-1"]


BOX = re.compile(r'<g class="(\w+)"><rect[^>]*/><text[^>]*>([A-Z0-9-]+)</text>')


def test_a_drawing(kedge, server, tmp_path):
    """Well-formed, self-contained, and it marks the states that were seen."""
    url, end = server("--svg", tmp_path / "server.svg")
    code, _, err = run(kedge, "trace", f"--svg={tmp_path}/client.svg", kedge, "send", url, "hi")
    assert (code, err) == (0, "") and end() == ""
    for name, seen, passed, other in (
            ("client", {"CLOSED", "ESTABLISHED", "TIME-WAIT"}, {"SYN-SENT"},
             {"LISTEN", "CLOSE-WAIT"}),
            ("server", {"LISTEN", "ESTABLISHED", "CLOSE-WAIT"}, {"SYN-RECEIVED"},
             {"FIN-WAIT-1", "TIME-WAIT"})):
        text = (tmp_path / f"{name}.svg").read_text()
        document = xml.dom.minidom.parseString(text)
        assert document.documentElement.tagName == "svg"
        boxes = {(state, look) for look, state in BOX.findall(text)}
        assert {(s, "seen") for s in seen} | {(s, "passed") for s in passed} | \
            {(s, "other") for s in other} <= boxes
        assert text.count('class="taken"') >= 4
        assert set(re.findall(r"https?://[^\"']*", text)) == {"http://www.w3.org/2000/svg"}
        assert not re.search(r"<script|<image|href|@import|url\((?!#)", text)
        assert "prefers-color-scheme:dark" in text


@pytest.mark.parametrize("how", ["", "=svg:x", "=png:x"])
@pytest.mark.parametrize("verb", ["send", "probe", "serve"])
def test_the_option_that_was_before(kedge, verb, how, tmp_path):
    words = [] if verb == "serve" else ["tcp://127.0.0.1:1"]
    done = subprocess.run([kedge, verb, f"--trace{how}", *words], capture_output=True,
                          text=True, timeout=20, cwd=tmp_path)
    assert done.returncode == 64 and done.stdout == "" and not list(tmp_path.iterdir())
    assert f"use: kedge trace kedge {verb} ..." in done.stderr
    assert "trace" not in run(kedge, "help", verb)[1]


@pytest.mark.parametrize("asked", [True, False])
def test_the_lab_programs(kedge, build, asked):
    """Server and client of examples/: what they print without it is not touched by it."""
    port, held = closed_port(socket.SOCK_STREAM)
    held.close()
    under = [kedge, "trace"] if asked else []
    url = f"tcp://127.0.0.1:{port}"
    server = subprocess.Popen([*under, build / "examples/echo_server", url],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(200):
            client = subprocess.run([*under, build / "examples/echo_client", url],
                                    capture_output=True, text=True, timeout=20)
            if client.returncode == 0:
                break
            time.sleep(.05)
        assert server.stdout.readline().startswith("Connected by ('127.0.0.1', ")
    finally:
        server.terminate()
        trace = server.communicate()[1]
    assert client.stdout == "Received b'Hello, world'\n"
    if not asked:
        assert client.stderr == trace == ""
        return
    assert path(calls(client.stderr)) == [*OPENED, "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
    assert [c.result for c in calls(client.stderr) if c.name == "send"] == ["12"]
    assert path(calls(trace))[:2] == ["CLOSED", "LISTEN"]
