# SPDX-License-Identifier: MIT
"""A reader of --metrics, byte by byte, and what its two formats say."""
import contextlib
import json
import re
import socket
import time

from e2e.lib import exposition
from e2e.peers import tftp

PATIENCE = 20
TEXT = "text/plain; version=0.0.4"
STALE = 0.3  # longer than a document of /status is given again


def where(server, word="metrics"):
    """The address, or the path, that the server's table says."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for line in server.lines:
            if found := re.fullmatch(rf"{word}: (?:tcp://(?:\[(.+)\]|(.+)):(\d+)|unix://(/.+))", line):
                six, four, port, path = found.groups()
                return path or (six or four, int(port))
        time.sleep(0.01)
    raise AssertionError(f"no line of {word}: {server.lines}")


def dial(at):
    peer = socket.socket(socket.AF_UNIX) if isinstance(at, str) else \
        socket.socket(socket.AF_INET6 if ":" in at[0] else socket.AF_INET)
    peer.settimeout(PATIENCE)
    peer.connect(at)
    return peer


def rest(peer):
    """All that comes until the end, which may be a reset."""
    got = b""
    try:
        while piece := peer.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return got


def say(at, request):
    """What comes back of these bytes: status, headers, body. Status 0: nothing did."""
    with dial(at) as peer:
        try:
            peer.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        got = rest(peer)
    if not got:
        return 0, {}, b""
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, body


def ask(at, path, *headers, method="GET", host="127.0.0.1"):
    lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host else []), *headers]
    return say(at, "\r\n".join(lines).encode() + b"\r\n\r\n")


def status(at):
    """A new document of /status."""
    time.sleep(STALE)
    code, headers, body = ask(at, "/status")
    assert (code, headers["content-type"]) == (200, "application/json"), body
    document = json.loads(body)
    assert document["v"] == 1
    return document


def metrics(at):
    """The families of the old format, as a strict reader takes them."""
    code, headers, body = ask(at, "/metrics", f"Accept: {TEXT}")
    assert (code, headers["content-type"]) == (200, f"{TEXT}; charset=utf-8")
    return exposition.parse(body.decode())


def of(families, name, **labels):
    return int(families[name].one(**labels))


@contextlib.contextmanager
def half_done(server, name):
    """A transfer of 5,000 bytes that is open: its peer has acknowledged two blocks of 1,000."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(20)
        peer.sendto(tftp.request(tftp.RRQ, name, blksize=1000), server.at)
        for block in range(3):
            _, transfer = peer.recvfrom(2000)
            peer.sendto(tftp.ack(block), transfer)
        peer.recvfrom(2000)
        yield peer
