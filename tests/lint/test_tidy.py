# SPDX-License-Identifier: MIT
"""clang-tidy finds nothing in the program, the library and the examples. A file that was
clean is not read again until it, a header, its command or the checks change."""
import hashlib
import json
import subprocess
from pathlib import Path

import pytest
import versions

versions.require("clang-tidy")

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build-clang"
CLEAN = ROOT / "build-check" / "tidy"


def commands():
    """Source: how the clang build compiles it. Nothing before there is such a build."""
    database = BUILD / "compile_commands.json"
    if not database.exists():
        return {}
    found = {}
    for entry in json.loads(database.read_text()):
        path = (Path(entry["directory"]) / entry["file"]).resolve().relative_to(ROOT)
        if path.parts[0] in ("src", "examples", "trace"):
            found[str(path)] = entry["command"]
    return found


@pytest.fixture(scope="module")
def common():
    """What every file's verdict depends on."""
    seen = hashlib.sha256(subprocess.check_output(["clang-tidy", "--version"]))
    for path in [ROOT / ".clang-tidy", *sorted(ROOT.glob("src/**/*.h")),
                 *sorted(ROOT.glob("include/**/*.h"))]:
        seen.update(path.read_bytes())
    return seen


def tidy(*words):
    done = subprocess.run(["clang-tidy", "-quiet", *map(str, words)], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout or done.stderr


@pytest.mark.parametrize("name", commands())
def test_tidy(name, common):
    seen = common.copy()
    seen.update((commands()[name] + "\0").encode() + (ROOT / name).read_bytes())
    mark = CLEAN / seen.hexdigest()
    if mark.exists():
        return
    status, text = tidy("-p", BUILD, name)
    assert status == 0, text
    CLEAN.mkdir(parents=True, exist_ok=True)
    mark.touch()


def test_every_source_is_read():
    sources = {str(p.relative_to(ROOT)) for top in ("src", "examples", "trace")
               for p in (ROOT / top).glob("**/*.c")}
    assert sources == set(commands())


@pytest.mark.parametrize("body, check", [
    ("int a = atoi(s); return a;", "cert-err34-c"),
    ("char *p = malloc(1); free(p); return *p;", "clang-analyzer-unix.Malloc"),
    ("if (strlen(s) > 3); return 1; return 0;", "bugprone-suspicious-semicolon"),
    ("int *p = 0; if (s[0]) return 1; return *p;", "clang-analyzer-core.NullDereference"),
])
def test_a_fault_is_seen(tmp_path, body, check):
    source = tmp_path / "planted.c"
    source.write_text("#include <stdlib.h>\n#include <string.h>\nint planted(const char *s);\n"
                      f"int planted(const char *s)\n{{\n    {body}\n}}\n")
    status, text = tidy(f"--config-file={ROOT}/.clang-tidy", source, "--", "-std=c17")
    assert status != 0 and check in text
