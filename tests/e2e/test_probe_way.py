# SPDX-License-Identifier: MIT
"""What `kedge probe` says of the way to a host, and what may be chosen of it."""
import socket
import subprocess
import time

import pytest

from e2e.lib.ports import beside
from e2e.lib.probe import counts, needs_icmp
from e2e.lib.wire import ADDRESS
from e2e.peers.echo import Datagrams

LOOP = ("127.0.0.1", 0)


@pytest.fixture
def far_echo(serve):
    """far_echo(WIRE): a kedge echo server on the far host."""
    def start(wire, *flags):
        server = serve(*flags, at=(f"echo+udp://{wire.peer}:0",),
                       under=wire.inside(wire.far))
        return "udp://%s:%d" % server.address("echo+udp")
    return start


def test_the_neighbour_is_found_before_the_first_sample(probe, wire, far_echo):
    w = wire()
    url = far_echo(w)
    for target in url, f"icmp://{w.peer}":
        w.run(w.near, "ip", "neighbour", "flush", "dev", w.device)
        for known in False, True:
            code, (t,), _ = probe("-c", "5", "-i", "5ms", target, under=w.inside(w.near))
            assert code == 0 and counts(t, sent=5, received=5) == {}
            before = t["before_ns"]
            assert (before["exchange"] is None) == known
            if not known:
                assert 0 < before["neighbour"] < before["exchange"]
            assert before["resolve"] is None


def test_a_server_does_not_count_what_came_before(probe, wire, far_echo):
    """And its token is there for the first probe."""
    w = wire()
    code, (t,), _ = probe("-c", "5", "-i", "5ms", far_echo(w), under=w.inside(w.near))
    assert code == 0 and t["before_ns"]["exchange"] and t["server"]["reports"] == 5


