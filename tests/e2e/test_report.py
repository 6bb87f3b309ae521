# SPDX-License-Identifier: MIT
"""`kedge report`: runs read again, shown, compared and judged; --fail-if on both verbs."""
import json
import re
import subprocess
import time

import pytest

from e2e.peers.echo import Connections, Datagrams, closed_port

LOOP = ("127.0.0.1", 0)


@pytest.fixture
def say(kedge):
    """say(*words): exit status, standard output and standard error."""
    def run(*words, **how):
        done = subprocess.run([kedge, *words], capture_output=True, text=True, timeout=60,
                              **how)
        return done.returncode, done.stdout, done.stderr
    return run


def slow(delay_s):
    def answer(data, _):
        time.sleep(delay_s)
        return [data]
    return Datagrams(LOOP, answer)


def record(say, path, *words):
    code, out, _ = say("probe", "--jsonl", "--timeout", "30s", *words)
    path.write_text(out)
    return code, path


def numbers_of(path):
    """The table's numbers, worked out from the lines by other means."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return lines, sorted(p["rtt_ns"] for p in lines if p["event"] == "probe" and
                         p["outcome"] == "received")


def test_one_file_is_the_table_again(say, tmp_path):
    port, held = closed_port()
    held.close()
    peer, stream = Datagrams(LOOP), Connections(LOOP)
    _, path = record(say, tmp_path / "a", "-c", "150", "-i", "2ms", peer.url, stream.url,
                     f"udp://127.0.0.1:{port}")
    lines, _ = numbers_of(path)
    code, out, err = say("report", path)
    rows = [row.split() for row in out.splitlines()]
    assert (code, err) == (0, "")
    assert rows[1][:4] == [peer.url, "150", "150", "0"]
    rtt = lines[-3]["rtt_ns"]
    assert rows[1][4:8] == [f"{rtt[k] / 1e6:.3f}" for k in ("min", "p50", "p99", "max")]
    assert rows[1][8] == f"{lines[-3]['jitter_ns'] / 1e6:.3f}"
    assert "\n  150 refused: Connection refused" in out
    assert re.search(r"\n  connected in \d", out)


def test_json_is_that_of_the_probe(say, tmp_path):
    _, path = record(say, tmp_path / "a", "-c", "30", "-i", "2ms", Datagrams(LOOP).url)
    lines, _ = numbers_of(path)
    code, out, _ = say("report", "--json", path)
    document = json.loads(out)
    assert code == 0
    assert document["run"] == lines[0]["run"] and document["host"] == lines[0]["host"]
    assert [{"event": "target", "target": 0} | t for t in document["targets"]] == lines[-1:]


def test_two_are_compared(say, tmp_path):
    _, a = record(say, tmp_path / "a", "-c", "40", "-i", "5ms", slow(.005).url)
    _, b = record(say, tmp_path / "b", "-c", "40", "-i", "5ms", slow(.05).url)
    code, out, err = say("report", a, b, "--fail-if", "p50>50%", "--fail-if", "p50<0%",
                         "--fail-if", "p50>1h")
    line = next(l for l in out.splitlines() if "p50" in l)
    first, second = (sorted(numbers_of(f)[1]) for f in (a, b))
    change, low, high = map(float, re.search(
        r"([+-][\d.]+) % \(interval ([+-][\d.]+) to ([+-][\d.]+) %\)", line).groups())
    truth = 100 * (second[19] / first[19] - 1)
    assert abs((100 + change) / (100 + truth) - 1) < .033 and low < change < high
    assert low > 20
    assert "p99 ms" in out and "needs 100 replies in each" in out
    assert code == 1 and err.count("\n") == 1 and "fails if p50>50%" in err


def test_a_run_equals_itself(say, tmp_path):
    _, a = record(say, tmp_path / "a", "-c", "400", "-i", "1ms", Datagrams(LOOP).url)
    code, out, _ = say("report", a, a, "--fail-if", "p99>0%", "--fail-if", "p99<0%")
    assert code == 0 and out.count("+0.0 % (interval -") == 3


def test_targets_are_matched_by_endpoint(say, tmp_path):
    one, two, three = (Datagrams(LOOP).url for _ in range(3))
    _, a = record(say, tmp_path / "a", "-c", "2", "-i", "1ms", one, two, two)
    _, b = record(say, tmp_path / "b", "-c", "3", "-i", "1ms", two, three)
    code, out, _ = say("report", a, b)
    assert code == 0
    assert out.count(f"{two}\n") == 2 and "2       3" in out
    assert f"{three}\n  only in the second run" in out
    assert f"{one}\n  only in the first run" in out
    assert f"{two}\n  only in the first run" in out


@pytest.mark.parametrize("spoil, line", [
    (lambda lines: lines[:3] + ["{"] + lines[3:], 4),
    (lambda lines: lines[1:], 1),
    (lambda lines: lines[:-2] + [lines[-2][:-20]], 6),
    (lambda lines: lines[:2] + lines[3:], 6),
    (lambda lines: lines + ["\x1b[31m"], 8),
])
def test_a_bad_line_is_named_once(say, tmp_path, spoil, line):
    _, path = record(say, tmp_path / "a", "-c", "5", "-i", "1ms", Datagrams(LOOP).url)
    path.write_text("\n".join(spoil(path.read_text().splitlines())) + "\n")
    code, out, err = say("report", path)
    assert (code, out) == (9, "") and err.count("\n") == 1 and "\x1b" not in err
    assert err.startswith(f"kedge report: {path}: line {line}: ")


def test_what_cannot_be_read_is_said(say, tmp_path):
    code, out, err = say("report", tmp_path / "none")
    assert (code, out) == (9, "") and "No such file" in err
    assert say("report", tmp_path)[0] == 9
    code, _, err = say("report", "-", input="")
    assert code == 9 and "it contains no probe" in err
    assert say("report")[0] == say("report", "a", "b", "c")[0] == 64


def test_a_run_that_was_cut_is_counted(say, tmp_path):
    _, path = record(say, tmp_path / "a", "-c", "5", "-i", "1ms", Datagrams(LOOP).url)
    cut = "".join(path.read_text().splitlines(keepends=True)[:4])
    code, out, err = say("report", "-", input=cut)
    assert code == 0 and out.splitlines()[1].split()[1:3] == ["3", "3"]
    assert "the run was cut off" in err


@pytest.mark.parametrize("condition, code", [
    ("received<5", 0), ("received<6", 1), ("lost>0", 0), ("max>1h", 0), ("max<1h", 1),
    ("p99>1h", 1), ("lost>0%", 0), ("received<100.5%", 1),
])
def test_conditions_of_a_probe(say, condition, code):
    got, out, err = say("probe", "-c", "5", "-i", "1ms", "--timeout", "30s",
                        Datagrams(LOOP).url, "--fail-if", condition)
    assert got == code and out and err.count("\n") == code
    assert not code or f"fails if {condition}" in err


def test_conditions_say_what_is_good_enough(say):
    peer = Datagrams(LOOP, lambda data, n: [] if n == 3 else [data])
    words = ["-c", "10", "-i", "2ms", "--timeout", "100ms", peer.url]
    assert say("probe", *words)[0] == 1
    peer = Datagrams(LOOP, lambda data, n: [] if n == 3 else [data])
    words[-1] = peer.url
    assert say("probe", *words, "--fail-if", "lost>10%") [0] == 0
    mute = Datagrams(LOOP, lambda data, n: [])
    assert say("probe", "-c", "2", "-i", "2ms", "--timeout", "50ms", mute.url, "--fail-if",
               "lost>100%")[0] == 2


def test_a_wrong_condition_ends_it_at_once(say):
    peer = Datagrams(LOOP)
    for verb, word in ("probe", peer.url), ("report", "/dev/null"):
        code, out, err = say(verb, word, "--fail-if", "p99>5x")
        assert (code, out) == (64, "") and err.count("\n") == 1 and "'p99>5x'" in err
    assert peer.seen == []
