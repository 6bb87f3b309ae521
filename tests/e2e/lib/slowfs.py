# SPDX-License-Identifier: MIT
"""A file system of a program (FUSE, spoken by hand) that takes its time.

    unshare -m python3 slowfs.py DIRECTORY COMMAND...

mounts itself on DIRECTORY, for COMMAND alone to see, and becomes COMMAND. The names of its
files are what they do: `read-0.5` takes 0.5 s for each read, `open-2` takes 2 s to be
found; `read-gate` and `open-gate` take until there is a file `gate` beside DIRECTORY's
parent, and say there by `gate-reached` that they have begun. Each has SIZE bytes of its
name, over and over. Who waits for it cannot even be killed.
"""
import ctypes
import os
import re
import struct
import sys
import threading
import time

SIZE = 200000
LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE = 1, 2, 3, 14, 15, 17, 18
FLUSH, INIT, ACCESS, INTERRUPT, BATCH_FORGET = 25, 26, 34, 36, 42
ROOT, ENOENT, ENOSYS = 1, 2, 38


def content(name):
    return (name.encode() * (SIZE // len(name) + 1))[:SIZE]


class SlowFs:
    """Each request is answered by a thread of its own, so that none waits for another."""

    def __init__(self, directory):
        self.fd = os.open("/dev/fuse", os.O_RDWR)
        self.names = {}         # by node
        self.gate = os.path.join(os.path.dirname(os.path.dirname(directory)), "gate")
        options = f"fd={self.fd},rootmode=40000,user_id=0,group_id=0,allow_other"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"slow", os.fsencode(directory), b"fuse.slow", 0,
                      options.encode()) < 0:
            raise OSError(ctypes.get_errno(), "mount")

    def run(self):
        while True:
            try:
                request = os.read(self.fd, 1 << 20)
            except OSError:
                return          # unmounted
            threading.Thread(target=self.handle, args=(request,), daemon=True).start()

    def handle(self, request):
        _, op, unique, node = struct.unpack_from("=IIQQ", request)
        if op in (FORGET, BATCH_FORGET, INTERRUPT):
            return
        error, body = self.answer(op, node, request[40:])
        try:
            os.write(self.fd, struct.pack("=IiQ", 16 + len(body), -error, unique) + body)
        except OSError:
            pass                # nobody waits for it any more

    def delay(self, what, name):
        while name == f"{what}-gate" and not os.path.exists(self.gate):
            open(f"{self.gate}-reached", "w").close()
            time.sleep(0.01)
        found = re.fullmatch(rf"{what}-([\d.]+)", name)
        time.sleep(float(found.group(1)) if found else 0)

    def attributes(self, node):
        mode, size = (0o40755, 0) if node == ROOT else (0o100644, SIZE)
        return struct.pack("=QQQQQQIIIIIIIIII", node, size, 0, 1, 1, 1, 0, 0, 0, mode, 1, 0,
                           0, 0, 4096, 0)

    def answer(self, op, node, body):
        if op == INIT:
            return 0, struct.pack("=IIIIHHIIHHI28x", 7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0, 0)
        if op == LOOKUP:
            name = body.rstrip(b"\0").decode()
            self.delay("open", name)
            if not re.fullmatch(r"(open|read)-([\d.]+|gate)", name):
                return ENOENT, b""
            node = 2 + sum(ord(c) << 8 * (i % 4) for i, c in enumerate(name))
            self.names[node] = name
            return 0, struct.pack("=QQQQII", node, 0, 0, 0, 0, 0) + self.attributes(node)
        if op == GETATTR:
            return 0, struct.pack("=QII", 0, 0, 0) + self.attributes(node)
        if op == OPEN:
            return 0, struct.pack("=QII", 0, 0, 0)
        if op == READ:
            self.delay("read", self.names[node])
            _, offset, size = struct.unpack_from("=QQI", body)
            return 0, content(self.names[node])[offset:offset + size]
        if op in (RELEASE, FLUSH, ACCESS):
            return 0, b""
        if op == STATFS:
            return 0, struct.pack("=QQQQQIIII24x", 0, 0, 0, 0, 0, 4096, 255, 4096, 0)
        return ENOSYS, b""


def end_with(parent):
    """A signal at its death would not do: it may be nobody by then, and we are root."""
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(0)


def main():
    directory, *command = sys.argv[1:]
    parent = os.getpid()
    mounted, tell = os.pipe()
    if os.fork() == 0:
        threading.Thread(target=end_with, args=(parent,), daemon=True).start()
        files = SlowFs(directory)
        os.write(tell, b"!")
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        files.run()
        os._exit(0)
    os.close(tell)
    if os.read(mounted, 1) == b"!":
        os.execv(command[0], command)
    sys.exit("slowfs: cannot mount")


if __name__ == "__main__":
    main()
