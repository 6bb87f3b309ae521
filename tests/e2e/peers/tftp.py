# SPDX-License-Identifier: MIT
"""A TFTP client of the tests' own (RFC 1350, 2347-2349, 7440; tftp-hpa's options).

It shares nothing with kedge but the wire. `Get` and `Put` are machines without I/O:
datagrams go in, answers come out; `get()` and `put()` drive one over a blocking socket,
peers/swarm.py drives a thousand.
"""
import os
import socket
import struct
import time
from dataclasses import dataclass

RRQ, WRQ, DATA, ACK, ERROR, OACK = range(1, 7)


class TftpError(Exception):
    """The server sent ERROR."""

    def __init__(self, code, text):
        super().__init__(f"ERROR {code} {text!r}")
        self.code, self.text = code, text


class Silence(Exception):
    """No answer in time."""


class Nonsense(Exception):
    """A packet that breaks the protocol."""


def as_bytes(text):
    return text if isinstance(text, bytes) else str(text).encode()


def request(op, name, mode="octet", **options):
    words = [name, mode]
    for key, value in options.items():
        words += [key, value]
    return struct.pack("!H", op) + b"".join(as_bytes(w) + b"\0" for w in words)


def data(block, body=b""):
    return struct.pack("!HH", DATA, block) + body


def ack(block):
    return struct.pack("!HH", ACK, block)


def error(code, text=""):
    return struct.pack("!HH", ERROR, code) + as_bytes(text) + b"\0"


@dataclass
class Packet:
    op: int
    number: int = 0
    body: bytes = b""
    options: dict = None


def parse(datagram):
    """A datagram of a server, strictly."""
    if len(datagram) < 4:
        raise Nonsense(f"short datagram {bytes(datagram)!r}")
    op, number = struct.unpack_from("!HH", datagram)
    if op == OACK:
        words = bytes(datagram[2:]).split(b"\0")
        if words.pop() != b"" or len(words) % 2:
            raise Nonsense(f"broken OACK {bytes(datagram)!r}")
        words = [w.decode() for w in words]
        return Packet(op, options=dict(zip(words[::2], words[1::2])))
    if op == ACK and len(datagram) != 4:
        raise Nonsense(f"long ACK {bytes(datagram)!r}")
    if op == ERROR and (datagram[-1] != 0 or len(datagram) < 5):
        raise Nonsense(f"ERROR without an end {bytes(datagram)!r}")
    if op not in (DATA, ACK, ERROR):
        raise Nonsense(f"opcode {op}")
    return Packet(op, number, datagram[4:])


def wire(block, rollover=0):
    """The 16 bits that stand for a block."""
    return (block - 1) % 65535 + 1 if rollover and block else block & 0xFFFF


def raise_error(packet):
    raise TftpError(packet.number, bytes(packet.body[:-1]).decode("ascii"))


class Transfer:
    """What both directions share: the request, and what was granted."""

    def __init__(self, op, name, mode, options):
        self.asked = {k.lower(): str(v) for k, v in options.items()}
        self.request = request(op, name, mode, **options)
        self.granted = {}
        self.blksize, self.window, self.rollover = 512, 1, 0
        self.started = self.done = False
        self.block = 0

    def accept(self, options):
        unasked = set(options) - set(self.asked)
        if unasked:
            raise Nonsense(f"granted and not asked: {unasked}")
        self.granted = options
        self.blksize = int(options.get("blksize", options.get("blksize2", 512)))
        self.window = int(options.get("windowsize", 1))
        self.rollover = int(options.get("rollover", 0))

    def wire(self, block):
        return wire(block, self.rollover)


class Get(Transfer):
    """A download. read() and again() return the datagram to send now, or None; bodies go
    to `sink(offset, body)` in order."""

    def __init__(self, name, mode="octet", sink=None, **options):
        super().__init__(RRQ, name, mode, options)
        self.parts = []
        self.sink = sink or (lambda offset, body: self.parts.append(bytes(body)))
        self.size = self.in_window = self.repeats = 0
        self.gap_said = None

    @property
    def content(self):
        return b"".join(self.parts)

    def read(self, datagram):
        packet = parse(datagram)
        if packet.op == ERROR:
            raise_error(packet)
        if packet.op == OACK:
            if self.block:
                return None
            self.accept(packet.options)
            self.started = True
            return ack(0)
        if packet.op != DATA:
            raise Nonsense(f"opcode {packet.op} in a get")
        return self.take(packet)

    def take(self, packet):
        self.started = True
        if len(packet.body) > self.blksize:
            raise Nonsense(f"{len(packet.body)} bytes in a block of {self.blksize}")
        if packet.number != self.wire(self.block + 1):
            self.repeats += 1
            if self.window == 1 or self.gap_said == self.block:
                return None
            self.gap_said, self.in_window = self.block, 0
            return self.again()
        self.block += 1
        self.sink(self.size, packet.body)
        self.size += len(packet.body)
        self.in_window += 1
        self.done = len(packet.body) < self.blksize
        if not self.done and self.in_window < self.window:
            return None
        self.in_window = 0
        return self.again()

    def again(self):
        self.gap_said = None
        return ack(self.wire(self.block)) if self.started else self.request


