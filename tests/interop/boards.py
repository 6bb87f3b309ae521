# SPDX-License-Identifier: MIT
"""Boards that boot over the wire: U-Boot in QEMU, on taps of a bridge in a namespace."""
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
    """What QEMU emulates. Its time is the machine's: a minute and a half for each step is many
    times what one takes."""

    PATIENCE = 90

    def __init__(self, command, **more):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0, **more)

    def read_to(self, words):
        """What it prints up to these words."""
        text, end = "", time.monotonic() + self.PATIENCE
        while words not in text:
            left = max(0, end - time.monotonic())
            ready, _, _ = select.select([self.process.stdout], [], [], left)
            more = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            assert more, f"no {words!r} behind {text!r}"
            text += more.decode(errors="replace")
        return text

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Board(Guest):
    """A board with U-Boot, at its prompt."""

    def __init__(self, wires, peers, mac, address, server=SERVER):
        libraries = ":".join(str(p) for p in (peers / "usr/lib").glob("*-linux-gnu"))
        nic = f"virtio-net-device,netdev=wire,mac={mac}"
        super().__init__(
            [*wires.inside, peers / "usr/bin/qemu-system-arm", "-M", "virt", "-m", "128", "-nographic",
             "-L", peers / "usr/share/qemu", "-bios", peers / "usr/lib/u-boot/qemu_arm/u-boot.bin",
             "-netdev", f"tap,id=wire,ifname={wires.tap()},script=no,downscript=no", "-device", nic],
            env={**os.environ, "LD_LIBRARY_PATH": libraries})
        self.read_to("stop autoboot")
        self.do("")
        for name, value in (("ipaddr", address), ("serverip", server), ("netmask", "255.255.255.0"),
                            ("gatewayip", SERVER)):
            self.do(f"setenv {name} {value}")

    def do(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        return self.read_to("\n=> ")

    def load(self, name):
        """The CRC-32 of what it loads; None where it is refused."""
        said = self.do(f"tftpboot {LOAD} {name}")
        if "Bytes transferred" not in said:
            return None
        return int(self.do(f"crc32 {LOAD} $filesize").split("==> ")[1].split()[0], 16)
