# SPDX-License-Identifier: MIT
"""`kedge check --client --wait` of boot loaders in QEMU, which ask for a file again and again: the
expected verdict of each check is in these tables, and of each the packets were looked at."""
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from e2e.lib.wire import own_network
from interop.boards import SERVER, Board, Ipxe, Wires

MAC, ADDRESS = "52:54:00:00:00:01", "10.97.0.11"
# They wait for half a minute or move 32 MB, which an emulated PC does not in that time.
LONG = {"client-wrap", "client-silence", "client-options-refused"}
FAILS = {"iPXE": {"client-reads-empty"}}
DEVIATES = {
    "U-Boot": {"client-foreign-port", "client-dally", "client-options-refused",
               "client-unasked-option"},
    "iPXE": {"client-foreign-port", "client-dally", "client-garbage", "client-unasked-option",
             "client-larger-blksize"},
}
PASSES = {"U-Boot": 25, "iPXE": 19}      # what a client does not ask for is not tried


@pytest.fixture
def wires():
    host = own_network() if os.access("/dev/net/tun", os.W_OK) else None
    if not host:
        pytest.skip("no tap in a network namespace may be made here")
    yield Wires(host)
    host.kill()
    host.wait()


def need(*paths):
    """The first program; without one of them the test is skipped."""
    for path in paths:
        if not (shutil.which(path) or Path(path).exists()):
            pytest.skip(f"no {path} here (tools/setup --peers)")
    return paths[0]


def uboot(wires, root, _):
    peers = root / "build-peers/uboot"
    need(peers / "usr/lib/u-boot/qemu_arm/u-boot.bin")
    return Board(wires, peers, MAC, ADDRESS)


def ipxe(wires, _, __):
    return Ipxe(wires, need("qemu-system-x86_64", Ipxe.ROM), MAC, ADDRESS)


def all_of_them(kedge):
    listed = subprocess.run([kedge, "check", "--list", "--only", "client"], check=True,
                            capture_output=True, text=True).stdout
    return {line.split()[0] for line in listed.splitlines()}


def check(kedge, wires, board, ids):
    """It is asked to load a file when a check waits for one; the rows that came of it."""
    process = subprocess.Popen(
        [*wires.inside, kedge, "check", "--json", "--client", "--wait", "--only",
         ",".join(sorted(ids)), f"tftp://{SERVER}/"], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    printed = []
    reader = threading.Thread(target=lambda: printed.extend(process.stdout))
    reader.start()
    try:
        for line in process.stderr:
            assert line.startswith("kedge check: ask for a file now ("), line
            board.ask("kedge-check")
        assert process.wait(60) == (1 if board.name in FAILS else 0)
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
        process.stderr.close()
    return {x["id"]: x for x in map(json.loads, printed) if x["event"] == "check"}


def hold(kedge, wires, board, ids):
    """Its verdicts against the tables."""
    rows = check(kedge, wires, board, ids)
    found = {v: {i for i, row in rows.items() if row["verdict"] == v}
             for v in ("FAILS", "deviates", "pass")}
    for table, verdict in (FAILS, "FAILS"), (DEVIATES, "deviates"):
        wrong = found[verdict] ^ table.get(board.name, set())
        assert not wrong, {i: rows[i] for i in wrong}
    assert len(found["pass"]) >= PASSES[board.name], rows


@pytest.mark.parametrize("name, start", [("U-Boot", uboot), ("iPXE", ipxe)])
def test_known_verdicts(kedge, root, wires, tmp_path, name, start):
    """Its time is the machine's: what differs is looked at once more."""
    ids = {"U-Boot": all_of_them(kedge), "iPXE": all_of_them(kedge) - LONG}[name]
    for last in False, True:
        board = start(wires, root, tmp_path)
        board.name = name
        try:
            hold(kedge, wires, board, ids)
            return
        except AssertionError:
            if last:
                raise
        finally:
            board.stop()
