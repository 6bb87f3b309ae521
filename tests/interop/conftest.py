# SPDX-License-Identifier: MIT
"""What the tests against other implementations start from. A peer that is not here skips
its tests; tools/setup --peers brings it."""
import glob
import os
import shutil
import tempfile
from pathlib import Path

import pytest

# The same servers and files as end to end.
from e2e.conftest import make, serve  # noqa: F401

UNPACKED = {"in.tftpd": "tftpd-hpa/usr/sbin/in.tftpd",
            "in.tftpd-7.3": "tftpd-hpa-7.3/in.tftpd", "atftpd": "atftpd/usr/sbin/atftpd",
            "tftp": "tftp-hpa/usr/bin/tftp", "atftp": "atftp/usr/bin/atftp"}

# A library that a small program of tests/interop/peers serves by.
MODULES = {"fbtftp": "/usr/lib/python3/dist-packages/fbtftp",
           "erl": "/usr/lib/erlang/lib/tftp-*", "perl": "/usr/share/perl5/Net/TFTPd.pm",
           "go": "/usr/share/gocode/src/github.com/pin/tftp"}


@pytest.fixture
def srv():
    """An empty directory that everybody can reach, read and write."""
    with tempfile.TemporaryDirectory(prefix="kedge-test-") as outer:
        Path(outer).chmod(0o755)
        directory = Path(outer) / "srv"
        directory.mkdir()
        directory.chmod(0o777)
        yield directory


@pytest.fixture(scope="session")
def judge(root):
    """tftp-hpa 7.3's in.tftpd."""
    path = Path(os.environ.get("KEDGE_IN_TFTPD", root / "build-peers/tftpd-hpa-7.3/in.tftpd"))
    if not path.exists():
        pytest.skip("no tftp-hpa 7.3 here (tools/setup --peers)")
    return path


@pytest.fixture(scope="session")
def newest_tftp(judge):
    """Its client."""
    path = judge.with_name("tftp")
    if not path.exists():
        pytest.skip("no client of tftp-hpa 7.3 here (tools/setup --peers)")
    return path


@pytest.fixture(scope="session")
def program(root):
    """program(NAME): the path of a peer."""
    def find(name):
        unpacked = root / "build-peers" / UNPACKED.get(name, "")
        if name in UNPACKED and unpacked.exists():
            return unpacked
        if name in MODULES:
            if not glob.glob(MODULES[name]):
                pytest.skip(f"no {name} here (tools/setup --peers)")
            return name
        # What is installed as tftp may be anybody's; the others are what they are called.
        found = None if name in ("tftp", "in.tftpd", "in.tftpd-7.3") else shutil.which(
            name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        if not found:
            pytest.skip(f"no {name} here (tools/setup --peers)")
        return Path(found)
    return find
