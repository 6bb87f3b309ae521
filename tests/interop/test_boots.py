# SPDX-License-Identifier: MIT
"""PCs and boards boot from a server behind DNAT and masquerade, with no flag on either side."""
import os
import subprocess
import zlib

import pytest

from e2e.conftest import wire  # noqa: F401
from e2e.test_serve_tftp_nat import OUTSIDE, nat  # noqa: F401
from interop import pcs
from interop.boards import SERVER, Board, Wires, unpacked

LAN = "10.97.0.0/24"
TO_DATA_PORTS_ONLY = """
table ip firewall {
    chain through {
        type filter hook forward priority 0
        ip saddr 10.97.0.0/24 udp dport != 69 drop
    }
}
"""


def lan_of(hosts):
    """A network of boards: the router that has the server is behind another."""
    if not os.access("/dev/net/tun", os.W_OK):
        pytest.skip("no tap in a network namespace may be made here")
    wires = Wires(hosts.near)
    hosts.run(hosts.near, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    hosts.run(hosts.router, "ip", "route", "add", LAN, "via", "10.99.0.1")
    return wires


@pytest.fixture
def boots(srv, serve):
    """boots(LOADER, HOSTS, SERVER): a PC in a network of theirs, which is told by DHCP to boot from
    there. The records of what it asked for, once what it loaded last has said so."""
    up = []

    def boot(loader, hosts, address):
        uefi, stage = pcs.LOADERS[loader]
        if pcs.missing():
            pytest.skip(f"no {pcs.missing()} here (tools/setup --peers)")
        wires = lan_of(hosts)
        server = serve(at=[f"tftp://{hosts.peer}:69"], under=hosts.inside(hosts.far))
        up.append(subprocess.Popen(
            [*wires.inside, "dnsmasq", "-d", "-C", "/dev/null", "--port=0", "--interface=br0",
             "--bind-interfaces", "--leasefile-ro", "--user=root", f"--dhcp-option=3,{SERVER}",
             "--dhcp-range=10.97.0.50,10.97.0.60", f"--dhcp-boot={stage(srv)},,{address}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        pc = pcs.PC(wires, uefi)
        try:
            pc.read_to(pcs.LOADED)
        finally:
            pc.stop()
        server.stop(twice=True)
        return server.records()
    yield boot
    for process in up:
        process.kill()
        process.wait()


def through(records):
    """The ports by which files went, in order."""
    return [r["port"] for r in records if r["outcome"] == "ok"]


@pytest.mark.parametrize("loader", pcs.LOADERS)
def test_a_pc_behind_nat(loader, boots, nat):
    """Its own repeat is answered from port 69, and so is all that it asks for then."""
    first, *rest = boots(loader, nat, OUTSIDE)

    assert first["verdict_id"] in ("data-port-blocked", "answer-refused")
    assert first["port"] == ("request" if first["verdict_id"] == "data-port-blocked" else "data")
    assert {r["port"] for r in rest} <= {"request"}
    assert {r["verdict_id"] for r in rest} <= {None, "file-not-found", "size-probe"}
    assert len(through([first, *rest])) == pcs.FILES[loader]


def test_a_pc_whose_way_to_data_ports_is_closed(boots, wire, tmp_path):
    """It hears the answer to its question for the file's size, and asks for the file at once."""
    hosts = wire(router=True)
    rules = tmp_path / "rules"
    rules.write_text(TO_DATA_PORTS_ONLY)
    hosts.run(hosts.router, "nft", "-f", rules)

    assert through(boots("EDK2 and GRUB", hosts, hosts.peer)) == ["request"] * 2


def test_a_board_behind_nat(root, nat, serve, srv):
    peers = unpacked(root, "uboot", "usr/lib/u-boot/qemu_arm/u-boot.bin")
    image = os.urandom(300000)
    (srv / "image").write_bytes(image)
    server = serve(at=[f"tftp://{nat.peer}:69"], under=nat.inside(nat.far))

    board = Board(lan_of(nat), peers, "52:54:00:00:00:01", "10.97.0.11", OUTSIDE)
    try:
        assert [board.load("image") for _ in range(2)] == [zlib.crc32(image)] * 2
    finally:
        board.stop()
    server.stop(twice=True)
    first, *rest = server.records()
    assert (first["verdict_id"], first["port"]) == ("answer-refused", "data")
    assert first["verdict"].endswith("; single-port auto will try port 69 at its next request")
    assert through(rest) == ["request"] * 2 and len(rest) == 2
