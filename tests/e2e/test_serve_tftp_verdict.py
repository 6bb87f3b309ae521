# SPDX-License-Identifier: MIT
"""What a record says of why a transfer failed, where a real router, firewall or link is the
cause: between a client and a server in namespaces of their own."""
import shutil
import subprocess
import sys
import time

import pytest

from e2e.peers.tftp import RRQ
from e2e.lib.policy import request

CLIENT, ROUTER = "10.99.0.1", "10.99.1.254"
UNROUTED = "10.99.0.3"  # the client's second address, to which the router has no route

# What the router does to answers, by the client's port.
RULES = """
table ip router {
    chain forward {
        type filter hook forward priority 0
        ip saddr 10.99.1.2 udp dport { 5001, 5002 } udp sport != 69 drop
        ip saddr 10.99.1.2 udp dport 5003 drop
        ip saddr 10.99.1.2 udp dport 5004 reject with icmp type admin-prohibited
        ip saddr 10.99.1.2 udp dport 5005 reject with icmp type port-unreachable
    }
}
"""

# A client as a script: ask(port, times, source) asks by a socket of its own, and once a second
# again; hear(sock) is the next packet and where it came from, or None after so many seconds.
SCRIPT = """
import socket, struct, sys, time
socks = []
def ask(port, times=1, source="", packet=PACKET, server=SERVER):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, port))
    socks.append(sock)
    for i in range(times):
        sock.sendto(packet, server)
        time.sleep(1 if i + 1 < times else 0)
    return sock
def hear(sock, seconds):
    sock.settimeout(seconds)
    try:
        return sock.recvfrom(2000)
    except TimeoutError:
        return None, None
"""


@pytest.fixture
def play(tmp_path):
    """play(WIRE, HOST, SERVER, PACKET, STEPS): a script of such a client, as a child."""
    children = []

    def start(hosts, host, server, packet, steps):
        text = f"PACKET, SERVER = {packet!r}, {server!r}\n{SCRIPT}\n{steps}"
        children.append(subprocess.Popen([*hosts.inside(host), sys.executable, "-c", text]))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.wait()


@pytest.fixture
def routed(wire, tmp_path):
    """A client, a router with RULES, and a host for a server."""
    if not shutil.which("nft"):
        pytest.skip("no nft here")
    hosts = wire(router=True)
    rules = tmp_path / "rules"
    rules.write_text(RULES)
    hosts.run(hosts.router, "nft", "-f", rules)
    hosts.run(hosts.near, "ip", "address", "add", f"{UNROUTED}/24", "dev", hosts.device)
    hosts.run(hosts.router, "ip", "route", "add", "unreachable", UNROUTED)
    return hosts


def test_what_a_router_does_is_told(routed, serve, make, play):
    """Each client asks twice, and hears nothing; one is the twin, whose router does nothing:
    it falls silent by itself."""
    make("f", 3000)
    server = serve("--single-port=never", at=[f"tftp://{routed.peer}:69"],
                   under=routed.inside(routed.far))
    child = play(routed, routed.near, (routed.peer, 69), request(RRQ, "f", {}), f"""
for port in 5001, 5004, 5005:
    ask(port)
ask(5006, source="{UNROUTED}")
ask(5003)
twin = ask(5000)
packet, at = hear(twin, 5)
twin.sendto(bytes([0, 4, 0, 1]), at)
old = ask(5007)  # an ICMP message of long ago, and then it goes on
packet, at = hear(old, 5)
ends = socket.inet_aton(at[0]) + socket.inet_aton("{CLIENT}")
quoted = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 17, 0) + ends
quoted += struct.pack("!HHHH", at[1], 5007, 20, 0)
icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
total = sum(struct.unpack("!14H", quoted)) + 0x0301
total = (total & 0xFFFF) + (total >> 16)
total = (total & 0xFFFF) + (total >> 16)
icmp.sendto(struct.pack("!BBHI", 3, 1, ~total & 0xFFFF, 0) + quoted, (at[0], 0))
time.sleep(0.5)
old.sendto(bytes([0, 4, 0, 1]), at)
hear(old, 5)
old.sendto(bytes([0, 4, 0, 2]), at)  # else it stops where the twin has stopped
time.sleep(1)
for sock in socks:
    if sock not in (twin, old):
        sock.sendto(PACKET, SERVER)
time.sleep(60)
""")
    time.sleep(30)
    said = {}
    for port in 5001, 5003, 5004, 5005, 5006, 5000, 5007:
        source = UNROUTED if port == 5006 else CLIENT
        record = server.record(peer=f"{source}:{port}")
        said[port] = record["outcome"], record["verdict_id"]
        assert record["port"] == "data"
    child.kill()
    assert said == {5000: ("timeout", "client-silent"),
                    5001: ("timeout", "data-port-silent"),
                    5003: ("timeout", "data-port-silent"),
                    5004: ("timeout", "prohibited"),
                    5005: ("gone", "port-rejected"),
                    5006: ("timeout", "unreachable"), 5007: ("timeout", "client-silent")}
    sentence = server.record(peer=f"{CLIENT}:5001")["verdict"]
    assert sentence.startswith("answered twice from port ")
    for port in 5004, 5005:
        assert ROUTER in server.record(peer=f"{CLIENT}:{port}")["verdict"]


def test_a_data_port_that_is_dropped(routed, serve, make, kedge, tmp_path):
    """The client's first repeat is answered from the request port, and the record says why;
    the twin is a client whose router drops nothing."""
    content = make("f", 3000)
    server = serve(at=[f"tftp://{routed.peer}:69"], under=routed.inside(routed.far))

    for port, verdict in (("5000", None), ("5002", "data-port-blocked")):
        done = subprocess.run([*routed.inside(routed.near), kedge, "get", "--source",
                               f"{CLIENT}:{port}", f"tftp://{routed.peer}/f", "-o", "got"],
                              cwd=tmp_path, timeout=60)
        assert done.returncode == 0 and (tmp_path / "got").read_bytes() == content
        record = server.record(peer=f"{CLIENT}:{port}", outcome="ok")
        assert record["verdict_id"] == verdict
        assert record["port"] == ("request" if verdict else "data")


@pytest.mark.parametrize("mtu, verdict", [(1400, "path-mtu"), (1500, "client-restarted")])
def test_blocks_larger_than_a_link(mtu, verdict, wire, serve, make, play):
    """What is larger vanishes without a word. The client acknowledges the options, waits, and
    asks anew; in the twin the first block comes."""
    hosts = wire(mtu=mtu)
    make("f", 30000)
    server = serve(at=[f"tftp://{CLIENT}:69"], under=hosts.inside(hosts.near))
    options = {"blksize": 1468}
    play(hosts, hosts.far, (CLIENT, 69), request(RRQ, "f", options), f"""
sock = ask(5000)
packet, at = hear(sock, 10)
sock.sendto(bytes([0, 4, 0, 0]), at)
if hear(sock, 3)[0]:
    sock.sendto(bytes([0, 4, 0, 1]), at)
    time.sleep(1)
sock.sendto({request(RRQ, "f", {})!r}, SERVER)
time.sleep(20)
""")
    record = server.record(outcome="replaced")
    assert record["granted"] == "blksize=1468"
    assert record["verdict_id"] == verdict, record
    assert int(record["blocks"]) == (1 if mtu == 1400 else 2)
