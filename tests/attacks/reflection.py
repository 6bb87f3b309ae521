#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What servers send to an address that never asked: bytes out for each byte in.

    make reflection

Requests leave in the name of hosts that never say anything, each to every TFTP server that
is installed here, in a network namespace; all that the servers send is counted. `--seconds`
is how long they are listened to (default 65), `--kedge` the program.
"""
import argparse
import socket
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from attacks.lib import others  # noqa: E402
from attacks.lib.network import VICTIMS, namespace, silent_hosts  # noqa: E402
from attacks.lib.wire import Capture, Forger  # noqa: E402
from e2e.peers.tftp import DATA, RRQ, WRQ, ack, error, request  # noqa: E402

BURST = 1500  # requests of one /24
REPEATS = 20  # of one request, by one source
OPTIONS = {"blksize": 1428, "tsize": 0}

CASES = {
    "a file": request(RRQ, "ab"),
    "a file, name of one letter": request(RRQ, "a"),
    "a file, netascii": request(RRQ, "ab", "netascii"),
    "a file, blksize and tsize": request(RRQ, "ab", **OPTIONS),
    "a file, windowsize 64": request(RRQ, "ab", windowsize=64, **OPTIONS),
    "a large file, tsize": request(RRQ, "large", tsize=0),
    "no such file": request(RRQ, "no"),
    "no such file, blksize and tsize": request(RRQ, "no", **OPTIONS),
    "a directory": request(RRQ, "d"),
    "mode mail": request(RRQ, "ab", "mail"),
    "mode without end": request(RRQ, "ab")[:-1],
    "an upload": request(WRQ, "up"),
    "an upload, blksize and tsize": request(WRQ, "up2", **OPTIONS),
    "an ERROR": error(1, "File not found"),
    "an ACK": ack(1),
}


@dataclass
class Answer:
    """What one victim got."""
    asked: int = 0      # bytes
    datagrams: int = 0
    sent: int = 0       # bytes
    data: bool = False  # of the file
    first: float = 0.0
    last: float = 0.0

    def add(self, seen):
        self.datagrams += 1
        self.sent += len(seen.payload)
        self.data |= seen.payload[:2] == bytes((0, DATA))
        self.first = self.first or seen.at
        self.last = seen.at

    @property
    def ratio(self):
        return self.sent / self.asked

    def __str__(self):
        if not self.datagrams:
            return "0"
        text = f"{self.datagrams}, ×{self.ratio:.1f}"
        span = self.last - self.first
        return text if span < 0.1 else f"{text}, {span:.0f} s"


def make_root(root):
    for name, size in {"a": 5000, "ab": 5000, "empty": 0}.items():
        (root / name).write_bytes(bytes(size))
        (root / name).chmod(0o644)
    with (root / "large").open("wb") as file:
        file.truncate(5 << 30)
    (root / "large").chmod(0o644)
    (root / "d").mkdir()
    root.chmod(0o777)


def collect(wire, victims, seconds):
    """Listen, and count what came for whom. victims: (server, host or host and port)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        wire.until_quiet(0.2, end - time.monotonic())
        for seen in wire.seen:
            for key in ((seen.source[0], seen.target), (seen.source[0], seen.target[0])):
                if key in victims:
                    victims[key].add(seen)
        wire.seen.clear()
    assert wire.lost == 0, "the capture itself lost frames"


def single_requests(servers, victims, forge):
    """Each case once to each server, from a host of its own."""
    table = defaultdict(dict)
    for number, (case, payload) in enumerate(CASES.items(), 1):
        victim = (f"{VICTIMS[0]}.{number}", 3000)
        for name, at in servers.items():
            table[case][name] = victims[at, victim] = Answer(len(payload))
            forge(victim, (at, 69), payload)
    return table


def repeated_request(servers, victims, forge):
    """The same, from one port, every 100 ms."""
    payload, victim = CASES["a file"], (f"{VICTIMS[0]}.100", 3000)
    row = {name: Answer(REPEATS * len(payload)) for name in servers}
    victims.update({(at, victim): row[name] for name, at in servers.items()})
    for _ in range(REPEATS):
        for at in servers.values():
            forge(victim, (at, 69), payload)
        time.sleep(0.1)
    return row


def network_of_victims(servers, victims, forge):
    """From ever new hosts and ports of one /24."""
    payload = CASES["a file"]
    row = {name: Answer(BURST * len(payload)) for name in servers}
    for name, at in servers.items():
        for number in range(BURST):
            victim = (f"{VICTIMS[1]}.{number % 250 + 1}", 3000 + number // 250)
            victims[at, victim[0]] = row[name]
            forge(victim, (at, 69), payload)
            if number % 50 == 49:
                time.sleep(0.01)  # or the servers' own queues overflow
    return row


def socket_at(host):
    """A bare UDP socket on port 69."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 69))
    sock.settimeout(5)
    return sock


def measure(kedge, seconds, names=None, burst=True):
    """{what: {server: Answer}}"""
    with tempfile.TemporaryDirectory() as place, namespace():
        root = Path(place) / "srv"
        Path(place).chmod(0o755)
        root.mkdir()
        make_root(root)
        silent_hosts()
        with others.running(kedge, root, names) as servers, Forger() as forger, \
                Capture() as wire:
            victims = {}
            table = single_requests(servers, victims, forger.send)
            if burst:
                table[f"{REPEATS} equal requests of one port"] = repeated_request(
                    servers, victims, forger.send)
                table[f"{BURST} requests of one /24"] = network_of_victims(
                    servers, victims, forger.send)
            collect(wire, victims, seconds)
    return table


def show(table, out=sys.stdout):
    servers = list(next(iter(table.values())))
    print("| a request for |", " | ".join(servers), "|", file=out)
    print("|---|" + "---|" * len(servers), file=out)
    for what, row in table.items():
        asked = next(iter(row.values())).asked
        print(f"| {what} ({asked} B) |", " | ".join(str(row[s]) for s in servers), "|",
              file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kedge", default=HERE.parents[1] / "build/kedge")
    parser.add_argument("--seconds", type=float, default=65)
    args = parser.parse_args()
    print(f"datagrams, bytes out / bytes in, and how long they came; {args.seconds:.0f} s"
          " listened to")
    show(measure(args.kedge, args.seconds))


if __name__ == "__main__":
    main()
