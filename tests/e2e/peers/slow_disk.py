# SPDX-License-Identifier: MIT
"""A file system whose calls a test can hold up: FUSE by hand, one directory in memory.

`hold("READ")` makes the next call of that kind, and those after it, wait until `let_go()`;
`held.wait()` says when one waits. All other calls are answered meanwhile, by as many
threads as there may be held calls and one more.
"""
import ctypes
import errno
import os
import stat
import struct
import threading
import time
from pathlib import Path

ROOT = 1
LONG = 3600                 # names and attributes stay known for so long
WRITE_MAX = 1 << 17
ASYNC_READ, BIG_WRITES, PARALLEL_DIROPS = 1, 1 << 5, 1 << 18
OPCODES = {1: "LOOKUP", 2: "FORGET", 3: "GETATTR", 4: "SETATTR", 10: "UNLINK", 12: "RENAME",
           13: "LINK", 14: "OPEN", 15: "READ", 16: "WRITE", 17: "STATFS", 18: "RELEASE",
           20: "FSYNC", 25: "FLUSH", 26: "INIT", 27: "OPENDIR", 28: "READDIR",
           29: "RELEASEDIR", 30: "FSYNCDIR", 35: "CREATE", 36: "INTERRUPT", 38: "DESTROY",
           42: "BATCH_FORGET", 45: "RENAME2"}
UNANSWERED = ("FORGET", "BATCH_FORGET", "INTERRUPT")
SET_MODE, SET_SIZE = 1, 8
libc = ctypes.CDLL(None, use_errno=True)


class Node:
    def __init__(self, mode, content=b""):
        self.mode, self.content = mode, bytearray(content)
        self.links, self.mtime = 1, time.time_ns()


