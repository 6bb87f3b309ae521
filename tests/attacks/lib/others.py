# SPDX-License-Identifier: MIT
"""TFTP servers of others beside kedge, each on port 69 of its own address. What is not
installed (`tools/setup --peers`) is left out."""
import contextlib
import shutil
import socket
import subprocess
import time
from pathlib import Path

from attacks.lib.network import SERVERS
from e2e.peers.tftp import RRQ, request

ROOT = Path(__file__).resolve().parents[3]


def unpacked(package, name):
    program = ROOT / "build-peers" / package / "usr/sbin" / name
    return program if program.exists() else shutil.which(name)


def has_applets(busybox):
    done = subprocess.run([busybox, "--list"], stdout=subprocess.PIPE, text=True)
    return {"tftpd", "udpsvd"} <= set(done.stdout.split())


def commands(kedge, at, root):
    """Name: the command that serves root on port 69 of at, in the foreground."""
    serve = [kedge, "serve", f"tftp://{at}:69", "--root", root, "--uploads", "create"]
    hpa, atftpd = unpacked("tftpd-hpa", "in.tftpd"), unpacked("atftpd", "atftpd")
    dnsmasq, busybox = shutil.which("dnsmasq"), shutil.which("busybox")
    busybox = busybox if busybox and has_applets(busybox) else None  # Debian's lacks them
    return {
        "kedge": serve,
        "kedge, one port": [*serve, "--single-port"],
        "tftpd-hpa": hpa and [hpa, "-L", "-a", f"{at}:69", "-c", "-u", "nobody", "-s", root],
        "atftpd": atftpd and [atftpd, "--daemon", "--no-fork", "--port", "69",
                              "--bind-address", at, "--user", "nobody", "--group",
                              "nogroup", root],
        "dnsmasq": dnsmasq and [dnsmasq, "-k", "-p", "0", "--enable-tftp", "-x", "",
                                f"--tftp-root={root}", f"--listen-address={at}",
                                "--bind-interfaces", "--conf-file=/dev/null",
                                "--user=nobody"],
        "busybox": busybox and [busybox, "udpsvd", "-E", at, "69", busybox, "tftpd", "-c",
                                root],
    }


def answers(at, name):
    """It serves that file by now."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.3)
            sock.sendto(request(RRQ, name), (at, 69))
            with contextlib.suppress(OSError):
                if sock.recv(600):
                    return True
    return False


@contextlib.contextmanager
def running(kedge, root, names=None):
    """Name: address, of those that could be started (of those named)."""
    up, children = {}, []
    try:
        for number, name in enumerate(commands(kedge, "", root), 1):
            at = f"{SERVERS}.{number}"
            command = commands(kedge, at, root)[name]
            if not command or (names and name not in names):
                continue
            children.append(subprocess.Popen([str(c) for c in command],
                                             stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL))
            if answers(at, "empty"):
                up[name] = at
        yield up
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(20)
