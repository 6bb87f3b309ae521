# SPDX-License-Identifier: MIT
"""`kedge check` of other servers, and of kedge in each port mode: what is known to be wrong with
them is found under its id, and what they do rightly is called no failure. Of each verdict of these
tables the packets were looked at; docs/check.md says what was seen."""
import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import pytest

from check.conftest import LONG
from interop.servers import CHECKED, PEERS, namespaces_are_to_be_had

pytestmark = pytest.mark.skipif(not namespaces_are_to_be_had(),
                                reason="a network namespace may not be made here")

# tftp-hpa 5.2, atftpd 0.8.0, dnsmasq 2.90, fbtftp 0.5, Erlang/OTP 25, pin/tftp 2.2 and
# Net::TFTPd 0.10 are Debian 12's, tftp-hpa 7.3 is of its unstable.
FAILS = {
    "tftp-hpa": {"request-no-permission"},
    "atftpd": {"request-mode-unknown", "lockstep-duplicate-ack", "lockstep-five-acks",
               "lockstep-lost-first", "lockstep-adapts", "options-blksize-negative",
               "options-tsize-large"},
    "dnsmasq": {"netascii-read", "options-blksize-0", "options-blksize-7",
                "options-blksize-text", "options-tsize-large"},
    "tftp-hpa 7.3": {"request-no-permission", "window-inside"},
    "fbtftp": {"lockstep-error", "options-blksize-0", "options-blksize-65465",
               "options-blksize-7", "options-blksize-negative", "options-blksize-text",
               "options-error-8", "options-timeout-0", "options-timeout-256",
               "options-timeout-text", "upload-refused"},
    "erlang": {"lockstep-duplicate-ack", "lockstep-five-acks"},
    "pin": {"lockstep-error", "options-case", "options-error-8",
            "request-mode-unknown", "upload-duplicate-data", "upload-error"},
    "Net::TFTPd": {"lockstep-duplicate-ack", "lockstep-five-acks", "netascii-block-end",
                   "netascii-read", "netascii-write", "options-all-refused",
                   "options-blksize-0", "options-blksize-65465", "options-blksize-7",
                   "options-blksize-negative", "options-blksize-text", "options-error-8",
                   "options-timeout-0", "options-timeout-255", "options-timeout-256",
                   "options-timeout-text", "options-tsize-write", "request-512",
                   "upload-duplicate-data", "window-0", "window-65536", "window-text"},
}
DEVIATES = {
    "tftp-hpa": {"request-no-mode", "request-directory", "request-fifo", "request-again",
                 "lockstep-foreign-port", "upload-broken", "upload-old-whole", "upload-two",
                 "options-twice", "options-tsize-stale"},
    "atftpd": {"request-mail", "request-no-mode", "request-no-name", "request-no-permission",
               "request-directory", "request-fifo", "request-link", "request-again",
               "lockstep-ack-ahead", "lockstep-ack-zero", "lockstep-foreign-port",
               "upload-dally", "upload-broken", "upload-old-whole", "upload-again",
               "manners-stray-error", "manners-stray-ack", "manners-stray-data",
               "manners-stray-oack"},
    "dnsmasq": {"request-directory", "request-fifo", "request-link", "request-error-path",
                "request-again", "manners-stray-error", "manners-stray-ack",
                "manners-stray-data", "manners-stray-oack"},
    "tftp-hpa 7.3": {"lockstep-foreign-port", "options-tsize-stale", "request-again",
                     "request-directory", "request-fifo", "upload-old-whole", "upload-two",
                     "window-equal-acks"},
    "fbtftp": {"lockstep-foreign-ack", "lockstep-foreign-error", "lockstep-foreign-port",
               "request-absolute", "request-again", "request-cut", "request-directory",
               "request-error-path", "request-fifo", "request-link", "request-no-mode",
               "request-no-name", "request-parent"},
    "erlang": {"lockstep-ack-zero", "lockstep-foreign-ack", "lockstep-foreign-error",
               "lockstep-foreign-port", "lockstep-long-ack", "manners-stray-ack",
               "manners-stray-data", "manners-stray-error", "manners-stray-oack",
               "options-tsize-stale", "request-directory", "request-fifo", "request-padded",
               "upload-dally", "upload-old-whole"},
    "pin": {"lockstep-foreign-port", "request-again", "request-error-path", "request-fifo",
            "request-link", "request-mail", "request-no-mode", "upload-again",
            "upload-broken", "upload-dally", "upload-old-whole"},
    "Net::TFTPd": {"lockstep-ack-zero", "lockstep-foreign-port", "lockstep-late-ack",
                   "manners-side-by-side", "manners-stray-ack", "manners-stray-data",
                   "manners-stray-error", "manners-stray-oack", "options-lost-oack-write",
                   "request-directory", "request-fifo", "request-link", "request-no-mode",
                   "request-no-name", "upload-broken", "upload-dally", "upload-full",
                   "upload-silence", "window-1"},
    "kedge": {"options-timeout-kept"},
    "kedge single port": {"lockstep-foreign-port", "request-new-port"},
}
# Held of kedge's kinds alone: others lack more, and a busy machine may add to it. Nothing is
# sent to a broadcast address, and these servers take uploads of any size.
USUAL = {"request-broadcast", "upload-refused", "upload-full"}
NOT_TRIED = {"kedge": USUAL, "kedge single port": USUAL | {"request-random-port"},
             "kedge data port": USUAL}
