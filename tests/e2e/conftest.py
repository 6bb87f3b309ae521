"""What every end-to-end test starts from: a root to serve, and servers that end."""
import itertools
import os

import pytest

from e2e.lib.serve import Server

CRASHES = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "Assertion")


@pytest.fixture
def srv(tmp_path):
    """An empty directory that the server's user may read and write."""
    directory = tmp_path / "srv"
    directory.mkdir()
    directory.chmod(0o777)
    return directory


@pytest.fixture
def serve(kedge, tmp_path, srv):
    """serve(*flags, at=ENDPOINTS, root=DIR): a running `kedge serve`. Each must end well."""
    servers = []
    number = itertools.count()

    def start(*flags, at=("tftp://127.0.0.1:0",), root=srv, under=()):
        command = [*under, kedge, "serve", *at, "--root", root, *flags]
        servers.append(Server(command, tmp_path / f"serve-{next(number)}.log"))
        return servers[-1]

    yield start
    codes = [server.stop(twice=True) for server in servers]
    for server, code in zip(servers, codes):
        assert code in (0, -9), f"exit status {code}\n{server.stderr}"
        assert not any(c in server.stderr for c in CRASHES), server.stderr


def make_file(path, content, mode=0o644):
    path.write_bytes(content)
    path.chmod(mode)
    return content


@pytest.fixture
def make(srv):
    """make(NAME, CONTENT): a file of the root, of random bytes where a size is given."""
    def make(name, content):
        if isinstance(content, int):
            content = os.urandom(content)
        (srv / name).parent.mkdir(parents=True, exist_ok=True)
        return make_file(srv / name, content)
    return make
