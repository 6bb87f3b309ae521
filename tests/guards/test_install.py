# SPDX-License-Identifier: MIT
"""`meson install` into an empty place: a program that knows only pkg-config compiles
against what is there, shared and static, and runs. Each header stands on its own."""
import os
import pwd
import re
import shutil
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


HEADER_COMPILERS = [["gcc", "-xc", "-std=c11"], ["clang", "-xc", "-std=c11"],
                    ["clang++", "-xc++", "-std=c++17"], ["g++", "-xc++", "-std=c++17", "-Wshadow"]]


def complaints(compiler, source, out, *words):
    """In C++ a function may have no name of a struct: g++ sees that by -Wshadow."""
    done = subprocess.run([*compiler, "-Wall", "-Wextra", "-pedantic", "-Werror", "-c", source,
                           "-o", out, *words], stderr=subprocess.PIPE, text=True)
    assert (done.returncode == 0) == (not done.stderr)
    return done.stderr


def need(compiler):
    if not shutil.which(compiler[0]):
        pytest.skip(f"no {compiler[0]} here")


@pytest.mark.parametrize("compiler", HEADER_COMPILERS, ids=lambda c: f"{c[0]}{c[2]}")
def test_every_header_stands_alone(root, installed, tmp_path, compiler):
    need(compiler)
    headers = sorted(p.name for p in (root / "include/kedge").glob("*.h"))
    there = next(installed.rglob("base.h")).parent
    assert sorted(p.name for p in there.iterdir()) == headers
    for name in headers:
        source = guard.plant(tmp_path, f"{name}.c", f"#include <kedge/{name}>\nint kedge_user;\n")
        assert complaints(compiler, source, tmp_path / "user.o",
                          *pkg_config(installed, "--cflags")) == ""


@pytest.mark.parametrize("compiler", HEADER_COMPILERS, ids=lambda c: f"{c[0]}{c[2]}")
@pytest.mark.parametrize("fault, languages", [
    ("struct a { int b; };\nstruct a a(int c);", {"g++"}),
    ("int a(int class);", {"g++", "clang++"}),
    ("struct a { union { int b; struct { int c; }; }; int d[0]; };",
     {"gcc", "clang", "g++", "clang++"}),
])
def test_a_faulty_header_is_seen(tmp_path, compiler, fault, languages):
    need(compiler)
    source = guard.plant(tmp_path, "planted.c", f"{fault}\nint kedge_user;\n")
    assert bool(complaints(compiler, source, tmp_path / "user.o")) == (compiler[0] in languages)


NOTES_COMPILERS = pytest.mark.parametrize("compiler", [
    ["gcc", "-std=c17"], ["clang++", "-xc++", "-std=c++17", "-nostdlib++"]])


def program_of_the_notes(root, installed, tmp_path, compiler, header):
    """The words that start the program of docs/embedding.md that begins by this header."""
    need(compiler)
    first = f"#include <kedge/{header}>"
    notes = (root / "docs/embedding.md").read_text()
    text = notes.split(f"```c++\n{first}")[1].split("```")[0]
    source = guard.plant(tmp_path, "notes.c", first + text)
    guard.run(*compiler, "-Wall", "-Wextra", "-Werror", source, "-o", tmp_path / "notes",
              *pkg_config(installed, "--cflags", "--libs"))
    library = next(installed.rglob("libkedge.so.0")).parent
    return ["env", f"LD_LIBRARY_PATH={library}", tmp_path / "notes"]


