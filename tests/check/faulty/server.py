# SPDX-License-Identifier: MIT
"""A small TFTP server that keeps the RFCs, and breaks one rule where it is told to.

    python3 server.py ROOT [FAULT...]

It listens at a free port of 127.0.0.1, prints it, and serves each request in a thread."""
import os
import random
import socket
import stat
import struct
import sys
import threading
import time

RRQ, WRQ, DATA, ACK, ERROR, OACK = range(1, 7)
FIRST_WAIT, PATIENCE, DALLY = 0.4, 16, 1.5


class Refusal(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code, self.text = code, text


class Server:
    def __init__(self, root, faults):
        self.root, self.faults = os.path.realpath(root), set(faults)
        self.port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.port.bind(("127.0.0.1", 0))
        self.running = {}       # (peer, request): its transfer
        self.sequence = 20000 + os.getpid() % 900 * 10
        self.lock = threading.Lock()

    def has(self, fault):
        return fault in self.faults

    def run(self):
        print(self.port.getsockname()[1], flush=True)
        while True:
            packet, peer = self.port.recvfrom(65536)
            if len(packet) <= 500 or not self.has("small-buffer"):
                self.take(packet, peer)

    def take(self, packet, peer):
        if self.has("dies-of-short-packets") and len(packet) < 4:
            os._exit(1)
        if len(packet) < 2:
            return
        opcode = struct.unpack("!H", packet[:2])[0]
        if opcode not in (RRQ, WRQ):
            if self.has("answers-strays") and opcode != 0:
                self.port.sendto(error(4, "Illegal TFTP operation"), peer)
            return
        with self.lock:
            known = self.running.get((peer, packet))
            if known and not self.has("second-transfer"):
                if not self.has("own-upload-exists"):
                    return known.again()
                if opcode == WRQ:
                    self.port.sendto(error(6, "File already exists"), peer)
                return None
            transfer = Transfer(self, packet, peer, opcode)
            self.running[peer, packet] = transfer
        if self.has("one-at-a-time"):
            try:
                transfer.run()
            except SystemExit:
                pass
            return None
        threading.Thread(target=transfer.run, daemon=True).start()
        return None

    def over(self, transfer):
        with self.lock:
            self.running.pop((transfer.peer, transfer.packet), None)

    def new_socket(self):
        if self.has("single-port"):
            return None
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if self.has("sequential-ports"):
            with self.lock:
                self.sequence = bind_behind(s, self.sequence)
        else:
            while True:
                try:
                    s.bind(("127.0.0.1", random.randrange(32768, 60999)))
                    break
                except OSError:
                    pass
        return s


def bind_behind(s, port):
    """Bind to the next free port, which is returned."""
    while True:
        port += 1
        try:
            s.bind(("127.0.0.1", port))
            return port
        except OSError:
            pass


def error(code, text, nul=b"\0"):
    return struct.pack("!HH", ERROR, code) + text.encode() + nul


def strings(packet):
    parts = packet.split(b"\0")
    return parts[:-1]


class Transfer:
    def __init__(self, server, packet, peer, opcode):
        self.server, self.packet, self.peer, self.opcode = server, packet, peer, opcode
        self.has = server.has
        self.first = self.last = None
        self.blksize, self.window, self.timeout = 512, 1, None
        self.socket = None

    def again(self):
        if self.first and self.last is self.first:
            self.send(self.first)

    # ---- packets ----

    def send(self, packet):
        self.last = packet
        if self.first is None:
            self.first = packet
        if self.socket:
            self.socket.sendto(packet, self.peer)
        else:
            self.server.port.sendto(packet, self.peer)

    def receive(self, wait):
        """The next packet of the peer in time, or None."""
        end = time.monotonic() + wait
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                packet, peer = self.socket.recvfrom(65536)
            except TimeoutError:
                return None
            if peer == self.peer or self.has("takes-any-port"):
                return packet
            if self.has("foreign-error-ends") and packet[1:2] == b"\5":
                return packet
            if not self.has("foreign-silent") and packet[1:2] != b"\5":
                self.socket.sendto(error(5, "Unknown transfer ID"), peer)

    # ---- the request ----

    def run(self):
        try:
            self.socket = self.server.new_socket() or self.borrowed()
            self.serve()
        except Refusal as r:
            self.refuse(r)
        finally:
            self.server.over(self)
            if self.socket:
                self.socket.close()

    def borrowed(self):
        """One port for all: only the first answer is played, which is enough here."""
        self.socket = None
        name, mode, options = self.parse()
        content = self.read_file(name)
        self.send(struct.pack("!HH", DATA, 1) + content[:512])
        raise SystemExit

    def refuse(self, r):
        text = r.text
        if self.has("error-tells-path"):
            text += f": {self.server.root}/name"
        packet = error(r.code, text, b"" if self.has("error-without-nul") else b"\0")
        self.send(packet)
        if self.has("error-twice"):
            time.sleep(0.5)
            self.send(packet)

    def parse(self):
        body = self.packet[2:]
        parts = strings(body)
        if not body.endswith(b"\0") and self.has("mode-without-nul"):
            self.send(struct.pack("!HH", DATA, 1))
            raise SystemExit
        if len(parts) < 2:
            raise Refusal(4, "Illegal TFTP operation")
        if self.has("padding-refused") and len(parts) > 2 and parts[2] == b"":
            raise Refusal(4, "Illegal TFTP operation")
        name, mode = parts[0].decode(errors="surrogateescape"), parts[1].decode(errors="replace")
        options = {}
        for key, value in zip(parts[2::2], parts[3::2]):
            if not key:
                break
            key = key.decode(errors="replace")
            key = key if self.has("option-case") else key.lower()
            options.setdefault(key, []).append(value.decode(errors="replace"))
        return name, mode if self.has("mode-case") else mode.lower(), options

    def serve(self):
        name, mode, options = self.parse()
        if mode == "mail" and self.has("mail-served"):
            mode = "octet"
        if mode not in ("octet", "netascii"):
            if not self.has("any-mode"):
                raise Refusal(4, "Unknown mode")
        self.netascii = mode == "netascii"
        if self.opcode == RRQ:
            self.content = self.encode(self.read_file(name))
            granted = self.grant(options, self.size)
            self.send_file(granted)
        else:
            path = self.place_of(name)
            granted = self.grant(options, None)
            self.take_file(path, granted)

    # ---- files ----

    def path_of(self, name):
        if name.startswith("/"):
            name = name if self.has("absolute-names") else name.lstrip("/")
        path = os.path.join(self.server.root, name)
        real = os.path.realpath(path)
        outside = not (real + "/").startswith(self.server.root + "/")
        allowed = self.has("parent-names") and ".." in name or \
            self.has("absolute-names") and name.startswith("/") or \
            self.has("links-lead-out") and os.path.islink(path)
        if outside and not allowed:
            raise Refusal(2, "Access violation")
        return real

    def read_file(self, name):
        self.size = 0
        if not name:
            raise Refusal(1, "File not found")
        path = self.path_of(name)
        try:
            mode = os.stat(path).st_mode
        except OSError:
            raise Refusal(0 if self.has("missing-is-0") else 1, "File not found") from None
        if stat.S_ISFIFO(mode) and self.has("opens-fifos"):
            self.server.lock.acquire()
        if stat.S_ISDIR(mode) and self.has("directory-is-empty"):
            return b""
        if not stat.S_ISREG(mode):
            raise Refusal(2, "Access violation")
        if not mode & 0o444:
            raise Refusal(0 if self.has("no-permission-is-0") else 2, "Access violation")
        self.size = os.path.getsize(path)
        if self.size > 64 << 20:
            return b""          # only its size is asked for
        with open(path, "rb") as file:
            return file.read(40 << 20)

    def place_of(self, name):
        path = self.path_of(name)
        if self.has("refuses-uploads"):
            raise Refusal(2, "Access violation")
        if self.has("refuses-uploads-silently"):
            raise SystemExit
        if os.path.exists(path) and self.has("exists-is-0"):
            raise Refusal(0, "File exists")
        return path

    def encode(self, content):
        if not self.netascii:
            return content.replace(b"\n", b"\r\n") if self.has("octet-is-text") else content
        if self.has("netascii-as-it-is"):
            return content
        if self.has("bare-cr"):
            return content.replace(b"\n", b"\r\n")
        wire = content.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")
        if self.has("pair-lost") and wire[511:513] == b"\r\n":
            wire = wire[:512] + wire[513:]
        return wire

    def decode(self, content):
        if not self.netascii or self.has("stores-netascii"):
            return content
        return content.replace(b"\r\n", b"\n").replace(b"\r\0", b"\r")

    # ---- options ----

    def number(self, text):
        if self.has("atoi"):
            digits = ""
            for c in text:
                if not c.isdigit():
                    break
                digits += c
            return int(digits or 0)
        return int(text) if text.isdigit() and len(text) < 20 else None

    def grant(self, options, size):
        if options and self.has("no-options"):
            return {}
        if "kedge-nonsense" in options and self.has("unknown-option-is-8"):
            raise Refusal(8, "Unknown option")
        granted = {}
        for key, values in options.items():
            value = self.number(values[-1])
            grant = getattr(self, "grant_" + key, None)
            if grant and value is not None:
                result = grant(value, size)
                if result is not None:
                    granted[key] = result
        if granted and self.has("grants-unasked"):
            granted.setdefault("timeout", "3")
        if self.has("echoes-both"):
            granted = {k: granted[k] if len(v) == 1 else granted[k] + f"\0{k}\0" + v[0]
                       for k, v in options.items() if k in granted}
        return granted

    def grant_blksize(self, v, _):
        if v == 0 and self.has("blksize-0-is-1"):
            self.blksize = 1
            return "1"
        if v < 8 or v > 65464:
            if v == 7 and self.has("blksize-7"):
                return "7"
            if v == 65465 and self.has("blksize-65465"):
                return "65465"
            return "0" if v == 0 and self.has("atoi") else None
        if v < 10 and self.has("blksize-8-is-8"):
            raise Refusal(8, "Bad blksize")
        self.blksize = v
        if self.has("ignores-granted-blksize"):
            self.blksize = 512
        return str(v + 1 if self.has("grants-larger-blksize") and v < 60000 else v)

    def grant_tsize(self, v, size):
        if size is None:
            return "0" if self.has("tsize-of-write-is-0") else str(v)
        if v != 0 and self.has("tsize-only-of-0"):
            return None
        if self.has("tsize-in-octal"):
            return f"{size:o}"
        return str(size & 0xffffffff if self.has("tsize-in-32-bits") else size)

    def grant_timeout(self, v, _):
        if v == 0 and (self.has("timeout-0") or self.has("atoi")):
            return "0"
        if v < 1 or v > 255:
            return "255" if v and self.has("timeout-256") else None
        if v > 30 and self.has("timeout-cut"):
            return "30"
        if not self.has("timeout-ignored"):
            self.timeout = v
        return str(v)

    def grant_windowsize(self, v, _):
        if v == 0 and (self.has("window-0") or self.has("atoi")):
            return "0"
        if v < 1 or v > 65535:
            return None
        self.window = min(v, 64)
        return str(self.window + (1 if self.has("grants-larger-window") else 0))

    def oack(self, granted):
        if self.has("empty-oack") and not granted:
            return struct.pack("!H", OACK)
        pairs = "".join(f"{k}\0{v}\0" for k, v in granted.items())
        return struct.pack("!H", OACK) + pairs.encode()

    # ---- sending ----

    def waits(self):
        """The waits between repeats, until the patience is at an end."""
        wait, spent = self.timeout or (0.8 if self.has("timer-restarts") else FIRST_WAIT), 0
        while spent < PATIENCE or self.has("never-gives-up"):
            yield wait
            spent += wait
            if self.has("never-gives-up"):
                wait = 0.5
            elif not self.has("constant-gaps") and not self.timeout:
                wait *= 2

    def exchange(self, packets, wanted, resend=None):
        """Send, and wait until wanted(packet) says something other than None."""
        for p in packets:
            self.send(p)
        for wait in self.waits():
            end = time.monotonic() + wait
            while True:
                packet = self.receive(end - time.monotonic())
                if packet is None:
                    break
                if self.has("timer-restarts"):
                    end = time.monotonic() + wait
                if packet[1:2] == b"\5":
                    if self.has("answers-errors"):
                        self.send(error(4, "Illegal TFTP operation"))
                    raise SystemExit
                result = wanted(packet)
                if result is not None:
                    return result
            if self.has("never-resends"):
                continue
            for p in resend or packets:
                self.send(p)
        raise SystemExit

    def block(self, n):
        body = self.content[(n - 1) * self.blksize:n * self.blksize]
        number = n - 1 if self.has("counts-from-0") else n
        if self.has("pads-last-block"):
            body = body.ljust(self.blksize, b"\0") if body else body
        if self.has("strlen") and b"\0" in body:
            body = body[:body.index(b"\0")]
        if self.has("host-order"):
            return struct.pack("!H", DATA) + struct.pack("<H", number & 0xffff) + body
        return struct.pack("!HH", DATA, number & 0xffff) + body

    def send_file(self, granted):
        if granted or self.has("empty-oack"):
            packets = [self.oack(granted)]
            if self.has("data-before-ack-0"):
                packets.append(self.block(1))
            again = [struct.pack("!HH", ACK, 0)] if self.has("oack-again-as-ack-0") else None
            self.exchange(packets, lambda p: True if p[:4] == b"\0\4\0\0" else None, again)
        last = len(self.content) // self.blksize + 1
        if self.has("no-empty-last-block") and len(self.content) % self.blksize == 0 and \
                self.content:
            last -= 1
        if self.has("empty-file-is-silent") and not self.content:
            return
        base = 1
        while base <= last:
            base = self.send_window(base, last)
        if self.has("goes-on-after-the-end"):
            self.send(self.block(last + 1))

    def send_window(self, base, last):
        if self.has("ends-at-65535") and base > 65535:
            raise SystemExit
        end = min(base + self.window, last + 1)
        count = end - base
        packets = [self.block(n) for n in range(base, end)]
        if self.has("window-plus-one") and self.window > 1 and end <= last:
            packets.append(self.block(end))
        if self.has("runs-ahead") and self.window == 1 and end <= last:
            packets.append(self.block(end))
        seen = [0]

        def wanted(p):
            if len(p) < 4 or p[1] != ACK or (len(p) > 4 and self.has("ack-of-4-bytes")):
                return None
            number = struct.unpack("!H", p[2:4])[0]
            if self.has("starts-again-at-ack-0") and number == 0 and base == 1:
                self.send(packets[0])
            ahead = (number - (base - 1)) & 0xffff
            if self.has("counts-from-0"):
                ahead = (number - (base - 2)) & 0xffff
            if ahead > count:
                if self.has("jumps"):
                    self.send(self.block(number + 1))
                if self.has("old-ack-ends"):
                    self.send(error(4, "Illegal TFTP operation"))
                    raise SystemExit
                return None
            if ahead == 0:
                if self.has("sorcerer") and self.window == 1 and base > 1:
                    self.send(packets[0])
                if self.window > 1:
                    seen[0] += 1
                    if seen[0] == 1 or self.has("window-for-each-ack"):
                        for q in packets:
                            self.send(q)
                return None
            if ahead < count and self.has("ack-inside-ignored"):
                return None
            return base + ahead
        resend = None
        if self.has("three-bytes-again") and base == 1:
            resend = [packets[0][:3]]
        if self.has("next-block-again"):
            resend = [self.block(base + 1)]
        return self.exchange_last(packets, wanted, resend, end == last + 1)

    def exchange_last(self, packets, wanted, resend, is_last):
        if is_last and self.has("last-not-repeated"):
            for p in packets:
                self.send(p)
            end = time.monotonic() + 3
            while time.monotonic() < end:
                p = self.receive(end - time.monotonic())
                result = wanted(p) if p else None
                if result is not None:
                    return result
            raise SystemExit
        return self.exchange(packets, wanted, resend)

    # ---- receiving ----

    def take_file(self, path, granted):
        temp = f"{path}.{id(self)}"
        if self.has("half-files") or self.has("cuts-the-old-file"):
            temp = path
            open(path, "wb").close()
        first = 1 if self.has("wrq-is-acked-by-1") else 0
        reply = self.oack(granted) if granted else struct.pack("!HH", ACK, first)
        if granted and self.has("wants-ack-0"):
            self.exchange([reply], lambda p: True if p[1] == ACK else None)
            reply = struct.pack("!HH", ACK, 0)
        again = [struct.pack("!HH", ACK, 0)] if self.has("oack-again-as-ack-0") else None
        with open(temp, "wb") as out:
            self.take_blocks(out, reply, again)
        with open(temp, "rb") as file:
            content = self.decode(file.read())
        with open(temp, "wb") as file:
            file.write(content)
        os.replace(temp, path)
        self.dally(self.final)

    def take_blocks(self, out, reply, again):
        self.expected, self.in_window, self.done, self.gap = 1, 0, False, False

        def ack(n):
            return struct.pack("!HH", ACK, n & 0xffff)

        def wanted(p):
            if len(p) < 4 or p[1] != DATA:
                return None
            number, body = struct.unpack("!H", p[2:4])[0], p[4:]
            if len(body) > self.blksize:
                self.send(error(4, "Block too large"))
                raise SystemExit
            if self.has("strlen-when-writing") and b"\0" in body and len(body) == self.blksize:
                body = body[:body.index(b"\0")] + b"\n" * (self.blksize - body.index(b"\0"))
            if number != self.expected & 0xffff:
                behind = (self.expected - number) & 0xffff
                if behind == 1 and self.has("stores-twice"):
                    out.write(body)
                if behind < 0x8000 and not (self.window > 1 and self.in_window):
                    self.send(ack(self.expected - 1))
                elif behind >= 0x8000 and self.has("stores-any-order"):
                    out.write(body)
                    return ack(number)
                elif self.window > 1 and not self.gap and not self.has("gap-is-silent"):
                    self.gap, self.in_window = True, 0
                    self.send(ack(self.expected - 1))
                return None
            if self.has("ends-at-65535") and self.expected == 65536:
                raise SystemExit
            out.write(body)
            self.gap = False
            self.expected += 1
            self.in_window += 1
            self.done = len(body) < self.blksize
            if self.done or self.in_window == self.window or self.has("ack-for-each-block"):
                return ack(self.expected - 1)
            return None
        while True:
            reply = self.exchange_acks(reply, wanted, again)
            again, self.in_window = None, 0
            if self.done:
                self.final = reply
                return

    def exchange_acks(self, reply, wanted, again):
        if self.has("ack-not-repeated"):
            self.send(reply)
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                p = self.receive(end - time.monotonic())
                if p and p[1:2] == b"\5":
                    raise SystemExit
                result = wanted(p) if p else None
                if result is not None:
                    return result
            raise SystemExit
        return self.exchange([reply], wanted, again)

    def dally(self, final):
        self.send(final)
        end = time.monotonic() + DALLY
        while not self.has("no-dally"):
            p = self.receive(end - time.monotonic())
            if p is None:
                return
            if p[1:2] == b"\3":
                self.send(final)


if __name__ == "__main__":
    threading.excepthook = lambda args: None if args.exc_type is SystemExit else \
        threading.__excepthook__(args)
    Server(sys.argv[1], sys.argv[2:]).run()
