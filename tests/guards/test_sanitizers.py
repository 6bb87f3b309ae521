# SPDX-License-Identifier: MIT
"""The sanitizers are really on: faults planted in programs that are compiled just as the
sanitized build compiles the project, and the runtimes inside its program."""
import json
import os
import subprocess

import json

import guard
import pytest

PROGRAM = """#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    (void)argv;
    %s
}
"""
FAULTS = {
    "AddressSanitizer: heap-buffer-overflow":
        "char *p = malloc((size_t)argc); memset(p, 1, (size_t)argc + 1); return p[0] == 0;",
    "AddressSanitizer: heap-use-after-free":
        "char *volatile p = malloc(8); free(p); return p[argc];",
    "AddressSanitizer: stack-buffer-overflow":
        "char a[4], *volatile p = a; memset(a, 1, 4); return p[argc + 3];",
    "runtime error: signed integer overflow":
        "int a = 0x7fffffff; return a + argc > 0;",
    "runtime error: shift exponent": "return 1 << (argc + 31);",
    "runtime error: load of misaligned":
        "int a[2] = { 0 }; return *(int *)(void *)((char *)a + argc);",
    "LeakSanitizer": "char *volatile p = malloc(8); p = 0; return p != 0;",
}


@pytest.fixture(scope="module")
def sanitized(root):
    return root / "build-sanitize"


def outcome(command, directory, tmp_path, body):
    source = guard.plant(tmp_path, "planted.c", PROGRAM % body)
    guard.run(*command, "-Wno-error", "-w", source, "-o", tmp_path / "planted", cwd=directory)
    return subprocess.run([tmp_path / "planted"], stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})


@pytest.mark.parametrize("message", FAULTS)
def test_a_fault_ends_the_program(sanitized, tmp_path, message):
    command, directory = guard.compile_flags(sanitized)
    done = outcome(command, directory, tmp_path, FAULTS[message])
    assert done.returncode != 0 and message in done.stderr


def test_a_clean_program_ends_well(sanitized, tmp_path):
    command, directory = guard.compile_flags(sanitized)
    assert outcome(command, directory, tmp_path, "return argc - 1;").returncode == 0


def test_no_flags_would_be_seen(build, tmp_path):
    """Compiled as the plain build is, the same fault passes: it is the sanitizer that
    ends it above."""
    command, directory = guard.compile_flags(build)
    fault = FAULTS["runtime error: shift exponent"]
    assert "runtime error" not in outcome(command, directory, tmp_path, fault).stderr


def runtimes(program):
    names = guard.run("nm", program)
    return [r for r in ("__asan_report_load1", "__ubsan_handle_type_mismatch_v1_abort")
            if r in names]


@pytest.mark.parametrize("name", ["kedge", "tests/unit/test_base_bytes"])
def test_sanitized_programs_carry_the_runtimes(sanitized, build, name):
    assert len(runtimes(sanitized / name)) == 2
    assert runtimes(build / name) == []


def test_every_source_is_sanitized(sanitized):
    """But for the library of kedge trace, which is loaded into programs that are not."""
    commands = [e["command"] for e in
                json.loads((sanitized / "compile_commands.json").read_text())
                if "libkedge-trace" not in e["output"]]
    assert len(commands) > 10
    assert not [c for c in commands if "-fsanitize=address,undefined" not in c
                or "-fno-sanitize-recover=all" not in c]
