# SPDX-License-Identifier: MIT
"""Another version of a tool is told from the one that is wanted."""
import pytest
import versions


@pytest.mark.parametrize("tool, found, fits", [
    ("clang-format", "14.0.6", True), ("clang-format", "14", True),
    ("clang-format", "18.1.3", False), ("clang-tidy", "140.1", False),
    ("cppcheck", "2.10", True), ("cppcheck", "2.10.3", True), ("cppcheck", "2.1", False),
    ("cppcheck", "2.13.0", False), ("cppcheck", "", False),
])
def test_a_version_fits(tool, found, fits):
    reason = versions.unfit(tool, found)
    assert (reason == "") == fits
    assert fits or (tool in reason and (found or "none") in reason)
