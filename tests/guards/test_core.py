# SPDX-License-Identifier: MIT
"""The pure core. base, tftp and echo compile freestanding and without hardening, and then need
nothing but four functions of <string.h> and the compiler's own runtime."""
import shutil

import core
import guard
import pytest


@pytest.mark.parametrize("compiler", core.COMPILERS)
def test_core_is_pure(root, tmp_path, compiler):
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed (tools/setup --proof)")
    found = core.complaints(core.compile_core(root, compiler, tmp_path), compiler)
    assert not found, guard.show(found)


@pytest.mark.parametrize("text, symbol", [
    ("void *malloc(unsigned long);\nvoid *planted(void);\n"
     "void *planted(void)\n{\n    return malloc(1);\n}\n", "malloc"),
    ("extern int errno_of_the_planet;\nint planted(void);\n"
     "int planted(void)\n{\n    return errno_of_the_planet;\n}\n", "errno_of_the_planet"),
    ("#include <string.h>\nvoid planted(char *a);\n"
     "void planted(char *a)\n{\n    memmove(a, a + 1, a[0]);\n}\n", "memmove"),
])
def test_an_impure_core_is_seen(scratch, tmp_path, text, symbol):
    guard.plant(scratch, "src/tftp/planted.c", text)
    objects = core.compile_core(scratch, "gcc", tmp_path, ("src/base/", "src/tftp/planted"))
    assert any(f"needs {symbol}" in c for c in core.complaints(objects, "gcc"))
