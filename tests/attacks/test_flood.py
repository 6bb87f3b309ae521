# SPDX-License-Identifier: MIT
"""Hundreds of thousands of bad packets while an honest transfer runs: it completes, and the
server is no larger afterwards."""
import itertools
import multiprocessing
import os
import random
import socket
import time

import pytest

from attacks.lib.network import SERVERS, VICTIMS, silent_hosts
from attacks.lib.wire import Forger
from e2e.lib.serve import Server
from e2e.peers.tftp import RRQ, WRQ, Get, Peer, Silence, ack, data, error, get, request

PACKETS = 300_000
MOST_S = 20
GROWTH_KIB = 3 << 10    # ten bytes a packet would be as much
MOST_KIB = 64 << 10
CONTENT = 8 << 20
HERE = f"{SERVERS}.1"


def bad_packets():
    """What somebody may send: nonsense, packets of no transfer, requests cut or wrong."""
    dice = random.Random(1)
    yield from ([b"", b"\0", b"\0\1", ack(1), data(1, bytes(512)), error(0), b"\0\6x\0" b"1\0",
                 request(RRQ, "nothing"), request(RRQ, ""), request(WRQ, "up"),
                 request(RRQ, "file")[:-1], request(RRQ, "file", "mail"),
                 request(RRQ, "../" * 40), request(RRQ, "x" * 400, **{"o" * 300: "v" * 300})])
    for size in (3, 50, 516, 1400):
        yield dice.randbytes(size)


def flood(ports, count):
    """From one socket, to the request port and the data ports by turns."""
    packets = list(bad_packets())
    end = time.monotonic() + MOST_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number, packet in enumerate(itertools.islice(itertools.cycle(packets), count)):
            sock.sendto(packet, ports[number % len(ports)])
            if number % 1000 == 0 and time.monotonic() > end:
                break


def forge_requests(target, count):
    """Good requests in the name of silent hosts, each from another host or port."""
    end = time.monotonic() + MOST_S
    with Forger() as forger:
        for number in range(count):
            host = f"{VICTIMS[number % 2]}.{number // 2 % 250 + 1}"
            forger.send((host, 1024 + number // 500), target,
                        request(RRQ, "file", blksize=512))
            if number % 1000 == 0 and time.monotonic() > end:
                break


def test_a_flood_that_has_taken_all_places(network, released, tmp_path, srv):
    """Two networks hold all of them; one of a third is served nevertheless, and at once."""
    silent_hosts()
    (srv / "file").write_bytes(os.urandom(20000))
    (srv / "file").chmod(0o644)
    server = Server([released, "serve", f"tftp://{HERE}:0", "--root", srv,
                     "--max-transfers", "2000"], tmp_path / "log")
    try:
        forge_requests(server.at, 6000)     # its socket's queue holds them
        start = time.monotonic()
        for _ in range(20):
            assert get(server.at, "file", blksize=1000).size == 20000
        assert time.monotonic() - start < 5
    finally:
        assert server.stop(twice=True) in (0, -9)
    outcomes = [r["outcome"] for r in server.records()]
    assert outcomes.count("ok") == 20 and outcomes.count("timeout") >= 1


PLACES = 2000


def take_places(target, network, count):
    """In the name of one silent host, from a port each: a request, and then ACKs of the OACK
    and of the first block, as from a client that has proved its address. One port serves all:
    none is secret."""
    with Forger() as forger:
        for first in range(0, count, 50):
            for packet in request(RRQ, "file", blksize=512), ack(0), ack(1):
                for number in range(first, first + 50):
                    forger.send((f"{network}.1", 1024 + number), target, packet)
                time.sleep(0.01)    # or its socket's queue drops them


def served_at_once(server):
    """Twenty files, each by its first request. A place of the flood ends after 30 s."""
    start = time.monotonic()
    for _ in range(20):
        assert get(server.at, "file", blksize=1000).size == 20000
    assert time.monotonic() - start < 5


def test_an_address_that_takes_all_places(network, released, tmp_path, srv):
    """It gets half of them. Another gets the rest, and gives way to a client that asks."""
    silent_hosts()
    (srv / "file").write_bytes(os.urandom(20000))
    (srv / "file").chmod(0o644)
    server = Server([released, "serve", f"tftp://{HERE}:0", "--root", srv, "--single-port",
                     "--max-transfers", PLACES], tmp_path / "log")
    try:
        take_places(server.at, VICTIMS[0], PLACES + 200)
        served_at_once(server)
        take_places(server.at, VICTIMS[1], PLACES + 200)
        served_at_once(server)
    finally:
        assert server.stop(twice=True) in (0, -9)
    assert [r["outcome"] for r in server.records()].count("ok") == 40
    assert int(server.summary.partition("over budget, ")[2].split()[0]) >= PLACES


@pytest.fixture
def server(network, released, tmp_path, srv):
    silent_hosts()
    (srv / "file").write_bytes(os.urandom(CONTENT))
    (srv / "file").chmod(0o644)
    server = Server([released, "serve", f"tftp://{HERE}:0", f"echo+udp://{HERE}:0",
                     "--root", srv, "--uploads", "create"], tmp_path / "log")
    yield server
    assert server.stop(twice=True) in (0, -9)


def resident(server):
    return server.status("VmRSS")


def honest(server, attackers):
    """A transfer from before the attack, and others until it ends: what was got."""
    transfer = Get("file", blksize=1428, windowsize=8)
    with Peer(server.at) as peer:
        peer.raw(transfer.request)
        peer.say(transfer.read(peer.hear()))
        attack = [multiprocessing.get_context("fork").Process(target=run, args=args)
                  for run, *args in attackers(peer.tid)]
        for process in attack:
            process.start()
        while not transfer.done:
            try:
                reply = transfer.read(peer.hear(1))
            except Silence:     # the flood may take the place of any packet
                reply = transfer.again()
            if reply:
                peer.say(reply)
    contents = [transfer.content]
    while any(process.is_alive() for process in attack):
        contents.append(get(server.at, "file", blksize=1428, windowsize=8).content)
    for process in attack:
        process.join()
        assert process.exitcode == 0
    return contents


def test_bad_packets_while_a_transfer_runs(server, srv):
    def attackers(packets):
        def of(data_port):
            ports = [server.at, server.address("echo+udp"), data_port]
            return [(flood, ports, packets // 2), (flood, [server.at], packets // 2)]
        return of

    honest(server, attackers(PACKETS // 5))
    for last in False, False, True:     # what leaks grows each time, a buffer is touched once
        before = resident(server)
        contents = honest(server, attackers(PACKETS))
        assert set(contents) == {(srv / "file").read_bytes()}
        grown = resident(server) - before
        if grown <= GROWTH_KIB:
            break
        assert not last, f"{grown} KiB more"
    assert resident(server) <= MOST_KIB


def test_forged_requests_while_a_transfer_runs(server, srv):
    """100,000 good requests of two networks hold 2,048 places; others are served."""
    honest(server, lambda _: [(forge_requests, server.at, 30_000)])
    before = resident(server)
    contents = honest(server, lambda _: [(forge_requests, server.at, 100_000)])

    assert set(contents) == {(srv / "file").read_bytes()}
    assert resident(server) - before <= GROWTH_KIB
    server.stop(twice=True)
    assert int(server.summary.partition("(")[2].split()[0]) > 50_000    # over budget
