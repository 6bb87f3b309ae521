# SPDX-License-Identifier: MIT
"""The command line of every verb: help, version, and each fault one line with its code."""
import os
import re
import subprocess

import pytest

from e2e.peers.echo import Datagrams


@pytest.fixture
def run(kedge):
    """run(*words): its exit status, standard output and standard error."""
    def run(*words):
        done = subprocess.run([kedge, *words], capture_output=True, timeout=20,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.decode(), done.stderr.decode()
    return run


@pytest.fixture
def verbs(run):
    """As the overview lists them."""
    return re.findall(r"^  ([a-z]+) ", run("help")[1], re.M)


def options(help_text):
    """Each option that a help text lists: its letter or None, its name or None, and
    whether it takes a value."""
    rows = re.findall(r"^  (?:-(\w))?,? *(?:--([\w-]+))?( \S+)?(?:  |$)", help_text, re.M)
    return [(letter or None, name or None, bool(value)) for letter, name, value in rows
            if letter or name]


def test_help_lists_the_verbs(run, verbs):
    code, out, err = run("help")
    assert (code, err) == (0, "")
    assert {"serve", "probe", "send", "help"} <= set(verbs)
    assert out.startswith("usage: kedge VERB")
    assert run("--help") == run("-h") == run("help")


def test_without_a_verb_it_is_usage(run):
    code, out, err = run()
    assert (code, out) == (64, "") and err == run("help")[1]


@pytest.mark.usefixtures("many_starts")
def test_help_of_a_verb_three_ways(run, verbs):
    for verb in verbs:
        code, out, err = run("help", verb)
        assert (code, err) == (0, "") and out.startswith(f"usage: kedge {verb}")
        assert run(verb, "--help") == run(verb, "-h") == (0, out, "")
        assert max(map(len, out.splitlines())) <= 80


def test_version(run):
    code, out, err = run("--version")
    assert code == 0 and err == "" and re.fullmatch(r"kedge \d+\.\d+\.\d+\n", out)


@pytest.mark.parametrize("words", [["fly"], ["help", "fly"], ["-x"], ["", "x"],
                                   ["\x1b[2J"]])
def test_an_unknown_verb_is_named(run, words):
    code, out, err = run(*words)
    assert (code, out) == (64, "") and err.count("\n") == 1
    assert err.startswith("kedge: unknown verb ") and "\x1b" not in err


@pytest.mark.usefixtures("many_starts")
def test_an_unknown_option_is_named_by_every_verb(run, verbs):
    for verb in verbs:
        for words, name in ((["--no-such"], "--no-such"), (["--no-such=5"], "--no-such"),
                            (["-Z"], "-Z")):
            code, out, err = run(verb, *words)
            assert (code, out) == (64, ""), verb
            assert err == f"kedge {verb}: unknown option {words[0]} " \
                          f"(see: kedge help {verb})\n" and name in err


@pytest.mark.parametrize("words,meant", [
    (["gte"], "unknown verb 'gte', did you mean kedge get? (see: kedge help)"),
    (["help", "porbe"], "unknown verb 'porbe', did you mean kedge probe? (see: kedge help)"),
    (["-V"], "unknown verb '-V', did you mean kedge --version? (see: kedge help)"),
    (["version"], "unknown verb 'version', did you mean kedge --version? (see: kedge help)"),
    (["get", "--timeuot", "5", "tftp://h/f"],
     "unknown option --timeuot, did you mean --timeout? (see: kedge help get)"),
    (["get", "--blocksize=512", "tftp://h/f"],
     "unknown option --blocksize=512, did you mean --blksize? (see: kedge help get)"),
    (["probe", "127.0.0.1"], "an endpoint begins with a scheme, as in udp://HOST:PORT, "
                             "did you mean icmp://127.0.0.1?"),
    (["probe", "a.example:7"], "did you mean udp://a.example:7?"),
    (["probe", "[::1]"], "did you mean icmp://[::1]?"),
])
def test_what_was_meant_is_suggested(run, words, meant):
    code, out, err = run(*words)
    assert (code, out) == (64, "") and meant in err and err.count("\n") == 1


@pytest.mark.usefixtures("many_starts")
def test_every_option_of_the_help_is_known(run, verbs):
    """With a value where it says so: what is wrong then is said of that option, or of
    another thing, but it is never unknown. --help behind ends each well."""
    for verb in verbs:
        for letter, name, value in options(run("help", verb)[1]):
            for word in filter(None, (letter and f"-{letter}", name and f"--{name}")):
                if value:
                    code, out, err = run(verb, word)
                    assert code == 64 and out == "", (verb, word)
                    assert re.match(rf"kedge {verb}: -\S+ needs a value", err), (verb, word)
                else:
                    assert run(verb, word, "--help")[0] == 0, (verb, word)


@pytest.mark.parametrize("words,why", [
    (["send"], "missing operand: ENDPOINT [MESSAGE...]"),
    (["probe"], "missing operand: ENDPOINT..."),
    (["probe", "-4", "-6", "icmp://127.0.0.1"], "-4 and -6 contradict each other"),
    (["send", "--json", "-q", "udp://127.0.0.1:7"], "--json and --quiet contradict each other"),
    (["probe", "-c", "many", "icmp://127.0.0.1"], "--count takes a number, not 'many'"),
    (["probe", "-c", "-1", "icmp://127.0.0.1"], "--count takes a number, not '-1'"),
    (["probe", "-i", "0", "icmp://127.0.0.1"], "--interval takes a time such as 10ms or 2s"),
    (["probe", "-i", "5x", "icmp://127.0.0.1"], "--interval takes a time such as 10ms or 2s"),
    (["probe", "--size", "65508", "icmp://127.0.0.1"], "--size takes a size such as"),
    (["probe", "--size", "1", "--size=2", "icmp://127.0.0.1"], "--size is given twice"),
    (["probe", "--json=yes", "icmp://127.0.0.1"], "--json takes no value"),
    (["help", "send", "probe"], "unexpected operand 'probe'"),
])
def test_each_fault_is_one_line_with_64(run, words, why):
    code, out, err = run(*words)
    assert (code, out) == (64, "")
    assert why in err and err.count("\n") == 1
    assert err.endswith(f"(see: kedge help {words[0]})\n")


@pytest.mark.parametrize("words", [["--version"], ["help"],
                                   ["probe", "-c", "1", "udp://127.0.0.1:{port}"]])
def test_results_that_cannot_be_written_are_no_success(kedge, words):
    """With the code that a full disk has everywhere."""
    peer = Datagrams(("127.0.0.1", 0))
    words = [w.format(port=peer.url.rpartition(":")[2]) for w in words]
    with open("/dev/full", "w") as full:
        done = subprocess.run([kedge, *words], stdout=full, stderr=subprocess.PIPE, timeout=20)
    assert done.returncode == 10
    assert done.stderr.startswith(b"kedge: standard output: No space left on device")


def test_a_file_system_that_is_full(kedge, small_disk):
    (small_disk / "most").write_bytes(bytes((1 << 20) - 4096))
    with open(small_disk / "out", "w") as out:
        done = subprocess.run(["sh", "-c", 'for i in 1 2 3 4; do "$0" help probe || exit; done',
                               kedge], stdout=out, stderr=subprocess.PIPE, timeout=20)
    assert done.returncode == 10
    assert done.stderr == b"kedge: standard output: No space left on device\n"


def test_a_reader_that_has_gone_is_no_news(kedge):
    out, into = os.pipe()
    os.close(out)
    with open(into, "w") as pipe:
        done = subprocess.run([kedge, "help"], stdout=pipe, stderr=subprocess.PIPE, timeout=20)
    assert done.returncode == 9 and done.stderr == b""


@pytest.mark.parametrize("closed", [[0], [2], [0, 2]])
def test_no_socket_gets_the_number_of_a_closed_descriptor(kedge, closed):
    """Else the log, say, would be sent to a peer."""
    process = subprocess.Popen([kedge, "serve", "echo+udp://127.0.0.1:0"], text=True,
                               stdout=subprocess.PIPE,
                               preexec_fn=lambda: [os.close(fd) for fd in closed])
    while "Ctrl-C ends it" not in process.stdout.readline():
        assert process.poll() is None
    for fd in closed:
        assert os.readlink(f"/proc/{process.pid}/fd/{fd}") == "/dev/null"
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_standard_output_that_is_closed(kedge):
    done = subprocess.run([kedge, "help"], stderr=subprocess.PIPE, timeout=20,
                          preexec_fn=lambda: os.close(1))
    assert done.returncode == 9
    assert done.stderr == b"kedge: standard output: Bad file descriptor\n"


ODD = "none/\x1b[31m\n\udcff"


@pytest.mark.parametrize("words", [
    ["get", ODD],
    ["put", "a", f"tftp://127.0.0.1/x;mode={ODD}"],
    ["probe", "--source", ODD, "udp://127.0.0.1:9"],
    ["probe", "--interface", "x" * 20 + ODD, "udp://127.0.0.1:9"],
    ["probe", "--key", ODD, "udp://127.0.0.1:9"],
    ["probe", "--html", ODD, "udp://127.0.0.1:9"],
    ["probe", "--prometheus", ODD, "udp://127.0.0.1:9"],
    ["trace", "--svg", ODD, "true"],
    ["trace", ODD],
    ["probe", "--fail-if", ODD, "udp://127.0.0.1:9"],
    ["report", ODD],
    ["send", "unix:///" + ODD],
    ["serve", "--root", ODD, "tftp://127.0.0.1:0"],
    ["serve", "--key", ODD],
    ["serve", "--user", ODD, "echo://127.0.0.1:0"],
    ["serve", "unix:///" + ODD],
    ["serve", "echo+unix:///" + ODD],
])
def test_what_was_typed_is_shown_without_control_characters(run, words):
    code, out, err = run(*words)
    assert code not in (0, -11) and out == ""
    assert err.count("\n") == 1 and err.endswith("\n") and "\x1b" not in err
    assert "\\x1b" in err


def test_one_socket_too_many_is_said(run):
    code, out, err = run("serve", *["echo://127.0.0.1:0"] * 17)
    assert (code, out) == (64, "") and err.count("\n") == 1
    assert "too many endpoints" in err
