# SPDX-License-Identifier: MIT
"""Can the unit tests of the rooms with I/O see? Each mutant is linked in front of the library that
the tests were built with; `!` behind a program: it runs where openat2 is missing; `:NAME` behind
it: that test of it is run alone, for it is the one that sees and the others take long."""
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from equal import EQUAL
from rooms import ROOMS
from serve import SERVE
from wire import WIRE

ALL = ROOMS | SERVE | WIRE
LIMIT_S = 30


@pytest.fixture(scope="session")
def commands(build):
    """commands(TARGET): the words of ninja's last command for it."""
    def of(target):
        said = subprocess.run(["ninja", "-C", build, "-t", "commands", target], check=True,
                              capture_output=True, text=True).stdout
        return shlex.split(said.splitlines()[-1])
    return of


def write_to(words, out):
    at = words.index("-o")
    return [*words[:at + 1], str(out), *words[at + 2:]]


def compile_mutant(root, build, commands, name, place):
    path, _, old, new = ALL[name]
    text = (root / path).read_text()
    assert text.count(old) == 1, f"{path} has {text.count(old)} times: {old}"
    source = place / Path(path).name
    source.write_text(text.replace(old, new))
    library, = (p.parent.name for p in build.glob(f"lib*.a.p/{path.replace('/', '_')}.o"))
    words = commands(f"{library}/{path.replace('/', '_')}.o")
    words = [w for w in words if not w.startswith("-W")]
    words = write_to(words, place / "mutant.o")
    words[words.index("-c") + 1] = str(source)
    words = [w for i, w in enumerate(words) if w not in ("-MD", "-MQ", "-MF") and
             (i == 0 or words[i - 1] not in ("-MQ", "-MF"))]
    subprocess.run([*words, "-w", f"-I{root / 'src'}"], cwd=build, check=True)
    return place / "mutant.o"


ONLY = """
#include <stdlib.h>
void cmocka_set_test_filter(const char *pattern);
__attribute__((constructor)) static void only(void)
{
    if (getenv("ONLY"))
        cmocka_set_test_filter(getenv("ONLY"));
}
"""


@pytest.fixture(scope="session")
def only(tmp_path_factory):
    """An object by which a unit program runs the test that ONLY names."""
    source = tmp_path_factory.mktemp("only") / "only.c"
    source.write_text(ONLY)
    subprocess.run(["cc", "-c", source, "-o", source.with_suffix(".o")], check=True)
    return source.with_suffix(".o")


def run(build, commands, test, objects, place):
    """How the test ends: it passes, fails, or never."""
    test, _, name = test.partition(":")
    words = commands(f"tests/unit/test_{test.rstrip('!').replace('/', '_')}")
    words = write_to(words, place / "test")
    unit = next(i for i, w in enumerate(words) if w.endswith(".c.o"))
    words[unit + 1:unit + 1] = map(str, objects)
    subprocess.run(words, cwd=build, check=True)
    without = [build / "tests/unit/without_openat2", "38"] if test.endswith("!") else []
    process = subprocess.Popen([*without, place / "test"], stdout=subprocess.DEVNULL, cwd=build,
                               stderr=subprocess.DEVNULL, start_new_session=True,
                               env=os.environ | ({"ONLY": name} if name else {}))
    try:
        return "fails" if process.wait(LIMIT_S) else "passes"
    except subprocess.TimeoutExpired:
        return "never"
    finally:  # with all of its session: a mutant of what ends others may never end
        subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
        process.wait()


@pytest.mark.parametrize("name", ALL)
def test_killed(root, build, commands, only, name, tmp_path):
    objects = [compile_mutant(root, build, commands, name, tmp_path), only]
    for test in ALL[name][1]:
        end = run(build, commands, test, objects, tmp_path)
        if end == "never":  # unless it is merely slow here
            assert run(build, commands, test, [only], tmp_path) == "passes", \
                f"without a mutant it takes more than {LIMIT_S} s too: {test}"
        if end != "passes":
            return
    pytest.fail(f"no test fails: {name}")


def test_equal_ones_still_stand_there(root):
    """And are few: 5 % of all at most."""
    for name, (path, old, _, _) in EQUAL.items():
        assert (root / path).read_text().count(old) == 1, name
    assert len(EQUAL) * 20 <= len(ALL)
