# SPDX-License-Identifier: MIT
"""Whom `kedge probe` blames: each of these was blamed on another once."""
import json
import re
import socket
import subprocess
import time

import pytest

from e2e.lib.probe import counts, needs_icmp
from e2e.peers.echo import Connections, Datagrams

LOOP = ("127.0.0.1", 0)


def test_a_firewall_that_forbids_is_no_missing_route(kedge, wire):
    """A router answers for a route of the kind `prohibit`: administratively prohibited."""
    w = wire(router=True)
    w.run(w.router, "ip", "route", "add", "prohibit", "10.99.7.0/24")
    w.run(w.router, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
    out = subprocess.run([*w.inside(w.near), kedge, "probe", "-c", "1", "icmp://10.99.7.7",
                          "udp://10.99.7.7:7"], capture_output=True, text=True, timeout=20)
    assert out.stdout.count("administratively prohibited, reported by 10.99.0.254") == 2
    assert "ARP" not in out.stdout  # who reports it was found


def test_a_dropped_syn_is_no_missing_connection(probe):
    """Nobody accepts, and the queue of the listener is full: the kernel drops the SYN."""
    with socket.socket() as listener:
        listener.bind(LOOP)
        listener.listen(0)
        full = [socket.socket() for _ in range(4)]
        for one in full:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        code, (target,), _ = probe("-c", "3", "-i", "20ms", "--timeout", "200ms",
                                   "tcp://127.0.0.1:%d" % listener.getsockname()[1])
        for one in full:
            one.close()
    assert code == 2 and counts(target, sent=3, lost=3, unsent=3) == {}
    assert target["error"] == "no answer to the connection request"


@needs_icmp
def test_a_wait_for_arp_is_this_hosts(kedge, wire):
    """The neighbour is not there for a while: the kernel keeps the probes until it is, and its
    stamps say so. No one else made them late."""
    w = wire()
    end = "w%d" % w.far.pid
    w.run(w.near, "sh", "-c", f"echo 1000 > /proc/sys/net/ipv4/neigh/{w.device}/retrans_time_ms")
    run = subprocess.Popen([*w.inside(w.near), kedge, "probe", "-c", "40", "-i", "50ms",
                            "--timeout", "300ms", f"icmp://{w.peer}"], stdout=subprocess.PIPE,
                           text=True)
    time.sleep(0.5)
    w.run(w.far, "sysctl", "-qw", f"net.ipv4.conf.{end}.arp_ignore=8")
    w.run(w.near, "ip", "neighbour", "flush", "dev", w.device)
    time.sleep(0.7)
    w.run(w.far, "sysctl", "-qw", f"net.ipv4.conf.{end}.arp_ignore=0")
    out = run.communicate(timeout=30)[0]
    late = int(re.search(r"(\d+) repl(?:y|ies) after the timeout", out)[1])
    here = re.search(r"(\d+) repl(y|ies) late because the probe waited in this host", out)
    assert here and 0 < int(here[1]) <= late
    assert "stalled" not in out


@needs_icmp
def test_silent_neighbours_take_no_room_from_a_live_host(kedge, wire):
    """All that waits for their link addresses waits on the one socket of all."""
    w = wire()
    hosts = [f"icmp://{w.peer}", *(f"icmp://10.99.0.{n}" for n in range(100, 180))]
    done = subprocess.run([*w.inside(w.near), kedge, "probe", "--json", "-c", "100", "-i", "20ms",
                           "--timeout", "5s", *hosts], capture_output=True, text=True,
                          timeout=60)
    live = json.loads(done.stdout)["targets"][0]
    assert (live["received"], live["unsent"]) == (100, 0), live["error"]


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2p1\r\n", b"220 " + b"x" * 200],
                         ids=["short", "long"])
def test_a_service_that_is_no_echo_is_named(kedge, probe, words):
    """A banner is no altered reply, and what is lost then has a cause."""
    def banner(connection):
        connection.sendall(words)
        while connection.recv(4096):
            pass
    url = Connections(LOOP, banner).url
    code, (target,), _ = probe("-c", "4", "-i", "20ms", "--timeout", "200ms", url)
    assert code == 2 and counts(target, sent=4, lost=4) == {}
    assert target["error"] == "the peer is no echo service: it sends other bytes"
    done = subprocess.run([kedge, "probe", "-c", "2", "-i", "20ms", "--timeout", "200ms", url],
                          capture_output=True, text=True, timeout=20)
    _, row, *notes = done.stdout.splitlines()
    assert row.startswith(url)
    assert f"  no echo service: {len(words)} bytes came that were not sent" in notes
    assert f"kedge probe: {url}: the peer is no echo service: it sends other bytes\n" == done.stderr


def test_a_low_limit_of_descriptors_is_raised(kedge):
    peers = [Datagrams(LOOP) for _ in range(40)]
    done = subprocess.run(["prlimit", "--nofile=32:4096", kedge, "probe", "-c", "1",
                           "--timeout", "30s", *(p.url for p in peers)], capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_one_target_too_many_is_named(probe):
    code, targets, err = probe("-c", "1", *["icmp://127.0.0.1"] * 4097)
    assert (code, targets) == (64, None) and "too many targets" in err
