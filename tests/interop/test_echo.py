# SPDX-License-Identifier: MIT
"""Echo with socat and ncat: their clients against kedge serve; `kedge send` and `kedge
probe` against their servers, each of those alone in a network namespace."""
import json
import os
import subprocess

import pytest

from interop import servers

PATIENCE = 30
HOSTS = ["127.0.0.1", "[::1]"]
CONTENT = os.urandom(200_000)


def run(*command, data=b""):
    """What a program has written that reads `data` and then its end."""
    done = subprocess.run([str(c) for c in command], input=data, capture_output=True,
                          timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(*command, data):
    """The first answer of a program that does not end by itself."""
    with subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, bufsize=0) as process:
        process.stdin.write(data)
        answer = process.stdout.read(len(data))
        process.kill()
        return answer


@pytest.fixture(params=HOSTS)
def host(request):
    return request.param


@pytest.fixture
def echo(serve, host):
    def start(scheme):
        return serve(at=[f"{scheme}://{host}:0"]).address(scheme)[1]
    return start


def test_socat_over_tcp(program, echo, host):
    """It sends, says that it has finished, and reads to our end: half-close."""
    port = echo("echo+tcp")
    assert run(program("socat"), "-t20", "-", f"TCP:{host}:{port}", data=CONTENT) == CONTENT


def test_ncat_over_tcp(program, echo, host):
    port = echo("echo+tcp")
    assert run(program("ncat"), host.strip("[]"), port, data=CONTENT) == CONTENT


def test_socat_over_udp(program, echo, host):
    port = echo("echo+udp")
    assert ask(program("socat"), "-", f"UDP:{host}:{port}", data=b"hello") == b"hello"


def test_ncat_over_udp(program, echo, host):
    port = echo("echo+udp")
    assert ask(program("ncat"), "-u", host.strip("[]"), port, data=b"hello") == b"hello"


@pytest.mark.parametrize("scheme,kind", [("echo+unix", "UNIX-CONNECT:{}"),
                                         ("echo+unix-seqpacket", "UNIX-CONNECT:{},type=5")])
def test_socat_over_unix(program, serve, srv, scheme, kind):
    path = srv / "echo"
    serve("--user", "root", at=["echo+tcp://127.0.0.1:0", f"{scheme}://{path}"])
    assert ask(program("socat"), "-", kind.format(path), data=b"by path") == b"by path"


class Echo(servers.Server):
    """On servers.PORT, TCP or UDP."""
    table = "tcp"

    def listens(self):
        text = open(f"/proc/{self.process.pid}/net/{self.table}").read()
        return f":{servers.PORT:04X} " in text


class SocatTcp(Echo):
    program = "socat"

    def command(self):
        return [self.path, f"TCP-LISTEN:{servers.PORT},fork,reuseaddr", "EXEC:cat"]


class SocatUdp(Echo):
    program = "socat"
    table = "udp"

    def command(self):
        return [self.path, f"UDP-RECVFROM:{servers.PORT},fork", "PIPE"]


class NcatTcp(Echo):
    program = "ncat"

    def command(self):
        return [self.path, "-4", "-l", "-k", "-e", "/bin/cat", servers.PORT]


@pytest.fixture(params=[("tcp", SocatTcp), ("udp", SocatUdp), ("tcp", NcatTcp)],
                ids=["socat-tcp", "socat-udp", "ncat-tcp"])
def theirs(request, program, tmp_path):
    """(a server of theirs, its endpoint)"""
    scheme, kind = request.param
    if not servers.namespaces_are_to_be_had():
        pytest.skip("network namespaces want root")
    with kind(program, tmp_path, tmp_path / "log") as server:
        yield server, f"{scheme}://127.0.0.1:{servers.PORT}"


def test_send(theirs, kedge):
    server, endpoint = theirs
    done = server.run(kedge, "send", "-q", "--timeout", "20s", endpoint, "one", "two",
                      text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["one", "two"]


def test_probe(theirs, kedge):
    server, endpoint = theirs
    done = server.run(kedge, "probe", "--json", "-q", "-c", "20", "-i", "20ms",
                      "--timeout", "20s", endpoint, text=True)
    assert done.returncode == 0, done.stderr
    target = json.loads(done.stdout)["targets"][0]
    assert (target["sent"], target["received"], target["lost"], target["altered"]) == \
        (20, 20, 0, 0)
