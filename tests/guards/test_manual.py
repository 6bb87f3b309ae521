# SPDX-License-Identifier: MIT
"""The man pages say what the program says: each verb's usage stands in a SYNOPSIS, word for
word, and the options of `kedge help VERB` and of its page are the same."""
import re
import shutil
import subprocess

import guard
import pytest

# The page that documents a verb; all others are in kedge(1).
PAGES = {"serve": "man/kedge-serve.8"}
OTHERS = "man/kedge.1"
# Options that the page has for all verbs, or that belong to the program itself.
COMMON = {"--help", "--version"}


def plain(roff):
    """A page's text without its requests and escapes, blanks squeezed."""
    roff = re.sub(r'^\.\\".*\n|\\".*', "", roff, flags=re.M)
    roff = re.sub(r"\\f(\[\w*\]|\(\w\w|.)|\\&|\\/|\\c|\\,", "", roff)
    roff = roff.replace(r"\-", "-").replace(r"\ ", " ").replace(r"\|", "") \
        .replace(r"\(ti", "~").replace(r"\(aq", "'").replace(r"\e", "\\").replace(r"\~", " ")
    lines = []
    for line in roff.split("\n"):
        alternating = re.match(r"\.(BR|RB|BI|IB|IR|RI)\s+(.*)", line)
        if alternating:
            words = re.findall(r'"([^"]*)"|(\S+)', alternating[2])
            line = "".join(quoted or word for quoted, word in words)
        else:
            line = re.sub(r'^\.(B|I|SM|SB)\s+"?(.*?)"?$', r"\2", line)
            line = re.sub(r"^\.\w+( .*)?$", "", line) if line.startswith(".") and \
                not line.startswith((".SH", ".SS")) else line
        lines.append(line)
    return "\n".join(lines)


def section(text, name):
    found = re.search(rf'^\.SH "?{name}"?\n(.*?)(?=^\.SH|\Z)', text, re.M | re.S)
    return found[1] if found else ""


def part_of(text, verb):
    """Where kedge(1) documents a verb: the subsection that bears its name, or all."""
    found = re.search(rf'^\.SS "?(?:kedge )?{verb}\b.*?\n(.*?)(?=^\.S[SH]|\Z)', text,
                      re.M | re.S)
    return found[1] if found else text


def squeeze(text):
    return " ".join(text.split())


def options(text):
    return set(re.findall(r"(?<![\w-])(--[a-z][\w-]*)", text))


def complaints(verb, help_text, page):
    text = plain(page)
    usage = squeeze(help_text.split("\n\n")[0].removeprefix("usage:"))
    found = []
    if usage not in squeeze(section(text, "SYNOPSIS")):
        found.append(f"{verb}: SYNOPSIS lacks: {usage}")
    found += [f"{verb}: {o} is not documented" for o in
              sorted(options(help_text) - options(text))]
    extra = options(section(text, "OPTIONS") + part_of(text, verb)
                    if verb in PAGES else part_of(text, verb) if f".SS" in text else "")
    known = options(help_text) | COMMON
    return found + [f"{verb}: {o} is documented, but there is none"
                    for o in sorted(extra - known)]


def verbs(kedge):
    return re.findall(r"^  (\w+)  ", guard.run(kedge, "help"), re.M)


def test_manual_equals_help(root, kedge):
    pages = {p for p in (OTHERS, *PAGES.values()) if (root / p).exists()}
    if not pages:
        pytest.skip("there is no man page yet")
    found = [f"no {p}" for p in {OTHERS, *PAGES.values()} - pages]
    for verb in verbs(kedge):
        page = PAGES.get(verb, OTHERS)
        if page in pages:
            found += complaints(verb, guard.run(kedge, "help", verb),
                                (root / page).read_text())
    assert not found, guard.show(found)


def test_help_names_every_verb(kedge):
    names = verbs(kedge)
    assert "help" in names
    for name in names:
        done = subprocess.run([kedge, "help", name], stdout=subprocess.PIPE, text=True)
        assert done.returncode == 0 and done.stdout.startswith(f"usage: kedge {name}")


def checks_missing(listed, page):
    """Ids of `kedge check --list` that a page does not explain, or explains differently."""
    page = squeeze(plain(section(page, "CHECKS")))
    rows = [re.match(r"(\S+)\s+(must|should|robust)\s+(\S+( \S+)*)", line)
            for line in listed.splitlines()]
    return [m[1] for m in rows
            if not re.search(rf"(^| ){m[1]} [^(]*\({re.escape(m[3])}, {m[2]}\)", page)]


def test_every_check_is_listed(root, kedge):
    listed = guard.run(kedge, "check", "--list")
    page = (root / OTHERS).read_text()
    assert listed.count("\n") > 100 and checks_missing(listed, page) == []
    assert checks_missing("request-nothing  must  RFC 1\n", page) == ["request-nothing"]


HELP = "usage: kedge probe ENDPOINT... [OPTION...]\n\nask.\n\n  -c, --count N   how many\n" \
       "      --json      as JSON\n"
PAGE = r'''.TH KEDGE 1
.SH SYNOPSIS
.B kedge probe
.IR ENDPOINT ...
.RI [ OPTION ...]
.SH VERBS
.SS kedge probe
.TP
.BR \-c ", " \-\-count " \fIN\fR"
how many
.TP
.B \-\-json
as JSON
.SS kedge send
.B \-\-other
'''


@pytest.mark.parametrize("old, new, want", [
    ("", "", []),
    (".IR ENDPOINT ...\n", "", ["SYNOPSIS lacks: kedge probe ENDPOINT... [OPTION...]"]),
    ("\\-\\-json", "\\-\\-yaml", ["--json is not documented",
                                  "--yaml is documented, but there is none"]),
])
def test_a_wrong_page_is_seen(old, new, want):
    assert complaints("probe", HELP, PAGE.replace(old, new)) == [f"probe: {w}" for w in want]


def warnings(page):
    """What groff finds odd in a page."""
    if not shutil.which("groff"):
        pytest.skip("there is no groff here")
    return guard.run("groff", "-man", "-ww", "-Tutf8", "-z", page)


def test_pages_render(root):
    for page in (OTHERS, *PAGES.values(), "man/in.tftpd.8"):
        assert not warnings(root / page)


def test_a_faulty_page_is_seen(tmp_path):
    assert warnings(guard.plant(tmp_path, "x.1", ".TH X 1\n.SH NAME\n.nosuchrequest\n"))
