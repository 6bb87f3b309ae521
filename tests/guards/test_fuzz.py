# SPDX-License-Identifier: MIT
"""What the corpus of tests/fuzz holds makes a fault fail, without a fuzzer."""
import subprocess

import guard
import pytest

FLAGS = ["-std=c17", "-O1", "-g", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-D_GNU_SOURCE"]


def replay(tree, out, target):
    """The exit status of a target's replay, built from a tree."""
    sources = guard.files(tree, "src/base/", "src/tftp/", "src/echo/", suffix=(".c",))
    here = tree / "tests" / "fuzz"
    guard.run("clang", *FLAGS, f"-I{tree}/include", f"-I{tree}/src", f"-I{here}", *sources,
              *sorted(here.glob(f"{target}*.c")), here / "owner.c", here / "replay.c", "-o", out / "replay")
    done = subprocess.run([out / "replay", here / "corpus" / target,
                           here / "regressions" / target],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode


def change(tree, name, old, new):
    path = tree / name
    text = path.read_text()
    assert text.count(old) == 1, f"{name} has {text.count(old)} of {old}"
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("target", ["packet", "sender"])
def test_a_replay_passes(root, tmp_path, target):
    assert replay(root, tmp_path, target) == 0


@pytest.mark.parametrize("target, name, old, new", [
    ("packet", "src/base/bytes.c", "n > r->left.len", "n > r->left.len + 1"),
    ("sender", "src/tftp/sender.c", "if (s->half.terms.window > 1 && ", "if ("),
    ("server", "src/tftp/request_port.c", "if (!request || !budget_left(t, &in->peer))",
     "if (in->bytes.len < 4)"),
])
def test_a_fault_is_seen(root, tmp_path, target, name, old, new):
    spoilt = guard.copy(root, tmp_path / "tree", corpus=True)
    change(spoilt, name, old, new)
    assert replay(spoilt, tmp_path, target) != 0
