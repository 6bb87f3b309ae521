# SPDX-License-Identifier: MIT
"""What every suite in Python starts from."""
import os
import resource
import signal
from pathlib import Path

import pytest

# A shell's job in the background ignores it, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A login gets 1024 descriptors, too few for some servers under test with their clients.
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
soft = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root():
    """The top of the source tree."""
    return ROOT


@pytest.fixture(scope="session")
def build():
    """The build directory under test: KEDGE_BUILD, or build/."""
    directory = Path(os.environ.get("KEDGE_BUILD", ROOT / "build")).resolve()
    if not (directory / "kedge").exists():
        pytest.fail(f"no kedge in {directory}: run make build")
    return directory


@pytest.fixture(scope="session")
def kedge(build):
    """The program under test."""
    return build / "kedge"


@pytest.fixture(scope="session")
def released(root):
    """The program as it is released: limits of memory say nothing of a sanitized one, which also
    takes long to start."""
    program = root / "build/kedge"
    if not program.exists():
        pytest.skip("no build/kedge: run make build")
    return program
