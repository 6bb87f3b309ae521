# SPDX-License-Identifier: MIT
"""A bad link for each test that asks for one."""
from contextlib import contextmanager

import pytest

from link.links import Link, namespaces


@pytest.fixture
def link(build, tmp_path):
    """link(OPTION...) is a context: a link that is up within it."""
    @contextmanager
    def up(*options):
        it = Link(build / "tests/link/badlink", tmp_path, *options)
        try:
            yield it
        finally:
            it.stop()
        assert not {it.a, it.b} & namespaces()
    return up
