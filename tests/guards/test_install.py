"""`meson install` into an empty place: a program that knows only pkg-config compiles
against what is there, shared and static, and runs. Each header stands on its own."""
import os
import subprocess

import guard
import pytest
from test_exports import declared


@pytest.fixture(scope="module")
def installed(build, tmp_path_factory):
    place = tmp_path_factory.mktemp("installed")
    guard.run("meson", "install", "-C", build, "--no-rebuild", "--destdir", place)
    return place


def pkg_config(installed, *words):
    found = list(installed.rglob("kedge.pc"))
    assert len(found) == 1
    return guard.run("pkg-config", *words, "kedge", env={
        **os.environ, "PKG_CONFIG_SYSROOT_DIR": str(installed),
        "PKG_CONFIG_PATH": str(found[0].parent)}).split()


def program(root):
    """One that takes the address of every public function, and has functions of its own
    that are called as internal ones are."""
    headers = sorted(p.name for p in (root / "include/kedge").glob("*.h"))
    names = sorted(declared(root))
    return "".join(f"#include <kedge/{h}>\n" for h in headers) + """#include <stdio.h>
int take(void);
int take(void)
{
    return 7;
}
int main(void)
{
    void (*all[])(void) = { %s };
    size_t there = 0;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        there += all[i] != NULL;
    return printf("%%zu %%d\\n", there, take()) < 0;
}
""" % ", ".join(f"(void (*)(void)){n}" for n in names), f"{len(names)} 7\n"


def test_a_program_builds_on_the_shared_library(root, installed, tmp_path):
    text, want = program(root)
    source = guard.plant(tmp_path, "user.c", text)
    guard.run("gcc", "-std=c17", "-Wall", "-Werror", source, "-o", tmp_path / "user",
              *pkg_config(installed, "--cflags", "--libs"))
    library = next(installed.rglob("libkedge.so.0")).parent
    assert guard.run(tmp_path / "user",
                     env={**os.environ, "LD_LIBRARY_PATH": str(library)}) == want
    assert "libkedge.so.0" in guard.run("readelf", "-d", tmp_path / "user")


def test_a_program_builds_on_the_static_library(root, installed, tmp_path):
    text, want = program(root)
    source = guard.plant(tmp_path, "user.c", text)
    words = [w.replace("-lkedge", "-l:libkedge.a")
             for w in pkg_config(installed, "--cflags", "--libs", "--static")]
    guard.run("gcc", "-std=c17", "-Wall", "-Werror", source, "-o", tmp_path / "user", *words)
    assert guard.run(tmp_path / "user") == want
    assert "libkedge" not in guard.run("readelf", "-d", tmp_path / "user")


def test_a_program_in_cxx_builds_on_it(root, installed, tmp_path):
    text, want = program(root)
    source = guard.plant(tmp_path, "user.cc", text)
    words = pkg_config(installed, "--cflags", "--libs")
    guard.run("clang++", "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", source,
              "-o", tmp_path / "user", "-nostdlib++", *words)
    library = next(installed.rglob("libkedge.so.0")).parent
    assert guard.run(tmp_path / "user",
                     env={**os.environ, "LD_LIBRARY_PATH": str(library)}) == want


def test_every_header_stands_alone(root, installed, tmp_path):
    headers = sorted(p.name for p in (root / "include/kedge").glob("*.h"))
    there = next(installed.rglob("base.h")).parent
    assert sorted(p.name for p in there.iterdir()) == headers
    for name in headers:
        source = guard.plant(tmp_path, f"{name}.c", f"#include <kedge/{name}>\nint unused;\n")
        guard.run("gcc", "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", source,
                  "-o", tmp_path / "user.o", *pkg_config(installed, "--cflags"))


def test_the_program_is_installed_whole(root, installed):
    kedge = next(installed.rglob("bin/kedge"))
    assert subprocess.run([kedge, "--version"], stdout=subprocess.PIPE).returncode == 0
    for page in (root / "man").glob("*.[18]"):
        assert list(installed.rglob(f"man{page.suffix[1:]}/{page.name}"))
    if (root / "completion/kedge").exists():
        assert list(installed.rglob("bash-completion/completions/kedge"))
