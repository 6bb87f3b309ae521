# SPDX-License-Identifier: MIT
"""The proof of tests/proof: it is whole when it passes, so each fault here must fail it. One
cheap driver each time."""
import os
import shutil
import subprocess

import pytest

TOOLS = ["frama-c", "why3", "z3", "cvc4"]

pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)),
                                reason="no frama-c here: tools/setup --proof")

PARTS = ["src/base", "src/tftp", "src/echo", "include", "tests/proof"]
WITHIN = "    for (size_t i = 0; i < bytes.len; i++)\n        v ="


@pytest.fixture
def tree(root, tmp_path):
    for part in PARTS:
        shutil.copytree(root / part, tmp_path / part)
    return tmp_path


def replace(tree, path, old, new):
    text = (tree / path).read_text()
    assert text.count(old) == 1
    (tree / path).write_text(text.replace(old, new))


def prove(tree, *names):
    done = subprocess.run([tree / "tests/proof/run", "--jobs", "1", *names], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tree,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    return done.returncode, done.stdout


def test_the_driver_as_it_is(tree):
    status, said = prove(tree, "bytes.take_u64")
    assert status == 0, said


def test_a_read_past_the_end(tree):
    replace(tree, "src/base/bytes.c", WITHIN, WITHIN.replace("i < b", "i <= b"))
    status, said = prove(tree, "bytes.take_u64")
    assert status == 1 and "mem_access" in said, said


def test_a_place_past_the_end_of_the_table(tree):
    replace(tree, "src/tftp/table.c", "i = t->all[i - 1].next;", "i = t->all[i].next;")
    status, said = prove(tree, "sessions.find")
    assert status == 1 and "tftp_sessions_find: mem_access" in said, said


def test_a_link_that_is_left_wrong(tree):
    replace(tree, "src/tftp/admission.c", "q->newest = place;", "q->newest = place + 1;")
    status, said = prove(tree, "admission.admitted")
    assert status == 1 and "q->newest" in said, said


def test_an_assertion_that_can_fail(tree):
    replace(tree, "tests/proof/drivers/cookie.c", "ANY_SPAN(peer, PEER_MAX)",
            "ANY_SPAN(peer, PEER_MAX + 1)")
    status, said = prove(tree, "cookie.token")
    assert status == 1 and "proof_trap" in said, said


def test_an_end_that_is_not_reached(tree):
    replace(tree, "tests/proof/drivers/bytes.c",
            "    (void)take_u64(&r);\n    readable(r.left);\n}\n\nvoid prove_take_string",
            "    for (;;)\n        (void)take_u64(&r);\n}\n\nvoid prove_take_string")
    status, said = prove(tree, "bytes.take_u64")
    assert status == 1 and "end is not reached" in said, said


def test_a_contract_that_does_not_hold(tree):
    replace(tree, "tests/proof/wp/block.c", "ensures found: \\result ==> first <=",
            "ensures found: \\result ==> first <")
    replace(tree, "tests/proof/run", '"-wp-timeout", "20"', '"-wp-timeout", "2"')
    status, said = prove(tree, "block.wp")
    assert status == 1 and "ensures_found" in said, said


def test_a_datagram_read_past_its_end(tree):
    replace(tree, "src/tftp/data_port.c", "return bytes.len >= 2", "return bytes.len >= 1")
    status, said = prove(tree, "data_port.data")
    assert status == 1 and "is_request: mem_access" in said, said
