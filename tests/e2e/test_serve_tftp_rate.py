# SPDX-License-Identifier: MIT
"""What leaves from the request port is bounded for clients behind a router, and for no other."""
import subprocess
import time

import pytest

BODY, RATE = 600_000, 200_000
WINDOW = 96_000     # bytes that may go beyond it


@pytest.fixture
def routed(wire, serve, kedge, tmp_path):
    """routed(*FLAGS): a server behind a router, and how long `kedge get` takes of it from
    a host: fetch(HOST)."""
    hosts = wire(router=True)

    def up(*flags):
        server = serve("--single-port", *flags, at=[f"tftp://{hosts.peer}:69"],
                       under=hosts.inside(hosts.far))

        def fetch(host):
            began = time.monotonic()
            subprocess.run([*hosts.inside(host), kedge, "get", f"tftp://{hosts.peer}/f",
                            "-o", tmp_path / "got"], timeout=60, check=True,
                           capture_output=True)
            assert (tmp_path / "got").stat().st_size == BODY
            return time.monotonic() - began
        return hosts, server, fetch
    return up


def test_a_client_behind_a_router_is_held(routed, make):
    make("f", BODY)
    hosts, server, fetch = routed("--request-port-rate", str(RATE))

    assert fetch(hosts.near) >= (BODY - WINDOW) / RATE
    server.stop()
    assert "single port: clients behind routers get 200000 bytes/s in all" in "\n".join(server.lines)
    assert "1 transfers slowed by --request-port-rate" in server.summary


def without_a_next_hop(hosts):
    """As by a tunnel: the router answers for every host beyond it."""
    hosts.run(hosts.router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/proxy_arp")
    hosts.run(hosts.far, "ip", "route", "replace", "default", "dev", f"w{hosts.far.pid}")


def by_a_router_of_ipv6(hosts):
    """As in fabrics without addresses of IPv4."""
    for host, name, address in ((hosts.router, f"v{hosts.router.pid}", "fe80::1"),
                                (hosts.far, f"w{hosts.far.pid}", "fe80::2")):
        hosts.run(host, "ip", "address", "add", f"{address}/64", "dev", name, "nodad")
    hosts.run(hosts.far, "ip", "-4", "route", "replace", "default", "via", "inet6", "fe80::1", "dev",
              f"w{hosts.far.pid}")


@pytest.mark.parametrize("change", [without_a_next_hop, by_a_router_of_ipv6])
def test_the_rest_of_the_world_is_no_attached_network(routed, make, change):
    make("f", BODY)
    hosts, _, fetch = routed("--request-port-rate", str(RATE))
    change(hosts)

    assert fetch(hosts.near) >= (BODY - WINDOW) / RATE


def test_one_of_the_same_network_is_not(routed, make):
    make("f", BODY)
    hosts, server, fetch = routed("--request-port-rate", "1")   # a day for one window

    for _ in range(2):
        fetch(hosts.router)
    server.stop()
    assert "slowed" not in server.summary


def test_there_may_be_no_bound(routed, make):
    make("f", BODY)
    hosts, server, fetch = routed("--request-port-rate", "0")

    for _ in range(2):
        fetch(hosts.near)
    server.stop()
    assert "slowed" not in server.summary
