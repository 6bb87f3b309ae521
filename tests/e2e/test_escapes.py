# SPDX-License-Identifier: MIT
"""Nothing that came from elsewhere reaches a terminal as it is: an escape sequence is planted
in each input, and none is in any output."""
import copy
import json
import re
import socket
import subprocess

import pytest

from e2e.peers.echo import Datagrams
from e2e.peers.tftp import OACK, RRQ, WRQ, Peer, error, get as fetch
from e2e.peers.tftp_peer import Peer as Files

TITLE, CLEAR = "\x1b]0;gotcha\x07", "\x1b[2J"
# Control characters of 7 and 8 bits, a carriage return, a line of its own, and text that
# runs backwards.
PLANTED = f"{TITLE}{CLEAR}\rgotcha\u009b2J\u2028\u202e"
RAW = PLANTED.encode() + b"\x9b2J\xff"      # and 8 bits that are no UTF-8
LOOP = ("127.0.0.1", 0)
PYTHON = "/usr/bin/python3"


def escapes(output):
    """What a terminal may obey, of bytes."""
    text = output.decode(errors="surrogateescape")
    return re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e"
                      "\u2060-\u206f\ufeff\udc80-\udcff]", text)


def assert_clean(*outputs):
    for output in outputs:
        assert not escapes(output), output[:2000]


@pytest.fixture
def say(kedge, tmp_path):
    """say(*words): exit status, standard output and standard error, which are clean."""
    def run(*words, **more):
        done = subprocess.run([kedge, *words], capture_output=True, timeout=60,
                              cwd=tmp_path, **more)
        assert_clean(done.stdout, done.stderr)
        return done.returncode, done.stdout, done.stderr
    return run


def test_each_is_seen():
    for character in PLANTED.replace("gotcha", "").replace("2J", ""):
        assert escapes(character.encode()) or character in "[]0;", hex(ord(character))
    assert escapes(b"\x9b") and escapes(b"\xff") and not escapes("Gr\u00fc\u00dfe\n".encode())


# ---- a run file ----

def leaves(value, path=()):
    """The path of each text, number, null and key of a document."""
    for key, inner in (value.items() if isinstance(value, dict) else
                       enumerate(value) if isinstance(value, list) else ()):
        yield (*path, key)
        yield from leaves(inner, (*path, key))


def planted(document, path, value):
    copied = copy.deepcopy(document)
    inner = copied
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copied


