# SPDX-License-Identifier: MIT
"""The shipped units under a real systemd, which is the first process of namespaces of its own:
nothing of it is seen outside, and its end is the end of all that it started."""
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

SYSTEMD = next((p for p in ("/lib/systemd/systemd", "/usr/lib/systemd/systemd")
                if Path(p).exists()), None)
SPACES = ["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup"]
# systemd empties /tmp and /var/tmp at its start, so they are others. Where this host has a
# systemd of its own, its control groups are out of reach.
BOOT = f"""set -e
here=$1
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/kedge-test /run/systemd/system
mount --bind "$here" /run/kedge-test
cp /run/kedge-test/units/* /run/systemd/system/
for empty in /tmp /var/tmp /srv /etc/systemd/system; do mount -t tmpfs tmpfs $empty; done
mount -t proc proc /proc
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi
mkdir -m 755 /srv/tftp
cp /run/kedge-test/f /srv/tftp/f
chmod 644 /srv/tftp/f
exec env -i container=other PATH="$PATH" {SYSTEMD} --unit=basic.target
"""
SERVICE = "kedge-tftp.service"
PATIENCE = 40


class Machine:
    """One systemd. run() is a command inside, show() a property of kedge-tftp.service."""

    def __init__(self, here):
        self.log = here / "log"
        self.process = subprocess.Popen(
            ["unshare", *SPACES, "--fork", "--kill-child", "sh", "-c", BOOT, "sh", here],
            stdin=subprocess.DEVNULL, stdout=self.log.open("w"), stderr=subprocess.STDOUT)
        self.inside = None

    def is_up(self):
        if self.process.poll() is not None:
            pytest.skip(f"systemd does not run here: {self.log.read_text()[-200:].strip()!r}")
        if not self.inside:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            self.inside = children.read_text().strip()
        return self.inside and "running" in self.run("systemctl", "is-system-running").stdout

    def wait(self, happened, what):
        end = time.monotonic() + PATIENCE
        while not happened():
            if time.monotonic() > end:
                raise AssertionError(f"{what}: {self.journal()}")
            time.sleep(0.05)

    def journal(self):
        return self.run("journalctl", "--no-pager", "-n", "50").stdout

    def run(self, *words):
        return subprocess.run(["nsenter", "-t", self.inside, "-m", "-p", "-u", "-i", "-n", "-C",
                               *map(str, words)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE)

    def systemctl(self, *words):
        done = self.run("systemctl", *words)
        assert done.returncode == 0, (words, done.stderr, self.journal())

    def show(self, name, unit=SERVICE):
        return self.run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()

    def is_served(self):
        got = self.run("/run/kedge-test/kedge", "get", "tftp://127.0.0.1/f", "-o", "-")
        return got.returncode == 0 and got.stdout == "content"

    def end(self):
        self.process.kill()     # the first process of its namespaces ends with it
        self.process.wait()


def units(root, place):
    """As installed, but for the program's place; a watchdog that need not be waited for."""
    place.mkdir()
    text = (root / "systemd/kedge-tftp.service.in").read_text()
    (place / "kedge-tftp.service").write_text(
        text.replace("@bindir@", "/run/kedge-test").replace("WatchdogSec=30", "WatchdogSec=5")
        .replace("RestartSec=2", "RestartSec=0.1"))
    shutil.copy(root / "systemd/kedge-tftp.socket", place)


def why_not():
    if os.geteuid() != 0 or not SYSTEMD:
        return "needs root and systemd"
    if subprocess.run(["unshare", *SPACES, "--fork", "true"], stderr=subprocess.DEVNULL).returncode:
        return "namespaces may not be made here"
    if Path("/proc/1/comm").read_text() == "systemd\n" and \
            not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return "the control groups of this host's systemd would be shared"
    return None


@pytest.fixture
def machine(root, kedge, tmp_path):
    """One at a time on this host: two would have control groups of the same names."""
    if why_not():
        pytest.skip(why_not())
    units(root, tmp_path / "units")
    shutil.copy(kedge, tmp_path / "kedge")
    (tmp_path / "f").write_text("content")
    tmp_path.chmod(0o755)
    with open(Path(tempfile.gettempdir()) / "kedge-test-systemd.lock", "w",
              encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        machine = Machine(tmp_path)
        try:
            machine.wait(machine.is_up, "systemd did not come up")
            yield machine
        finally:
            machine.end()


def it_is_active_once_it_serves(machine):
    machine.systemctl("start", SERVICE)
    assert machine.show("ActiveState") == "active" and machine.show("Type") == "notify"
    assert machine.is_served()
    machine.wait(lambda: re.match(r"0 transfers running, [1-9]\d* done",
                                  machine.show("StatusText")), "no numbers")


def a_reload_leaves_it_running(machine):
    before = machine.show("MainPID")
    machine.systemctl("reload", SERVICE)
    machine.wait(lambda: machine.show("ActiveState") == "active", "no end of the reload")
    assert machine.show("MainPID") == before and machine.is_served()


def it_is_started_again(machine, signal):
    before, count = machine.show("MainPID"), int(machine.show("NRestarts"))
    machine.systemctl("kill", "--kill-whom=main", f"--signal={signal}", SERVICE)
    machine.wait(lambda: int(machine.show("NRestarts")) > count and
                 machine.show("ActiveState") == "active", f"not started again after {signal}")
    assert machine.show("MainPID") != before
    machine.wait(machine.is_served, "not served again")


def it_stops_well(machine):
    machine.systemctl("stop", "kedge-tftp.socket", SERVICE)
    assert machine.show("ActiveState") == "inactive" and machine.show("Result") == "success"


def a_failure_that_stays_does_not_stop_it_for_good(machine):
    """Without its root it fails at once, more often than systemd's usual limit of five, and
    serves when the root is back."""
    machine.run("mv", "/srv/tftp", "/srv/away")
    machine.run("systemctl", "start", SERVICE)
    machine.wait(lambda: int(machine.show("NRestarts")) > 6, "not started again and again")
    machine.run("mv", "/srv/away", "/srv/tftp")
    machine.wait(machine.is_served, "not served")


def the_first_request_starts_it(machine):
    machine.systemctl("start", "kedge-tftp.socket")
    assert machine.show("ActiveState") == "inactive"
    assert machine.is_served()
    assert machine.show("ActiveState") == "active"


MORE = """[Service]
ExecStart=
ExecStart=/run/kedge-test/kedge serve --user nobody --metrics unix:///run/kedge/metrics \
    --control unix:///run/kedge/control --root /srv/tftp tftp://*
"""


def it_is_seen_on_its_paths(machine, root):
    """In the directory that systemd-tmpfiles makes of the shipped line, for another user. Who is
    in the group connects, and can put nothing else there."""
    line = next(text for text in (root / "systemd/kedge-tftp.tmpfiles").read_text().splitlines()
                if " /run/kedge " in text).replace(" tftp tftp ", " nobody nogroup ")
    drop_in = f"/run/systemd/system/{SERVICE}.d"
    machine.run("mkdir", "-p", drop_in)
    for name, text in (f"{drop_in}/more.conf", MORE), ("/run/line.conf", line + "\n"):
        machine.run("sh", "-c", 'printf %s "$1" > "$0"', name, text)
    assert machine.run("systemd-tmpfiles", "--create", "/run/line.conf").returncode == 0
    machine.systemctl("daemon-reload")
    machine.systemctl("start", SERVICE)
    assert machine.is_served()
    machine.wait(lambda: machine.run("/run/kedge-test/kedge", "top").stdout.startswith(
        "0 open, 1 ok, 0 failed"), "not seen")
    found = machine.run("stat", "-c", "%n %a %U %G", "/run/kedge/control", "/run/kedge/metrics")
    assert found.stdout == "/run/kedge/control 660 nobody nogroup\n" \
                           "/run/kedge/metrics 660 nobody nogroup\n"
    member = ["setpriv", "--reuid=daemon", "--regid=nogroup", "--clear-groups"]
    assert machine.run(*member, "/run/kedge-test/kedge", "top").returncode == 0
    for attempt in ("rm", "/run/kedge/control"), ("mv", "/run/kedge/control", "/run/kedge/x"), \
            ("touch", "/run/kedge/y"):
        assert "Permission denied" in machine.run(*member, *attempt).stderr
    it_stops_well(machine)
    assert machine.run("ls", "/run/kedge").stdout == ""


def test_the_units_under_systemd(machine, root):
    it_is_active_once_it_serves(machine)
    a_reload_leaves_it_running(machine)
    it_is_started_again(machine, "KILL")
    it_is_started_again(machine, "STOP")     # it hangs, which only the watchdog sees
    it_stops_well(machine)
    a_failure_that_stays_does_not_stop_it_for_good(machine)
    it_stops_well(machine)
    the_first_request_starts_it(machine)
    it_stops_well(machine)
    it_is_seen_on_its_paths(machine, root)
