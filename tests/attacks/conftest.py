# SPDX-License-Identifier: MIT
"""What the attacks start from: the e2e suite's servers and files, and a network of their own
wherever a source address is forged."""
import pytest

from attacks.lib.network import namespace
from attacks.lib.wire import Capture, Forger
from e2e.conftest import make, serve, srv  # noqa: F401: fixtures


@pytest.fixture
def network():
    """This test's thread and its children have a network namespace of their own."""
    with namespace():
        yield


@pytest.fixture
def wire(network):
    """What passes in that network."""
    with Capture() as capture:
        yield capture


@pytest.fixture
def forge(network):
    """forge(SOURCE, TARGET, PAYLOAD): a datagram in SOURCE's name."""
    with Forger() as forger:
        yield forger.send
