# SPDX-License-Identifier: MIT
"""Where probes are measured: two network namespaces, joined by a pair of devices or by
badlink, and a capture in the second that stamps what came and went."""
import os
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from place import BUILD, ROOT, Missing, find

sys.path.insert(0, str(ROOT / "tests"))

from link.links import Link  # noqa: E402

__all__ = ["BadLink", "Missing", "Pair", "answers", "find", "way_of_link"]
PEER = "10.78.0.2"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Namespaces:
    peer = PEER

    def start(self, where, command, core=None, **how):
        pin = ["taskset", "-c", str(core)] if core is not None else []
        return subprocess.Popen(["ip", "netns", "exec", where, *pin, *map(str, command)],
                                stdin=subprocess.DEVNULL, **how)


class Pair(Namespaces):
    """Two namespaces and a veth pair; and in both all of 127.0.0.0/8."""
    count = 0

    def __enter__(self):
        Pair.count += 1
        own = f"{os.getpid()}-{Pair.count}"
        self.a, self.b = f"kpa{own}", f"kpb{own}"
        for name in (self.a, self.b):
            ip("netns", "add", name)
        ip("link", "add", "pa", "netns", self.a, "type", "veth", "peer", "name", "pb", "netns",
           self.b)
        for name, dev, address in ((self.a, "pa", "10.78.0.1/24"), (self.b, "pb", PEER + "/24")):
            ip("-n", name, "address", "add", address, "dev", dev)
            ip("-n", name, "link", "set", dev, "up")
            ip("-n", name, "link", "set", "lo", "up")
        return self

    def __exit__(self, *_):
        for name in (self.a, self.b):
            ip("netns", "del", name)

    def capture(self):
        """At the peer's device."""
        return Capture(self, self.b, "pb")


class BadLink(Namespaces):
    peer = "10.77.0.2"

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.place = tempfile.TemporaryDirectory()
        self.link = Link(BUILD / "tests/link/badlink", Path(self.place.name), *self.options)
        self.a, self.b = self.link.a, self.link.b
        return self

    def __exit__(self, *_):
        self.link.stop()
        self.stats = self.link.stats()
        self.place.cleanup()

    def captures(self):
        """At both ends of the link."""
        return Capture(self, self.a, "bl0"), Capture(self, self.b, "bl0")

    def lateness_us(self):
        """By how much it delivered late, there and back."""
        return sum(self.stats[way]["late_us"]["p50"] for way in ("ab", "ba"))


@dataclass
class Packet:
    at: int         # ns, by the kernel's clock
    to_peer: bool
    sequence: int   # as a kedge probe's stamp has it; of no meaning in others


def packets_of(data, peer):
    """Of a capture's bytes, as tcpdump writes them with stamps of ns."""
    magic, = struct.unpack_from("<I", data)
    assert magic == 0xa1b23c4d, hex(magic)
    frame = 14 if struct.unpack_from("<I", data, 20)[0] == 1 else 0  # Ethernet, or none
    at, found = 24, []
    while at + 16 <= len(data):
        seconds, ns, size, _ = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16 + frame:at + 16 + size]
        found.append(Packet(seconds * 1000000000 + ns,
                            packet[16:20] == bytes(map(int, peer.split("."))),
                            int.from_bytes(packet[36:44], "big")))
        at += 16 + size
    return found


class Capture:
    """What AF_PACKET sees at a device of a namespace, by the kernel's clock."""

    def __init__(self, pair, where, device):
        self.pair, self.where, self.device = pair, where, device

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile(suffix=".pcap")
        self.tcpdump = self.pair.start(
            self.where, [find("tcpdump"), "-i", self.device, "-n", "-s", "96", "-Z", "root",
                         "--time-stamp-precision=nano", "-B", "8192", "-w", self.file.name,
                         "udp or icmp"], stderr=subprocess.PIPE, text=True)
        while "listening" not in (line := self.tcpdump.stderr.readline()):
            if not line:
                raise Missing("tcpdump does not run")
        return self

    def __exit__(self, *_):
        if self.tcpdump.poll() is None:
            self.tcpdump.kill()
        self.tcpdump.communicate()
        self.file.close()

    def packets(self):
        time.sleep(1.1)  # a buffer is handed on each second
        self.tcpdump.send_signal(signal.SIGINT)
        self.tcpdump.wait(10)
        return packets_of(Path(self.file.name).read_bytes(), self.pair.peer)


def answers(packets):
    """[(request, answer)]: one waits at a time."""
    came, found = None, []
    for packet in packets:
        if packet.to_peer:
            came = packet
        elif came is not None:
            found.append((came, packet))
            came = None
    return found


def way_of_link(near, far):
    """What a link that loses and overtakes nothing took, there and back, ns: the median of
    each way, from one end's capture to the other's."""
    def took(start, end):
        return statistics.median(b.at - a.at for a, b in zip(start, end))
    return (took([p for p in near if p.to_peer], [p for p in far if p.to_peer]) +
            took([p for p in far if not p.to_peer], [p for p in near if not p.to_peer]))
