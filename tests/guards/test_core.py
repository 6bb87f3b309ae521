"""The pure core. base and proto compile freestanding and without hardening, and then need
nothing but four functions of <string.h> and the compiler's own runtime."""
import re

import guard
import pytest

ALLOWED = {"memcpy", "memcmp", "memchr", "memset"}
# What gcc and clang call for arithmetic that a small machine lacks: 64-bit multiplication,
# division and shifts, counts of bits, and the same by the ARM ABI's names.
RUNTIME = re.compile(r"__(u?(div|mod|divmod)|mul|ashl|ashr|lshr)[dt]i[34]$"
                     r"|__(popcount|clz|ctz|bswap)[sdt]i2$|__aeabi_\w+$")
FLAGS = ["-std=c17", "-O2", "-ffreestanding", "-fno-stack-protector", "-U_FORTIFY_SOURCE",
         "-fno-pie", "-fcf-protection=none", "-D_GNU_SOURCE"]


def complaints(tree, compiler, out, rooms=("src/base/", "src/proto/")):
    sources = guard.files(tree, *rooms, suffix=(".c",))
    objects = []
    for source in sources:
        objects.append(out / (str(source.relative_to(tree)).replace("/", "_") + ".o"))
        guard.run(compiler, *FLAGS, f"-I{tree}/include", f"-I{tree}/src", "-c", source,
                  "-o", objects[-1])
    defined = set(guard.run("nm", "-j", "--defined-only", *objects).split())
    found = []
    for line in guard.run("nm", "-u", "-A", *objects).splitlines():
        where, symbol = line.split(":")[0].rsplit("/", 1)[1], line.split()[-1]
        if symbol not in defined | ALLOWED and not RUNTIME.match(symbol):
            found.append(f"{where}: needs {symbol}")
    assert len(objects) >= 3, "the core is not where it was"
    return found


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_core_is_pure(root, tmp_path, compiler):
    found = complaints(root, compiler, tmp_path)
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
    guard.plant(scratch, "src/proto/tftp/planted.c", text)
    assert any(f"needs {symbol}" in c for c in complaints(
        scratch, "gcc", tmp_path, ("src/base/", "src/proto/tftp/planted")))
