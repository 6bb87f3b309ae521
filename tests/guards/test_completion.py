# SPDX-License-Identifier: MIT
"""The completion offers what the program takes: each verb's options, the words of their
values and the schemes of its endpoints, and nothing else."""
import functools
import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import guard
import pytest

# Named by no verb's help: few kernels have it.
UNOFFERED = {"tipc://"}

ASK_BASH = """
source "$1"
compopt() { :; }
COMP_LINE=$2 COMP_POINT=${#2}
_kedge_main
printf '%s\\n' "${COMPREPLY[@]}"
"""


# zsh's own functions say what they were called with.
ASK_ZSH = """
file=$1; shift
words=("$@") CURRENT=$#
_arguments() {
    if [[ $words[CURRENT] == -* || $words[CURRENT-1] == -* ]]; then print -rl -- "$@"
    else _kedge_operand; fi
}
_describe() { print -rl -- ${${(P)2}%%:*} }
compadd() {
    case $1 in
    -S) print -rl -- ${(P)4} ;;
    --) print -rl -- "${@:2}" ;;
    esac
}
_files() { }
source $file
"""
SHELLS = ["bash", "zsh", "fish"]


def by_bash(root, line):
    return guard.run("bash", "-c", ASK_BASH, "ask", root / "completion/kedge", line)


def by_zsh(root, line):
    """Where options or their values are wanted, from what _arguments was given of them."""
    words = line.split(" ")
    out = guard.run("zsh", "-f", "-c", ASK_ZSH, "ask", root / "completion/_kedge", *words)
    option, _, value = words[-1].partition("=")
    if not value and not option.startswith("-"):
        option = words[-2]
    if len(words) < 3 or not option.startswith("-"):
        return out
    specs = re.findall(r"^\*(-\w|--[\w-]+)[+=]?-?\[(?:[^\]\\]|\\.)*\](?:.*:\((.*)\))?", out, re.M)
    if words[-1].startswith("-") and "=" not in words[-1]:
        return "\n".join(name for name, _ in specs)
    return "\n".join(dict(specs)[option].split())


