# SPDX-License-Identifier: MIT
"""Marked probes and `kedge serve` that share a key: who bears its seal is believed."""
import hmac
import struct
import subprocess

import pytest

from e2e.lib.marked import ASKS, LOOP, STAMP, TOKEN, ask, client, exchange
from e2e.lib.probe import counts
from e2e.peers.echo import Datagrams

SEAL = 16


@pytest.fixture
def keys(tmp_path):
    """Two keys, of which the server has the first."""
    paths = [tmp_path / "key", tmp_path / "other"]
    for path, text in zip(paths, ("the right key, as it were\n", "another key altogether\n")):
        path.write_text(text)
        path.chmod(0o644)
    return paths


def sealed_ask(sequence, key, token=0):
    head = STAMP.pack(b"kedg", 1, ASKS, 7, sequence, 99) + struct.pack("!BB6xQ16x", 1, 1, token)
    return head + hmac.digest(key, head, "sha256")[:SEAL] + b"tail"


def test_with_a_key_only_its_bearers_get_more_than_an_echo(serve, keys):
    server = serve("--key", keys[0], at=("echo+udp://127.0.0.1:0",))
    s = client(server.address("echo+udp"))
    key = b"the right key, as it were"
    for data in (ask(1), sealed_ask(1, b"another key altogether"), sealed_ask(1, key)[:71],
                 sealed_ask(1, key)[:60] + b"x" + sealed_ask(1, key)[61:]):
        assert exchange(s, data) == data  # a plain echo
    answer = exchange(s, sealed_ask(1, key))
    assert answer[24] == 2 and len(answer) == len(sealed_ask(1, key))
    report = exchange(s, sealed_ask(2, key, TOKEN.unpack(answer[24:56])[2]))
    for got in answer, report:
        assert got[56:72] == hmac.digest(key, got[:56], "sha256")[:SEAL]
    assert report[24] == 3 and report.endswith(b"tail")
    assert server.stop() == 0
    assert "4 probes asked without the key" in "\n".join(server.lines)


def test_a_probe_with_a_key_believes_its_bearers_alone(probe, kedge, serve, keys, echo):
    server = serve("--key", keys[0], at=("echo+udp://127.0.0.1:0",))
    url = "udp://%s:%d" % server.address("echo+udp")
    words = ["-c", "10", "-i", "5ms", "--timeout", "200ms"]
    code, (t,), _ = probe(*words, "--key", keys[0], url)
    assert code == 0 and counts(t, sent=10, received=10) == {}
    assert t["server"]["reports"] >= 5 and t["unproved"] == 0
    # Who has another key, or is asked without one, is echoed to, and no more.
    code, (t,), _ = probe(*words, url)
    assert code == 0 and t["server"] is None and t["received"] == 10
    for at, key in (url, keys[1]), (echo.url, keys[0]), (Datagrams(LOOP).url, keys[0]):
        code, (t,), _ = probe(*words, "--key", key, at)
        assert code == 2 and counts(t, sent=10, lost=10, stray=10) == {}
        assert t["unproved"] == 10 and t["server"] is None
    out = subprocess.run([kedge, "probe", *words, "--key", keys[1], url], timeout=20,
                         capture_output=True, text=True).stdout
    assert "  10 replies not authenticated" in out


@pytest.mark.parametrize("words, said", [
    (["--key", "/no/such/key", "udp://127.0.0.1:7"], "--key /no/such/key: No such file"),
    (["--key", "/dev/null", "udp://127.0.0.1:7"], "a key has 16 to 4096 bytes"),
    (["--key", "GOOD", "--size", "71", "udp://127.0.0.1:7"], "--size 72 or more, not 71"),
    (["--key", "GOOD", "--size", "56", "udp://127.0.0.1:7"], "--size 72 or more, not 56"),
    (["--key", "GOOD", "icmp://127.0.0.1"], "--key is for udp://"),
    (["--key", "GOOD", "--mtu", "udp://127.0.0.1:7"], "--mtu"),
])
def test_a_key_that_cannot_be_used(probe, keys, words, said):
    code, targets, err = probe(*[{"GOOD": keys[0]}.get(w, w) for w in words])
    assert code in (64, 9) and targets is None and said in err and err.count("\n") == 1


def test_a_server_without_its_key_does_not_start(kedge):
    done = subprocess.run([kedge, "serve", "--key", "/no/such/key", "echo+udp://127.0.0.1:0"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 9 and "--key /no/such/key: No such file" in done.stderr
