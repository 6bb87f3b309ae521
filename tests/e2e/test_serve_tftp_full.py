# SPDX-License-Identifier: MIT
"""More requests than the server takes at once: silence, not an error."""
import re
import time

from e2e.peers.tftp import OACK, RRQ, Peer, ack, error


def test_a_budget_of_unproved_transfers(serve, make):
    """1,024 a /24, then silence. When one of them has acknowledged a block, which a forged
    ACK 0 has not, another is let in, whose request still waits; the others wait in vain."""
    make("file", 5000)
    server = serve()
    peers = [Peer(server.at) for _ in range(1030)]

    for i, peer in enumerate(peers):
        peer.ask(RRQ, "file", blksize=512)
        if i % 64 == 63:
            peer.hear(5)
    answered = [p for p in peers if p.tid or not p.silent(0.05)]
    assert len(answered) == 1024
    silent = next(p for p in peers if p not in answered)
    answered[0].say(ack(0))
    answered[0].hear()
    answered[0].say(ack(1))
    answered[0].hear()
    silent.ask(RRQ, "file", blksize=512)
    assert silent.packet().op == OACK
    time.sleep(1.2)
    for peer in peers:
        peer.close()
    server.stop(twice=True)
    over = int(re.search(r"\((\d) over budget, 0 no room,", server.summary).group(1))
    assert 5 <= over <= 6       # where this took longer than a second, it asked again


def test_a_full_table_is_silent(serve, make):
    make("file", 5000)
    server = serve("--max-transfers", "4", "--timeout", "5s")
    peers = [Peer(server.at) for _ in range(6)]

    for peer in peers[:4]:
        peer.ask(RRQ, "file", blksize=512)
        peer.hear()
    for peer in peers[4:]:
        peer.ask(RRQ, "file", blksize=512)
        assert peer.silent(0.1)
    peers[0].say(error(0))
    server.record(outcome="aborted")
    peers[4].ask(RRQ, "file", blksize=512)
    assert peers[4].packet().op == OACK
    for peer in peers:
        peer.close()
    server.stop(twice=True)
    assert "2 no room" in server.summary
