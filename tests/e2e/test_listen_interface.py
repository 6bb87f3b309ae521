# SPDX-License-Identifier: MIT
"""`kedge serve --interface NAME`: what comes in by another one is not for it."""
import os
import subprocess

import pytest

from e2e.lib.serve import Server
from e2e.lib.wire import own_network

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")


class Hosts:
    """A server's host with `left` and `right`, and a client at each."""

    def __init__(self, server, *clients):
        self.server, self.clients = server, clients
        self.run(server, "ip", "link", "set", "lo", "up")
        for number, (name, client) in enumerate(zip(("left", "right"), clients)):
            self.run(server, "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0",
                     "netns", str(client.pid))
            for host, device, last in ((server, name, 1), (client, "eth0", 2)):
                self.run(host, "ip", "address", "add", f"10.97.{number}.{last}/24", "dev", device)
                self.run(host, "ip", "link", "set", device, "up")
            self.run(client, "ip", "route", "add", "default", "via", f"10.97.{number}.1")

    @staticmethod
    def inside(host):
        return ["nsenter", "-t", str(host.pid), "-n"]

    def run(self, host, *words):
        subprocess.run([*self.inside(host), *words], check=True, timeout=20, capture_output=True)


@pytest.fixture
def hosts():
    made = [own_network() for _ in range(3)]
    try:
        if not all(made):
            pytest.skip("a network namespace may not be made here")
        yield Hosts(*made)
    finally:
        for process in filter(None, made):
            process.kill()
            process.wait()


@pytest.fixture
def by_interface(hosts, kedge, srv, tmp_path):
    """by_interface(NAME, *WORDS): a server there, whose root has a file `who` with that name."""
    servers = []

    def start(name, *words):
        root = srv / f"root-{name}"
        root.mkdir()
        root.chmod(0o755)
        (root / "who").write_text(name)
        servers.append(Server([*hosts.inside(hosts.server), kedge, "serve", "--root", root, "--public",
                               *words], tmp_path / f"{name}.log"))
        return servers[-1]
    yield start
    for server in servers:
        assert server.stop(twice=True) == 0, server.stderr


def who(hosts, kedge, client, address):
    done = subprocess.run([*hosts.inside(hosts.clients[client]), kedge, "get", "--timeout", "100ms",
                           "--retry-for", "600ms", f"tftp://{address}:6969/who", "-o", "-"],
                          capture_output=True, text=True, timeout=60)
    return done.stdout if done.returncode == 0 else done.returncode


@pytest.mark.parametrize("single", ["never", "always"])
def test_each_interface_has_a_server_of_its_own(hosts, by_interface, kedge, single):
    """At one address and port, which nothing but the interface tells apart."""
    for name in ("left", "right"):
        by_interface(name, "--interface", name, f"--single-port={single}", "tftp://0.0.0.0:6969")
    assert who(hosts, kedge, 0, "10.97.0.1") == who(hosts, kedge, 0, "10.97.1.1") == "left"
    assert who(hosts, kedge, 1, "10.97.1.1") == who(hosts, kedge, 1, "10.97.0.1") == "right"


def test_by_another_interface_nobody_is_there(hosts, by_interface, kedge):
    by_interface("left", "--interface", "left", "tftp://0.0.0.0:6969", "echo://0.0.0.0:7000")
    assert who(hosts, kedge, 0, "10.97.0.1") == "left"
    assert who(hosts, kedge, 1, "10.97.0.1") in (6, 7)  # silence, or ICMP says so
    for scheme in ("tcp", "udp"):
        for client, served in ((0, True), (1, False)):
            done = subprocess.run([*hosts.inside(hosts.clients[client]), kedge, "send",
                                   f"{scheme}://10.97.0.1:7000", "hi"], capture_output=True, timeout=60)
            assert (done.returncode == 0) == served, (scheme, client)


def test_one_that_is_not_there_is_said(kedge, srv):
    for endpoint in ("tftp://127.0.0.1:0", "echo+udp://127.0.0.1:0"):
        done = subprocess.run([kedge, "serve", "--root", srv, "--interface", "none0", endpoint],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 8 and "--interface none0" in done.stderr, done
