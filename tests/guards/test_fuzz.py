# SPDX-License-Identifier: MIT
"""What the corpus of tests/fuzz holds makes a fault fail, without a fuzzer."""
import subprocess

import guard
import pytest

FLAGS = ["-std=c17", "-O1", "-g", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-D_GNU_SOURCE"]


def replay(root, out, target, tree=None, name=None):
    """The exit status of a target's replay, with that file of a tree in place of the one that the
    sanitized build has."""
    here = root / "tests" / "fuzz"
    spoilt = [tree / name] if name else []
    guard.run("clang", *FLAGS, f"-I{root}/include", f"-I{root}/src", f"-I{here}", *spoilt,
              *sorted(here.glob(f"{target}*.c")), here / "owner.c", here / "replay.c",
              root / "build-sanitize/libcore.a", "-lnettle", "-pthread", "-o", out / "replay")
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
    spoilt = guard.copy(root, tmp_path / "tree")
    change(spoilt, name, old, new)
    assert replay(root, tmp_path, target, spoilt, name) != 0
