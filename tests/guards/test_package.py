# SPDX-License-Identifier: MIT
"""Debian's packages, as far as they can be judged without building them (`make package`): every
installed file is in one, and the settings of tftpd-hpa become a policy that kedge takes."""
import fnmatch
import os
import re
import subprocess

import guard
import pytest

OURS = "packaging/debian"


def installed_files(build, place):
    guard.run("meson", "install", "-C", build, "--no-rebuild", "--destdir", place)
    prefix = next(place.rglob("bin/kedge")).parent.parent
    return [str(p.relative_to(prefix)) for p in prefix.rglob("*") if not p.is_dir()]


def patterns(root):
    """What the packages take, below the prefix."""
    lines = [line for path in (root / OURS).glob("*.install")
             for line in path.read_text().split()]
    # Where units go differs by debhelper: the rules hand that folder to dh_install.
    rules = (root / OURS / "rules").read_text()
    units = re.search(r"^UNITS := \$\(if .*,usr/\)(lib/\S+)$", rules, re.M)
    if re.search(r"^\tdh_install --package=kedge-tftpd \$\(UNITS\)$", rules, re.M):
        lines.append(units.group(1))
    return [re.sub(r"^usr/", "", line).replace("lib/*/", "lib/") for line in lines]


def test_every_installed_file_is_in_a_package(root, build, tmp_path):
    names = installed_files(build, tmp_path)
    taken = patterns(root)
    left = [n for n in names if not any(fnmatch.fnmatch(n, t) or n.startswith(t + "/")
                                        for t in taken)]
    assert not left, left


def test_the_versions_are_one(root):
    version = re.search(r"version: '([^']+)'", (root / "meson.build").read_text()).group(1)
    first = (root / OURS / "changelog").read_text().split("\n", 1)[0]
    assert first.startswith(f"kedge ({version}-")


@pytest.fixture
def imported(root, kedge, tmp_path):
    """imported(SETTINGS): the lines of the policy, which kedge must take, without comments; and
    the comments below its head."""
    def do(settings=None, check=True):
        words = []
        if settings is not None:
            (tmp_path / "settings").write_text(settings)
            words = [tmp_path / "settings"]
        text = guard.run("sh", root / OURS / "import-tftpd-hpa", *words)
        if check:
            (tmp_path / "policy").write_text(text)
            guard.run(kedge, "serve", "-c", tmp_path / "policy", "--check")
        lines = text.splitlines()[3:]
        return ([line for line in lines if not line.startswith("#")],
                [line.removeprefix("# not taken over: ") for line in lines if line.startswith("#")])
    return do


def test_without_settings_it_is_the_usual_directory(imported):
    assert imported(check=os.path.isdir("/srv/tftp")) == (
        ["listen = { 'tftp://*:69' }", "root = '/srv/tftp'", "user = 'tftp'"], [])


def test_all_settings_are_taken_over(imported, tmp_path):
    (tmp_path / "map").write_text("r ^a$ b\n")
    assert imported(f"""
TFTP_USERNAME="nobody"
TFTP_DIRECTORY="{tmp_path}"
TFTP_ADDRESS="0.0.0.0:6969"
TFTP_OPTIONS="-lcs -m{tmp_path}/map --port-range=4000:4010 -U 027 -B 1400"
""") == ([
        "listen = { 'tftp://0.0.0.0:6969' }", f"root = '{tmp_path}'", "user = 'nobody'",
        "uploads = 'overwrite'", f"map = '{tmp_path}/map'", "port-range = '4000-4010'",
        "blksize-max = 1400", "upload-mode = '640'"], [])


@pytest.mark.parametrize("address, options, listen", [
    (":69", "-s", "tftp://*:69"), ("", "-s", "tftp://*:69"), (":69", "-4s", "tftp://0.0.0.0:69"),
    (":69", "-s --ipv6", "tftp://[::]:69"), ("[::1]:1069", "-s", "tftp://[::1]:1069"),
    ("192.0.2.1", "-s", "tftp://192.0.2.1:69"), ("[2001:db8::1]", "-s", "tftp://[2001:db8::1]:69"),
    (":69", "-s -a 127.0.0.1:70", "tftp://127.0.0.1:70"),
])
def test_addresses(imported, tmp_path, address, options, listen):
    lines, left = imported(f'TFTP_DIRECTORY="{tmp_path}"\nTFTP_ADDRESS="{address}"\n'
                           f'TFTP_OPTIONS="{options}"\n')
    assert lines[0] == f"listen = {{ '{listen}' }}" and left == []


@pytest.mark.parametrize("options, left", [
    ("-s -r tsize --timeout 900", ["-r tsize", "--timeout 900"]),
    ("-s --new=3 word", ["--new", "3", "word"]),
    ("-s -m", []), ("-s --address", []),
    ("", ["names with the directory in front, as clients write them without --secure"]),
])
def test_what_has_no_counterpart_is_a_comment(imported, tmp_path, options, left):
    assert imported(f'TFTP_DIRECTORY="{tmp_path}"\nTFTP_OPTIONS="{options}"\n')[1] == left


@pytest.mark.parametrize("name", ["it's", "back\\\\slash", "new\nline = 1"])
def test_a_name_that_cannot_stand_in_quotes_is_left_out(root, tmp_path, name):
    """Nothing of it becomes a line of the policy."""
    (tmp_path / "settings").write_text(f'TFTP_USERNAME="{name}"\n')
    done = subprocess.run(["sh", root / OURS / "import-tftpd-hpa", tmp_path / "settings"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and "# not taken over: user" in done.stdout.splitlines()
    assert "line = 1" not in done.stdout
