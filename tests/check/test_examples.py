# SPDX-License-Identifier: MIT
"""The lab programs of TFTP in bare system calls: `kedge check` passes them both ways. Their twins
on the library have its timers, which repeat within milliseconds on loopback: what is played
here on a busy machine crosses such repeats. tests/interop/test_check.py has kedge's server."""
import os
import re
import subprocess

import pytest

from check.conftest import Result

WHERE = "examples/posix"


def test_the_server_fails_nothing(check, build, made, quick):
    with subprocess.Popen([build / WHERE / "tftp_s", "127.0.0.1:0"], cwd=made, text=True,
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as server:
        try:
            port = re.search(r"on port (\d+)", server.stderr.readline()).group(1)
            result = check("--only", ",".join(quick), f"tftp://127.0.0.1:{port}/", timeout=400)
        finally:
            server.kill()
    assert not result.of("FAILS"), {i: result.rows[i] for i in result.of("FAILS")}
    assert len(result.of("pass")) > 30 and result.end["died_at"] is None


# $1 {local}, $2 {remote}, $3 tftp_c, $4 {host}:{port}; the name is the same on both sides.
COMMAND = {"GET": 'd=$(mktemp -d) && cd "$d" && "$3" GET "$4" "$2" && mv "$2" "$1"',
           "PUT": 'd=$(mktemp -d) && cd "$d" && cp "$1" "$2" && "$3" PUT "$4" "$2"'}


@pytest.mark.parametrize("way", COMMAND)
def test_the_client_fails_nothing(kedge, build, tmp_path, way):
    done = subprocess.run([kedge, "check", "--json", "--client", "--only", "client", "--", "sh",
                           "-c", COMMAND[way], "sh", "{local}", "{remote}",
                           build / WHERE / "tftp_c", "{host}:{port}"], capture_output=True,
                          text=True, timeout=400, env={**os.environ, "TMPDIR": str(tmp_path)})
    result = Result(done.returncode, done.stdout, done.stderr)
    assert not result.of("FAILS"), {i: result.rows[i] for i in result.of("FAILS")}
    assert len(result.of("pass")) >= (15 if way == "GET" else 10)
