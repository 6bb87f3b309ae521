# SPDX-License-Identifier: MIT
"""`kedge serve --wait-for-address` binds an address before an interface has it, and serves there
once it has."""
import os
import subprocess

import pytest

from e2e.lib.serve import Server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")

# IPv6 addresses wait for a check of duplicates, unless told not to.
OWN = ["unshare", "-n", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]
ADDRESSES = {"10.9.8.7": ["10.9.8.7/32"], "fd00:9::7": ["fd00:9::7/128", "nodad"]}


def inside(server, *words):
    return subprocess.run(["nsenter", "-t", str(server.pid), "-n", *map(str, words)],
                          capture_output=True, timeout=30)


def host_of(address):
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("single", ["auto", "always"])
def test_it_serves_once_the_address_is_there(serve, kedge, make, address, single):
    content = make("f", 200000)
    host = host_of(address)
    server = serve("--wait-for-address", f"--single-port={single}", under=OWN,
                   at=(f"tftp://{host}:6900", f"echo://{host}:7000"))
    assert {(scheme, at) for scheme, at, _ in server.endpoints} == {
        (scheme, address) for scheme in ("tftp", "echo+tcp", "echo+udp")}
    assert inside(server, "ip", "addr", "add", *ADDRESSES[address], "dev", "lo").returncode == 0
    assert inside(server, kedge, "get", f"tftp://{host}:6900/f", "-o", "-").stdout == content
    for scheme in "tcp", "udp":
        assert inside(server, kedge, "send", f"{scheme}://{host}:7000", "hi").returncode == 0


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("scheme", ["tftp", "echo+udp", "echo+tcp"])
def test_without_it_the_address_is_missing(kedge, srv, scheme, address):
    done = subprocess.run([*OWN, kedge, "serve", "--root", srv,
                           f"{scheme}://{host_of(address)}:6900"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 9 and done.stderr.count("\n") == 1
    assert "--wait-for-address binds it all the same" in done.stderr


def test_the_policy_file_has_it_too(kedge, srv, tmp_path):
    (tmp_path / "policy").write_text(
        f'listen = {{ "tftp://10.9.8.7:6900" }}\nwait-for-address = true\nroot = "{srv}"\n')
    server = Server([*OWN, kedge, "serve", "-c", tmp_path / "policy"], tmp_path / "log")
    assert server.at == ("10.9.8.7", 6900)
    assert server.stop(twice=True) == 0