class SlowDisk:
    def __init__(self, place, threads=8):
        self.place = Path(place)
        self.nodes = {ROOT: Node(stat.S_IFDIR | 0o777)}
        self.names = {}
        self.lock = threading.Lock()
        self.seen = []
        self.kind, self.fault = None, {}
        self.held, self.going = threading.Event(), threading.Event()
        self.going.set()
        self.device = os.open("/dev/fuse", os.O_RDWR)
        self.mount()
        self.threads = [threading.Thread(target=self.serve, daemon=True)
                        for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def mount(self):
        words = f"fd={self.device},rootmode=40777,user_id=0,group_id=0,allow_other"
        if libc.mount(b"kedge-test", os.fsencode(self.place), b"fuse", 0, words.encode()):
            code = ctypes.get_errno()
            os.close(self.device)
            raise OSError(code, os.strerror(code))

    def close(self):
        self.let_go()
        libc.umount2(os.fsencode(self.place), 2)        # MNT_DETACH
        for thread in self.threads:
            thread.join(5)
        os.close(self.device)

    def add(self, name, content):
        with self.lock:
            number = max(self.nodes) + 1
            self.nodes[number] = Node(stat.S_IFREG | 0o644, content)
            self.names[os.fsencode(name)] = number

    def files(self):
        """Name and content of each, past the kernel's cache."""
        with self.lock:
            return {os.fsdecode(n): bytes(self.nodes[i].content)
                    for n, i in self.names.items()}

    def hold(self, kind):
        self.held.clear()
        self.going.clear()
        self.kind = kind

    def let_go(self):
        self.kind = None
        self.going.set()

    def serve(self):
        while True:
            try:
                call = os.read(self.device, WRITE_MAX + 4096)
            except OSError as e:
                if e.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                return                                  # ENODEV: unmounted
            self.answer(call)

    def answer(self, call):
        _, opcode, unique, node = struct.unpack_from("=IIQQ", call)
        kind = OPCODES.get(opcode, str(opcode))
        if kind == self.kind:
            self.held.set()
            self.going.wait()
        if kind in UNANSWERED:
            return
        body, code = b"", 0
        try:
            with self.lock:
                self.seen.append(kind)
                if kind in self.fault:
                    raise OSError(self.fault[kind], "as the test wants it")
                body = getattr(self, f"do_{kind.lower()}", self.unknown)(node, call[40:])
        except OSError as e:
            code = e.errno
        try:
            os.write(self.device, struct.pack("=IiQ", 16 + len(body), -code, unique) + body)
        except OSError:
            pass                                        # the caller is gone, or the mount

    def unknown(self, node, words):
        raise OSError(errno.ENOSYS, "")

    def attributes(self, number):
        n = self.nodes[number]
        size, seconds = len(n.content), n.mtime // 10**9
        return struct.pack("=6Q10I", number, size, -(-size // 512), seconds, seconds, seconds,
                           *[n.mtime % 10**9] * 3, n.mode, n.links, 0, 0, 0, 4096, 0)

    def entry(self, number):
        return struct.pack("=4Q2I", number, 0, LONG, LONG, 0, 0) + self.attributes(number)

    def find(self, name):
        if name not in self.names:
            raise OSError(errno.ENOENT, "")
        return self.names[name]

    def do_init(self, node, words):
        _, minor, ahead, offered = struct.unpack_from("=4I", words)
        flags = (ASYNC_READ | BIG_WRITES | PARALLEL_DIROPS) & offered
        return struct.pack("=4I2H2I2HI28x", 7, min(minor, 31), ahead, flags, 32, 16,
                           WRITE_MAX, 1, 0, 0, 0)

    def do_lookup(self, node, words):
        return self.entry(self.find(words.split(b"\0")[0]))

    def do_getattr(self, node, words):
        return struct.pack("=Q2I", LONG, 0, 0) + self.attributes(node)

    def do_setattr(self, node, words):
        valid, size = struct.unpack_from("=I12xQ", words)
        n = self.nodes[node]
        if valid & SET_SIZE:
            n.content = n.content[:size].ljust(size, b"\0")
        if valid & SET_MODE:
            n.mode = struct.unpack_from("=I", words, 68)[0]
        return self.do_getattr(node, words)

    def do_open(self, node, words):
        return struct.pack("=Q2I", node, 0, 0)

    do_opendir = do_open

    def do_create(self, node, words):
        number = max(self.nodes) + 1
        mode, umask = struct.unpack_from("=4xII", words)
        self.nodes[number] = Node(stat.S_IFREG | mode & 0o777 & ~umask)
        self.names[words[16:].split(b"\0")[0]] = number
        return self.entry(number) + self.do_open(number, b"")

    def do_read(self, node, words):
        offset, size = struct.unpack_from("=8xQI", words)
        return bytes(self.nodes[node].content[offset:offset + size])

    def do_write(self, node, words):
        offset, size = struct.unpack_from("=8xQI", words)
        content = self.nodes[node].content
        content.extend(bytes(max(0, offset - len(content))))
        content[offset:offset + size] = words[40:40 + size]
        self.nodes[node].mtime = time.time_ns()
        return struct.pack("=II", size, 0)

    def do_statfs(self, node, words):
        return struct.pack("=5Q4I24x", 1 << 20, 1 << 19, 1 << 19, 1000, 900, 4096, 255, 4096, 0)

    def nothing(self, node, words):
        return b""

    do_release = do_releasedir = do_fsync = do_fsyncdir = do_flush = do_destroy = nothing

    def do_unlink(self, node, words):
        name = words.split(b"\0")[0]
        self.nodes[self.find(name)].links -= 1
        del self.names[name]
        return b""

    def rename(self, names):
        old, new = names.split(b"\0")[:2]
        if new in self.names:
            self.nodes[self.names[new]].links -= 1
        self.names[new] = self.find(old)
        del self.names[old]
        return b""

    def do_rename(self, node, words):
        return self.rename(words[8:])

    def do_rename2(self, node, words):
        return self.rename(words[16:])

    def do_link(self, node, words):
        number, = struct.unpack_from("=Q", words)
        name = words[8:].split(b"\0")[0]
        if name in self.names:
            raise OSError(errno.EEXIST, "")
        self.names[name] = number
        self.nodes[number].links += 1
        return self.entry(number)

    def do_readdir(self, node, words):
        offset, = struct.unpack_from("=8xQ", words)
        out = b""
        for at, (name, number) in list(enumerate(self.names.items(), 1))[offset:offset + 20]:
            out += struct.pack("=QQII", number, at, len(name), stat.S_IFREG >> 12)
            out += name + bytes(-len(name) % 8)
        return out
