# SPDX-License-Identifier: MIT
"""The mistakes that learners make again and again, as far as they show on the wire: each is
found, and its cause is named."""
import subprocess
import sys
from pathlib import Path

import pytest

from check.conftest import Result

HERE = Path(__file__).parent / "learners"

# Mistake of the server: the check that finds it, and words of the sentence it prints.
SERVER = {
    "strlen": ("request-bytes", "strlen()"),
    "whole-buffer": ("request-size-1", "filled up with zeros"),
    "short-reads": ("request-bytes", "read() may return less"),
    "host-order": ("request-first-block", "ntohs()"),
    "opcode-in-host-order": ("request-first-block", "opcode in host order"),
    "no-empty-last-block": ("request-size-512", "no empty last block"),
    "no-nul": ("request-error-text", "the NUL goes with it"),
    "answers-each-ack": ("lockstep-duplicate-ack", "duplicate ACK is answered with DATA"),
    "duplicate-ends": ("lockstep-duplicate-ack", "came twice"),
    "never-again": ("lockstep-lost-first", "again"),
    "next-block-again": ("lockstep-lost-ack", "again"),
    "any-port": ("lockstep-foreign-ack", "port"),
    "same-port": ("request-new-port", "open a socket for each transfer"),
    "octal-size": ("options-tsize", "octal"),
    "oack-again-as-ack-0": ("options-lost-oack", "repeat the OACK itself"),
    "crashes-at-short-packets": ("request-cut", "crashed or waits for ever"),
    "ends-at-65535": ("lockstep-wrap", "16 bits are full"),
}
CLIENT = {
    "strlen": ("client-reads-bytes", "strlen()"),
    "host-order": ("client-acks-in-order", "ntohs()"),
    "old-port": ("client-acks-in-order", "new port is not learnt"),
    "any-port": ("client-foreign-data", "new port is not looked at"),
    "stores-twice": ("client-duplicate-data", "not written again"),
    "never-again": ("client-asks-again", "nothing is sent again"),
    "no-dally": ("client-dally", "no dally"),
    "errors-are-fine": ("client-error-first", "exit with a status"),
    "answers-errors": ("client-error-quiet", "send nothing"),
    "keeps-its-blksize": ("client-option-left-out", "go back to 512"),
    "crashes-at-short-packets": ("client-garbage", "look at the length"),
    "no-empty-last-block": ("client-reads-multiple", "though it may be empty"),
    "ends-at-65535": ("client-wrap", "64 bits"),
}


def lesson(result, row):
    assert row in result.found, result.rows
    return result.rows[row]["lesson"]


def check_client(kedge, only, *mistake):
    command = [sys.executable, "-B", HERE / "student_client.py", "{host}", "{port}",
               "{remote}", "{local}", *mistake]
    done = subprocess.run([kedge, "check", "--json", "--client", "--only", only, "--",
                           *map(str, command)], capture_output=True, text=True, timeout=180)
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("mistake", SERVER)
def test_a_servers_mistake_is_named(check, faulty, made, mistake):
    row, words = SERVER[mistake]
    url = faulty(made, mistake, program="learners/student_server.py")
    assert words in lesson(check("--only", row, url), row)


@pytest.mark.parametrize("mistake", CLIENT)
def test_a_clients_mistake_is_named(kedge, mistake):
    row, words = CLIENT[mistake]
    assert words in lesson(check_client(kedge, row, mistake), row)


def test_the_right_server_fails_nothing(check, faulty, made, quick):
    url = faulty(made, program="learners/student_server.py")
    result = check("--only", ",".join(quick), url, timeout=400)
    assert not result.of("FAILS"), result.rows
    assert result.end["one_by_one"]
    # 48 s; 250 s where it waits 19 s in vain for each check that has gone before its answer.
    assert result.end["lasted_ns"] < 150e9


@pytest.mark.parametrize("mistake", [(), ("asks-options",)])
def test_the_right_client_fails_nothing(kedge, mistake):
    result = check_client(kedge, "client", *mistake)
    assert not result.of("FAILS"), result.rows
    assert len(result.of("pass")) > 20
