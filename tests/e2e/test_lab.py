# SPDX-License-Identifier: MIT
"""The tool of the lab sheet: what passes between client and server, and what it loses."""
import os
import re
import subprocess

import pytest

from e2e.lib.ports import free_port
from e2e.lib.still import queue
from e2e.peers.echo import wait_for


@pytest.fixture
def watch(root, kedge, serve, srv, tmp_path):
    """The packets of one get of 3,000 bytes, by their names."""
    def run(*lose):
        content = os.urandom(3000)
        (srv / "f").write_bytes(content)
        server, port = serve(), free_port()
        words = [w for name in lose for w in ("--lose", name)]
        wire = subprocess.Popen(
            ["/usr/bin/python3", root / "docs/lab/tftp-wire", "--listen", str(port),
             "--server", f"127.0.0.1:{server.endpoints[0][2]}", *words],
            stdout=subprocess.PIPE, text=True)
        try:
            wait_for(lambda: queue(port))
            got = subprocess.run([kedge, "get", f"tftp://127.0.0.1:{port}/f", "--no-options",
                                  "-o", tmp_path / "got"], timeout=30)
            out = wire.communicate(timeout=70)[0]
        finally:
            wire.kill()
        assert got.returncode == 0 and (tmp_path / "got").read_bytes() == content
        return [(re.sub(r"^ *[\d.]+ ms  (client \S+ server)  (\w+(?: \d+)?) .*$",
                        r"\1 \2", line + " "), line.endswith("LOST"))
                for line in out.splitlines()]
    return run


def test_it_shows_each_packet(watch):
    want = ["client --> server RRQ"]
    for n in range(1, 7):
        want += [f"client <-- server DATA {n}", f"client --> server ACK {n}"]
    assert watch() == [(w, False) for w in want]


def test_what_it_loses_comes_again(watch):
    seen = watch("DATA:2", "ACK:4")
    assert [s for s in seen if s[1]] == [("client <-- server DATA 2", True),
                                         ("client --> server ACK 4", True)]
    assert seen.count(("client <-- server DATA 2", False)) >= 1
    assert seen.count(("client --> server ACK 4", False)) >= 1
