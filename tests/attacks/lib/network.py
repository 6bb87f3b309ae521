# SPDX-License-Identifier: MIT
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
        subprocess.run(["ip", "-6", "address", "add", "::2/128", "dev", "lo", "nodad"],
                       check=True)
        yield
    finally:
        call(libc.setns, here, NEWNET)
        os.close(here)


SERVERS = "192.0.2"  # .1 to .9 are this host's
VICTIMS = ("198.51.100", "203.0.113")  # a /24 each of hosts that never say anything


def silent_hosts():
    """In a namespace: networks whose packets leave this host and end there. No ICMP comes
    back, as from a victim behind a firewall."""
    wire, gateway = "out0", f"{SERVERS}.254"
    script = [f"link add {wire} type veth peer name {wire}p address 02:00:00:00:00:01",
              *(f"address add {SERVERS}.{n}/24 dev {wire}" for n in range(1, 10)),
              f"link set {wire} up", f"link set {wire}p up",
              f"neighbour add {gateway} lladdr 02:00:00:00:00:01 dev {wire} nud permanent",
              *(f"route add {victims}.0/24 via {gateway}" for victims in VICTIMS)]
    done = subprocess.run(["ip", "-batch", "-"], input="\n".join(script), text=True,
                          stderr=subprocess.PIPE)
    if done.returncode != 0:
        pytest.skip(f"no pair of network devices may be made here: {done.stderr}")
