# SPDX-License-Identifier: MIT
"""Datagrams with forged sources, and a count of all that pass."""
import select
import socket
import struct
import time
from dataclasses import dataclass

IPV4, IPV6, ALL = 0x0800, 0x86DD, 0x0003  # ETH_P_IP, ETH_P_IPV6, ETH_P_ALL
OUTGOING = 4  # a frame is seen twice, as it leaves and as it comes: one of them counts
STAMP = 35  # SO_TIMESTAMPNS
ROOM = 64 << 20


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF or 0xFFFF


def datagram(family, source, target, payload):
    """An IP packet with a UDP datagram from source to target, whoever they are."""
    ends = [socket.inet_pton(family, host) for host, _ in (source, target)]
    length = 8 + len(payload)
    header = struct.pack("!HHH", source[1], target[1], length)
    if family == socket.AF_INET:
        udp = header + bytes(2) + payload
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 1, 0, 64, 17, 0, *ends) + udp
    pseudo = b"".join(ends) + struct.pack("!IHH", length, 0, 17)
    udp = header + struct.pack("!H", checksum(pseudo + header + bytes(2) + payload)) + payload
    return struct.pack("!IHBB16s16s", 6 << 28, length, 17, 64, *ends) + udp


class Forger:
    """Sends in the name of others."""

    def __init__(self):
        self.socks = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in self.socks.values():
            sock.close()

    def send(self, source, target, payload):
        family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        if family not in self.socks:
            self.socks[family] = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        packet = datagram(family, source, target, payload)
        self.socks[family].sendto(packet, (target[0], 0))


@dataclass
class Seen:
    at: float
    source: tuple
    target: tuple
    payload: bytes


def parse(at, packet):
    """A UDP datagram of IPv4 (without options) or IPv6; else None."""
    six = packet[0] >> 4 == 6
    head = 40 if six else 20
    if packet[6 if six else 9] != 17:
        return None
    family, at_source, size = (socket.AF_INET6, 8, 16) if six else (socket.AF_INET, 12, 4)
    source, target = (socket.inet_ntop(family, packet[i:i + size])
                      for i in (at_source, at_source + size))
    ports = struct.unpack_from("!HH", packet, head)
    return Seen(at, (source, ports[0]), (target, ports[1]), packet[head + 8:])


class Capture:
    """Every UDP datagram in the network since it was made."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL))
        self.sock.setsockopt(socket.SOL_SOCKET, 33, ROOM)  # SO_RCVBUFFORCE
        self.sock.setsockopt(socket.SOL_SOCKET, STAMP, 1)
        self.seen = []
        time.sleep(0.1)  # the kernel turns its stamps on a little later

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def take(self):
        """What is there, for half a second at most: a loop makes frames as fast as they are
        taken."""
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            try:
                packet, control, _, where = self.sock.recvmsg(65600, 64,
                                                              socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            if where[2] != OUTGOING or where[1] not in (IPV4, IPV6):
                continue
            seconds, nanos = struct.unpack_from("qq", control[0][2])
            found = parse(seconds + nanos * 1e-9, packet)
            if found:
                self.seen.append(found)

    def until_quiet(self, quiet=0.3, most=3.0, least=0):
        """All that passed until there were `least` and then nothing for so long, or `most`
        seconds are over."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            if select.select([self.sock], [], [], quiet)[0]:
                self.take()
            elif len(self.seen) >= least:
                break
        return self.seen

    @property
    def lost(self):
        """Frames that this capture itself could not keep."""
        return struct.unpack("II", self.sock.getsockopt(263, 6, 8))[1]  # PACKET_STATISTICS
