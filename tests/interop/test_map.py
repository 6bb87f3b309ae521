# SPDX-License-Identifier: MIT
"""The map engine beside tftp-hpa 7.3, which judges: the same names through the same map
files, by its --map-test and by that of kedge called as in.tftpd, must come out as the same
bytes.

7.3 is found as KEDGE_IN_TFTPD, or as build-peers/tftpd-hpa-7.3/in.tftpd. KEDGE_MAP_NAMES sets how
many names a family of maps gets (default 1000), KEDGE_MAP_SEED another seed."""
import os
import random
import subprocess

import pytest

from e2e.lib.in_tftpd import named

NAMES = int(os.environ.get("KEDGE_MAP_NAMES", "1000"))
SEED = os.environ.get("KEDGE_MAP_SEED", "7.3")
LOCALES = "C", "C.UTF-8"
CLIENTS = [], ["-6"], ["-c"], ["-6", "-c"], ["--normalize"], ["-c6", "--normalize=root"]

# What people put into their map files, from manuals and public repositories: OpenStack's
# installation guides, Windows PE how-tos, tftp-hpa's own sample, containers for one
# directory a client, LTSP and network consoles.
COLLECTED = {
    "openstack": """
re ^(/tftpboot/) /tftpboot/\\2
re ^/tftpboot/ /tftpboot/
re ^(^/) /tftpboot/\\1
re ^([^/]) /tftpboot/\\1
""",
    "openstack-short": "r ^([^/]) /tftpboot/\\1\nr ^(/tftpboot/) /tftpboot/\\2\n",
    "backslash": "rg \\\\ /\n",
    "winpe": """
re ^bootmgr\\.exe Boot/bootmgr.exe
re ^BCD Boot/BCD
r ^\\\\Boot\\\\ Boot/
r ^\\\\boot\\\\ Boot/
rg \\\\ /          # what is left
ri ^/?boot/bcd$ /Boot/BCD
ri ^/?boot/fonts/(.*)\\.ttf$ /Boot/Fonts/\\L\\1\\E.ttf
""",
    "sample": """
# drive letters, separators, comment signs
ri\t^[a-z]:
rg\t\\\\\t\t/
rg\t\\#\t\t@
rg\t/../\t\t/..no../
e\t^ok/
r\t^[^/]\t\t/tftpboot/\\0
a\t\\.pvt$
""",
    "jail-by-address": """
rg \\\\ /
r ^[^/] /\\0
a ^/private/ Not\\ for\\ you
a \\.pvt$
e ^/public/
r ^ /\\i
""",
    "by-address": """
4r ^pxelinux\\.cfg/default$ pxelinux.cfg/\\x
6r ^pxelinux\\.cfg/default$ pxelinux.cfg/\\i
G4e ^boot/(.*)$
Pr ^(.*)$ /upload/\\x/\\1
""",
    "labels": """
j ^net/ net
j ^(sun|sgi)/ \\1
j ^go/(.*) \\1
e ^
:net
r ^net/ /srv/net/
e ^
:sun
ri ^sun/([0-9a-f]{8})\\..*$ /srv/sun/\\U\\1
e ^
: sgi
r ^sgi/ /srv/sgi/
s ^/srv/sgi/again
a ~\\.(img|bin)$ only\\ images
""",
    "sed": """
rgg [0-9]+ <\\0>
rgg / \\ -\\#
ri (img|bin)$ \\U\\1\\E.\\L\\1
rE ^(.*)x /here/\\1
E ^/nowhere
""",
    "clean-up": "rg (.*)[^a-zA-Z0-9]$ \\1 # what ROMs leave behind\nrgi [[:upper:]] \\L\\0\\E\\U\\\\\n",
    "trim": "r ^\\.?/+ \nrg // /\nrg /\\./ /\nrg /[^/]+/\\.\\./ /\na (^|/)\\.\\.(/|$) climbs:\\ \\0\nr ^ /\n",
}

PARTS = ["pxelinux.cfg/", "default", "01-52-54-00-12-34-56", "C0A80001", "boot/", "Boot\\",
         "BCD", "bootmgr.exe", "fonts/", "wgl4_boot.ttf", "vmlinuz", "initrd.img", "ok/",
         "../", "./", "/", "//", "\\", "#", "@", "c:", "private/", "x.pvt", "net/", "sun/",
         "sgi/", "go/", "again", "deadbeef.SUN", ".img", "bin", " ", "%41", "12", "a", "B",
         "é", "Ä", "ß", "ſ", "日本", "\xff", "\xc3", "public/", "tftpboot/", "/tftpboot/",
         "\t", "~", "x"]


def encoded(text):
    """Latin-1's last characters stand for bytes that are no UTF-8."""
    return text.encode() if "\xff" not in text and "\xc3" not in text else \
        text.encode("latin-1", "replace")