# Each ends, or answers no more: at a packet of no byte, at a number that is none, or in open()
# of a FIFO.
DIES = {"fbtftp": {"request-cut", "request-fifo"}, "dnsmasq": {"request-fifo"}, "Net::TFTPd": {"request-fifo"}}
MAY_DIE = {"erlang": {"options-blksize-text", "options-blksize-negative"}}
# fbtftp starts a process of Python a request: what came too late for a check is not held.
SLOW = {"fbtftp"}
# A busy machine may add a wait to what is timed; these are not held to either verdict.
TIMED = {"manners-crowd", "request-missing", "lockstep-gives-up", "window-gives-up"}
# What a client that never answers is sent, in packets; of others one more or less, for their
# clocks are their own.
SENDS = {"tftp-hpa": 6, "atftpd": 6, "dnsmasq": 7, "kedge": 2}
# So many ids that differ are played once more, each alone; what differs in more is no accident.
AGAIN = 20
# What is played with a server of its own: ids begin with the one word, and with none of the
# others. A server ends where DIES says, and its other checks want one that lives. Net::TFTPd
# serves one transfer at a time, and Erlang's supervisor gives up after some that failed. What
# waits for half a minute or moves 32 MB is played with four.
GROUPS = ("request", "lockstep", "upload", "netascii", "options", "window", "manners")
# Each fails a process of Erlang's, a few of them its supervisor; two do it alone, unless it is up
# again within 3 s.
ENDS = {"options-blksize-0", "options-blksize-7", "options-blksize-65465", "options-timeout-0",
        "options-timeout-256", "options-timeout-text"} | MAY_DIE["erlang"]
PARTS = {"dnsmasq": [("", DIES["dnsmasq"]), ("request-fifo", ())],
         "tftp-hpa 7.3": [("", LONG)], "pin": [("", LONG)],
         "fbtftp": [("", LONG | DIES["fbtftp"] | {"request-again"}), ("request-again", ()),
                    *((i, ()) for i in sorted(DIES["fbtftp"]))],
         "erlang": [*((g, LONG | ENDS) for g in GROUPS), *((i, ()) for i in sorted(ENDS))],
         "Net::TFTPd": [(g, LONG) for g in GROUPS],
         "kedge single port": [("", LONG)], "kedge data port": [("", LONG)]}
# Faults of servers that were known before, by probes and real boots: the checks that find them.
KNOWN = {
    "tftp-hpa 7.3": {"an unreadable file brings ERROR 0": {"request-no-permission"},
                     "a directory brings ERROR 0": {"request-directory"},
                     "a stale tsize is dropped": {"options-tsize-stale"},
                     "six equal ACKs bring six windows": {"window-equal-acks"},
                     "silent towards a foreign port": {"lockstep-foreign-port"},
                     "a failed overwrite deletes the old file": {"upload-old-whole"},
                     "no answer to a second upload of a name": {"upload-two"},
                     "a repeated request is a second transfer": {"request-again"}},
    "atftpd": {"answers ERROR, ACK, DATA and OACK at its request port":
               {"manners-stray-error", "manners-stray-ack", "manners-stray-data",
                "manners-stray-oack"},
               "an unreadable file brings ERROR 1": {"request-no-permission"},
               "a directory is an empty file": {"request-directory"},
               "no NUL behind the mode: an empty file": {"request-no-mode"},
               "five equal ACKs bring five DATA": {"lockstep-five-acks"},
               "ACK 500 is followed by DATA 501": {"lockstep-ack-ahead"},
               "silent towards a foreign port": {"lockstep-foreign-port"},
               "DATA 1 comes again with 3 bytes": {"lockstep-lost-first"},
               "serves what a link leads to, out of its root": {"request-link"},
               "a repeated request is a second transfer": {"request-again"}},
    "dnsmasq": {"a missing file brings its path": {"request-error-path"},
                "a directory brings ERROR 0": {"request-directory"},
                "tsize is cut to 32 bits": {"options-tsize-large"},
                "blksize 1 is granted": {"options-blksize-0", "options-blksize-text"},
                "a bare CR stays bare in netascii": {"netascii-read"},
                "a repeated request is a second transfer": {"request-again"}},
}


@dataclass
class Run:
    """One of kedge check: what it was asked for, what it printed, and its exit status."""
    asked: set
    code: int
    rows: dict
    died_at: str


