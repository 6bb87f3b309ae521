# SPDX-License-Identifier: MIT
"""`kedge check` of what is no server or no client: bounded in time and packets, and it says so."""
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

from check.conftest import CRASHES, Result

DATA = struct.pack("!HH", 3, 1) + b"x" * 512


class Bad:
    """A server at a port of 127.0.0.1: answer(BAD, PACKET, PEER) in a thread, for each request
    that comes within `lives`."""
    def __init__(self, answer, lives=10**6):
        self.answer, self.lives, self.ends = answer, lives, threading.Event()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.url = f"tftp://127.0.0.1:{self.sock.getsockname()[1]}/"
        self.threads = [threading.Thread(target=self.run)]

    def __enter__(self):
        self.threads[0].start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        for thread in self.threads:
            thread.join()
        self.sock.close()

    def run(self):
        self.sock.settimeout(.1)
        while not self.ends.is_set():
            try:
                packet, peer = self.sock.recvfrom(2000)
            except TimeoutError:
                continue
            self.lives -= 1
            if self.lives < 0:
                self.sock.close()
                return
            thread = threading.Thread(target=self.answer, args=(self, packet, peer))
            self.threads.append(thread)
            thread.start()


def from_many_ports(_, packet, peer):
    for _ in range(40):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(DATA, peer)


def flood(_, packet, peer):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(20000):
            sock.sendto(DATA, peer)


def garbage(_, packet, peer):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for i in range(50):
            sock.sendto(bytes([0, i % 8]) + bytes(range(256)) * 255, peer)


def never_stops(bad, packet, peer):
    """Blocks on and on, whatever is said."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        block = 0
        while not bad.ends.is_set():
            block += 1
            sock.sendto(struct.pack("!HH", 3, block & 0xffff) + b"x" * 512, peer)
            bad.ends.wait(.001)


@pytest.mark.parametrize("answer", [from_many_ports, flood, garbage, never_stops])
def test_a_bad_server_is_left_in_the_end(check, answer):
    """It takes 5 s here; the wide bound is for a busy machine."""
    rows = "request-size-512,request-missing,lockstep-waits,lockstep-lost-ack,options-tsize"
    with Bad(answer) as bad:
        began = time.monotonic()
        result = check("--only", rows, bad.url)
        assert time.monotonic() - began < 120
    assert result.code == 1 and len(result.rows) == 5
    assert "request-missing" in result.of("FAILS")
    assert result.end["packets"] < 1_600_000    # 300,000 a check


def test_no_server(check):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    result = check(f"tftp://127.0.0.1:{port}/")
    assert result.code == 2 and not result.rows
    assert "no TFTP server answers there" in result.err


def test_a_server_that_dies(check, faulty, made):
    """The check is named at which it did, and the rest is not tried."""
    result = check("--only", "request-cut,request-no-nul,request-no-name,request-long-name",
                   faulty(made, "dies-of-short-packets"))
    assert result.end["died_at"] == "request-cut"
    assert result.of("not tried") == {"request-no-nul", "request-no-name", "request-long-name"}
    assert result.code == 1


def client(kedge, only, *command, timeout=120):
    done = subprocess.run([kedge, "check", "--json", "--client", "--only", only, "--",
                           *map(str, command)], capture_output=True, text=True, timeout=timeout)
    assert not any(c in done.stderr for c in CRASHES), done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def test_a_command_that_is_missing(kedge):
    result = client(kedge, "client-reads,client-reads-empty", "/nowhere/tftp", "{url}")
    assert not result.rows and result.code == 2
    assert "/nowhere/tftp: No such file or directory" in result.err


def test_a_command_that_hangs_is_ended(kedge, tmp_path):
    mark = tmp_path / "alive"
    program = f"import time; time.sleep(600); open({str(mark)!r}, 'w')"
    result = client(kedge, "client-reads", sys.executable, "-c", program, "{url}")
    assert not result.rows and result.code == 2
    assert "the client asked for nothing" in result.err
    assert not mark.exists()


def test_a_command_that_asks_and_hangs_is_ended(kedge):
    """The check fails that waits for its end."""
    program = ("import socket, sys, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
               "s.sendto(b'\\0\\1f\\0octet\\0', ('127.0.0.1', int(sys.argv[1]))); "
               "time.sleep(600)")
    result = client(kedge, "client-error-first", sys.executable, "-c", program, "{port}")
    assert result.of("FAILS") == {"client-error-first"} and result.code == 1
    assert "it still runs" in result.rows["client-error-first"]["expected"]


def test_a_command_that_prints_megabytes(kedge):
    """What it prints is read and dropped: it neither blocks nor is kept."""
    program = "import os; [os.write(1, b'x' * 65536) for _ in range(320)]"
    result = client(kedge, "client-reads", sys.executable, "-c", program + "; print('{url}')")
    assert not result.rows and result.code == 2
    assert "the client asked for nothing" in result.err


def test_ctrl_c_prints_what_was_found(kedge, faulty, made):
    process = subprocess.Popen([kedge, "check", "--only", "request-size-1,lockstep-gives-up",
                                faulty(made)], stdout=subprocess.PIPE, text=True)
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert first.startswith("request-size-1 ") and "pass" in first
    assert "lockstep-gives-up" in rest and "interrupted" in rest and "1 pass" in rest
    assert process.returncode != 0
