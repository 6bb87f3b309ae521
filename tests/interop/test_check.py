# SPDX-License-Identifier: MIT
"""`kedge check` of other servers, and of kedge in each port mode: what is known to be wrong with
them is found under its id, and what they do rightly is called no failure. Each verdict of these
tables was looked at on the wire; docs/check.md says what was seen."""
import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
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
    "fbtftp": {"lockstep-error", "lockstep-foreign-ack", "options-blksize-0",
               "options-blksize-65465", "options-blksize-7", "options-blksize-text",
               "options-error-8", "options-timeout-0", "options-timeout-256",
               "options-timeout-text", "upload-refused"},
    "erlang": {"lockstep-duplicate-ack", "lockstep-five-acks", "lockstep-foreign-ack"},
    "pin": {"lockstep-error", "options-case", "options-error-8",
            "request-mode-unknown", "upload-duplicate-data", "upload-error"},
    "Net::TFTPd": {"lockstep-duplicate-ack", "lockstep-five-acks", "request-512"},
}
DEVIATES = {
    "tftp-hpa": {"request-no-mode", "request-directory", "request-fifo", "request-again",
                 "lockstep-foreign-port", "upload-broken", "upload-two",
                 "options-twice", "options-tsize-stale"},
    "atftpd": {"request-mail", "request-no-mode", "request-no-name", "request-no-permission",
               "request-directory", "request-fifo", "request-link", "request-again",
               "lockstep-ack-ahead", "lockstep-ack-zero", "lockstep-foreign-port",
               "upload-dally", "upload-broken", "upload-again",
               "manners-stray-error", "manners-stray-ack", "manners-stray-data",
               "manners-stray-oack"},
    "dnsmasq": {"request-directory", "request-fifo", "request-link", "request-error-path",
                "request-again", "manners-stray-error", "manners-stray-ack",
                "manners-stray-data", "manners-stray-oack"},
    "tftp-hpa 7.3": {"lockstep-foreign-port", "options-tsize-stale", "request-again",
                     "request-directory", "request-fifo", "upload-two", "window-equal-acks"},
    "fbtftp": {"lockstep-foreign-error", "lockstep-foreign-port", "manners-reused-port",
               "request-absolute", "request-cut", "request-directory", "request-error-path",
               "request-link", "request-no-mode", "request-parent"},
    "erlang": {"lockstep-ack-zero", "lockstep-foreign-error", "lockstep-foreign-port",
               "lockstep-long-ack", "request-directory", "request-fifo", "request-padded",
               "upload-dally"},
    "pin": {"lockstep-foreign-port", "manners-reused-port", "request-again",
            "request-error-path", "request-fifo", "request-link", "request-mail",
            "request-no-mode", "upload-again", "upload-broken", "upload-dally"},
    "Net::TFTPd": {"lockstep-ack-zero", "lockstep-foreign-port", "lockstep-late-ack",
                   "request-directory", "request-fifo", "request-link", "request-no-mode",
                   "request-no-name"},
    "kedge": {"options-timeout-kept"},
    "kedge single port": {"lockstep-foreign-port", "request-new-port"},
}
# Each ends, or answers no more: at a packet of no byte, or in open() of a FIFO.
DIES = {"fbtftp": "request-cut", "dnsmasq": "request-fifo", "Net::TFTPd": "request-fifo"}
# A busy machine may add a wait to what is timed; these are not held to either verdict.
TIMED = {"manners-crowd", "request-missing", "lockstep-gives-up", "window-gives-up",
         "upload-old-whole"}
# fbtftp starts a process of Python a request: the second answer comes after 0.3 s to 1 s.
SLOW = {"fbtftp": {"request-again"}}
# What waits for half a minute or moves 32 MB is played with the first four; Erlang's server ends
# now and then at many requests at once, and Perl's serves one transfer at a time.
PARTS = {"tftp-hpa 7.3": [("", LONG)], "fbtftp": [("", LONG)], "pin": [("", LONG)],
         "erlang": [(g, LONG) for g in ("request", "lockstep", "upload", "netascii")],
         "Net::TFTPd": [("request", LONG), ("lockstep", LONG)],
         "kedge single port": [("", LONG)], "kedge data port": [("", LONG)]}


@pytest.fixture
def places(program, kedge, tmp_path):
    """places(NAME): the path of a program of the table; pin is built here."""
    def find(name):
        if name == "kedge":
            return kedge
        if name != "pin":
            return program(name)
        env = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
               "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": ""}
        if not (tmp_path / "pin").exists():
            subprocess.run([program("go"), "build", "-o", tmp_path / "pin", PEERS / "pin.go"],
                           check=True, env=env, timeout=300)
        return tmp_path / "pin"
    return find


def ids(kedge, group, without):
    listed = subprocess.run([kedge, "check", "--list"], check=True, capture_output=True, text=True)
    words = [line.split()[0] for line in listed.stdout.splitlines()]
    return [w for w in words if not w.startswith("client-") and w not in without
            and (not group or w.startswith(group))]


def check(kedge, kind, path, group, without):
    """The objects that a run of it printed."""
    with tempfile.TemporaryDirectory(prefix="kedge-test-") as outer:
        os.chmod(outer, 0o755)
        root = Path(outer) / "srv"
        root.mkdir()
        root.chmod(0o777)
        subprocess.run([kedge, "check", "--make-files", root], check=True)
        with kind(lambda _: path, root, Path(outer) / "log") as server:
            done = server.run(kedge, "check", "--json", "--put-name", "up", "--only",
                              ",".join(ids(kedge, group, without)), "tftp://127.0.0.1/",
                              timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]


def complaints(name, parts):
    """What differs from the tables, in the objects of a server's runs."""
    rows = {x["id"]: x for part in parts for x in part if x["event"] == "check"}
    died = {part[-1]["died_at"] for part in parts} - {None}
    found = {v: {i for i, row in rows.items() if row["verdict"] == v} - TIMED - SLOW.get(name, set())
             for v in ("FAILS", "deviates")}
    wrong = {i: rows.get(i) for table, v in ((FAILS, "FAILS"), (DEVIATES, "deviates"))
             for i in found[v] ^ table.get(name, set())}
    if died != ({DIES[name]} if name in DIES else set()):
        wrong["died at"] = died
    return wrong


def test_known_verdicts(places, kedge):
    """All side by side, for they wait for most of their time."""
    absent, jobs = [], []
    with ThreadPoolExecutor(6) as pool:
        for name, kind in CHECKED.items():
            try:
                path = places(kind.program)
            except pytest.skip.Exception as e:
                absent.append(str(e))
                continue
            jobs += [(name, pool.submit(check, kedge, kind, path, *part))
                     for part in PARTS.get(name, [("", set())])]
    wrong = {name: complaints(name, [j.result() for n, j in jobs if n == name])
             for name in dict(jobs)}
    assert not any(wrong.values()), {n: w for n, w in wrong.items() if w}
    if absent:
        pytest.skip("; ".join(absent))
