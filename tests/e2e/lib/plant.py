# SPDX-License-Identifier: MIT
"""Code of an intruder inside a server: see plant.c. A kernel without Landlock."""
import ctypes
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from e2e.lib.serve import PATIENCE, Server

SOURCE = Path(__file__).with_name("plant.c")
LANDLOCK_CREATE_RULESET = 444  # on each architecture


def build(directory):
    library = directory / "plant.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def planted(library, **more):
    """Words to put ahead of a server's command, whatever this run itself is planted with."""
    return ["env", "-u", "PLANT_UNKNOWN", f"LD_PRELOAD={library}",
            *(f"{k}={v}" for k, v in more.items())]


def in_all(directory, kedge):
    """Plant it in all that this run starts, by KEDGE_UNKNOWN_CALLS; it must show at once."""
    os.environ.update(LD_PRELOAD=str(build(directory)),
                      PLANT_UNKNOWN=os.environ["KEDGE_UNKNOWN_CALLS"])
    command = ["env", f"PLANT_OUT={directory}/out", "PLANT_PORT=9", f"PLANT_PID={os.getpid()}",
               f"PLANT_FILE={directory}/made", kedge, "serve", "tftp://127.0.0.1:0", "--root",
               directory]
    server = Server(command, directory / "log")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"PLANTED", server.at)
    try:
        if os.environ["PLANT_UNKNOWN"] == "kill":
            assert server.process.wait(PATIENCE) == -signal.SIGSYS, server.lines
    finally:
        server.kill()


def triggered(at, out):
    """What each attempt said in the server at that address: its errno, 0 where it worked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"PLANTED", at)
    end = time.monotonic() + PATIENCE
    while not out.exists() or "done 0\n" not in out.read_text():
        assert time.monotonic() < end, out.exists() and out.read_text()
        time.sleep(0.02)
    words = [line.rpartition(" ") for line in out.read_text().splitlines()]
    return {what: int(errno) for what, _, errno in words}


def without_landlock():
    """For a child, before its program: the system call is not there (seccomp)."""
    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte),
                    ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Filter))]

    code = (Filter * 4)(Filter(0x20, 0, 0, 0), Filter(0x15, 0, 1, LANDLOCK_CREATE_RULESET),
                        Filter(0x06, 0, 0, 0x00050000 | 38), Filter(0x06, 0, 0, 0x7fff0000))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(Program(4, code)), 0, 0):
        raise OSError(ctypes.get_errno(), "no filter")
