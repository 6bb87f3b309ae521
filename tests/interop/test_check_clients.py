# SPDX-License-Identifier: MIT
"""`kedge check --client` of other clients, and of kedge get and put: the expected verdict of each
check is in these tables, and of each the packets were looked at; docs/check.md says what was
seen."""
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from check.conftest import Result

OLD = ("tftp", "-m", "octet", "{host}", "{port}", "-c")
NEW = ("tftp-7.3", *OLD[1:])
CLIENTS = {
    "curl get": ("curl", "-s", "-o", "{local}", "{url}"),
    "curl put": ("curl", "-s", "-T", "{local}", "{url}"),
    "tftp-hpa get": (*OLD, "get", "{remote}", "{local}"),
    "tftp-hpa put": (*OLD, "put", "{local}", "{remote}"),
    "tftp-hpa 7.3 get": (*NEW, "get", "{remote}", "{local}"),
    "tftp-hpa 7.3 put": (*NEW, "put", "{local}", "{remote}"),
    "atftp get": ("atftp", "-g", "-r", "{remote}", "-l", "{local}", "{host}", "{port}"),
    "atftp get with options": ("atftp", "--option", "blksize 1428", "--option", "windowsize 4",
                               "--option", "tsize 0", "-g", "-r", "{remote}", "-l", "{local}",
                               "{host}", "{port}"),
    "atftp put": ("atftp", "-p", "-r", "{remote}", "-l", "{local}", "{host}", "{port}"),
    "busybox get": ("busybox", "tftp", "-g", "-r", "{remote}", "-l", "{local}", "{host}",
                    "{port}"),
    "busybox get -b": ("busybox", "tftp", "-b", "1428", "-g", "-r", "{remote}", "-l", "{local}",
                       "{host}", "{port}"),
    "busybox put": ("busybox", "tftp", "-p", "-r", "{remote}", "-l", "{local}", "{host}",
                    "{port}"),
    "kedge get": ("kedge", "get", "{url}", "-o", "{local}"),
    "kedge put": ("kedge", "put", "{local}", "{url}"),
}
FAILS = {
    "curl get": {"client-foreign-data", "client-error-quiet"},
    "curl put": {"client-duplicate-ack", "client-writes-foreign"},
    "tftp-hpa get": {"client-foreign-data", "client-error-first", "client-error-middle",
                     "client-error-quiet"},
    "tftp-hpa put": {"client-writes-foreign", "client-writes-refused", "client-writes-full"},
    "atftp put": {"client-duplicate-ack", "client-writes-lost-ack", "client-writes-foreign"},
    "busybox get -b": {"client-option-left-out"},
}
DEVIATES = {
    "curl get": {"client-foreign-port", "client-foreign-error", "client-lost-data",
                 "client-dally", "client-garbage", "client-half-file", "client-silence",
                 "client-options-refused", "client-unasked-option", "client-larger-blksize",
                 "client-tsize-short"},
    "curl put": {"client-writes-lost-ack", "client-writes-unasked"},
    "tftp-hpa get": {"client-foreign-port", "client-foreign-error", "client-dally",
                     "client-half-file", "client-error-no-nul"},
    "tftp-hpa 7.3 get": {"client-foreign-port", "client-dally", "client-half-file",
                         "client-options-refused", "client-tsize-short"},
    "atftp get": {"client-foreign-port", "client-dally", "client-garbage", "client-half-file"},
    "atftp get with options": {"client-foreign-port", "client-dally", "client-garbage",
                               "client-half-file", "client-options-refused",
                               "client-oack-twice", "client-unasked-option",
                               "client-larger-blksize", "client-larger-window",
                               "client-tsize-short"},
    "busybox get": {"client-foreign-port", "client-dally", "client-options-refused",
                    "client-unasked-option", "client-tsize-short"},
    "busybox get -b": {"client-foreign-port", "client-dally", "client-options-refused",
                       "client-unasked-option", "client-tsize-short"},
    "busybox put": {"client-writes-unasked"},
    "kedge get": {"client-dally"},
}
PASSES = 8          # at least; what a client does not ask for is not tried


@pytest.fixture
def path(program, kedge, root):
    def find(name):
        if name == "kedge":
            return kedge
        if name != "tftp-7.3":
            return program(name)
        new = root / "build-peers/tftpd-hpa-7.3/tftp"
        if not new.exists():
            pytest.skip("no client of tftp-hpa 7.3 here (tools/setup --peers)")
        return new
    return find


def check(kedge, words):
    done = subprocess.run([kedge, "check", "--json", "--client", "--", *map(str, words)],
                          capture_output=True, text=True, timeout=300)
    return Result(done.returncode, done.stdout, done.stderr)


def unexpected(name, found):
    """What of a run is not as the tables say."""
    wrong = {}
    for table, verdict in (FAILS, "FAILS"), (DEVIATES, "deviates"):
        for i in found.of(verdict) ^ table.get(name, set()):
            row = found.rows.get(i, {})
            wrong[name, i] = row.get("verdict"), row.get("expected")
    if len(found.of("pass")) < PASSES:
        wrong[name, "passes"] = found.of("pass")
    if found.code != (1 if name in FAILS else 0):
        wrong[name, "exit status"] = found.code
    return wrong


def test_known_verdicts(path, kedge, tmp_path, monkeypatch):
    """Three side by side, for they wait for most of their time. On a busy machine a client may
    come too late to be tried: what is not as expected then counts only if it is so again, alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    absent, jobs = [], {}
    with ThreadPoolExecutor(3) as pool:
        for name, (program, *words) in CLIENTS.items():
            try:
                words = [path(program), *words]
                jobs[name] = words, pool.submit(check, kedge, words)
            except pytest.skip.Exception as e:
                absent.append(str(e))
    wrong = {}
    for name, (words, job) in jobs.items():
        if unexpected(name, job.result()):
            wrong |= unexpected(name, check(kedge, words))
    assert not wrong, wrong
    assert not os.listdir(tmp_path)     # what clients leave behind goes with the run
    if absent:
        pytest.skip("; ".join(absent))
