# SPDX-License-Identifier: MIT
"""Boards on a bench: labgrid stages what they load, and a policy tells them apart."""
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from e2e.lib.serve import Server
from e2e.lib.wire import own_network
from interop.boards import Board, Wires, unpacked

POLICY = """listen = {{ "tftp://*" }}
root = "{srv}"
user = root
client "52:54:00:00:00:01" {{ root = "{srv}/one"  get = allow }}
client "52:54:00:00:00:02" {{ root = "{srv}/two"  get = allow }}
default {{ get = refuse }}
"""
# What labgrid does on the host of its server, done on this one.
STAGE = """
import subprocess, sys
from labgrid import Target
from labgrid.driver import TFTPProviderDriver
from labgrid.resource.remote import RemoteTFTPProvider
from labgrid.util import managedfile

class Here:
    def run(self, command, **_):
        done = subprocess.run(command, shell=True, capture_output=True, text=True)
        return done.stdout.splitlines(), done.stderr.splitlines(), done.returncode

    def run_check(self, command, **_):
        out, err, code = self.run(command)
        assert code == 0, err
        return out

managedfile.sshmanager.open = lambda host: Here()
board = Target("board")
RemoteTFTPProvider(board, "tftp", host="here", internal=sys.argv[1], external=sys.argv[2])
driver = TFTPProviderDriver(board, "stage")
board.activate(driver)
print(driver.stage(sys.argv[3]))
"""


@pytest.fixture
def boards(root):
    """boards(MAC...): a board with that address each, at its prompt; `boards.wires` is where
    they are plugged in."""
    peers = unpacked(root, "uboot", "usr/lib/u-boot/qemu_arm/u-boot.bin")
    host = own_network() if os.access("/dev/net/tun", os.W_OK) else None
    if not host:
        pytest.skip("no tap in a network namespace may be made here")
    up = []

    def start(*macs):
        up.extend(Board(boards.wires, peers, mac, f"10.97.0.{11 + n}")
                  for n, mac in enumerate(macs, len(up)))
        return up[-len(macs):]

    boards = start
    try:
        boards.wires = Wires(host)
        yield boards
    finally:
        for board in up:
            board.stop()
        host.kill()
        host.wait()


@pytest.fixture
def stage(root, tmp_path):
    """stage(FILE, DIRECTORY): labgrid's own driver makes it known there, below its root."""
    tree = unpacked(root, "labgrid", "usr/lib/python3/dist-packages/labgrid")
    path = f"{tree}/usr/lib/python3/dist-packages"

    def do(file, directory):
        done = subprocess.run([sys.executable, "-B", "-c", STAGE, f"{directory}/",
                               f"{Path(directory).name}/", file], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": path}, cwd=tmp_path, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
    return do


def serving(boards, words, log):
    return Server([*boards.wires.inside, *words], log)


def test_a_board_loads_what_labgrid_staged(boards, stage, kedge, srv, tmp_path):
    images = srv.parent / "images"
    for name in "first", "second":
        (images / name).mkdir(parents=True)
        (images / name / "zImage").write_bytes(os.urandom(100000))
    (srv / "board").mkdir()
    server = serving(boards, [kedge, "serve", "--root", srv, "--user", "root", "--follow", images,
                              "tftp://*"], tmp_path / "log")
    try:
        board, = boards("52:54:00:00:00:01")
        for name in "first", "second":  # the second takes the first one's place
            at = stage(images / name / "zImage", srv / "board")
            assert at == "board/zImage" and (srv / at).is_symlink()
            assert board.load(at) == zlib.crc32((images / name / "zImage").read_bytes())
        (srv / "board/zImage").unlink()
        (srv / "board/zImage").symlink_to("/etc/passwd")
        assert board.load("board/zImage") is None
    finally:
        assert server.stop(twice=True) == 0, server.stderr


def test_each_board_has_its_own_file_and_a_stranger_none(boards, kedge, srv, tmp_path):
    for name in "one", "two":
        (srv / name).mkdir()
        (srv / name / "zImage").write_text(name)
    policy = srv.parent / "policy"
    policy.write_text(POLICY.format(srv=srv))
    server = serving(boards, [kedge, "serve", "-c", policy], tmp_path / "log")
    try:
        loaded = [b.load("zImage") for b in boards(
            "52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03")]
        assert loaded == [zlib.crc32(b"one"), zlib.crc32(b"two"), None]
        for number, rule in (11, "get: client 52:54:00:00:00:01, line 4"), \
                (12, "get: client 52:54:00:00:00:02, line 5"), (13, "get: default, line 6"):
            assert server.record(rule=rule)["peer"].startswith(f"10.97.0.{number}:")
        assert server.record(event="refused")["verdict_id"] == "policy-refused"
    finally:
        assert server.stop(twice=True) == 0, server.stderr