@NOTES_COMPILERS
def test_the_program_of_the_notes_builds_and_runs(root, installed, tmp_path, compiler):
    words = program_of_the_notes(root, installed, tmp_path, compiler, "transfer.h")
    done = subprocess.run([*words, "tftp://127.0.0.1:1/x", tmp_path / "x"],
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "127.0.0.1:1" in done.stderr


@NOTES_COMPILERS
def test_the_server_of_the_notes_builds_and_serves(root, build, installed, tmp_path, compiler):
    words = program_of_the_notes(root, installed, tmp_path, compiler, "server.h")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "f").write_text("abc")
    server = subprocess.Popen([*words, "tftp://127.0.0.1:0", tmp_path / "root"],
                              stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().split()[1]
        guard.run(build / "kedge", "get", f"tftp://127.0.0.1:{port}/f", "-o", tmp_path / "got")
        assert (tmp_path / "got").read_text() == "abc"
        assert server.stdout.readline() == "f: ok, 3 bytes\n"
    finally:
        server.kill()
        server.communicate()


def test_the_library_needs_nettle_and_the_c_library_only(build):
    needed = re.findall(r"\(NEEDED\).*\[(\w+)",
                        guard.run("readelf", "-d", build / "libkedge.so"))
    assert "libc" in needed
    assert not set(needed) - {"libc", "libnettle", "libpthread", "libm", "ld"}


def start_of(unit):
    line = next(line for line in unit.read_text().splitlines()
                if line.startswith("ExecStart="))
    return line.removeprefix("ExecStart=").split()


def test_the_service_starts_what_is_installed(installed, tmp_path):
    words = start_of(next(installed.rglob("systemd/system/kedge-tftp.service")))
    words[0] = str(installed) + words[0]
    words[words.index("--root") + 1] = tmp_path
    words[words.index("tftp://*")] = "tftp://127.0.0.1:0"
    server = subprocess.Popen([*words, "--user", pwd.getpwuid(os.geteuid()).pw_name],
                              stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline().startswith("ENDPOINT")
    server.terminate()
    server.communicate(timeout=20)
    assert server.returncode == 0


@pytest.mark.parametrize("name", ["kedge-tftp.service", "kedge-tftp.socket"])
def test_systemd_knows_each_word_of_a_unit(installed, tmp_path, name):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd")
    service = next(installed.rglob("systemd/system/kedge-tftp.service"))
    text = service.read_text().replace(start_of(service)[0],
                                       str(next(installed.rglob("bin/kedge"))))
    (tmp_path / service.name).write_text(text)
    shutil.copy(next(installed.rglob("systemd/system/kedge-tftp.socket")), tmp_path)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / name],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert "kedge-tftp" not in done.stdout


# It tells when it is ready, comes back whatever happens, and does not wait for the network.
LIFE = ["Type=notify", "Restart=on-failure", "StartLimitIntervalSec=0", "WatchdogSec=30",
        "RequiresMountsFor=/srv/tftp"]


def test_the_service_comes_back(installed):
    unit = next(installed.rglob("systemd/system/kedge-tftp.service"))
    lines = unit.read_text().splitlines()
    assert not [line for line in LIFE if line not in lines]
    assert not [line for line in lines
                if line.startswith("RestartPrevent") or "network-online" in line]
    assert "--wait-for-address" in start_of(unit)


def test_the_socket_passes_what_the_service_serves(installed, tmp_path):
    """Each address of the unit is one that `tftp://*` takes, of one family."""
    unit = next(installed.rglob("systemd/system/kedge-tftp.socket")).read_text().splitlines()
    assert [line for line in unit if line.startswith("Listen")] == [
        "ListenDatagram=0.0.0.0:69", "ListenDatagram=[::]:69"]
    assert {"BindIPv6Only=ipv6-only", "PassPacketInfo=yes"} <= set(unit)


def test_its_user_and_its_root_are_made(installed, tmp_path):
    """By systemd-sysusers and systemd-tmpfiles, in a place of their own."""
    for tool, words in ("systemd-sysusers", []), ("systemd-tmpfiles", ["--create"]):
        if not shutil.which(tool) or os.geteuid() != 0:
            pytest.skip(f"needs root and {tool}")
        kind = tool.removeprefix("systemd-")
        (tmp_path / "etc").mkdir(exist_ok=True)
        guard.run(tool, f"--root={tmp_path}", *words,
                  next(installed.rglob(f"{kind}.d/kedge-tftp.conf")))
    assert "tftp:" in (tmp_path / "etc/passwd").read_text()
    assert (tmp_path / "srv/tftp").stat().st_mode & 0o7777 == 0o755


SANDBOX = """NoNewPrivileges=yes ProtectSystem=strict ProtectHome=yes PrivateTmp=yes
PrivateDevices=yes ProtectKernelTunables=yes ProtectKernelModules=yes ProtectKernelLogs=yes
ProtectControlGroups=yes ProtectClock=yes ProtectHostname=yes ProtectProc=invisible
RestrictNamespaces=yes RestrictRealtime=yes LockPersonality=yes MemoryDenyWriteExecute=yes
SystemCallFilter=@system-service SystemCallArchitectures=native UMask=0077""".split()
# By which it confines itself. Without them systemd would end it with SIGSYS.
SANDBOX.append("SystemCallFilter=landlock_create_ruleset landlock_add_rule "
               "landlock_restrict_self seccomp")
# systemd filters openat2 out with it, as it cannot see its flags: nothing would be served.
WITHOUT_OPENAT2 = "RestrictSUIDSGID=", "DynamicUser="


def sandbox_faults(unit):
    lines = unit.splitlines()
    return ([f"without {line}" for line in SANDBOX if line not in lines] +
            [f"with {line}" for line in lines if line.startswith(WITHOUT_OPENAT2)])


def test_the_service_is_confined(installed):
    unit = next(installed.rglob("systemd/system/kedge-tftp.service"))
    assert not sandbox_faults(unit.read_text())
    if shutil.which("systemd-analyze"):     # tenths; 2.8 of 10 where this was written
        done = subprocess.run(["systemd-analyze", "security", "--offline=true",
                               "--threshold=30", unit], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("line", SANDBOX)
def test_a_line_that_the_service_lacks_is_seen(root, line):
    unit = (root / "systemd/kedge-tftp.service.in").read_text()
    assert sandbox_faults(unit.replace(line + "\n", "")) == [f"without {line}"]


def test_a_service_without_openat2_is_seen():
    assert sandbox_faults("\n".join([*SANDBOX, "RestrictSUIDSGID=yes"])) == \
        ["with RestrictSUIDSGID=yes"]


def judged_by_apparmor(profile):
    parser = shutil.which("apparmor_parser", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not parser:
        pytest.skip("no apparmor_parser here: tools/setup --check installs it")
    return subprocess.run([parser, "-Q", "-K", profile], capture_output=True, text=True, check=False)


def test_apparmor_knows_each_word_of_the_profile(root, tmp_path):
    profile = root / "packaging/apparmor/kedge-tftpd"
    judged = judged_by_apparmor(profile)
    assert judged.returncode == 0, judged.stderr
    faulty = profile.read_text().replace("network inet dgram", "network inet datagram")
    assert judged_by_apparmor(guard.plant(tmp_path, "profile", faulty)).returncode != 0


def test_the_program_is_installed_whole(root, installed):
    kedge = next(installed.rglob("bin/kedge"))
    assert subprocess.run([kedge, "--version"], stdout=subprocess.PIPE).returncode == 0
    for page in (root / "man").glob("*.[18]"):
        assert list(installed.rglob(f"man{page.suffix[1:]}/{page.name}"))
    if (root / "completion/kedge").exists():
        for path in ("bash-completion/completions/kedge", "zsh/site-functions/_kedge",
                     "fish/vendor_completions.d/kedge.fish"):
            assert list(installed.rglob(path)), path
