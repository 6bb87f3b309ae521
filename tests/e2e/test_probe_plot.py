# SPDX-License-Identifier: MIT
"""--plot: what is drawn below the table, in a pipe and on a terminal (tmux)."""
import os
import re
import shutil
import subprocess
import tempfile

import pytest

from e2e.lib.screen import Screen
from e2e.peers.echo import Datagrams, closed_port

LOOP = ("127.0.0.1", 0)
UTF8, PLAIN = {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}


def run(kedge, *words, env=UTF8, **how):
    return subprocess.run([kedge, *words], capture_output=True, text=True, timeout=60,
                          env=os.environ | env, **how)


def drawing(out):
    """The lines below the table and its notes."""
    return out[out.index("\n\n") + 2:].split("\n")[:-1]


def test_a_pipe_has_eighty_columns_and_both_drawings(kedge):
    closed, held = closed_port()
    held.close()
    lossy = Datagrams(LOOP, lambda data, n: [] if 100 <= n < 200 else [data])
    done = run(kedge, "probe", "-c", "400", "-i", "1ms", "--timeout", "3s", "--plot",
               lossy.url, f"udp://127.0.0.1:{closed}")
    assert done.returncode == 1 and done.stderr == (
        f"kedge probe: udp://127.0.0.1:{closed}: Connection refused, reported by 127.0.0.1\n")
    first, second = "\n".join(drawing(done.stdout)).split("\n\nudp://")
    lines = first.split("\n")
    assert lines[0] == lossy.url and lines[1] == "  round trips, ms"
    assert all(len(line) <= 80 for line in lines) and max(map(len, lines)) == 80
    assert any(re.search("[▁-█]{2}", line) for line in lines)
    assert any(re.search("[\u2801-\u28ff]{3}", line) for line in lines)
    lost = next(line for line in lines if line.startswith("    lost │"))[10:]
    assert re.fullmatch(r" {12,20}[▁-█]{12,22} {30,44}", lost.ljust(70)), lost
    assert "p99" in first and "refused" not in first and "round trips" not in second
    assert re.search(r"^ refused │[▁-█]{70}$", second, re.M)


def test_without_utf8_it_is_ascii(kedge):
    done = run(kedge, "probe", "-c", "300", "-i", "1ms", "--plot",
               "--timeout", "30s", Datagrams(LOOP).url, env=PLAIN)
    assert done.returncode == 0 and done.stdout.isascii()
    text = "\n".join(drawing(done.stdout))
    assert "#" in text and "*" in text and "+---" in text


def test_report_draws_the_same(kedge, tmp_path):
    lines = run(kedge, "probe", "--jsonl", "-c", "300", "-i", "1ms", "--timeout", "100ms",
                Datagrams(LOOP, lambda data, n: [data] if n % 7 else []).url).stdout
    first = run(kedge, "report", "-", "--plot", input=lines)
    again = run(kedge, "report", "-", "--plot", input=lines)
    assert first.returncode == 0 and first.stdout == again.stdout
    assert "round trips, ms" in first.stdout and "    lost │" in first.stdout
    (tmp_path / "a").write_text(lines)
    done = run(kedge, "report", "--plot", tmp_path / "a", tmp_path / "a")
    assert done.returncode == 64 and "--plot takes one file" in done.stderr


@pytest.mark.parametrize("verb, other", [("probe", "--json"), ("probe", "--jsonl"),
                                         ("report", "--json")])
def test_not_into_json(kedge, verb, other):
    assert run(kedge, verb, "--plot", other, "x").returncode == 64


@pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux")
@pytest.mark.parametrize("columns", [60, 130])
def test_a_terminal_has_its_own_width(kedge, columns):
    with tempfile.TemporaryDirectory() as directory:
        s = Screen(directory, columns, 50, kedge, "probe", "-q", "-c", "200", "-i", "1ms",
                   "--plot", Datagrams(LOOP).url)
        try:
            assert s.status() == 0
            lines = s.lines()
        finally:
            s.call("kill-server")
    base = [line for line in lines if "└" in line]
    assert [len(line) for line in base] == [columns] * 2
    assert any(re.search("[\u2801-\u28ff]{3}", line) for line in lines)
