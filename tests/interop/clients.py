# SPDX-License-Identifier: MIT
"""Other TFTP clients, each as one command line. What they cannot do is said here."""
import subprocess
from dataclasses import dataclass


@dataclass
class Done:
    code: int
    said: str


class Client:
    program = None
    patience = 60           # seconds, then it is ended
    options = ()            # that it can be told to ask for
    fails_well = True       # a failed transfer shows in the exit status

    def __init__(self, find):
        self.path = find(self.program)
        self.waits_for = lambda: None       # before its patience counts

    def run(self, *command):
        with subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            try:
                self.waits_for()
                said, _ = process.communicate(timeout=self.patience)
            finally:
                process.kill()
        return Done(process.returncode, said.decode(errors="replace"))


class Hpa(Client):
    """tftp-hpa 5.2: asks no option, and exits with 0 whatever happens."""
    program = "tftp"
    fails_well = False

    def get(self, at, name, to):
        return self.run(self.path, "-m", "octet", *at, "-c", "get", name, to)

    def put(self, at, name, file):
        return self.run(self.path, "-m", "octet", *at, "-c", "put", file, name)


class Atftp(Client):
    program = "atftp"
    options = ("blksize", "windowsize", "tsize", "timeout")

    def asked(self, options):
        return [w for k, v in options.items() for w in ("--option", f"{k} {v}")]

    def get(self, at, name, to, **options):
        return self.run(self.path, *self.asked(options), "-g", "-r", name, "-l", to, *at)

    def put(self, at, name, file, **options):
        return self.run(self.path, *self.asked(options), "-p", "-r", name, "-l", file, *at)


class Curl(Client):
    """Always asks tsize, blksize and timeout."""
    program = "curl"
    options = ("blksize",)

    def url(self, at, name):
        host = f"[{at[0]}]" if ":" in at[0] else at[0]
        return f"tftp://{host}:{at[1]}/{name}"

    def asked(self, options):
        return [w for k, v in options.items() for w in (f"--tftp-{k}", str(v))]

    def get(self, at, name, to, **options):
        return self.run(self.path, "-sS", *self.asked(options), "-o", to,
                        self.url(at, name))

    def put(self, at, name, file, **options):
        return self.run(self.path, "-sS", *self.asked(options), "-T", file,
                        self.url(at, name))


class Busybox(Client):
    """Refuses a block size below 24, so that is not tried."""
    program = "busybox"
    options = ("blksize",)

    def asked(self, options):
        return ["-b", str(options["blksize"])] if options else []

    def get(self, at, name, to, **options):
        return self.run(self.path, "tftp", *self.asked(options), "-g", "-r", name, "-l", to,
                        *at)

    def put(self, at, name, file, **options):
        return self.run(self.path, "tftp", *self.asked(options), "-p", "-r", name, "-l",
                        file, *at)


CLIENTS = {"tftp-hpa": Hpa, "atftp": Atftp, "curl": Curl, "busybox": Busybox}
