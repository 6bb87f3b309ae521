"""A network of a test's own: its thread, and all that it starts, move into a new network
namespace, where nothing can be reached but what the test made. Only there are source
addresses forged."""
import array
import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess

import pytest

NEWNET = 0x40000000  # CLONE_NEWNET
libc = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    if function(*args) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def set_up(name):
    """`ip link set NAME up`, without a process."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        flags = struct.pack("16sh", name.encode(), 1)  # IFF_UP
        fcntl.ioctl(sock, 0x8914, array.array("b", flags + bytes(22)))  # SIOCSIFFLAGS


@contextlib.contextmanager
def namespace():
    """Skips where none may be made. 127.0.0.0/8, ::1 and ::2 are there."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        call(libc.unshare, NEWNET)
    except OSError as problem:
        os.close(here)
        pytest.skip(f"no network namespace may be made here: {problem}")
    try:
        set_up("lo")
        subprocess.run(["ip", "-6", "address", "add", "::2/128", "dev", "lo"], check=True)
        yield
    finally:
        call(libc.setns, here, NEWNET)
        os.close(here)