def names(rng, count):
    lines = [b"".join(encoded(rng.choice(PARTS)) for _ in range(rng.randrange(6)))
             for _ in range(count)]
    return b"".join(line + b"\n" for line in lines) + b"without a newline"


REGEXES = ["^", "$", ".", "a", "^a", "b$", "[a-c]", "[^/]+", "/", "\\\\", "\\#", "\\ ", "é",
           "(a|b)(c)?", "^([^/]*)/(.*)$", "(.)(.)", "x*", "[[:alpha:]]+", "\\.", "[0-9]",
           "(^|/)b", "^$", "(a*)(b*)", "i", "[]]", "o{2}", "(b)|(c)", "(.)\\1", "[\\\\]"]
REPLACEMENTS = ["", "x", "\\0", "/\\0", "\\1", "<\\2>", "\\U\\0", "\\L\\0\\E", "\\i", "\\x",
                "\\U\\i", "\\L\\x", "\\\\", "\\ ", "\\#", "a\\", "\\q", "\\U\\q\\1\\E-\\2",
                "b", "aa", "\\9", "L1", "L2", "\\0\\0", "é"]
LETTERS = ["r", "rg", "rgg", "re", "rE", "rs", "ri", "rgi", "e", "E", "s", "a", "j", "i", "a~",
           "j~", "e~", "~", "ggr", "js", "gi", "4r", "6r", "Gr", "Pr", "GPr", "46r", "rGe",
           "Pa", "4j"]


def random_map(rng):
    lines = []
    for _ in range(rng.randrange(1, 8)):
        if rng.random() < .15:
            lines.append(rng.choice([":L1", ":L2", ": L1", ":", "# comment", ":\\0"]))
        else:
            gap = rng.choice([" ", "\t", "  "])
            line = gap.join([rng.choice(LETTERS), rng.choice(REGEXES),
                             rng.choice(REPLACEMENTS)])
            lines.append(line + rng.choice(["", "", " # why", " more words", "\r"]))
    return "\n".join(lines) + rng.choice(["", "\n"])


@pytest.fixture
def own(kedge, tmp_path):
    return named(kedge, tmp_path)


def run(command, locale, patience=20):
    environment = {**os.environ, "LC_ALL": locale}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=patience)
    except subprocess.TimeoutExpired:
        return None, b""
    return done.returncode, done.stdout


def compare(judge, own, map_file, name_file, locale, client):
    """None, or the first line that differs. A map that hangs 7.3 (a replacement that is no
    text of the locale) has no verdict."""
    code, theirs = run([judge, *client, "-m", map_file, "--map-test", name_file], locale,
                       patience=3)
    own_code, ours = run([own, *client, "-m", map_file, "--map-test", name_file], locale)
    if code is None:
        return None
    assert own_code is not None, f"{map_file} hangs kedge"
    if code != own_code:
        return f"exit {code} and {own_code}"
    theirs = theirs.replace(b"ERROR: (null)\n", b"ERROR: Access violation\n")
    if theirs == ours:
        return None
    lines = zip(name_file.read_bytes().split(b"\n"), theirs.split(b"\n"), ours.split(b"\n"))
    return next(((name, a, b) for name, a, b in lines if a != b), "number of lines")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("which", COLLECTED)
def test_maps_that_others_wrote(judge, own, tmp_path, which, locale):
    map_file, name_file = tmp_path / "map", tmp_path / "names"
    map_file.write_text(COLLECTED[which])
    name_file.write_bytes(names(random.Random(f"{SEED}{which}"), NAMES))
    for client in CLIENTS:
        assert not compare(judge, own, map_file, name_file, locale, client), client


@pytest.mark.parametrize("batch", range(4))
def test_random_maps(judge, own, tmp_path, batch):
    rng = random.Random(f"{SEED}{batch}")
    for i in range(NAMES // 40):
        map_file, name_file = tmp_path / f"map{i}", tmp_path / "names"
        map_file.write_text(random_map(rng))
        name_file.write_bytes(names(rng, 40))
        locale, client = rng.choice(LOCALES), rng.choice(CLIENTS)
        found = compare(judge, own, map_file, name_file, locale, client)
        assert not found, f"{locale} {client}: {map_file.read_text()!r}: {found}"


@pytest.mark.parametrize("steps", ["1", "2", "7", "8", "9", "4095", "4096", "4097"])
def test_the_limit_of_steps_is_the_same(judge, own, tmp_path, steps):
    map_file, name_file = tmp_path / "map", tmp_path / "names"
    map_file.write_text("r ^x y\nrg y+ z\ns ^z.*a z\nr ^zz x\ns ^xx\n")
    name_file.write_bytes(b"".join(b"%s%s\n" % (b"x" * n, b"b" * n) for n in range(30)))
    for client in ["--map-steps", steps], ["--map-steps", steps, "--normalize"]:
        assert not compare(judge, own, map_file, name_file, "C", client)
