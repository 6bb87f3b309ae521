# SPDX-License-Identifier: MIT
"""kedge trace over a link of 20 ms round trip: the states that last a round trip are seen, not only
passed, at both ends."""
import os
import subprocess

import pytest

from e2e.lib.trace import calls, path
from link.links import PEER

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/net/tun"),
                                reason="needs root and /dev/net/tun")


def seen(found):
    return {c.states.split(" > ")[-1] for c in found}


def test_states_of_a_round_trip_are_seen(link, kedge, tmp_path):
    with link("--delay", "10ms") as up:
        with (tmp_path / "trace").open("w") as trace:
            server = subprocess.Popen(["ip", "netns", "exec", up.b, str(kedge), "trace",
                                       str(kedge), "serve", f"echo+tcp://{PEER}:7"],
                                      stdout=subprocess.PIPE, stderr=trace, text=True)
        try:
            assert server.stdout.readline().startswith("ENDPOINT")
            client = up.inside(up.a, str(kedge), "trace", str(kedge), "send",
                               "--timeout", "10s", f"tcp://{PEER}:7", "hi")
            mine = calls(client.communicate(timeout=30)[0])
        finally:
            server.terminate()
            server.wait(20)
            server.stdout.close()
        its = calls((tmp_path / "trace").read_text())
    assert client.returncode == 0
    assert path(mine) == ["CLOSED", "SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2",
                         "TIME-WAIT"]
    assert {"SYN-SENT", "FIN-WAIT-1"} <= seen(mine)
    assert path(its, "2") == ["LISTEN", "SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT",
                             "LAST-ACK", "CLOSED"]
    assert "LAST-ACK" in seen(its)
    assert 20 <= float(next(c for c in mine if c.name == "send").rtt) < 1000