def test_nobody_behind_the_wire_is_said(kedge, wire):
    w = wire()
    done = subprocess.run([*w.inside(w.near), kedge, "probe", "-c", "2", "-i", "5ms",
                           "--timeout", "200ms", "udp://10.99.0.77:7"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert "next hop not resolved (ARP/ND)" in done.stdout


def test_a_name_is_resolved_before_the_first_sample(probe, under_hosts):
    peer = Datagrams(LOOP)
    name = peer.url.replace("127.0.0.1", "far.example")
    code, (t,), _ = probe("-c", "3", "-i", "5ms", name,
                          under=under_hosts("127.0.0.1 far.example\n"))
    assert code == 0 and t["before_ns"]["resolve"] > 0
    code, (t,), _ = probe("-c", "3", "-i", "5ms", peer.url)
    assert code == 0 and t["before_ns"]["resolve"] is None


@pytest.mark.parametrize("here", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("other", ["closed", "silent"])
def test_each_address_of_a_name_is_tried(probe, under_hosts, here, other):
    """What did not answer beforehand is in no count."""
    there = "::1" if here == "127.0.0.1" else "127.0.0.1"
    with socket.socket(socket.AF_INET6 if ":" in there else socket.AF_INET,
                       socket.SOCK_DGRAM) as held:
        port = beside(held, there, lambda: Datagrams((here, 0)).socket).getsockname()[1]
        if other == "closed":
            held.close()
        code, (t,), err = probe("-c", "3", "-i", "5ms", "--timeout", "1s", f"udp://both:{port}",
                                under=under_hosts("127.0.0.1 both\n::1 both\n"))
    assert (code, err) == (0, "") and counts(t, sent=3, received=3) == {}
    assert t["address"] == here and t["addresses_unanswered"] == (here != "::1")


def test_an_address_without_an_answer_takes_no_whole_timeout(probe, under_hosts):
    """A second; what is probed besides has its own time."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as held:
        port = beside(held, "::1",
                      lambda: Datagrams(("127.0.0.1", 0)).socket).getsockname()[1]
        begun = time.monotonic()
        code, (t,), _ = probe("-c", "2", "-i", "5ms", "--timeout", "40s", f"udp://both:{port}",
                              under=under_hosts("127.0.0.1 both\n::1 both\n"))
    assert code == 0 and 1 <= time.monotonic() - begun < 20
    assert t["address"] == "127.0.0.1" and t["addresses_unanswered"] == 1


def test_a_name_none_of_whose_addresses_answers(probe, under_hosts):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as held:
        held.bind(("::1", 0))
        code, (t,), _ = probe("-c", "2", "-i", "5ms", "--timeout", "200ms",
                              f"udp://both:{held.getsockname()[1]}",
                              under=under_hosts("127.0.0.1 both\n::1 both\n"))
    assert code == 2 and counts(t, sent=2, lost=2) == {}
    assert t["address"] == "::1" and t["addresses_unanswered"] == 2


@needs_icmp
def test_each_address_of_a_name_is_asked_by_icmp(kedge, probe, wire, under_hosts):
    w = wire()
    under = [*w.inside(w.near), *under_hosts(f"10.99.0.77 both\n{w.peer} both\n")]
    words = ["-c", "3", "-i", "5ms", "--timeout", "1s", "icmp://both"]
    code, (t,), _ = probe(*words, under=under)
    assert code == 0 and counts(t, sent=3, received=3) == {}
    assert t["address"] == w.peer
    told = subprocess.run([*under, kedge, "probe", *words], capture_output=True, text=True,
                          timeout=20).stdout
    assert f"the address in use is {w.peer}" in told


def test_the_marks_are_those_that_were_asked_for(probe, wire, far_echo):
    w = wire(router=True)
    words = ["-c", "5", "-i", "5ms",
             "--timeout", "30s", "--ttl", "9", "--dscp", "46", "--df", "--interface",
             w.device, "--source", ADDRESS]
    code, targets, err = probe(*words, far_echo(w), f"icmp://{w.peer}",
                               under=w.inside(w.near))
    assert code == 0, err
    udp, icmp = (t["marks"] for t in targets)
    assert udp == {"ttl_sent": 9, "ttl_there": 8, "ttl_back": 63, "dscp_sent": 46,
                   "dscp_there": 46, "dscp_back": 0}
    # A host answers ICMP with the mark of the request.
    assert icmp == {"ttl_sent": 9, "ttl_there": None, "ttl_back": 63, "dscp_sent": 46,
                    "dscp_there": None, "dscp_back": 46}
    assert targets[0]["server"]["sees_us_as"].startswith(f"{ADDRESS}:")


def test_the_line_of_the_marks(kedge, wire, far_echo):
    w = wire(router=True)
    url = far_echo(w)
    out = w.run(w.near, kedge, "probe", "-c", "5", "-i", "5ms", "--timeout", "30s", url)
    assert ("\n  sent with TTL 64, DSCP 0; arrived with TTL 63, DSCP 0; replies arrived "
            "with TTL 63, DSCP 0") in out


def test_what_is_too_large_or_too_far_is_said(kedge, wire, far_echo):
    w = wire(router=True)
    url = far_echo(w)

    def say(*words):
        return subprocess.run([*w.inside(w.near), kedge, "probe", "-c", "3", "-i", "5ms",
                               *words], capture_output=True, text=True, timeout=20).stdout
    assert "\n  3 not sent: Message too long" in say("--df", "--size", "1473", url)
    assert "not sent" not in say("--size", "1473", url)
    out = say("--ttl", "1", url, f"icmp://{w.peer}")
    for target in url, f"icmp://{w.peer}":
        assert "\n  3 refused: TTL exceeded in transit, reported by 10.99.0.254" in out


@pytest.mark.parametrize("words, said", [
    (["--source", "here"], "--source takes an IP address, not 'here'"),
    (["--source", "127.0.0.1", "-6"], "--source is not of the family"),
    (["--interface", "a" * 16], "--interface takes a name of at most 15"),
    (["--dscp", "64"], "--dscp"), (["--ttl", "0"], "--ttl"), (["--ttl", "256"], "--ttl"),
])
def test_bad_choices_are_refused(probe, words, said):
    code, targets, err = probe(*words, "udp://127.0.0.1:7")
    assert (code, targets) == (64, None) and said in err and err.count("\n") == 1


@pytest.mark.parametrize("words, said", [
    (["--source", "10.98.7.6"], "the source 10.98.7.6"),
    (["--interface", "nope"], "the interface nope"),
])
@pytest.mark.parametrize("target", [
    "udp://127.0.0.1:7", pytest.param("icmp://127.0.0.1", marks=needs_icmp)])
def test_choices_that_cannot_be_made_are_named(probe, target, words, said):
    code, targets, err = probe(*words, target)
    assert code not in (0, 1) and targets is None and said in err
    assert err.count("\n") == 1


def test_a_local_socket_has_no_way(probe, tmp_path):
    peer = Datagrams(str(tmp_path / "d"), scheme="unix-dgram")
    code, targets, err = probe("--ttl", "5", peer.url)
    assert code == 64 and targets is None and "are for IP" in err


def test_tcp_leaves_from_the_source_too(probe):
    with socket.create_server(LOOP) as server:
        url = "tcp://127.0.0.1:%d" % server.getsockname()[1]
        words = ["-c", "1", "--timeout", "200ms", "--source", "127.0.0.9", "--dscp", "10"]
        code, (t,), _ = probe(*words, url)
        connection, peer = server.accept()
        connection.close()
    assert code == 2 and peer[0] == "127.0.0.9"
    assert t["marks"]["dscp_sent"] == 10
