# SPDX-License-Identifier: MIT
"""The completion offers what the program takes: each verb's options, the words of their
values and the schemes of its endpoints, and nothing else."""
import os
import pty
import re
import select
import subprocess
import time

import guard
import pytest

# Named by no verb's help: few kernels have it.
UNOFFERED = {"tipc://"}

ASK = """
source "$1"
compopt() { :; }
COMP_LINE=$2 COMP_POINT=${#2}
_kedge_main
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(root, line):
    out = guard.run("bash", "-c", ASK, "ask", root / "completion/kedge", line)
    return out.split("\n")[:-1] if out.strip() else []


def complaint(kedge, *words):
    """What the program says of a line that it does not take."""
    done = subprocess.run([kedge, *words], stderr=subprocess.PIPE, text=True,
                          stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=20)
    assert done.returncode == 64, done.stderr
    return done.stderr


def verbs(kedge):
    return re.findall(r"^  (\w+)  ", guard.run(kedge, "help"), re.M)


def test_verbs_are_offered(root, kedge):
    assert offered(root, f"{kedge} ") == [*verbs(kedge), "--help", "--version"]


def test_options_are_offered(root, kedge):
    for verb in verbs(kedge):
        text = guard.run(kedge, "help", verb)
        want = re.findall(r"^ +(-\w)\b", text, re.M)
        want += re.findall(r"^  .{4}(--[\w-]+)", text, re.M)
        assert sorted(offered(root, f"{kedge} {verb} -")) == sorted(want), verb


def test_an_offered_option_is_taken(root, kedge):
    for verb in verbs(kedge):
        for option in offered(root, f"{kedge} {verb} -"):
            said = complaint(kedge, verb, option, "1", "--nonsense")
            assert "--nonsense" in said or f"{option} takes" in said, said


def test_words_of_a_value_are_offered(root, kedge):
    seen = set()
    for verb in verbs(kedge):
        for option in offered(root, f"{kedge} {verb} --"):
            words = re.search(r"(?:one of |, or )([a-z|]+), not",
                              complaint(kedge, verb, option, "?", "--nonsense"))
            want = words[1].split("|") if words else []
            assert offered(root, f"{kedge} {verb} {option} ") == want or not words
            assert offered(root, f"{kedge} {verb} {option}=") == want or not words
            seen |= set(want)
    assert {"mtu", "create", "json"} <= seen


def test_schemes_are_offered(root, kedge):
    table = (root / "src/net/scheme.c").read_text()
    known = {f"{s}://" for s in re.findall(r'^    \{ "([a-z+-]+)", KEDGE', table, re.M)}
    found = set()
    for verb in verbs(kedge):
        if verb != "help":
            found |= {o.rstrip("/") + "//" for o in offered(root, f"{kedge} {verb} ")
                      if ":" in o}
    assert found == known - UNOFFERED


NEWER = """#!/bin/sh
[ $# = 2 ] && printf 'usage: kedge %s\\n\\noptions:\\n  -z, --zeal LOW|much|more  all\\n' "$2"
[ $# = 1 ] && printf 'usage: kedge VERB\\n\\n  tow     pull\\n'
"""


@pytest.mark.parametrize("rest, want", [
    ("", ["tow", "--help", "--version"]), ("t", ["tow"]), ("tow -", ["-z", "--zeal"]),
    ("tow -z ", ["much", "more"]), ("tow --zeal=mo", ["more"]),
])
def test_a_change_of_the_program_is_followed(root, tmp_path, rest, want):
    newer = guard.plant(tmp_path, "kedge", NEWER)
    newer.chmod(0o755)
    assert offered(root, f"{newer} {rest}") == want


def read_until(fd, mark):
    text, end = "", time.monotonic() + 20
    while mark not in text and time.monotonic() < end:
        if select.select([fd], [], [], 1)[0]:
            text += os.read(fd, 4096).decode()
    return text


@pytest.mark.parametrize("typed, becomes", [
    ("kedge serve --uploads=cr", "kedge serve --uploads=create"),
    ("kedge send unix-seq", "kedge send unix-seqpacket:///"),
    ("kedge serve echo+t", "kedge serve echo+tcp://"),
    ("kedge send udp:", "kedge send udp://"),
])
def test_a_shell_completes(root, kedge, typed, becomes):
    child, fd = pty.fork()
    if child == 0:
        os.execvpe("bash", ["bash", "--norc", "-i"],
                   {**os.environ, "TERM": "dumb", "PS1": "$ ",
                    "PATH": f"{kedge.parent}:{os.environ['PATH']}"})
    try:
        os.write(fd, f"source '{root}/completion/kedge'; echo rea''dy\n".encode())
        assert "ready" in read_until(fd, "ready")
        os.write(fd, f"{typed}\t".encode())
        assert becomes in read_until(fd, becomes)
    finally:
        os.write(fd, b"\x15exit\n")
        os.close(fd)
        os.waitpid(child, 0)
