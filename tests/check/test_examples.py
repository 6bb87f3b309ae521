# SPDX-License-Identifier: MIT
"""The lab programs of TFTP, those on the library and those in bare system calls: `kedge check`
passes them both ways."""
import os
import re
import subprocess

import pytest

from check.conftest import Result

LIBRARY, BARE = "examples", "examples/posix"
# The bare server takes octet alone and knows no option, so less can be looked at.
SERVER_PASSES = {LIBRARY: 85, BARE: 35}
# The library's client takes a dally for what its server's timer is there for (docs/check.md).
CLIENT_DEVIATES = {(LIBRARY, "GET"): {"client-dally"}}
CLIENT_PASSES = {(LIBRARY, "GET"): 25, (LIBRARY, "PUT"): 12, (BARE, "GET"): 15, (BARE, "PUT"): 10}


@pytest.mark.parametrize("where", [LIBRARY, BARE])
def test_the_server_fails_nothing(check, build, made, quick, where):
    with subprocess.Popen([build / where / "tftp_s", "127.0.0.1:0"], cwd=made, text=True,
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as server:
        try:
            port = re.search(r"on port (\d+)", server.stderr.readline()).group(1)
            result = check("--only", ",".join(quick), f"tftp://127.0.0.1:{port}/", timeout=400)
        finally:
            server.kill()
    assert not result.of("FAILS"), {i: result.rows[i] for i in result.of("FAILS")}
    assert len(result.of("pass")) >= SERVER_PASSES[where] and result.end["died_at"] is None


# $1 {local}, $2 {remote}, $3 tftp_c, $4 {host}:{port}; the name is the same on both sides.
COMMAND = {"GET": 'd=$(mktemp -d) && cd "$d" && "$3" GET "$4" "$2" && mv "$2" "$1"',
           "PUT": 'd=$(mktemp -d) && cd "$d" && cp "$1" "$2" && "$3" PUT "$4" "$2"'}


@pytest.mark.parametrize("way", COMMAND)
@pytest.mark.parametrize("where", [LIBRARY, BARE])
def test_the_client_fails_nothing(kedge, build, tmp_path, where, way):
    done = subprocess.run([kedge, "check", "--json", "--client", "--only", "client", "--", "sh",
                           "-c", COMMAND[way], "sh", "{local}", "{remote}",
                           build / where / "tftp_c", "{host}:{port}"], capture_output=True,
                          text=True, timeout=400, env={**os.environ, "TMPDIR": str(tmp_path)})
    result = Result(done.returncode, done.stdout, done.stderr)
    assert not result.of("FAILS"), {i: result.rows[i] for i in result.of("FAILS")}
    if where == LIBRARY:
        assert result.of("deviates") == CLIENT_DEVIATES.get((where, way), set()), result.rows
    assert len(result.of("pass")) >= CLIENT_PASSES[where, way]
