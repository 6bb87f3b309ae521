# SPDX-License-Identifier: MIT
"""Can the tests see? Each mutant is the protocol core with one line at fault; the unit tests
of the core or its simulation must fail with it. Only what it needs is built, without meson,
in a scratch directory."""
import os
import subprocess
from pathlib import Path

import pytest

from mutants import MUTANTS

CC = ["gcc", "-std=c17", "-O1", "-w", "-fPIC", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64"]
SEEDS = ["--seeds", "250", "--seed", "1"]
LIMIT_S = 60


class Bench:
    """The objects of the core; its unit tests and the simulation, which take the core as a library
    that is another for each mutant: so each mutant costs one link."""

    def __init__(self, root, scratch):
        self.root, self.scratch = root, scratch
        self.core = {path: self.compile(path, path)
                     for path in self.sources("src/base", "src/tftp")}
        self.link_core(self.core, scratch)
        self.units = [self.program([path]) for path in self.sources("tests/unit/tftp")]
        self.sim = self.program(self.sources("tests/sim"))

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

    def link_core(self, objects, place):
        subprocess.run(["gcc", "-shared", "-Wl,-Bsymbolic", *objects.values(), "-o",
                        place / "libcore.so"], check=True)

    def program(self, sources):
        """Tests, which find their core where LD_LIBRARY_PATH says."""
        objects = [self.compile(path, path) for path in sources]
        out = objects[-1].with_suffix("")
        subprocess.run(["gcc", *objects, f"-L{self.scratch}", "-lcore", "-lcmocka", "-o", out],
                       check=True)
        return out

    def first_failure(self, core, place):
        """The first test that fails, or None."""
        self.link_core(core, place)
        for unit in self.units:
            if not self.passes([unit], place):
                return unit.name
        return None if self.passes([self.sim, *SEEDS], place) else "sim"

    def passes(self, command, place):
        try:
            return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=LIMIT_S, env={**os.environ, "LD_LIBRARY_PATH": str(place)}
                                  ).returncode == 0
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
