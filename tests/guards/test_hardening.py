# SPDX-License-Identifier: MIT
"""The program that people run is hardened, as its ELF headers and imports say; and every
object of it was compiled so."""
import json
import platform
import re
import subprocess

import guard
import pytest

FLAGS = ["-D_FORTIFY_SOURCE=3", "-fstack-protector-strong", "-fstack-clash-protection"]
if platform.machine() == "x86_64":
    FLAGS.append("-fcf-protection")


def complaints(program):
    elf = guard.run("readelf", "-W", "-h", "-l", "-d", "--dyn-syms", program)
    stack = re.search(r"GNU_STACK.*? (R\S*) ", elf)
    want = {
        "no position-independent executable": re.search(r"Type:\s+DYN", elf)
        and re.search(r"FLAGS_1.*\bPIE\b", elf),
        "no RELRO segment": "GNU_RELRO" in elf,
        "bound late, so RELRO is not full": re.search(r"FLAGS.*\b(BIND_)?NOW\b", elf),
        "an executable stack": stack and "E" not in stack[1],
        "no stack protector": "__stack_chk_fail" in elf,
        "no fortified call": re.search(r"__\w+_chk\b(?<!__stack_chk)", elf),
    }
    return [what for what, good in want.items() if not good]


def unhardened(commands):
    """Sources of the program and the library compiled without one of the flags."""
    return [f"{c['file']}: without {flag}" for c in commands for flag in FLAGS
            if "/src/" in c["file"] and flag not in c["command"].split()]


def test_program_is_hardened(build):
    found = complaints(build / "kedge")
    commands = json.loads((build / "compile_commands.json").read_text())
    assert any("/src/" in c["file"] for c in commands)
    found += unhardened(commands)
    assert not found, guard.show(found)


HELLO = """#include <stdio.h>
int main(int argc, char **argv)
{
    char text[64];

    (void)argc;
    snprintf(text, sizeof text, "%s!", argv[0]);
    return puts(text) < 0;
}
"""
HARD = ["-O2", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-fstack-protector-all", "-pie",
        "-fPIE", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack"]


@pytest.mark.parametrize("flags, what", [
    (["-no-pie", "-fno-pie"], "no position-independent executable"),
    (["-Wl,-z,norelro"], "no RELRO segment"),
    (["-Wl,-z,lazy"], "bound late, so RELRO is not full"),
    (["-Wl,-z,execstack"], "an executable stack"),
    (["-fno-stack-protector"], "no stack protector"),
    (["-U_FORTIFY_SOURCE"], "no fortified call"),
    ([], None),
])
def test_a_soft_program_is_seen(tmp_path, flags, what):
    source = guard.plant(tmp_path, "hello.c", HELLO)
    hard = [f for f in HARD if not (flags == ["-Wl,-z,norelro"] and "relro" in f)]
    guard.run("gcc", *hard, *flags, source, "-o", tmp_path / "hello")
    assert complaints(tmp_path / "hello") == ([what] if what else [])


def test_a_soft_object_is_seen():
    command = {"file": "../src/a.c", "command": "cc " + " ".join(FLAGS[1:])}
    assert unhardened([command]) == [f"../src/a.c: without {FLAGS[0]}"]


def test_fortify_stops_an_overflow(build, tmp_path):
    """Not only flags: an overflow that the compiler cannot see at compile time."""
    source = guard.plant(tmp_path, "planted.c", """#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    size_t size = (size_t)argc * 4;
    char *p = malloc(size);

    if (!p)
        return 0;
    memset(p, argv[0][0], size + (size_t)argc);
    return p[0] == 0;
}
""")
    command, directory = guard.compile_flags(build)
    guard.run(*command, source, "-o", tmp_path / "planted", cwd=directory)
    done = subprocess.run([tmp_path / "planted"], stderr=subprocess.PIPE, text=True)
    assert done.returncode < 0 and "buffer overflow" in done.stderr
