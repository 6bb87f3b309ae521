# SPDX-License-Identifier: MIT
"""docs/embedding.md says what is so: its client is short, and its table of sizes is near
what `make embed` prints. (The client itself is compiled and run by tests/embed.)"""
import re
import subprocess

import pytest

ROW = re.compile(r"^(host|Cortex-M0) +(client|server) +(\d+) +(\d+) +(\d+)$", re.M)
CLIENT_LINES = 60


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "embedding.md").read_text()


def test_the_client_is_short(page):
    code = re.search(r"^```c\n(.*?)^```$", page, re.S | re.M)[1]
    assert code.count("\n") <= CLIENT_LINES


def test_the_sizes_are_right(root, page):
    done = subprocess.run([root / "tests" / "embed" / "run"], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    said = {m[:2]: m[2:] for m in ROW.findall(page)}
    now = {m[:2]: m[2:] for m in ROW.findall(done.stdout)}
    assert len(said) == 4 and now
    for key, sizes in now.items():
        for old, new in zip(said[key], sizes):
            assert int(new) <= 1.2 * int(old) and int(old) <= 1.2 * int(new), \
                f"{key}: {said[key]} became {sizes}: bring the page up to date"
    if ("Cortex-M0", "client") not in now:
        pytest.skip("arm-none-eabi-gcc is not installed (tools/setup --proof)")
