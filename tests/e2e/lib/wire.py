# SPDX-License-Identifier: MIT
"""Two hosts and a wire between them, or a router too: namespaces that end with the test."""
import os
import subprocess
import time

ADDRESS = "10.99.0.1"


def own_network():
    """A process that has a network of its own, and no other use; None where there may be
    none."""
    process = subprocess.Popen(["unshare", "-n", "sleep", "300"], stderr=subprocess.DEVNULL)
    own = os.readlink("/proc/self/ns/net")
    while process.poll() is None:
        if os.readlink(f"/proc/{process.pid}/ns/net") != own:
            return process
        time.sleep(0.005)
    return None


class Wire:
    """`near` asks, `far` is asked at `peer`. mtu is that of the far end's link: without a
    router what is larger vanishes there without a word; a router says so."""

    def __init__(self, near, far, mtu=1500, router=None):
        self.near, self.far, self.router = near, far, router
        self.peer = "10.99.1.2" if router else "10.99.0.2"
        for process in near, far, router:
            if process:
                self.run(process, "ip", "link", "set", "lo", "up")
        self.link(near, f"{ADDRESS}/24", router or far, "10.99.0.254/24" if router else
                  f"{self.peer}/24", 1500, 1500 if router else mtu)
        if router:
            self.link(router, "10.99.1.254/24", far, f"{self.peer}/24", mtu, mtu)
            self.run(router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
            self.run(near, "ip", "route", "add", "default", "via", "10.99.0.254")
            self.run(far, "ip", "route", "add", "default", "via", "10.99.1.254")

    def link(self, one, address, other, address_of_other, mtu, mtu_of_other):
        ends = f"v{one.pid}", f"w{other.pid}"
        self.run(one, "ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1],
                 "netns", str(other.pid))
        for process, name, where, size in ((one, ends[0], address, mtu),
                                           (other, ends[1], address_of_other, mtu_of_other)):
            self.run(process, "ip", "address", "add", where, "dev", name)
            self.run(process, "ip", "link", "set", name, "mtu", str(size), "up")
        self.await_carrier(one, ends[0])

    def await_carrier(self, process, name):
        end = time.monotonic() + 10
        while "state UP" not in self.run(process, "ip", "link", "show", name):
            assert time.monotonic() < end, "the link does not come up"
            time.sleep(0.01)

    def inside(self, process):
        """Words to put ahead of a command, which then runs there."""
        return ["nsenter", "-t", str(process.pid), "-n"]

    def run(self, process, *words):
        return subprocess.run([*self.inside(process), *words], check=True, timeout=20,
                              capture_output=True, text=True).stdout

    @property
    def device(self):
        """The near end's."""
        return f"v{self.near.pid}"
