# SPDX-License-Identifier: MIT
"""A TFTP server of the tests' own, which can misbehave (RFC 1350, 2347-2349, 7440).

It shares nothing with kedge but the wire. Each request gets a socket and a thread. What
goes wrong is said by the keywords of `Peer`; without any it is a good, plain server.
"""
import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

from e2e.peers.tftp import ACK, DATA, ERROR, OACK, RRQ, WRQ, ack, data, error

QUICK = 0.3  # seconds before something is sent again
PATIENCE = 15.0


@dataclass
class Request:
    op: int
    name: str
    mode: str
    options: dict
    source: tuple


@dataclass
class Peer:
    """files: what can be had. taken: what was put, complete ones only."""
    files: dict = field(default_factory=dict)
    host: str = "127.0.0.1"
    known: tuple = ("blksize", "tsize", "windowsize", "timeout", "utimeout")
    most: dict = field(default_factory=dict)     # option: the most that is granted
    extra: dict = field(default_factory=dict)    # said in OACKs, asked for or not
    refuse_options: int = None                   # ERROR of this code where there are any
    refuse: tuple = None                         # (code, text) to each request
    mute: bool = False                           # never answers
    deaf_to: int = 0                             # passes over so many requests
    deaf_above: int = None                       # no DATA where blksize is larger
    stuck_above: int = None                      # DATA stop at 5 where the window is larger
    lose: tuple = ()                             # DATA, or ACKs, that are lost once
    twice: bool = False                          # each DATA is sent twice
    strangers: bool = False                      # packets of wrong ports and hosts go ahead
    tsize: int = None                            # said in the OACK in place of the truth
    error_at: tuple = None                       # (block, code, text)
    close_at: int = None                         # the port is closed at that block
    silent_at: int = None                        # nothing comes from that block on
    ack_delay: float = 0.0                       # before each ACK of a put
    confirm_delay: float = 0.0                   # before the last one
    lose_confirm: int = 0                        # so many last ACKs are lost
    fail_at_end: tuple = None                    # (code, text) in place of the last ACK
    blocks_of: int = None                        # bytes of each DATA, whatever was granted
    first_block: int = 1                         # the number of the first DATA
    single_port: bool = False
    port: int = 0                                # 0: any
    slow: float = 0.0                            # before each DATA
    repeat_last: float = None                    # so long after the last ACK of a get its
                                                 # last DATA comes again

    def __post_init__(self):
        self.family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.sock = self.socket(self.port)
        self.port = self.sock.getsockname()[1]
        self.requests, self.taken, self.heard, self.problems = [], {}, [], []
        self.confirmed = 0    # last ACKs of a get that were heard
        self.reconfirmed = 0  # those that came for a last DATA sent again
        self.losses = set(self.lose)
        self.ending = threading.Event()
        self.threads = []
        self.spawn(self.listen)

    def socket(self, port=0):
        sock = socket.socket(self.family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((self.host, port))
        sock.settimeout(0.05)
        return sock

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tftp://{host}:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join(PATIENCE)
        self.sock.close()

    def spawn(self, run, *args):
        thread = threading.Thread(target=self.guarded, args=(run, *args), daemon=True)
        self.threads.append(thread)
        thread.start()

    def guarded(self, run, *args):
        try:
            run(*args)
        except Exception as problem:  # shown by the test that asks for .problems
            self.problems.append(repr(problem))
            raise

    def listen(self):
        while not self.ending.is_set():
            try:
                datagram, source = self.sock.recvfrom(65536)
            except (socket.timeout, ConnectionError):
                continue
            if struct.unpack_from("!H", datagram)[0] in (RRQ, WRQ):
                self.asked(datagram, source)

    def asked(self, datagram, source):
        words = datagram[2:].split(b"\0")[:-1]
        options = dict(zip((w.decode() for w in words[2::2]),
                           (w.decode() for w in words[3::2])))
        request = Request(struct.unpack_from("!H", datagram)[0],
                          words[0].decode(errors="surrogateescape"), words[1].decode(),
                          options, source)
        self.requests.append(request)
        if self.deaf_to:
            self.deaf_to -= 1
        elif not self.mute:
            if self.single_port:
                Transfer(self, request, self.sock).run()
            else:
                self.spawn(self.serve, request)

    def serve(self, request):
        with contextlib.closing(self.socket()) as sock:
            Transfer(self, request, sock).run()


class Transfer:
    def __init__(self, peer, request, sock):
        self.peer, self.request, self.sock = peer, request, sock
        self.to = request.source
        self.granted = self.grant()
        self.blksize = peer.blocks_of or self.number("blksize", 512)
        self.window = self.number("windowsize", 1)
        self.closed = False

    def grant(self):
        granted = {k: v for k, v in self.request.options.items() if k in self.peer.known}
        for key, most in self.peer.most.items():
            if key in granted:
                granted[key] = str(min(int(granted[key]), most))
        if "tsize" in granted and self.request.op == RRQ:
            size = len(self.peer.files.get(self.request.name, b""))
            granted["tsize"] = str(size if self.peer.tsize is None else self.peer.tsize)
        return {**granted, **(self.peer.extra if self.request.options else {})}

    def number(self, key, default):
        value = self.granted.get(key, "")
        return int(value) if value.isdigit() else default

    def say(self, datagram):
        if not self.closed:
            self.sock.sendto(datagram, self.to)

    def hear(self, timeout):
        """The next packet of this peer's client as (opcode, number, body); or None."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and not self.closed:
            try:
                datagram, source = self.sock.recvfrom(65536)
            except (socket.timeout, ConnectionError):
                if self.peer.ending.is_set():
                    return None
                continue
            op, number = struct.unpack_from("!HH", datagram)
            if source == self.to and op in (DATA, ACK, ERROR):
                self.peer.heard.append((op, number, datagram[4:]))
                return op, number, datagram[4:]
        return None

    def run(self):
        peer, request = self.peer, self.request
        if peer.strangers:
            self.strangers()
        if peer.refuse:
            self.say(error(*peer.refuse))
        elif peer.refuse_options is not None and request.options:
            self.say(error(peer.refuse_options, "no options here"))
        elif request.op == WRQ:
            self.take()
        elif request.name not in peer.files:
            self.say(error(1, "File not found"))
        else:
            self.give(peer.files[request.name])

    def strangers(self):
        """Packets that are not this server's: of another port, and of another host."""
        for host in (self.peer.host, "127.0.0.9"):
            sock = socket.socket(self.peer.family, socket.SOCK_DGRAM)
            sock.bind((host, 0))
            for packet in (data(7, b"stranger"), data(1, b"x" * 600), ack(9), b"", b"\0",
                           *([error(0, "stranger"), data(1, b"stranger"), ack(0)]
                             if host == "127.0.0.9" else [])):
                sock.sendto(packet, self.to)
            sock.close()

    def oack(self):
        words = [w.encode() for pair in self.granted.items() for w in pair]
        return struct.pack("!H", OACK) + b"".join(w + b"\0" for w in words)

    # ---- a get ----

    def send_block(self, block, body):
        peer = self.peer
        if peer.slow:
            time.sleep(peer.slow)
        if block in peer.losses:
            peer.losses.discard(block)
            return
        for _ in range(2 if peer.twice else 1):
            self.say(data(block - 1 + peer.first_block & 0xFFFF, body))
        if peer.strangers and block == 2:
            self.strangers()

    def stops_at(self, block):
        """True if the transfer is not to go on from here."""
        peer = self.peer
        if peer.error_at and block >= peer.error_at[0]:
            self.say(error(*peer.error_at[1:]))
            return True
        if peer.close_at and block >= peer.close_at:
            self.closed = True
            return True
        stuck = peer.stuck_above and self.window > peer.stuck_above and block >= 5
        if stuck or (peer.silent_at and block >= peer.silent_at):
            while self.hear(PATIENCE):
                continue
            return True
        return False

    def send_window(self, content, first, last):
        end = min(first + self.window, last + 1)
        for block in range(first, end):
            if self.stops_at(block):
                return False
            at = (block - 1) * self.blksize
            self.send_block(block, content[at:at + self.blksize])
        return True

    def acked(self, base, heard):
        """The block that an ACK is for, counted on from base; or None."""
        if heard is None or heard[0] != ACK:
            return None
        ahead = (heard[1] - base) & 0xFFFF
        return base + ahead if ahead <= self.window else None

    def give(self, content):
        if self.granted and not self.await_ack_0():
            return
        if self.peer.deaf_above and self.blksize > self.peer.deaf_above:
            while self.hear(PATIENCE):
                continue
            return
        last = len(content) // self.blksize + 1
        base = 0
        tries = 0
        while base < last and tries < 20:
            if not self.send_window(content, base + 1, last):
                return
            heard = self.hear(QUICK)
            while heard and heard[0] == ACK and self.acked(base, heard) in (None, base):
                if self.window > 1 and self.acked(base, heard) == base:
                    break
                heard = self.hear(QUICK)  # lock-step: nothing is sent for a duplicate
            if heard and heard[0] == ERROR:
                return
            new = self.acked(base, heard)
            tries = 0 if new and new > base else tries + 1
            base = new if new is not None else base
        self.peer.confirmed += base == last
        if base == last and self.peer.repeat_last is not None:
            time.sleep(self.peer.repeat_last)
            self.send_window(content, last, last)
            self.peer.reconfirmed += self.acked(last, self.hear(QUICK)) == last

    def await_ack_0(self):
        for _ in range(int(PATIENCE / QUICK)):
            self.say(self.oack())
            heard = self.hear(QUICK)
            if heard and heard[0] == ERROR:
                return False
            if heard == (ACK, 0, b""):
                return True
        return False

    # ---- a put ----

    def reply(self, block):
        if self.peer.ack_delay:
            time.sleep(self.peer.ack_delay)
        if block in self.peer.losses:
            self.peer.losses.discard(block)
        elif block == 0 and self.granted:
            self.say(self.oack())
        else:
            self.say(ack(block & 0xFFFF))

    def take(self):
        body, block, in_window = [], 0, 0
        quiet_since = time.monotonic()
        self.reply(0)
        while time.monotonic() - quiet_since < PATIENCE and not self.closed:
            if self.stops_at(block + 1):
                return
            heard = self.hear(QUICK)
            if heard and heard[0] == ERROR:
                return
            if heard is None:
                if self.peer.ending.is_set():
                    return
                self.reply(block)
                continue
            if heard[1] != (block + 1) & 0xFFFF:
                if in_window:
                    self.reply(block)
                in_window = 0
                continue
            quiet_since = time.monotonic()
            block, in_window = block + 1, in_window + 1
            body.append(heard[2])
            if len(heard[2]) < self.blksize:
                self.confirm(block, b"".join(body))
                return
            if in_window == self.window:
                in_window = 0
                self.reply(block)

    def confirm(self, block, content):
        peer = self.peer
        time.sleep(peer.confirm_delay)
        if peer.fail_at_end:
            self.say(error(*peer.fail_at_end))
            return
        peer.taken[self.request.name] = content
        for _ in range(peer.lose_confirm):
            while self.hear(QUICK) is None and not peer.ending.is_set():
                continue
        self.say(ack(block & 0xFFFF))
