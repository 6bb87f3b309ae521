# SPDX-License-Identifier: MIT
"""What a blind attacker gets who forges ACKs too. `make reflection` prints the same beside
other servers, and listens for longer."""
import io

import pytest

from attacks import forged
from attacks.forged import Gain
from attacks.lib.wire import Seen

LISTEN = 12         # whole windows are repeated twice by then
RATE, WINDOW_BYTES = 1_000_000, 96_000 * 1460 // 1428


@pytest.fixture(scope="module")
def table(root):
    program = root / "build/kedge"
    if not program.exists():
        pytest.skip("no build/kedge: run make build")
    return forged.measure(program, LISTEN, ["kedge", "kedge, one port"])


@pytest.mark.parametrize("what", forged.ATTACKS)
def test_data_ports_give_less_than_10_for_one(table, what):
    gain = table[what]["kedge"]
    assert 1 < gain.ratio < 10      # it does hit


@pytest.mark.parametrize("what", forged.ATTACKS)
def test_one_port_gives_a_million_bytes_a_second(table, what):
    """To all victims together, and a window beyond it."""
    gain = table[what]["kedge, one port"]
    assert gain.ratio > 100         # there a ratio is no bound
    assert gain.got <= RATE * gain.seconds * 1.1 + 2 * WINDOW_BYTES


def test_too_much_is_seen():
    """A server that answers one ACK by a megabyte."""
    gain = Gain()
    gain.send(lambda *_: None, ("198.51.100.1", 3000), ("192.0.2.1", 69), bytes(4))
    for _ in range(700):
        gain.take(Seen(1.0, ("192.0.2.1", 69), ("198.51.100.1", 3000), bytes(1432)))
    assert gain.ratio > 10
    out = io.StringIO()
    forged.show({"one": {"kedge": gain}}, out)
    assert "| one | ×31937.5, 1.0 MB |" in out.getvalue()
