# SPDX-License-Identifier: MIT
"""What every end-to-end test starts from: a root to serve, and servers that end."""
import itertools
import json
import os
import shlex
import signal
import subprocess
import tempfile

import pytest

from e2e.lib import plant
from e2e.lib.policy import lay_out
from e2e.lib.probe import Run
from e2e.lib.run import run
from e2e.lib.screen import Screen
from e2e.lib.serve import Server
from e2e.lib.wire import Wire, own_network

if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:  # under nohup; not so what we start
    signal.signal(signal.SIGHUP, lambda *_: None)

os.environ["TERM"] = "xterm"  # a dumb one is not drawn on

CRASHES = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "Assertion")


@pytest.fixture(scope="session", autouse=True)
def unknown_calls(kedge, tmp_path_factory):
    """KEDGE_UNKNOWN_CALLS=kill or log: what becomes of a confined server at a call that its filter
    does not know."""
    if os.environ.get("KEDGE_UNKNOWN_CALLS"):
        directory = tmp_path_factory.mktemp("plant")
        for one in (directory, *directory.parents):
            if one.name.startswith(("pytest-", "popen-", "plant")):
                one.chmod(0o755)
        plant.in_all(directory, kedge)


@pytest.fixture
def srv(tmp_path):
    """An empty directory that the server's user may read and write."""
    directory = tmp_path / "srv"
    directory.mkdir()
    directory.chmod(0o777)
    return directory


@pytest.fixture
def serve(kedge, tmp_path, srv):
    """serve(*flags, at=ENDPOINTS, root=DIR): a running `kedge serve`. Each must end well."""
    servers = []
    number = itertools.count()

    def start(*flags, at=("tftp://127.0.0.1:0",), root=srv, under=()):
        command = [*under, kedge, "serve", *at, "--root", root, *flags]
        servers.append(Server(command, tmp_path / f"serve-{next(number)}.log"))
        return servers[-1]

    yield start
    codes = [server.stop(twice=True) for server in servers]
    for server, code in zip(servers, codes):
        assert code in (0, -9), f"exit status {code}\n{server.stderr[:9000]}"
        assert not any(c in server.stderr for c in CRASHES), server.stderr


@pytest.fixture
def many_starts(monkeypatch):
    """For a test that starts hundreds of programs: where they are sanitized, the look for leaks at
    each end takes longer than all the rest. It stands in every other test."""
    options = os.environ.get("ASAN_OPTIONS", "")
    monkeypatch.setenv("ASAN_OPTIONS", f"{options}:detect_leaks=0")


@pytest.fixture
def tree(srv):
    """What POLICY (e2e.lib.policy) speaks of."""
    return lay_out(srv)


@pytest.fixture
def policed(kedge, tree, tmp_path):
    """policed(*FLAGS): a server by that policy file."""
    servers = []

    def start(*flags):
        command = [kedge, "serve", "-c", tree / "policy", *flags]
        servers.append(Server(command, tmp_path / f"policed-{len(servers)}.log"))
        return servers[-1]

    yield start
    for server in servers:
        assert server.stop(twice=True) == 0, server.stderr


def client(verb):
    """A fixture, VERB(*words): that verb in an empty directory of its own, VERB.here."""
    def fixture(kedge, tmp_path):
        def do(*words, **more):
            return run(kedge, verb, *words, cwd=do.here, **more)
        do.here = tmp_path / "here"
        do.here.mkdir()
        return do
    return pytest.fixture(fixture, name=verb)


get = client("get")
put = client("put")


def make_file(path, content, mode=0o644):
    path.write_bytes(content)
    path.chmod(mode)
    return content


@pytest.fixture
def make(srv):
    """make(NAME, CONTENT): a file of the root, of random bytes where a size is given."""
    def make(name, content):
        if isinstance(content, int):
            content = os.urandom(content)
        (srv / name).parent.mkdir(parents=True, exist_ok=True)
        return make_file(srv / name, content)
    return make


@pytest.fixture
def echo(serve):
    """A kedge echo server without a key, and where it is."""
    server = serve(at=("echo+udp://127.0.0.1:0",))
    server.udp = server.address("echo+udp")
    server.url = "udp://%s:%d" % server.udp
    return server


@pytest.fixture
def as_nobody(tmp_path, kedge):
    """How to run a child as a user who has no rights of root; {} where the tests have none."""
    if os.geteuid() != 0:
        return {}
    for parent in [tmp_path, *tmp_path.parents]:
        if parent.name.startswith(("pytest-", "popen-", "test_")):
            parent.chmod(0o755)
    for parent in [*tmp_path.parents, *kedge.parents]:
        if not parent.stat().st_mode & 0o001:
            pytest.skip(f"nobody cannot enter {parent}")
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


@pytest.fixture
def under_hosts(tmp_path):
    """under_hosts(TEXT): words to put ahead of a command, which then sees TEXT as
    /etc/hosts."""
    def under(text):
        hosts = tmp_path / "hosts"
        hosts.write_text(text)
        words = ["unshare", "-m", "sh", "-c",
                 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
        if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL).returncode:
            pytest.skip("a mount namespace may not be made here")
        return words
    return under


@pytest.fixture
def one_more_namespace():
    """one_more_namespace(WORD...): words to put ahead of a command, which then has a network
    of its own, of a loopback, in which the command WORD... was run."""
    def under(*words):
        ahead = ["unshare", "-n", "sh", "-c",
                 'ip link set lo up && ' + shlex.join(words) + ' && exec "$@"', "sh"]
        if subprocess.run([*ahead, "true"], stderr=subprocess.DEVNULL).returncode:
            pytest.skip("a network namespace may not be made here")
        return ahead
    return under


@pytest.fixture
def screen():
    """screen(*WORDS): that command in a terminal."""
    screens = []
    with tempfile.TemporaryDirectory() as directory:
        def start(*words):
            screens.append(Screen(directory, *words))
            return screens[-1]
        yield start
        for s in screens:
            s.call("kill-server")


@pytest.fixture
def wire():
    """wire(mtu=N, router=BOOL): two hosts and what is between them."""
    made = []

    def hosts(count):
        for _ in range(count):
            process = own_network()
            if not process:
                pytest.skip("a network namespace may not be made here")
            made.append(process)
            yield process

    def up(mtu=1500, router=False):
        near, far, *rest = hosts(3 if router else 2)
        return Wire(near, far, mtu, *rest)
    yield up
    for process in made:
        process.kill()
        process.wait()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one MiB."""
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place],
                      stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a tmpfs may not be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def probe(kedge):
    """probe(*words): its exit status, the JSON's targets and standard error. Patient where
    the test does not say how long it waits."""
    def run(*words, under=(), **how):
        if "--timeout" not in words and "--mtu" not in words:
            words += "--timeout", "30s"
        done = subprocess.run([*under, kedge, "probe", "--json", *words], timeout=60,
                              capture_output=True, text=True, **how)
        targets = json.loads(done.stdout)["targets"] if done.stdout else None
        return done.returncode, targets, done.stderr
    return run


@pytest.fixture
def endless(kedge, tmp_path):
    """endless(*words): a Run of `kedge probe`."""
    runs = []

    def start(*words, **how):
        runs.append(Run(tmp_path / f"run-{len(runs)}.jsonl", kedge, *words, **how))
        return runs[-1]
    yield start
    for begun in runs:
        begun.close()
