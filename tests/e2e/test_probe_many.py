# SPDX-License-Identifier: MIT
"""Probes that are due at once leave in one system call, and replies are taken many at a
time: each is accounted for as though it were alone."""
import pytest

from e2e.peers.echo import Datagrams, closed_port

LOOP = ("127.0.0.1", 0)


@pytest.mark.parametrize("size", [24, 64, 2048, 2049])
def test_all_of_a_fast_run_are_accounted_for(probe, serve, size):
    server = serve(at=("echo+udp://127.0.0.1:0",))
    host, port = server.address("echo+udp")
    code, (t,), err = probe("-c", "5000", "-i", "10us", "--size", str(size), "--timeout", "5s",
                            f"udp://{host}:{port}")
    assert err == "" and t["sent"] == 5000 and t["altered"] == t["stray"] == t["open"] == 0
    assert t["received"] + t["lost"] + t["late"] == 5000 and t["duplicated"] == 0
    assert code == (0 if t["lost"] == 0 else 1)
    split = t["split_ns"]
    assert split and 0 < split["way"]["n"] <= t["received"]
    assert split["way"]["min"] + split["send"]["min"] <= t["rtt_ns"]["max"]


def test_all_that_leave_in_one_call_have_stamps(probe):
    code, (t,), err = probe("-c", "31", "-i", "1us", "--timeout", "5s", Datagrams(LOOP).url)
    assert code == 0, err
    assert t["split_ns"]["way"]["n"] == t["received"] == 31


def test_faults_in_the_midst_of_many(probe):
    """Every seventh is answered twice, every tenth cut short, every eleventh not at all."""
    def answer(data, n):
        if n % 11 == 0:
            return []
        if n % 10 == 0:
            return [data[:40]]
        return [data, data] if n % 7 == 0 else [data]
    code, (t,), _ = probe("-c", "200", "-i", "2us", "--size", "64", "--timeout", "2s",
                          Datagrams(LOOP, answer).url)  # no more than its queue holds
    left = [n for n in range(200) if n % 11]
    assert code == 1 and t["sent"] == 200 and t["reordered"] == 0
    assert t["lost"] == 200 - len(left) and t["received"] == len(left)
    assert t["damage"]["truncated"] == t["altered"] == sum(n % 10 == 0 for n in left)
    assert t["duplicated"] == sum(n % 7 == 0 and n % 10 != 0 for n in left)


def test_longer_replies_than_there_is_room_for(probe):
    code, (t,), _ = probe("-c", "100", "-i", "2us", "--size", "64",
                          Datagrams(LOOP, lambda data, n: [data + bytes(9000)]).url)
    assert t["received"] == t["damage"]["padded"] == 100


def test_many_that_nobody_takes(probe):
    port, held = closed_port()
    held.close()
    code, (t,), _ = probe("-c", "300", "-i", "2us", "--timeout", "200ms",
                          f"udp://127.0.0.1:{port}")
    assert code == 2 and t["sent"] == t["lost"] == 300 and t["refused"] > 0


def test_two_targets_in_one_turn(probe):
    peers = Datagrams(LOOP), Datagrams(LOOP)
    code, targets, _ = probe("-c", "200", "-i", "4us", "--timeout", "3s",
                             *[p.url for p in peers])
    assert code == 0 and [t["received"] for t in targets] == [200, 200]
    assert all(t["altered"] == t["stray"] == 0 for t in targets)
    assert [len(p.seen) for p in peers] == [200, 200]
