# SPDX-License-Identifier: MIT
"""Can the tests see? Each mutant is the protocol core with one line at fault; the unit tests
of the core or its simulation must fail with it. Only what it needs is built, without meson,
in a scratch directory."""
import os
import subprocess
from pathlib import Path

import pytest

from mutants import MUTANTS

CC = ["gcc", "-std=c17", "-O1", "-w", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64"]
SEEDS = ["--seeds", "250", "--seed", "1"]
LIMIT_S = 60


class Bench:
    """The objects of the core, of its unit tests and of the simulation; and a place to link
    them with one object that is another."""

    def __init__(self, root, scratch):
        self.root, self.scratch = root, scratch
        self.core = {path: self.compile(path, path)
                     for path in self.sources("src/base", "src/tftp")}
        self.units = [self.compile(path, path)
                      for path in self.sources("tests/unit/tftp")]
        self.sim = [self.compile(path, path) for path in self.sources("tests/sim")]

    def sources(self, *folders):
        return [str(path.relative_to(self.root)) for folder in folders
                for path in sorted((self.root / folder).glob("*.c"))]

    def compile(self, source, name, first=None):
        """`first` is looked into for headers before the source tree."""
        out = self.scratch / (name.replace("/", "_") + ".o")
        paths = [first] if first else []
        paths += [self.root / "include", self.root / "src",
                  self.root / Path(name).parent]
        subprocess.run([*CC, *(f"-I{path}" for path in paths), "-c", self.root / source,
                        "-o", out], check=True)
        return out

    def first_failure(self, core, place):
        """The first test that fails, or None."""
        archive = place / "core.a"
        subprocess.run(["ar", "rcs", archive, *core.values()], check=True)
        for unit in self.units:
            if not self.passes([unit], archive, place, []):
                return unit.name
        return None if self.passes(self.sim, archive, place, SEEDS) else "sim"

    def passes(self, objects, archive, place, args):
        program = place / "test"
        subprocess.run(["gcc", *objects, archive, "-lcmocka", "-o", program], check=True)
        try:
            return subprocess.run([program, *args], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=LIMIT_S).returncode == 0
        except subprocess.TimeoutExpired:
            return False  # a test that no longer ends has failed


@pytest.fixture(scope="session")
def bench(root, tmp_path_factory):
    if not Path("/usr/include/cmocka.h").exists():
        pytest.skip("cmocka is not installed")
    return Bench(root, tmp_path_factory.mktemp("bench"))


def test_the_core_as_it_is_passes(bench, tmp_path):
    assert bench.first_failure(bench.core, tmp_path) is None


def mutate(root, name, place):
    """The mutant's source and its path in the tree."""
    path, old, new = MUTANTS[name]
    text = (root / path).read_text()
    assert text.count(old) == 1, f"{path} has {text.count(old)} times: {old}"
    mutant = place / Path(path).name
    mutant.write_text(text.replace(old, new))
    return mutant, path


@pytest.mark.parametrize("name", MUTANTS)
def test_killed(bench, root, tmp_path, name):
    mutant, path = mutate(root, name, tmp_path)
    core = dict(bench.core)
    if path.endswith(".c"):
        changed = [path]
    else:  # a header: all that may include it
        changed = [p for p in core if p.startswith(os.path.dirname(path) + "/")]
        folder = tmp_path / "include" / Path(path).relative_to("src").parent
        folder.mkdir(parents=True)
        mutant = mutant.rename(folder / Path(path).name)
    for source in changed:
        core[source] = tmp_path / (source.replace("/", "_") + ".o")
        subprocess.run([*CC, f"-I{tmp_path / 'include'}", f"-I{root / 'include'}",
                        f"-I{root / 'src'}", "-c",
                        mutant if path.endswith(".c") else root / source,
                        "-o", core[source]], check=True)
    assert bench.first_failure(core, tmp_path), f"no test fails: {name}"
