# SPDX-License-Identifier: MIT
"""`kedge probe --mtu`: what passes to a host and back, over links of known size."""
import json
import subprocess

import pytest

from e2e.peers.echo import Datagrams

LOOP = ("127.0.0.1", 0)
HEADERS = 28


@pytest.fixture
def find(kedge):
    """find(WIRE, *words): the exit status, the result of the last target and the text."""
    def run(wire, *words, as_text=False):
        words = [*wire.inside(wire.near), kedge, "probe", "--mtu", *words]
        if as_text:
            return subprocess.run(words, capture_output=True, text=True, timeout=60).stdout
        done = subprocess.run([*words, "--json"], capture_output=True, text=True, timeout=60)
        assert done.stderr == ""
        return done.returncode, json.loads(done.stdout)["targets"][-1]["mtu"]
    return run


@pytest.fixture
def far_echo(serve):
    def start(wire):
        server = serve(at=(f"echo+udp://{wire.peer}:0",), under=wire.inside(wire.far))
        return "udp://%s:%d" % server.address("echo+udp")
    return start


def way(result, key):
    w = result[key]
    return w["payload_bytes"], w["end"], w["told_bytes"], w["told_by"]


def test_all_that_the_link_takes(find, wire, far_echo):
    w = wire()
    url = far_echo(w)
    code, mtu = find(w, url)
    assert code == 0
    assert way(mtu, "there") == way(mtu, "back") == (1472, "link", None, None)
    assert (mtu["interface"], mtu["interface_bytes"]) == (w.device, 1500)
    assert find(w, url, as_text=True) == (
        f"{url}: forward: 1,472 bytes pass (packets of 1,500), the most that {w.device} takes\n"
        f"{url}: return: 1,472 bytes pass (packets of 1,500), the most that {w.device} takes\n")


def test_a_router_tells_going_and_is_silent_here_coming(find, wire, far_echo):
    w = wire(mtu=1400, router=True)
    url = far_echo(w)
    code, mtu = find(w, url)
    assert code == 0
    assert way(mtu, "there") == (1400 - HEADERS, "told", 1400, "10.99.0.254")
    # The far host's own link is the small one.
    assert way(mtu, "back") == (1400 - HEADERS, "their link", None, None)
    text = find(w, url, as_text=True)
    assert (f"{url}: forward: 1,372 bytes pass (packets of 1,400); 1,373 to 1,472 do not: "
            "10.99.0.254 reports an MTU of 1,400\n") in text
    code, mtu = find(w, f"icmp://{w.peer}")
    assert way(mtu, "there") == (1400 - HEADERS, "told", 1400, "10.99.0.254")
    assert mtu["back"] is None and "needs a kedge server" in mtu["back_why_not"]


def test_a_black_hole_going(find, wire, far_echo):
    """What the far end's link does not take it drops without a word."""
    w = wire(mtu=1400)
    url = far_echo(w)
    code, mtu = find(w, url)
    assert code == 1
    assert way(mtu, "there")[1:] == ("black hole", None, None)
    passes = mtu["there"]["payload_bytes"]
    assert 1400 - HEADERS <= passes < 1472  # a link may take a few bytes more than it says
    text = find(w, url, as_text=True)
    assert (f"{url}: forward: {passes:,} bytes pass (packets of {passes + HEADERS:,}); "
            f"{passes + 1:,} to 1,472 are lost without an ICMP error: a black hole\n") in text


@pytest.mark.parametrize("side", ["near", "router"])
def test_a_black_hole_coming(find, wire, far_echo, side):
    """The near end's link takes less than what comes; or the router's next link does, and
    its word of that goes to the server."""
    w = wire(router=True)
    url = far_echo(w)
    if side == "near":
        w.run(w.near, "ip", "link", "set", w.device, "mtu", "1300")
    else:
        w.run(w.router, "ip", "link", "set", f"w{w.router.pid}", "mtu", "1300")
    if side == "near":
        code, mtu = find(w, url)
        assert code == 0 and way(mtu, "there") == (1272, "link", None, None)
        assert way(mtu, "back") == (1272, "link", None, None)
        return
    assert (f"{url}: return: 1,272 bytes pass (packets of 1,300); 1,273 to 1,472 are lost "
            "without an ICMP error: a black hole, unless") in find(w, url, as_text=True)


def test_a_plain_echo_cannot_tell_the_way_back(find, wire):
    class Here:
        near = None

        @staticmethod
        def inside(process):
            return []
    peer = Datagrams(LOOP)
    code, mtu = find(Here, peer.url)
    assert code == 0 and mtu["there"]["end"] == "link" and mtu["back"] is None
    assert mtu["there"]["payload_bytes"] == 65507
    assert "needs a kedge server" in mtu["back_why_not"]


def test_loss_does_not_pass_for_the_end_of_the_path(find):
    """Every fifth datagram is lost."""
    class Here:
        near = None

        @staticmethod
        def inside(process):
            return []
    peer = Datagrams(LOOP, lambda data, n: [] if n % 5 == 4 else [data])
    code, mtu = find(Here, "--timeout", "200ms", peer.url)
    assert code == 0 and mtu["there"]["payload_bytes"] == 65507


def test_nobody_there(kedge):
    done = subprocess.run([kedge, "probe", "--mtu", "udp://127.0.0.1:9"], timeout=20,
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "udp://127.0.0.1:9: no answer: Connection "
                                                 "refused\n")


@pytest.mark.parametrize("words, said", [
    (["tcp://127.0.0.1:7"], "tcp://127.0.0.1:7: --mtu is for udp:// and icmp:// only"),
    (["--size", "100", "udp://127.0.0.1:7"], "--mtu"),
    (["udp://no-such-host.invalid:7"], "no-such-host.invalid"),
])
def test_what_cannot_be_asked(kedge, words, said):
    done = subprocess.run([kedge, "probe", "--mtu", *words], capture_output=True, text=True,
                          timeout=20)
    assert done.returncode in (64, 8) and said in done.stderr
    assert done.stdout == "" and done.stderr.count("\n") == 1
