# SPDX-License-Identifier: MIT
"""What the library shows: exactly what the public headers mark KEDGE_API, all of it called
kedge_*; what they define is called KEDGE_* or kedge_*. Shared and static alike."""
import re

import guard
import pytest

DECLARED = re.compile(r"^(?:KEDGE_\w+\s+)*KEDGE_API\b[^;{]*?\b(\w+)\s*\(", re.M)
MACRO = re.compile(r"^\s*#\s*define\s+(\w+)", re.M)
TAG = re.compile(r"^(?:struct|union|enum)\s+(\w+)\s*\{", re.M)


def declared(tree):
    """The functions that the public headers promise."""
    return {name for path in guard.files(tree, "include/kedge/", suffix=(".h",))
            for name in DECLARED.findall(path.read_text())}


def defined(library):
    dynamic = ["-D"] if library.name.endswith(".so") else []
    return set(guard.run("nm", "-j", "-g", "--defined-only", *dynamic, library)
               .replace(f"{library.stem}.o:", "").split()) - {""}


def complaints(promised, library):
    shown = defined(library)
    found = [f"{library.name}: shows {n}, which is not kedge_*"
             for n in sorted(shown) if not n.startswith("kedge_")]
    found += [f"{library.name}: shows {n}, which no public header declares"
              for n in sorted(shown - promised) if n.startswith("kedge_")]
    return found + [f"{library.name}: lacks {n}" for n in sorted(promised - shown)]


def unprefixed(tree):
    return [f"{path.name}: {name}"
            for path in guard.files(tree, "include/kedge/", suffix=(".h",))
            for name in MACRO.findall(path.read_text()) + TAG.findall(path.read_text())
            if not name.startswith(("KEDGE_", "kedge_"))]


@pytest.mark.parametrize("name", ["libkedge.so", "libkedge.a"])
def test_library_shows_its_headers(root, build, name):
    promised = declared(root)
    assert len(promised) > 10
    found = complaints(promised, build / name)
    assert not found, guard.show(found)


def test_public_names_carry_the_prefix(root, scratch):
    found = unprefixed(root)
    assert not found, guard.show(found)
    guard.plant(scratch, "include/kedge/base.h", "#define PLANTED 1\nstruct planted {\n")
    assert unprefixed(scratch) == ["base.h: PLANTED", "base.h: planted"]


def test_a_wrong_export_is_seen(tmp_path):
    source = guard.plant(tmp_path, "planted.c", "int take(void);\nint take(void)\n"
                         "{\n    return 1;\n}\nint kedge_secret;\n")
    guard.run("gcc", "-shared", "-fPIC", source, "-o", tmp_path / "libplanted.so")
    assert complaints({"kedge_promised"}, tmp_path / "libplanted.so") == [
        "libplanted.so: shows take, which is not kedge_*",
        "libplanted.so: shows kedge_secret, which no public header declares",
        "libplanted.so: lacks kedge_promised"]
