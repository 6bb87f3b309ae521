# SPDX-License-Identifier: MIT
"""A policy by MAC address: clients on a bridge of the server's, each with a network and a MAC
address of its own, and one more behind one of them."""
import json
import socket
import subprocess
import time

import pytest

from e2e.lib.serve import Server
from e2e.lib.wire import own_network

SERVER = "10.98.0.1"
MACS = ["52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:01:00:00:03"]
POLICY = """listen = {{ "tftp://*:6969" }}
root = "{srv}"
user = root
client "52:54:00:00:00:01" {{ root = "{srv}/one"  get = allow }}
client "52-54-00-*" {{ root = "{srv}/%m"  get = allow }}
client "10.98.0.0/16" {{ get = refuse }}
"""


class Bridge:
    """The server's host, with a bridge; `clients` have 10.98.0.11 and so on, and the last one,
    10.98.1.99, is behind the first."""

    def __init__(self, hosts):
        self.server, *self.clients, self.behind = hosts
        self.run(self.server, "ip", "link", "add", "br0", "type", "bridge")
        self.up(self.server, "br0", f"{SERVER}/24", "fd98::1/64")
        for number, (client, mac) in enumerate(zip(self.clients, MACS)):
            self.join(client, number, mac)
        router = self.clients[0]
        self.run(router, "ip", "link", "add", "in0", "type", "veth", "peer", "name", "eth0",
                 "netns", str(self.behind.pid))
        self.run(self.behind, "ip", "link", "set", "eth0", "address", MACS[1])
        self.up(router, "in0", "10.98.1.1/24")
        self.up(self.behind, "eth0", "10.98.1.99/24")
        self.run(router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        self.run(self.behind, "ip", "route", "add", "default", "via", "10.98.1.1")
        self.run(self.server, "ip", "route", "add", "10.98.1.0/24", "via", "10.98.0.11")

    def run(self, host, *words):
        return subprocess.run([*self.inside(host), *words], check=True, timeout=20,
                              capture_output=True, text=True).stdout

    @staticmethod
    def inside(host):
        return ["nsenter", "-t", str(host.pid), "-n"]

    def up(self, host, name, *addresses):
        for address in addresses:
            self.run(host, "ip", "address", "add", address, "dev", name,
                     *(["nodad"] if ":" in address else []))
        self.run(host, "ip", "link", "set", name, "up")

    def join(self, client, number, mac):
        self.run(self.server, "ip", "link", "add", f"to{number}", "type", "veth", "peer", "name",
                 "eth0", "netns", str(client.pid))
        self.run(client, "ip", "link", "set", "eth0", "address", mac)
        self.run(self.server, "ip", "link", "set", f"to{number}", "master", "br0", "up")
        self.up(client, "eth0", f"10.98.0.{11 + number}/24", f"fd98::{11 + number}/64")

    def make_silent(self, number):
        """A client that asks nobody for the server's address, and of which the server knows
        nothing, as after its entry has gone."""
        mac = json.loads(self.run(self.server, "ip", "-j", "link", "show", "br0"))[0]["address"]
        self.run(self.clients[number], "ip", "neigh", "replace", SERVER, "lladdr", mac, "dev",
                 "eth0", "nud", "permanent")
        self.run(self.server, "ip", "neigh", "flush", "all")

    def await_neighbour(self, number):
        end = time.monotonic() + 20
        while MACS[number] not in self.run(self.server, "ip", "neigh", "show", "dev", "br0"):
            assert time.monotonic() < end, "the kernel does not ask"
            time.sleep(0.02)


@pytest.fixture
def bridge():
    made = [own_network() for _ in range(5)]
    try:
        if not all(made):
            pytest.skip("a network namespace may not be made here")
        yield Bridge(made)
    finally:
        for process in filter(None, made):
            process.kill()
            process.wait()


@pytest.fixture
def served(bridge, kedge, srv, tmp_path):
    """A server by that policy; `served.policy` is its file."""
    for name in ("one", "52-54-00-00-00-02", ""):
        (srv / name).mkdir(exist_ok=True)
        (srv / name / "boot").write_text(name or "anyone's")
    policy = srv.parent / "policy"
    policy.write_text(POLICY.format(srv=srv))
    server = Server([*bridge.inside(bridge.server), kedge, "serve", "-c", policy, "--control",
                     f"unix://{srv}/control"],
                    tmp_path / "served.log")
    server.policy = policy
    yield server
    assert server.stop(twice=True) == 0, server.stderr


@pytest.fixture
def fetch(bridge, kedge, tmp_path):
    """fetch(CLIENT, *OPTIONS): what `boot` is for it; None where it is refused or hears
    nothing."""
    def do(client, *options, host=SERVER):
        done = subprocess.run([*bridge.inside(client), kedge, "get", *options,
                               f"tftp://{host}:6969/boot", "-o", "-"], timeout=60, cwd=tmp_path,
                              capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else None
    return do


def test_each_mac_has_its_own_file_under_one_name(bridge, served, fetch):
    assert fetch(bridge.clients[0]) == "one"
    assert fetch(bridge.clients[1]) == "52-54-00-00-00-02"
    assert fetch(bridge.clients[2]) is None
    refused = served.record(event="refused")
    assert refused["reason"] == "this file is not read here (line 6 of the policy)"
    assert refused["rule"] == "get: client 10.98.0.0/16, line 6"


HOLD = """import socket, sys
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.sendto(b"\\0\\1boot\\0octet\\0blksize\\08\\0", (sys.argv[1], 6969))
peer.recv(100)
print("open", flush=True)
sys.stdin.read()"""


def test_top_names_those_of_this_network(bridge, served, srv, kedge):
    (srv / "one/boot").write_text("one of many bytes")
    held = [subprocess.Popen([*bridge.inside(client), "/usr/bin/python3", "-c", HOLD, SERVER],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for client in bridge.clients[:2]]
    try:
        assert all(p.stdout.readline() == b"open\n" for p in held)
        time.sleep(0.3)
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(f"{srv}/control")
            live = json.loads(peer.makefile().read())["live"]
        macs = {row["peer"].split(":")[0]: row["mac"] for row in live}
        assert macs == {"10.98.0.11": MACS[0], "10.98.0.12": MACS[1]}
        done = subprocess.run([kedge, "top", f"unix://{srv}/control"], capture_output=True,
                              text=True, timeout=20, env={"COLUMNS": "200"})
        assert done.returncode == 0 and "10.98.0.11" in done.stdout
    finally:
        for process in held:
            process.communicate(timeout=20)


def test_ipv6_clients_are_known_by_their_mac_too(bridge, served, fetch):
    assert fetch(bridge.clients[0], host="[fd98::1]") == "one"
    assert fetch(bridge.clients[1], host="[fd98::1]") == "52-54-00-00-00-02"
    assert fetch(bridge.clients[2], host="[fd98::1]") == "anyone's"


def test_a_client_behind_a_router_has_no_mac(bridge, served, fetch):
    """Its own MAC and its router's are in the policy, and neither counts."""
    assert fetch(bridge.clients[0]) == "one"
    assert fetch(bridge.behind) is None
    assert served.record(event="refused")["reason"] == \
        "this file is not read here (line 6 of the policy); it has no MAC on this network"


def test_a_mac_that_is_not_known_yet_is_known_to_the_next_request(bridge, served, fetch):
    """The refusal that holds without it is not said: the client, which would take it for the
    last word, asks again."""
    bridge.make_silent(0)
    assert fetch(bridge.clients[0], "--retry-for", "30s") == "one"
    assert served.record(event="refused")["reason"] == \
        "this file is not read here (line 6 of the policy); its MAC is not known yet"
    bridge.make_silent(2)
    assert fetch(bridge.clients[2], "--retry-for", "30s") is None
    assert served.record(event="refused", reason="this file is not read here (line 6 of the"
                         " policy)")["rule"] == "get: client 10.98.0.0/16, line 6"


def test_what_was_granted_without_the_mac_is_noted(bridge, served, fetch):
    bridge.run(bridge.server, "ip", "neigh", "flush", "all")
    mac = json.loads(bridge.run(bridge.server, "ip", "-j", "link", "show", "br0"))[0]["address"]
    bridge.run(bridge.clients[0], "ip", "neigh", "replace", "fd98::1", "lladdr", mac, "dev",
               "eth0", "nud", "permanent")
    assert fetch(bridge.clients[0], host="[fd98::1]") == "anyone's"
    assert served.record(event="get")["reason"] == \
        "its MAC is not known yet: no section by MAC counts"


def test_silence_does_not_last_where_the_root_needs_the_mac(bridge, served, fetch, srv):
    """A client that hears nothing would never be asked for its address: the server sees to
    it, and the client's repeat is served."""
    served.policy.write_text(f'root = "{srv}/%m"\n')
    served.process.send_signal(1)
    end = time.monotonic() + 20
    while "read again" not in served.stderr:
        assert time.monotonic() < end, served.stderr
        time.sleep(0.02)
    bridge.make_silent(1)
    assert fetch(bridge.clients[1], "--retry-for", "30s") == "52-54-00-00-00-02"
    assert served.record(event="refused")["reason"] == \
        "the root needs the client's MAC address, which is not known (line 1 of the policy)"


def test_explain_says_which_mac(bridge, served, fetch, kedge):
    def explain(*words, under=()):
        done = subprocess.run([*under, kedge, "explain", "-c", served.policy, *words, "get",
                               "boot"], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.splitlines(), done.stderr
    assert fetch(bridge.clients[0]) == "one"
    here = bridge.inside(bridge.server)
    code, lines, _ = explain("10.98.0.11", under=here)
    assert code == 0 and "mac       52-54-00-00-00-01 (neighbour table)" in lines
    assert any(line.endswith("/one/boot") for line in lines)
    code, lines, _ = explain("10.98.1.99", under=here)
    assert code == 4
    assert "mac       none: not on an attached network, or a link without MACs" in lines
    bridge.run(bridge.server, "ip", "neigh", "flush", "all")
    code, lines, _ = explain("10.98.0.13", under=here)
    assert code == 4 and "mac       is not known yet: no section by MAC counts" in lines
    code, lines, _ = explain("--mac", "52:54:00:00:00:02", "192.0.2.1")
    assert code == 0 and "mac       52-54-00-00-00-02 (--mac)" in lines
    for bad in ("52:54:00:*", "52:54", "", "52:54:00:00:00:0g"):
        code, lines, said = explain("--mac", bad, "192.0.2.1")
        assert (code, lines) == (64, []) and "--mac takes an address as 52:54:00:12:34:56" in said
