# SPDX-License-Identifier: MIT
"""A server whose system calls fail, each so-and-so-many-th of them, while files go both ways:
what a client takes for done is right, and the server lives (tests/unit/faults.c)."""
import mmap
import os
import shutil
import subprocess

import pytest

from e2e.lib.run import run

SOURCE = "tests/unit/faults.c"
FILES, SIZE = 12, 60_000


class Plan:
    """What fails in the server: each `every`-th call; 0: none."""

    def __init__(self, path):
        path.write_bytes(bytes(4096))
        path.chmod(0o666)
        self.path = path
        with open(path, "r+b") as f:
            self.memory = mmap.mmap(f.fileno(), 4096)

    @property
    def failed(self):
        return int.from_bytes(self.memory[4:8], "little")

    def set(self, every):
        self.memory[:4] = every.to_bytes(4, "little")


@pytest.fixture
def faulty(root, tmp_path, serve):
    """A server under a plan, and the plan."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    library = tmp_path / "faults.so"
    subprocess.run(["cc", "-std=gnu17", "-O1", "-w", "-shared", "-fPIC", "-D_GNU_SOURCE",
                    "-D_FILE_OFFSET_BITS=64", root / SOURCE, "-o", library, "-ldl"],
                   check=True)
    plan = Plan(tmp_path / "plan")
    server = serve("--uploads", "overwrite",
                   under=("env", f"LD_PRELOAD={library}", f"KEDGE_FAULTS={plan.path}"))
    return server, plan


def url(server, name):
    host, port = server.at[:2]
    return f"tftp://{host}:{port}/{name}"


@pytest.mark.parametrize("every", [101, 37, 17, 7])
def test_what_is_done_is_right(faulty, make, get, kedge, srv, every):
    server, plan = faulty
    here = get.here
    most_fail = every < 10
    give_up = ["--timeout", "100ms", "--retry-for", "3s" if most_fail else "30s"]
    content = make("down", SIZE)
    done = 0

    plan.set(every)
    for i in range(FILES):
        sent = os.urandom(SIZE)
        (here / "up").write_bytes(sent)
        got = get(*give_up, "-o", "got", url(server, "down"))
        assert server.process.poll() is None
        if got.code == 0:
            assert (here / "got").read_bytes() == content
        gave = run(kedge, "put", *give_up, "up", url(server, f"up{i}"), cwd=here)
        assert server.process.poll() is None
        if gave.code == 0 or (srv / f"up{i}").exists():
            assert (srv / f"up{i}").read_bytes() == sent
        done += (got.code == 0) + (gave.code == 0)
    assert plan.failed >= 3
    plan.set(0)
    assert get("-o", "last", url(server, "down")).code == 0
    assert (here / "last").read_bytes() == content
    assert run(kedge, "put", "up", url(server, "last"), cwd=here).code == 0
    assert (srv / "last").read_bytes() == (here / "up").read_bytes()
    assert done >= FILES or most_fail
