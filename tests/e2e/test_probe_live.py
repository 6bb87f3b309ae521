# SPDX-License-Identifier: MIT
"""The rows of a running probe, looked at in a terminal (tmux)."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from e2e.lib.screen import rest_of
from e2e.peers.echo import Datagrams, closed_port

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux")
LOOP = ("127.0.0.1", 0)


def test_a_row_a_target_in_place_then_the_summary(kedge, screen):
    port, held = closed_port()
    held.close()
    peer = Datagrams(LOOP)
    s = screen(130, 20, kedge, "probe", "-c", "0", "-i", "5ms", peer.url,
               f"udp://127.0.0.1:{port}")
    rows = s.until(lambda lines: len(lines) == 2 and re.search(r"p99 \d", lines[0]))
    assert re.match(rf"{re.escape(peer.url)} .*[▁-█]  p50 \d+\.\d+  p99 \d+\.\d+  lost 0  of \d+$",
                    rows[0])
    assert re.search(r"×  p50 -  p99 -  lost (\d+) \(\1 refused\)  of \d+$", rows[1])
    later = s.until(lambda lines: len(lines) == 2 and lines[0][-3:] != rows[0][-3:])
    assert int(later[0].split()[-1]) > int(rows[0].split()[-1])
    s.call("send-keys", "C-c")
    assert s.status() == 1
    summary = s.lines()
    assert summary[0].split()[:2] == ["target", "sent"]
    assert not any("▁" in line or "p50 " in line and "of " in line for line in summary)


@pytest.mark.parametrize("columns, shown", [
    (80, r"(\S+) +[▁-█× ]{4,}  p50 [\d.]+  p99 [\d.]+  lost 0  of (\d{3,})"),
    (60, r"(\S+)  p50 [\d.]+(?:  p99 [\d.]+)?  lost 0  of (\d{3,})"),
    (40, r"(\S+) *  p50 [\d.]+  lost 0  of (\d{3,})"),
    (24, r"(\S+) *(?:  p50 [\d.]+)?()")])
def test_no_figure_is_cut(kedge, screen, columns, shown):
    """Else 370 lost is 37 lost, or 3."""
    peer = Datagrams(LOOP)
    s = screen(columns, 8, kedge, "probe", "-c", "0", "-i", "2ms", peer.url)
    s.until(lambda lines: len(peer.seen) > 200 and lines and re.fullmatch(shown, lines[0]))


def test_rows_fit_the_screen(kedge, screen):
    peers = [Datagrams(LOOP) for _ in range(12)]
    s = screen(50, 6, kedge, "probe", "-c", "0", "-i", "20ms", *[p.url for p in peers])
    rows = s.until(lambda lines: lines and "more" in lines[-1] and "  of " in lines[0])
    assert len(rows) == 5 and rows[-1] == "and 8 more"
    assert [row.split()[0] for row in rows[:4]] == [p.url for p in peers[:4]]
    time.sleep(1)
    assert len(s.lines()) == 5


def test_quiet_draws_nothing(kedge, screen):
    s = screen(100, 10, kedge, "probe", "-q", "-c", "0", "-i", "5ms", Datagrams(LOOP).url)
    time.sleep(1)
    assert s.lines() == []


def test_a_dumb_terminal_is_not_drawn_on(kedge, screen):
    s = screen(80, 10, "env", "TERM=dumb", kedge, "probe", "-c", "0", "-i", "5ms",
               Datagrams(LOOP).url)
    time.sleep(1)
    assert s.lines() == []


def test_causes_are_told_apart(kedge, serve, screen):
    """The server is stopped until its queue is more than full, and goes on."""
    server = serve(at=("echo+udp://127.0.0.1:0",))
    host, port = server.address("echo+udp")
    s = screen(250, 10, kedge, "probe", "-c", "0", "-i", "50us", "--size", "1400", "--timeout",
               "3s", f"udp://{host}:{port}")

    def sent(lines):
        return int(lines[0].split()[-1]) if lines and " of " in lines[0] else 0
    s.until(lambda lines: lines and re.search(r"p99 \d", lines[0]))
    os.kill(server.pid, signal.SIGSTOP)
    enough = sent(s.lines()) + 10000
    s.until(lambda lines: sent(lines) > enough)
    os.kill(server.pid, signal.SIGCONT)
    row = r"lost \d+ \(.*?(\d+) lost forward, .*\d+ dropped by the server's queue[,)]"

    def forward(lines):     # it grows, as the time of each runs out
        seen = lines and re.search(row, lines[0])
        return int(seen[1]) if seen else 0
    s.until(lambda lines: forward(lines) > 100)
    s.call("send-keys", "C-c")
    assert s.status() == 1


def test_rows_are_drawn_five_times_a_second_at_most(kedge):
    peer = Datagrams(LOOP)
    parent, child = os.openpty()
    start = time.monotonic()
    process = subprocess.Popen([kedge, "probe", "--json", "-c", "0", "-i", "2ms", peer.url],
                               stdout=subprocess.PIPE, stderr=child, text=True)
    os.close(child)
    drawn = b""
    while drawn.count(peer.url.encode()) < 8 or len(peer.seen) < 200:
        drawn += os.read(parent, 65536)
    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=10)[0]
    lasted = time.monotonic() - start
    drawn += rest_of(parent)
    assert json.loads(out)["targets"][0]["sent"] > 100
    assert drawn.count(peer.url.encode()) <= 5 * lasted + 2
    assert drawn.endswith(b"\x1b[1A\r\x1b[J")
