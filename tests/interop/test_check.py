# SPDX-License-Identifier: MIT
"""`kedge check` of other servers: what is known to be wrong with them is found under its id,
and what they do rightly is called no failure. Each verdict of these tables was looked at on
the wire; docs/check.md says what was seen."""
import json
import subprocess

import pytest

from interop.servers import SERVERS, namespaces_are_to_be_had

pytestmark = pytest.mark.skipif(not namespaces_are_to_be_had(),
                                reason="a network namespace may not be made here")

# Of tftp-hpa 5.2, atftpd 0.8.0 and dnsmasq 2.90: Debian 12's.
FAILS = {
    "tftp-hpa": {"request-no-permission"},
    "atftpd": {"request-mode-unknown", "lockstep-duplicate-ack", "lockstep-five-acks",
               "lockstep-lost-first", "lockstep-adapts", "options-blksize-negative",
               "options-tsize-large"},
    "dnsmasq": {"netascii-read", "options-blksize-0", "options-blksize-7",
                "options-blksize-text", "options-tsize-large"},
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
}
# A busy machine may add a wait to what is timed; these are not held to either verdict.
TIMED = {"manners-crowd", "request-missing", "lockstep-gives-up", "window-gives-up",
         "upload-old-whole"}


@pytest.mark.parametrize("name", SERVERS)
def test_known_verdicts(program, kedge, srv, tmp_path, name):
    subprocess.run([kedge, "check", "--make-files", srv], check=True)
    with SERVERS[name](program, srv, tmp_path / "log") as server:
        done = server.run(kedge, "check", "--json", "--put-name", "up", "tftp://127.0.0.1/",
                          timeout=200)
    rows = {x["id"]: x for x in map(json.loads, done.stdout.splitlines())
            if x["event"] == "check"}
    found = {verdict: {i for i, row in rows.items() if row["verdict"] == verdict} - TIMED
             for verdict in ("FAILS", "deviates")}
    assert found["FAILS"] == FAILS[name], {i: rows[i] for i in found["FAILS"] ^ FAILS[name]}
    assert found["deviates"] == DEVIATES[name], \
        {i: rows[i] for i in found["deviates"] ^ DEVIATES[name]}
    assert done.returncode == 1