@pytest.fixture(scope="session")
def places(program, kedge, tmp_path_factory):
    """places(NAME): the path of a program of the table; pin is built here."""
    def find(name):
        if name == "kedge":
            return kedge
        if name != "pin":
            return program(name)
        go, here = program("go"), tmp_path_factory.mktemp("pin")
        env = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
               "GOCACHE": str(here / "cache"), "GOFLAGS": ""}
        subprocess.run([go, "build", "-o", here / "pin", PEERS / "pin.go"], check=True,
                       env=env, timeout=300)
        return here / "pin"
    return find


def ids(kedge, group, without):
    listed = subprocess.run([kedge, "check", "--list"], check=True, capture_output=True, text=True)
    words = [line.split()[0] for line in listed.stdout.splitlines()]
    return [w for w in words if w.startswith(group) and not w.startswith(("client-", *without))]


def check(kedge, kind, path, group, without):
    """A run against a server of its own."""
    asked = ids(kedge, group, without)
    with tempfile.TemporaryDirectory(prefix="kedge-test-") as outer:
        os.chmod(outer, 0o755)
        root = Path(outer) / "srv"
        root.mkdir()
        root.chmod(0o777)
        subprocess.run([kedge, "check", "--make-files", root], check=True)
        with kind(lambda _: path, root, Path(outer) / "log") as server:
            done = server.run(kedge, "check", "--json", "--put-name", "up", "--only",
                              ",".join(asked), "tftp://127.0.0.1/", timeout=400)
    *rows, end = map(json.loads, done.stdout.splitlines())
    return Run(set(asked), done.returncode, {row["id"]: row for row in rows}, end["died_at"])


@pytest.fixture(scope="session")
def runs(request, places, kedge):
    """By server: where it is and its runs, or why it is not here. All of the tests that are to be
    run are begun at the first: they wait for most of their time. But two at once: more would make
    a small machine too busy for a server to answer in time."""
    chosen = {i.callspec.params["name"] for i in request.session.items
              if i.function is test_known_verdicts}
    found = {}
    pool = ThreadPoolExecutor(2)
    for name in (n for n in CHECKED if n in chosen):
        try:
            path = places(CHECKED[name].program)
        except pytest.skip.Exception as e:
            found[name] = e
            continue
        found[name] = path, [pool.submit(check, kedge, CHECKED[name], path, *part)
                             for part in PARTS.get(name, [("", ())])]
    yield found
    pool.shutdown(cancel_futures=True)


def unsound(parts):
    """What a run may not do whatever the server does: leave out what it was asked for, or exit
    with another status than its verdicts say."""
    for part in parts:
        failed = part.died_at or any(r["verdict"] == "FAILS" for r in part.rows.values())
        if set(part.rows) != part.asked:
            yield "asked for", set(part.rows) ^ part.asked
        if part.code != (1 if failed else 0):
            yield "exit status", part.code


def held(name, rows):
    """The ids that are held to the tables."""
    some = set(rows) - TIMED - MAY_DIE.get(name, set())
    if name in SLOW:
        known = FAILS[name] | DEVIATES[name]
        some -= {i for i in some - known if "nothing came" in (rows[i]["expected"] or "")}
    return some


def complaints(name, rows, died):
    """What differs from the tables, by id."""
    wrong = set()
    for table, v in (FAILS, "FAILS"), (DEVIATES, "deviates"), (NOT_TRIED, "not tried"):
        if name in table or table is not NOT_TRIED:
            wrong |= {i for i in held(name, rows) if rows[i]["verdict"] == v} ^ table.get(name, set())
    for faults in KNOWN.get(name, {}).values():
        wrong |= {i for i in faults if rows[i]["verdict"] not in ("FAILS", "deviates")}
    wrong |= died - MAY_DIE.get(name, set()) ^ DIES.get(name, set())
    if name in SENDS:
        told = rows["manners-amplification"]["measured"] or "0"
        if abs(int(told.split()[0]) - SENDS[name]) > (name != "kedge"):
            wrong.add("manners-amplification")
    return wrong


@pytest.mark.xdist_group("check")
@pytest.mark.parametrize("name", CHECKED)
def test_known_verdicts(runs, kedge, name):
    if isinstance(runs[name], pytest.skip.Exception):
        raise runs[name]
    path, jobs = runs[name]
    parts = [job.result() for job in jobs]
    rows = {i: row for part in parts for i, row in part.rows.items()}
    died = {part.died_at for part in parts} - {None}
    again = complaints(name, rows, died)
    assert len(again) <= AGAIN, {i: rows.get(i) for i in again}
    if again:
        wait(job for _, others in (r for r in runs.values() if isinstance(r, tuple)) for job in others)
    for i in again:     # alone: it may have been too busy here
        parts.append(check(kedge, CHECKED[name], path, i, ()))
        rows.update(parts[-1].rows)
        died = died - {i} | {parts[-1].died_at} - {None}
    wrong = complaints(name, rows, died)
    assert not wrong, ({i: rows.get(i) for i in wrong}, died)
    assert not list(unsound(parts))
