# SPDX-License-Identifier: MIT
"""What boots over the wire: U-Boot and iPXE in QEMU, on taps of a bridge in a namespace."""
import os
import select
import subprocess
import time

import pytest

SERVER = "10.97.0.1"
LOAD = "0x41000000"


def unpacked(root, name, path):
    found = root / "build-peers" / name
    if not (found / path).exists():
        pytest.skip(f"no {name} here (tools/setup --peers)")
    return found


class Wires:
    """A host of its own for the server and the boards' taps, `host` is its process."""

    def __init__(self, host):
        self.host = host
        self.taps = 0
        self.run("ip", "link", "add", "br0", "type", "bridge")
        self.run("ip", "address", "add", f"{SERVER}/24", "dev", "br0")
        self.run("ip", "link", "set", "br0", "up")

    @property
    def inside(self):
        """Words to put ahead of a command, which then runs there."""
        return ["nsenter", "-t", str(self.host.pid), "-n"]

    def run(self, *words):
        subprocess.run([*self.inside, *words], check=True, timeout=20, capture_output=True)

    def tap(self):
        name = f"tap{self.taps}"
        self.taps += 1
        self.run("ip", "tuntap", "add", "dev", name, "mode", "tap")
        self.run("ip", "link", "set", name, "master", "br0", "up")
        return name


class Guest:
    """What QEMU emulates. Its time is the machine's: two minutes for each step are many times
    what one takes."""

    PATIENCE = 120

    def __init__(self, wires, command, env=None):
        self.process = subprocess.Popen(
            [*wires.inside, *command], env={**os.environ, **(env or {})}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)

    def read_to(self, words):
        """What it prints up to these words."""
        text, end = "", time.monotonic() + self.PATIENCE
        while words not in text:
            ready, _, _ = select.select([self.process.stdout], [], [], end - time.monotonic())
            more = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            assert more, f"no {words!r} behind {text!r}"
            text += more.decode(errors="replace")
        return text

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Machine(Guest):
    """One at its boot loader's prompt."""
    FIRST = END = ""    # what it prints when it may be stopped, and before it takes a command
    STOP = ""           # what stops it

    def __init__(self, wires, command, env=None):
        super().__init__(wires, command, env)
        try:
            self.read_to(self.FIRST)
            self.say(self.STOP)
            self.read_to(self.END)
        except AssertionError:
            self.stop()
            raise

    def say(self, words):
        self.process.stdin.write(words.encode())

    def enter(self, command):
        self.say(command + "\n")

    def do(self, command):
        self.enter(command)
        return self.read_to(self.END)


def nic(wires, kind, mac):
    return ["-netdev", f"tap,id=wire,ifname={wires.tap()},script=no,downscript=no",
            "-device", f"{kind},netdev=wire,mac={mac}"]


class Board(Machine):
    """U-Boot."""
    FIRST, STOP, END = "stop autoboot", "\n", "\n=> "

    def __init__(self, wires, peers, mac, address, server=SERVER):
        libraries = ":".join(str(p) for p in (peers / "usr/lib").glob("*-linux-gnu"))
        super().__init__(wires, [
            peers / "usr/bin/qemu-system-arm", "-M", "virt", "-m", "128", "-nographic", "-L",
            peers / "usr/share/qemu", "-bios", peers / "usr/lib/u-boot/qemu_arm/u-boot.bin",
            *nic(wires, "virtio-net-device", mac)], {"LD_LIBRARY_PATH": libraries})
        for name, value in (("ipaddr", address), ("serverip", server), ("netmask", "255.255.255.0"),
                            ("gatewayip", SERVER)):
            self.do(f"setenv {name} {value}")

    def load(self, name):
        """The CRC-32 of what it loads; None where it is refused."""
        said = self.do(f"tftpboot {LOAD} {name}")
        if "Bytes transferred" not in said:
            return None
        return int(self.do(f"crc32 {LOAD} $filesize").split("==> ")[1].split()[0], 16)

    def ask(self, name):
        """Begin to load it; break off what it loads still."""
        self.say("\x03")
        self.do("")
        self.enter(f"tftpboot {LOAD} {name}")


class Pc(Machine):
    def enter(self, command):
        """Its serial port keeps 16 bytes: each waits for its echo."""
        for c in command:
            self.say(c)
            self.read_to(c)
        self.say("\n")


class Ipxe(Pc):
    """iPXE in the network card of a PC."""
    ROM = "/usr/lib/ipxe/qemu/pxe-e1000.rom"
    FIRST, STOP, END = "Ctrl-B for the iPXE command line", "\x02", "iPXE>"

    def __init__(self, wires, qemu, mac, address):
        super().__init__(wires, [
            qemu, "-M", "pc,graphics=off", "-m", "128", "-nographic",
            *nic(wires, f"e1000,romfile={self.ROM},bootindex=1", mac)])
        self.do("ifopen net0")
        self.do(f"set net0/ip {address}")
        self.do("set net0/netmask 255.255.255.0")

    def ask(self, name):
        self.say("\x03")
        self.do("")
        self.do("imgfree")
        self.enter(f"imgfetch tftp://{SERVER}/{name}")
