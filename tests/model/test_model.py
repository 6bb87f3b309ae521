# SPDX-License-Identifier: MIT
"""The model of TFTP holds where it is to hold, and finds what is wrong where something is."""
import re
from dataclasses import replace

import pytest

import model

QUICK = [row for row in model.ROWS if row.quick]


@pytest.fixture(scope="session", autouse=True)
def tools():
    if model.missing():
        pytest.skip(f"no {model.missing()[0]} here (tools/setup --check)")


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row.what)
def test_row(row):
    result = model.search(row)
    assert model.right(row, result), result.output[-3000:]
    assert result.states > 0


def test_a_search_that_is_not_whole_decides_nothing(monkeypatch):
    monkeypatch.setattr(model, "DEPTH", 50)
    result = model.search(QUICK[0])
    assert not result.held and not result.failed


def test_each_row_that_must_fail_is_one_fault_away(root):
    """Without its fault it holds, so that it is the fault that was found."""
    for row in QUICK:
        if row.defines and row.defines[0].startswith("FAULT"):
            result = model.search(replace(row, defines=("STEADY",), holds=True))
            assert result.held, row.what


def test_the_limit_of_the_code_is_the_limit_of_the_model(root):
    """A window below half the numbers of the wire."""
    header = (root / "include/kedge/tftp.h").read_text()
    granted = int(re.search(r"KEDGE_TFTP_WINDOW_GRANT_MAX = (\d+)", header)[1])
    assert granted < 65536 / 2 <= granted + 1