class Put(Transfer):
    """An upload. read() and again() return a list of datagrams to send now."""

    def __init__(self, name, content, mode="octet", **options):
        super().__init__(WRQ, name, mode, options)
        self.content = content
        self.last = None

    def read(self, datagram):
        packet = parse(datagram)
        if packet.op == ERROR:
            raise_error(packet)
        if packet.op == OACK:
            if self.block or self.started:
                return []
            self.accept(packet.options)
        elif packet.op != ACK:
            raise Nonsense(f"opcode {packet.op} in a put")
        return self.acked(packet.number)

    def acked(self, number):
        known = range(self.block, self.block + self.window + 1)
        found = [b for b in known if self.wire(b) == number]
        if not found or (self.started and found[0] == self.block and self.window == 1):
            return []
        self.started, self.block = True, found[0]
        self.last = len(self.content) // self.blksize + 1
        self.done = self.block == self.last
        return [] if self.done else self.again()

    def again(self):
        if not self.started:
            return [self.request]
        end = min(self.block + self.window, self.last)
        return [self.piece(b) for b in range(self.block + 1, end + 1)]

    def piece(self, block):
        at = (block - 1) * self.blksize
        return data(self.wire(block), self.content[at:at + self.blksize])


def own_host(server):
    """Where a test's client is: tests side by side have different hosts, or what one's
    server says at its end to clients that have gone would come to another's client, which
    was given the same port."""
    if not server.startswith("127."):
        return "::" if ":" in server else ""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"127.0.{int(worker) + 1}.1"


class Peer:
    """A socket that talks to a server by hand. `tid` is the address that first answered."""

    def __init__(self, server, timeout=5.0, source=None, room=1 << 22):
        self.server = server
        self.family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self.sock = socket.socket(self.family, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.sock.bind(source or (own_host(server[0]), 0))
        self.timeout = timeout
        self.tid = None
        self.buffer = bytearray(65536)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def die(self):
        """From now on ICMP answers what the server sends. The port is not given back: a test
        beside this one would get it, and answer in its stead."""
        self.sock.connect((self.server[0], 9))

    @property
    def port(self):
        return self.sock.getsockname()[1]

    def ask(self, op, name, mode="octet", **options):
        self.raw(request(op, name, mode, **options))

    def raw(self, datagram):
        """To the request port."""
        self.sock.sendto(datagram, self.server)

    def say(self, datagram):
        """To the transfer's port. None is nothing: a machine's word on what came again."""
        if datagram is not None:
            self.sock.sendto(datagram, self.tid)

    def hear(self, timeout=None):
        """The next datagram, of whatever it is; it must come from the server's host."""
        self.sock.settimeout(self.timeout if timeout is None else timeout)
        try:
            size, source = self.sock.recvfrom_into(self.buffer)
        except socket.timeout:
            raise Silence(f"nothing from {self.server}") from None
        if self.tid is None:
            self.tid = source
        if source[:2] != self.tid[:2]:
            raise Nonsense(f"{source} spoke, not {self.tid}")
        return memoryview(self.buffer)[:size]

    def packet(self, timeout=None):
        return parse(self.hear(timeout))

    def silent(self, seconds=0.2):
        """True if nothing comes for so long."""
        try:
            self.hear(seconds)
        except Silence:
            return True
        return False


def drive(transfer, server, wait=1.0, patience=15.0, source=None):
    """Run a machine to its end over one socket."""
    with Peer(server, wait, source) as peer:
        peer.raw(transfer.request)
        quiet_since = time.monotonic()
        while not transfer.done:
            try:
                answer = transfer.read(peer.hear())
                quiet_since = time.monotonic()
            except Silence:
                if time.monotonic() - quiet_since > patience:
                    raise
                answer = transfer.again()
            for datagram in [answer] if isinstance(answer, bytes) else answer or []:
                (peer.say if transfer.started else peer.raw)(datagram)
    return transfer


def get(server, name, mode="octet", wait=1.0, sink=None, source=None, **options):
    return drive(Get(name, mode, sink, **options), server, wait, source=source)


def put(server, name, content, mode="octet", wait=1.0, source=None, **options):
    return drive(Put(name, content, mode, **options), server, wait, source=source)
