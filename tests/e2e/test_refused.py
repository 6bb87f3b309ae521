# SPDX-License-Identifier: MIT
"""Each shortcut refused by the kernel, one by one and all together: the same files come and
go, the same datagrams come back. (Segments are refused in tests/unit/net/udp_out.c: they are
asked for inside a message, where a filter does not look.)"""
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.lib import refused

PROGRAM = Path(refused.__file__)
KINDS = [*([name] for name in refused.CALLS), [*refused.CALLS]]
IDS = [*refused.CALLS, "all"]


def under(code, names):
    words = [sys.executable, str(PROGRAM), code, *names, "--"]
    done = subprocess.run([*words, "true"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no filter may be set here: {done.stderr}")
    return words


def test_a_call_is_refused():
    words = under("ENOSYS", ["timerfd_create"])
    probe = "import ctypes; l = ctypes.CDLL(None, use_errno=True); " \
            "print(l.timerfd_create(1, 0), ctypes.get_errno())"
    done = subprocess.run([*words, sys.executable, "-c", probe], capture_output=True, text=True)
    assert done.stdout == "-1 38\n"


@pytest.mark.parametrize("code", ["ENOSYS", "EPERM"])
@pytest.mark.parametrize("names", KINDS, ids=IDS)
def test_files_and_echoes_without(kedge, serve, make, srv, tmp_path, names, code):
    words = under(code, names)
    server = serve("--uploads", "overwrite", under=words,
                   at=["tftp://127.0.0.1:0", "echo+udp://127.0.0.1:0"])
    content, where = make("file", 1500000), tmp_path / "got"
    url = "tftp://{}:{}".format(*server.address("tftp"))
    for options in (["--windowsize", "1", "--blksize", "65464"],
                    ["--windowsize", "16", "--blksize", "1468"]):
        subprocess.run([*words, kedge, "get", "-q", *options, f"{url}/file", "-o", where],
                       check=True, timeout=60)
        assert where.read_bytes() == content
        subprocess.run([*words, kedge, "put", "-q", *options, where, f"{url}/up"],
                       check=True, timeout=60)
        assert (srv / "up").read_bytes() == content
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.connect(server.address("echo+udp"))
        for size in (1, 1400, 9000):
            sent = [os.urandom(size) for _ in range(10)]
            for data in sent:
                sock.send(data)
            assert sorted(sock.recv(65536) for _ in sent) == sorted(sent)
