# SPDX-License-Identifier: MIT
"""The pure core, freestanding: how it is compiled, and what it needs from outside."""
import re

import guard

ALLOWED = {"memcpy", "memcmp", "memchr", "memset"}
# What gcc and clang call for arithmetic that a small machine lacks: 64-bit multiplication,
# division and shifts, counts of bits, and the same by the ARM ABI's names.
RUNTIME = re.compile(r"__(u?(div|mod|divmod)|mul|ashl|ashr|lshr)[dt]i[34]$"
                     r"|__(popcount|clz|ctz|bswap)[sdt]i2$|__gnu_thumb1_case_\w+$"
                     r"|__aeabi_(u?l?(div|mod|divmod)|u?i(div|divmod)|l?mul|ll?(sl|sr)"
                     r"|lasr|u?lcmp)$")
FLAGS = ["-std=c17", "-ffreestanding", "-fno-stack-protector", "-U_FORTIFY_SOURCE",
         "-D_GNU_SOURCE"]
HOST = ["-O2", "-fno-pie", "-fcf-protection=none"]
# A machine without a C library: tests/embed/include has the four functions and no more.
CORTEX = ["-Os", "-mcpu=cortex-m0", "-mthumb", "-ffunction-sections", "-fdata-sections"]
COMPILERS = {"gcc": ("", HOST), "clang": ("", HOST),
             "arm-none-eabi-gcc": ("arm-none-eabi-", CORTEX)}


def compile_core(tree, compiler, out, rooms=("src/base/", "src/tftp/", "src/echo/"), flags=()):
    """The objects of the rooms."""
    prefix, own = COMPILERS[compiler]
    if prefix:
        own = [*own, "-isystem", tree / "tests" / "embed" / "include"]
    objects = []
    for source in guard.files(tree, *rooms, suffix=(".c",)):
        objects.append(out / (str(source.relative_to(tree)).replace("/", "_") + ".o"))
        guard.run(compiler, *FLAGS, *own, *flags, f"-I{tree}/include", f"-I{tree}/src", "-c",
                  source, "-o", objects[-1])
    assert len(objects) >= 3, "the core is not where it was"
    return objects


def complaints(objects, compiler):
    """What the objects need beyond each other and what is allowed."""
    nm = COMPILERS[compiler][0] + "nm"
    defined = set(guard.run(nm, "-j", "--defined-only", *objects).split())
    found = []
    for line in guard.run(nm, "-u", "-A", *objects).splitlines():
        where, symbol = line.split(":")[0].rsplit("/", 1)[1], line.split()[-1]
        if symbol not in defined | ALLOWED and not RUNTIME.match(symbol):
            found.append(f"{where}: needs {symbol}")
    return found
