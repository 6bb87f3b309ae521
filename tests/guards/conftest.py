# SPDX-License-Identifier: MIT
"""What every guard starts from: a copy of the tree that may be spoilt."""
import guard
import pytest


@pytest.fixture
def scratch(root, tmp_path):
    """A copy of the tree that may be spoilt."""
    return guard.copy(root, tmp_path / "tree")
