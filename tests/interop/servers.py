# SPDX-License-Identifier: MIT
"""Other TFTP servers, each alone on port 69 of a network namespace of its own. What they
cannot do is said here."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
PORT = 69
PATIENCE = 60       # a busy machine starts an interpreter in it


class Server:
    program = None
    uploads = True
    windows = True          # it knows RFC 7440
    hosts = ("127.0.0.1", "[::1]")

    def __init__(self, find, directory, log):
        self.path = find(self.program)
        self.directory = directory
        self.log = log

    def __enter__(self):
        inside = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        self.process = subprocess.Popen([str(c) for c in (*inside, *self.command())],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                                        stdout=self.log.open("w"), start_new_session=True)
        self.wait_until_it_listens()
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)     # a child may be held up by a FIFO
        self.process.wait()

    def listens(self):
        """On each address family it has, says the kernel of its namespace."""
        pattern = re.compile(rf"^ *\d+: [0-9A-F]+:{PORT:04X} ", re.M)
        tables = ["udp", "udp6"][:len(self.hosts)]
        return all(pattern.search(open(f"/proc/{self.process.pid}/net/{t}").read())
                   for t in tables)

    def wait_until_it_listens(self):
        end = time.monotonic() + PATIENCE
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"{self.program} does not listen: {self.said}")
            time.sleep(0.02)

    @property
    def said(self):
        return self.log.read_text(errors="replace")

    def run(self, *command, **how):
        """A command in the same namespace."""
        inside = ["nsenter", "-t", str(self.process.pid), "-n"]
        return subprocess.run([str(c) for c in (*inside, *command)], capture_output=True,
                              errors="replace", **{"timeout": 60, **how})


class Hpa(Server):
    """tftp-hpa's in.tftpd; 5.2 knows no window."""
    program = "in.tftpd"
    windows = False

    def command(self):
        return [self.path, "-L", "-a", f":{PORT}", "-s", "-c", "-u", "nobody",
                self.directory]


class Atftpd(Server):
    """0.8.0 listens on IPv4 alone; later ones on both."""
    program = "atftpd"
    hosts = ("127.0.0.1",)

    def command(self):
        return [self.path, "--daemon", "--no-fork", "--user", "nobody", "--group",
                "nogroup", "--port", PORT, "--logfile", "-", self.directory]


class Dnsmasq(Server):
    """Takes no upload; 2.90 knows no window."""
    program = "dnsmasq"
    uploads = False
    windows = False

    def command(self):
        return [self.path, "-k", "-p", "0", "-C", "/dev/null", "--enable-tftp",
                f"--tftp-root={self.directory}", "--user=root", "--pid-file=",
                "--log-facility=-"]


class NewHpa(Hpa):
    """tftp-hpa 7.3 of Debian's unstable, as tools/setup unpacks it."""
    program = "in.tftpd-7.3"
    windows = True


class Fbtftp(Server):
    """Python; takes no upload."""
    program = "fbtftp"
    uploads = windows = False
    hosts = ("127.0.0.1",)

    def command(self):
        return ["/usr/bin/python3", "-B", PEERS / "fbtftp_server.py", "127.0.0.1", PORT,
                self.directory]


class NetTftpd(Server):
    """Perl; one transfer at a time."""
    program = "perl"
    windows = False
    hosts = ("127.0.0.1",)

    def command(self):
        return [self.path, PEERS / "net_tftpd.pl", "127.0.0.1", PORT, self.directory]


class Erlang(Server):
    """The tftp application of Erlang/OTP."""
    program = "erl"
    windows = False
    hosts = ("127.0.0.1",)

    def command(self):
        return [self.path, "-noshell", "-eval",
                'application:ensure_all_started(tftp), '
                f'{{ok, _}} = tftp:start([{{port, {PORT}}}, {{callback, {{".*", tftp_file,'
                f' [{{root_dir, "{self.directory}"}}]}}}}]),'
                ' timer:sleep(infinity).']


class Pin(Server):
    """Go's pin/tftp, built by the tests from tests/interop/peers/pin.go."""
    program = "pin"
    windows = False
    hosts = ("127.0.0.1",)

    def command(self):
        return [self.path, f"127.0.0.1:{PORT}", self.directory]


class Kedge(Server):
    """kedge itself, in one of its port modes."""
    program = "kedge"
    ports = "auto"

    def command(self):
        return [self.path, "serve", f"tftp://*:{PORT}", "--root", self.directory,
                "--uploads", "overwrite", f"--single-port={self.ports}"]


class KedgeAlways(Kedge):
    ports = "always"


class KedgeNever(Kedge):
    ports = "never"


SERVERS = {"tftp-hpa": Hpa, "atftpd": Atftpd, "dnsmasq": Dnsmasq}
# Also held against `kedge check` alone.
CHECKED = {**SERVERS, "tftp-hpa 7.3": NewHpa, "fbtftp": Fbtftp, "erlang": Erlang, "pin": Pin,
           "Net::TFTPd": NetTftpd, "kedge": Kedge, "kedge single port": KedgeAlways,
           "kedge data port": KedgeNever}


def namespaces_are_to_be_had():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-n", "true"]).returncode == 0
