"""What every suite in Python starts from."""
import os
import signal
from pathlib import Path

import pytest

# A shell's job in the background ignores it, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

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
