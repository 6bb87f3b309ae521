# SPDX-License-Identifier: MIT
"""One forged packet must not set two servers talking for ever (CVE-2024-2169,
CVE-1999-0103). All that passes is counted, in a network of the test's own."""
import itertools
import struct

import pytest

from attacks.forged import bound_ports
from attacks.lib import naive
from e2e.peers.tftp import RRQ, WRQ, ack, data, error, request

PORTS = {"tftp": 6969, "echo+udp": 7007, "reply+udp": 20001}
STRANGER = ("127.0.0.3", 40000)  # where something answers that nobody knows of

# What is no request: nothing of it is ever answered.
NOTHING = [error(0, "no"), error(4), error(5), ack(0), ack(1), data(1, b"x"), data(1),
           b"\0\6blksize\x00512\0", b"", b"\0", b"\0\1", b"Hello UDP Client", b"x" * 600]
# What earns an ERROR, and no more.
REFUSED = [request(RRQ, "nothing"), request(RRQ, "nothing", tsize=0), request(WRQ, "up"),
           request(RRQ, "file", "mail"), request(RRQ, ""), b"\0\1file", b"\0\2" + b"x" * 99]
# What begins a transfer, which is a reply, and one more by the timer: after a second for
# DATA, after five for an OACK.
GRANTED = {request(RRQ, "file"): 1, request(RRQ, "file", blksize=1024, tsize=0): 0}

NAIVE = {"echo": naive.echo, "errors": naive.errors, "acks": naive.acks,
         "data": naive.blocks, "replies": naive.replies}


def at(host):
    name = f"[{host}]" if ":" in host else host
    return [f"{service}://{name}:{port}" for service, port in PORTS.items()]


@pytest.fixture
def two(network, serve, make):
    """Two hosts with kedge on each, on the same ports."""
    make("file", 5000)
    return [serve(at=at(host)) for host in ("127.0.0.1", "127.0.0.2")]


def said(seen, host):
    return [s for s in seen if s.source[0] == host]


def must_end(seen, answers, seconds=1.0):
    """So many answers at most, in so much time."""
    assert len(seen) <= answers, f"{len(seen)} answers, where {answers} are the most"
    assert not seen or seen[-1].at - seen[0].at <= seconds


def rally(wire, forge, source, target, payloads, quiet=0.15, most=2.0, least=0):
    """All that comes of forged packets, at least so many where that is known. Each has one
    place in what was seen: the first that looks like it, which is itself or its twin."""
    wire.take()
    wire.seen.clear()
    for payload in payloads:
        forge(source, target, payload)
    seen = list(wire.until_quiet(quiet, most, len(payloads) + least))
    for payload in payloads:
        itself = next((s for s in seen if (s.source, s.target, s.payload) ==
                       (source, target, payload)), None)
        assert itself, "a forged packet was not seen"
        seen.remove(itself)
    return seen


@pytest.mark.parametrize("service", PORTS)
def test_two_servers_of_one_service(two, wire, forge, service):
    a, b = (("127.0.0.1", PORTS[service]), ("127.0.0.2", PORTS[service]))

    must_end(rally(wire, forge, b, a, NOTHING), 0)
    for payload in REFUSED:
        must_end(rally(wire, forge, b, a, [payload]), int(service == "tftp"))
    assert wire.lost == 0


@pytest.mark.parametrize("source, target", itertools.permutations(PORTS, 2))
def test_two_servers_of_two_services(two, wire, forge, source, target):
    """An ERROR comes from a port that the other knows nothing of, so that it is echoed."""
    a, b = ("127.0.0.1", PORTS[target]), ("127.0.0.2", PORTS[source])

    must_end(rally(wire, forge, b, a, NOTHING), 0)
    for payload in REFUSED:
        seen = rally(wire, forge, b, a, [payload])
        assert len(said(seen, "127.0.0.1")) <= int(target == "tftp")
        must_end(seen, 2 if target == "tftp" else 0)


@pytest.mark.parametrize("source", PORTS)
def test_a_transfer_in_the_name_of_a_server(two, wire, forge, source):
    """A reply and a repeat, and what the other makes of them; then it waits in silence."""
    a, b = ("127.0.0.1", PORTS["tftp"]), ("127.0.0.2", PORTS[source])

    for payload, repeats in GRANTED.items():
        seen = rally(wire, forge, b, a, [payload], quiet=1.3, most=4)
        assert len(said(seen, "127.0.0.1")) == 1 + repeats
        must_end(seen, 4, seconds=2.5)


def test_a_server_in_its_own_name(two, wire, forge):
    """One packet from itself kept a plain echo at 750,000 datagrams a second."""
    for service, port in PORTS.items():
        here = ("127.0.0.1", port)
        must_end(rally(wire, forge, here, here, NOTHING), 0)
        must_end(rally(wire, forge, here, here, REFUSED),
                 len(REFUSED) if service == "tftp" else 0)


def test_an_echo_and_a_data_port_of_its_own(two, wire, forge):
    """The echo answers each, the data port one of them by an ERROR, the echo that one too."""
    ports = [p for p in bound_ports("127.0.0.1") if p not in PORTS.values()]

    for port in ports[:2]:
        for service in "echo+udp", "reply+udp":
            seen = rally(wire, forge, ("127.0.0.1", port), ("127.0.0.1", PORTS[service]), NOTHING)
            assert len(said(seen, "127.0.0.1")) > 0
            must_end(seen, len(NOTHING) + 2)


