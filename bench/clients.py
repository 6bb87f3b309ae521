# SPDX-License-Identifier: MIT
"""TFTP clients: one file got or put, each with the best options that it knows."""
from place import GIB, SIZES, find, run_measured, same
from tftp import serve

HERE = "127.0.0.1"


def kedge(verb, name, file, blksize):
    url = f"tftp://{HERE}/{name}"
    options = [] if blksize is None else ["--blksize", blksize]
    if verb == "get":
        return [find("kedge"), "get", "-q", *options, url, "-o", file]
    return [find("kedge"), "put", "-q", *options, file, url]


def hpa(verb, name, file, blksize):
    names = [name, file] if verb == "get" else [file, name]
    return [find("tftp"), "-m", "octet", HERE, "69", "-c", verb, *names]


def atftp(verb, name, file, blksize):
    """A window of 16; in lock-step at 65464, where 16 are more than a socket takes."""
    window = 1 if blksize == 65464 else 16
    options = ["--option", f"blksize {blksize or 1468}", "--option", f"windowsize {window}"]
    return [find("atftp"), *options, "-g" if verb == "get" else "-p", "-r", name, "-l", file,
            HERE, "69"]


def curl(verb, name, file, blksize):
    where = f"tftp://{HERE}/{name}"
    words = ["-o", file, where] if verb == "get" else ["-T", file, where]
    return [find("curl"), "-sS", "--tftp-blksize", blksize or 1468, *words]


def busybox(verb, name, file, blksize):
    return [find("busybox"), "tftp", "-b", blksize or 1468,
            "-g" if verb == "get" else "-p", "-r", name, "-l", file, HERE]


CLIENTS = {"kedge": kedge, "tftp-hpa": hpa, "atftp": atftp, "curl": curl,
           "busybox": busybox}


class Client:
    """One file by each client, from or to one server, every byte compared."""
    metric = "client_s_per_GiB"

    def __init__(self, verb, server, blksize, file="256MiB", quick="64MiB"):
        self.verb, self.server, self.blksize = verb, server, blksize
        self.file, self.quick = file, quick

    def run(self, name, files, quick):
        file = self.quick if quick else self.file
        copy, outer = files[file], files.directory.parent
        here = outer / "got" if self.verb == "get" else copy
        there = "up" if self.verb == "put" else file
        command = CLIENTS[name](self.verb, there, here, self.blksize)
        with serve(self.server, files) as server:
            status, seconds, cpu, memory = run_measured(server, command)
        result = here if self.verb == "get" else files.directory / there
        whole = result.exists() and same(result, copy)
        result.unlink(missing_ok=True)
        return {"failed": int(status != 0), "wrong": int(not whole), "wall_s": seconds,
                "client_s_per_GiB": cpu / (SIZES[file] / GIB), "memory_MiB": memory,
                "MBps": SIZES[file] / seconds / 1e6}
