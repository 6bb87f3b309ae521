# SPDX-License-Identifier: MIT
"""What the lint starts from."""
import pytest
from guards import guard


@pytest.fixture
def scratch(root, tmp_path):
    """A copy of the tree that may be spoilt."""
    return guard.copy(root, tmp_path / "tree")