@functools.cache
def ask_fish(root, program, lines):
    """What it offers for each of these lines: it is loaded once for all of them, since it asks
    the program for all help then."""
    done = subprocess.run(
        ["fish", "--no-config", "-c", "source $argv[1]; for line in $argv[2..]; "
         "complete -C $line; echo END; end", str(root / "completion/kedge.fish"), *lines],
        capture_output=True, text=True, timeout=100, cwd=root / "completion",
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"})
    assert done.stderr == "" and done.returncode == 0, done.stderr
    answers = re.split(r"^END\n", done.stdout, flags=re.M)
    assert len(answers) == len(lines) + 1
    return dict(zip(lines, answers))


@functools.cache
def usual_lines(program):
    lines = ["kedge ", "kedge --"]
    for verb in verbs(program):
        text = guard.run(program, "help", verb)
        lines += [f"kedge {verb} ", f"kedge {verb} -"]
        lines += [f"kedge {verb} {option}{gap}" for gap in (" ", "=")
                  for option in re.findall(r"^ .*?(--[\w-]+)", text, re.M)]
    return tuple(lines)


def by_fish(root, line):
    program, rest = line.split(" ", 1)
    program, line = Path(program), f"kedge {rest}"
    lines = usual_lines(program)
    found = ask_fish(root, program, lines if line in lines else (line,))[line]
    found = [row.split("\t")[0] for row in found.splitlines()]
    # After = it offers the whole word, of an operand also the files there, and where nothing
    # begins as it was typed it guesses.
    files, typed = os.listdir(root / "completion"), line.rpartition(" ")[2]
    return "\n".join(w.rpartition("=")[2] if w.startswith("--") else w for w in found
                     if w not in files and w.startswith(typed))


ASK = {"bash": by_bash, "zsh": by_zsh, "fish": by_fish}


def offered(root, line, shell="bash"):
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here (tools/setup --check)")
    return [word for word in ASK[shell](root, line).splitlines() if word]


def complaint(kedge, *words):
    """What the program says of a line that it does not take."""
    done = subprocess.run([kedge, *words], stderr=subprocess.PIPE, text=True,
                          stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=20)
    assert done.returncode == 64, done.stderr
    return done.stderr


def verbs(kedge):
    return re.findall(r"^  (\w+)  ", guard.run(kedge, "help"), re.M)


@pytest.mark.parametrize("shell", SHELLS)
def test_verbs_are_offered(root, kedge, shell):
    found = offered(root, f"{kedge} ", shell)
    if shell == "fish": # it lists options after a - only
        found += offered(root, f"{kedge} --", shell)
    assert sorted(found) == sorted([*verbs(kedge), "--help", "--version"])


@pytest.mark.parametrize("shell", SHELLS)
def test_options_are_offered(root, kedge, shell):
    for verb in verbs(kedge):
        text = guard.run(kedge, "help", verb)
        want = re.findall(r"^ +(-\w)\b", text, re.M)
        want += re.findall(r"^  .{4}(--[\w-]+)", text, re.M)
        assert sorted(offered(root, f"{kedge} {verb} -", shell)) == sorted(want), verb


def test_an_offered_option_is_taken(root, kedge):
    for verb in verbs(kedge):
        for option in offered(root, f"{kedge} {verb} -"):
            said = complaint(kedge, verb, option, "1", "--nonsense")
            assert "--nonsense" in said or f"{option} takes" in said, said


@pytest.mark.parametrize("shell", SHELLS)
def test_words_of_a_value_are_offered(root, kedge, shell):
    seen = set()
    for verb in verbs(kedge):
        for option in offered(root, f"{kedge} {verb} --"):
            words = re.search(r"(?:one of |, or )([a-z|]+), not",
                              complaint(kedge, verb, option, "?", "--nonsense"))
            want = words[1].split("|") if words else []
            if words:
                gaps = [" "] if shell == "zsh" else [" ", "="] # one spec says both there
                for gap in gaps:
                    line = f"{kedge} {verb} {option}{gap}"
                    assert sorted(offered(root, line, shell)) == sorted(want), line
            seen |= set(want)
    assert {"mtu", "create", "json"} <= seen


@pytest.mark.parametrize("shell", SHELLS)
def test_schemes_are_offered(root, kedge, shell):
    table = (root / "src/net/scheme.c").read_text()
    known = {f"{s}://" for s in re.findall(r'^    \{ "([a-z+-]+)", KEDGE', table, re.M)}
    found = set()
    for verb in verbs(kedge):
        if verb != "help":
            found |= {o.rstrip("/") + "//" for o in offered(root, f"{kedge} {verb} ", shell)
                      if ":" in o}
    assert found == known - UNOFFERED


NEWER = """#!/bin/sh
[ $# = 2 ] && printf 'usage: kedge %s\\n\\noptions:\\n  -z, --zeal LOW|much|more  all\\n' "$2"
[ $# = 2 ] || printf 'usage: kedge VERB\\n\\n  tow     pull\\n'
"""


@pytest.mark.parametrize("rest, want", [
    ("", ["tow", "--help", "--version"]), ("t", ["tow"]), ("tow -", ["-z", "--zeal"]),
    ("tow -z ", ["much", "more"]), ("tow --zeal=mo", ["more"]),
])
@pytest.mark.parametrize("shell", SHELLS)
def test_a_change_of_the_program_is_followed(root, tmp_path, rest, want, shell):
    newer = guard.plant(tmp_path, "kedge", NEWER)
    newer.chmod(0o755)
    if shell == "zsh" and "=" in rest:
        return # the same spec as with a space
    found = offered(root, f"{newer} {rest}", shell)
    if shell == "zsh": # it chooses itself
        found = [w for w in found if w.startswith(rest.rpartition(" ")[2])]
    if shell == "fish": # it lists options after a - only
        want = [w for w in want if rest or not w.startswith("-")]
    assert sorted(found) == sorted(want)


def read_until(fd, mark):
    text, end = "", time.monotonic() + 20
    while mark not in text and time.monotonic() < end:
        if select.select([fd], [], [], 1)[0]:
            text += os.read(fd, 4096).decode()
    return text


# How each is started without the user's own settings, and made to know the completion.
INTERACTIVE = {
    "bash": (["bash", "--norc", "-i"], "source '{root}/completion/kedge'"),
    "zsh": (["zsh", "-f", "-i"], "fpath=('{root}/completion' $fpath); autoload -U compinit; "
                                 "compinit -D"),
    "fish": (["fish", "--no-config", "-i"], "source '{root}/completion/kedge.fish'"),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("typed, becomes", [
    ("kedge serve --uploads=cr", "kedge serve --uploads=create"),
    ("kedge send unix-seq", "kedge send unix-seqpacket:///"),
    ("kedge serve echo+t", "kedge serve echo+tcp://"),
    ("kedge send udp:", "kedge send udp://"),
])
def test_a_shell_completes(root, kedge, typed, becomes, shell):
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here (tools/setup --check)")
    command, load = INTERACTIVE[shell]
    child, fd = pty.fork()
    if child == 0:
        os.execvpe(shell, command,
                   {**os.environ, "TERM": "dumb", "PS1": "$ ",
                    "PATH": f"{kedge.parent}:{os.environ['PATH']}"})
    try:
        os.write(fd, f"{load.format(root=root)}; echo rea''dy\n".encode())
        assert "ready" in read_until(fd, "ready")
        os.write(fd, f"{typed}\t".encode())
        assert becomes in read_until(fd, becomes)
    finally:
        os.write(fd, b"\x15exit\n")
        os.close(fd)
        os.waitpid(child, 0)