def test_two_servers_on_ipv6(network, serve, wire, forge):
    for host in ("::1", "::2"):
        serve(at=at(host))
    for service, port in PORTS.items():
        a, b = ("::1", port), ("::2", port)
        must_end(rally(wire, forge, b, a, NOTHING), 0)
        must_end(rally(wire, forge, b, a, REFUSED),
                 len(REFUSED) if service == "tftp" else 0)


@pytest.mark.parametrize("answer", NAIVE)
@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_tftp_and_a_peer_that_answers_everything(serve, make, wire, forge, flags, answer):
    """It answers ERROR with ERROR, with ACK, with DATA, and itself never ends."""
    make("file", 5000)
    serve(*flags, at=at("127.0.0.1"))
    with naive.Naive(STRANGER, NAIVE[answer]) as peer:
        must_end(rally(wire, forge, peer.at, ("127.0.0.1", PORTS["tftp"]), NOTHING), 0)
        for payload in REFUSED:
            seen = rally(wire, forge, peer.at, ("127.0.0.1", PORTS["tftp"]), [payload],
                         least=2)
            assert len(said(seen, "127.0.0.1")) <= 1
            must_end(seen, 2)


@pytest.mark.parametrize("answer", NAIVE)
@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_a_data_port_and_a_peer_that_answers_everything(serve, make, wire, forge, flags,
                                                        answer):
    """A data port tells a stranger once that it knows no such transfer."""
    make("file", 5000)
    serve(*flags, "--timeout", "10s", at=at("127.0.0.1"))
    with naive.Naive(("127.0.0.4", 0), lambda _: b"") as client:
        forge(client.at, ("127.0.0.1", PORTS["tftp"]), request(RRQ, "file", blksize=9))
        port = next(s for s in wire.until_quiet() if s.target == client.at).source
    with naive.Naive(STRANGER, NAIVE[answer]) as peer:
        must_end(rally(wire, forge, peer.at, port, NOTHING), 0 if flags else 2)


@pytest.mark.parametrize("payload", [b"", b"x", b"x" * 1400, error(0, "no")],
                         ids=["empty", "one", "long", "error"])
def test_echo_and_an_echo_on_an_unknown_port(serve, wire, forge, payload):
    """It dies of one missing answer."""
    serve(at=at("127.0.0.1"))
    with naive.Naive(STRANGER, naive.echo) as peer:
        seen = rally(wire, forge, peer.at, ("127.0.0.1", PORTS["echo+udp"]), [payload])
    assert 2 <= len(said(seen, "127.0.0.1")) <= 64
    must_end(seen, 128)


@pytest.mark.parametrize("flags", [0, 1, 2, 3], ids=["plain", "reply", "asks", "both"])
def test_a_marked_probe_is_no_way_around(serve, wire, forge, flags):
    """Its answer is written anew, and must not be new each time; nor is it longer."""
    probe = struct.pack("!IBBHQQ", 0x6b656467, 1, flags, 7, 1, 1) + b"\1" + bytes(199)
    serve(at=["echo+udp://127.0.0.1:7007"])
    serve(at=["echo+udp://127.0.0.2:7008"])

    with naive.Naive(STRANGER, naive.echo) as peer:
        for source in (peer.at, ("127.0.0.2", 7008)):
            seen = rally(wire, forge, source, ("127.0.0.1", 7007), [probe])
            assert len(said(seen, "127.0.0.1")) <= 65
            must_end(seen, 130)
            assert all(len(s.payload) == len(probe) for s in seen)


def test_echo_and_an_echo_of_kedge_on_another_port(serve, wire, forge):
    """Neither knows the other's port; each would let 64 pass."""
    serve(at=["echo+udp://127.0.0.1:7007"])
    serve(at=["echo+udp://127.0.0.2:7008"])
    seen = rally(wire, forge, ("127.0.0.2", 7008), ("127.0.0.1", 7007), [b"x"])
    must_end(seen, 128)


@pytest.mark.parametrize("answer", NAIVE)
def test_reply_and_a_peer_that_answers_everything(serve, wire, forge, answer):
    """Its own text gets no reply; another is the same each time but for the forged one."""
    serve(at=at("127.0.0.1"))
    with naive.Naive(STRANGER, NAIVE[answer]) as peer:
        seen = rally(wire, forge, peer.at, ("127.0.0.1", PORTS["reply+udp"]), [b"x"])
    most = 1 if answer in ("echo", "replies") else 65
    assert len(said(seen, "127.0.0.1")) <= most
    must_end(seen, 2 * most)


def test_a_loop_is_seen(wire, forge):
    """Two servers without a guard: what the tests above must never see."""
    with naive.Naive(STRANGER, naive.echo) as one, naive.Naive(("127.0.0.5", 9), naive.echo):
        seen = rally(wire, forge, one.at, ("127.0.0.5", 9), [b"x"], most=0.5)
    with pytest.raises(AssertionError, match="are the most"):
        must_end(seen, 128)


def test_a_loop_of_errors_is_seen(wire, forge):
    with naive.Naive(STRANGER, naive.errors) as one, \
            naive.Naive(("127.0.0.5", 69), naive.errors):
        seen = rally(wire, forge, one.at, ("127.0.0.5", 69), [error(0)], most=0.5)
    with pytest.raises(AssertionError, match="are the most"):
        must_end(seen, 2)