@pytest.fixture
def run(kedge, tmp_path):
    """The lines of a run, one of its targets a path that may hold nearly anything."""
    udp, path = Datagrams(LOOP), Datagrams(str(tmp_path / "gotcha"), scheme="unix-dgram")
    done = subprocess.run([kedge, "probe", "--jsonl", "-c", "150", "-i", "1ms", udp.url,
                           path.url], capture_output=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.usefixtures("many_starts")
def test_a_run_file(say, run, tmp_path):
    """In each place of each kind of line, and as a path; in the table, the page, the plot, the
    JSON, a comparison and a condition that fails."""
    good, bad, page = tmp_path / "good", tmp_path / "bad", tmp_path / "page"
    good.write_text("\n".join(map(json.dumps, run)) + "\n")
    kinds = {line["event"]: number for number, line in enumerate(run)}
    shown = 0
    for number in kinds.values():
        for path in leaves(run[number]):
            lines = list(run)
            lines[number] = planted(run[number], path, PLANTED)
            bad.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
            code, out, _ = say("report", "--plot", "--fail-if", "sent>0", bad)
            shown += b"gotcha" in out
            if code == 9:
                continue
            say("report", "--json", bad)
            say("report", "--html", page, bad)
            say("report", good, bad)
            assert_clean(page.read_bytes())
    assert shown >= 1


def test_a_path_of_a_run_file(say, run, tmp_path):
    """What no figure shows: the endpoint itself, in notes and comparisons."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("\n".join(map(json.dumps, run)) + "\n")
    text = json.dumps(run, ensure_ascii=False).replace(
        "/gotcha", "/gotcha\u009b2J\u2028\u202e")
    bad.write_text("\n".join(json.dumps(line, ensure_ascii=False)
                             for line in json.loads(text)) + "\n")
    for words in ["--plot"], ["--json"], ["--html", tmp_path / "page"], [good], \
                 ["--fail-if", "sent>0"]:
        code, out, err = say("report", *words, bad)
        assert code in (0, 1) and b"gotcha" in out + err
    assert_clean((tmp_path / "page").read_bytes())


@pytest.mark.parametrize("line", [RAW, b'{"event":"' + RAW + b'"}', b'{"' + RAW + b'":1}',
                                  json.dumps({PLANTED: 1}).encode()])
def test_a_line_that_is_none(say, run, tmp_path, line):
    (tmp_path / "bad").write_bytes(json.dumps(run[0]).encode() + b"\n" + line + b"\n")
    assert say("report", tmp_path / "bad")[0] == 9


def test_names_of_files(say):
    for words in ["report", PLANTED], ["probe", PLANTED], ["probe", f"unix:///{PLANTED}"], \
                 ["probe", "-c1", "unix-dgram:///no\u009b2J\u202e"], ["get", PLANTED], \
                 ["serve", "--root", PLANTED, "tftp://127.0.0.1:0"], [PLANTED], \
                 ["probe", f"--{PLANTED}"], ["send", f"udp://{PLANTED}:1"]:
        code, _, err = say(*words)
        assert code > 0 and err


# ---- what peers say ----

def test_the_words_of_a_server(say, tmp_path):
    (tmp_path / "up").write_bytes(b"x")
    for sharp in ({"refuse": (1, RAW)}, {"error_at": (2, 0, RAW)}, {"fail_at_end": (3, RAW)},
                  {"extra": {PLANTED: "1"}}, {"extra": {"blksize": PLANTED}}):
        with Files({"f": bytes(5000)}, **sharp) as peer:
            for words in (["get", "-o", "down", f"{peer.url}/f"], ["put", "up", f"{peer.url}/up"],
                          ["get", "--json", "-o", "down", f"{peer.url}/f"]):
                _, out, err = say(*words, "--retry-for", "1s")
                assert b"gotcha" in out + err or "refuse" not in sharp


def test_the_words_of_a_server_that_is_checked(say, tmp_path):
    with Files({"f": bytes(5000)}, extra={PLANTED: "1"}) as peer:
        for words in [], ["--json"], ["--junit", "results"]:
            _, out, _ = say("check", "--only", "request-padded", *words, f"{peer.url}/f")
            assert b"gotcha" in out
    assert_clean((tmp_path / "results").read_bytes())


def test_a_reply(say):
    peer = Datagrams(LOOP, lambda data, _: [RAW])
    for words in [], ["-q"], ["--json"]:
        _, out, _ = say("send", *words, peer.url, "x")
        assert b"gotcha" in out


@pytest.mark.parametrize("log", ["text", "json"])
def test_a_request_and_its_record(serve, log):
    """A name, a mode, options, and the peer's own ERROR text; of a read and a put."""
    server = serve("--uploads", "create", "--log", log)
    server_name = RAW.replace(b"/", b"")
    for op in RRQ, WRQ:
        for name, mode, options in ((server_name, "octet", {}), ("f", RAW, {}),
                                    ("f", "octet", {"blksize": RAW}), (b"/" + RAW, "octet", {})):
            with Peer(server.at) as peer:
                peer.ask(op, name, mode, **options)
                peer.hear()
                peer.say(error(0, RAW))
    server.stop(twice=True)
    records = server.records()
    assert len(records) >= 6
    assert "gotcha" in server.stderr
    assert_clean(server.log.read_bytes(), "\n".join(server.lines).encode())


def test_a_program_that_is_traced(say):
    code, _, err = say("trace", PYTHON, "-c", f"""
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
raw = {RAW!r}
for packet in (b"\\0\\1" + raw + b"\\0octet\\0", b"\\0\\5\\0\\0" + raw + b"\\0",
               b"\\0\\6" + raw + b"\\0" + raw + b"\\0"):
    s.sendto(packet, s.getsockname())
    s.recv(1000)
""")
    assert code == 0 and b"gotcha" in err
