# SPDX-License-Identifier: MIT
"""The versions whose verdict counts: those of Debian 12. Another one formats otherwise and
warns of other things, so that its module is skipped."""
import re
import shutil
import subprocess

import pytest

VERSIONS = {"clang-format": "14", "clang-tidy": "14", "cppcheck": "2.10"}


def version(tool):
    """As the tool has it; "" where there is none."""
    if not shutil.which(tool):
        return ""
    text = subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True).stdout
    return re.search(r"\d+(\.\d+)*", text)[0]


def unfit(tool, found):
    """Why this version's verdict does not count, or ""."""
    want = VERSIONS[tool]
    if f"{found}.".startswith(f"{want}."):
        return ""
    return f"lint wants {tool} {want}, here is {found or 'none'}"


def require(tool):
    """Called by a test module: all of it is skipped where another version is installed."""
    reason = unfit(tool, version(tool))
    if reason:
        pytest.skip(reason, allow_module_level=True)
