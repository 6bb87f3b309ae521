# SPDX-License-Identifier: MIT
"""--prometheus: a file that a strict reader takes at any moment, with the figures of the
JSON, and counters that never fall."""
import json
import signal
import subprocess
import time

import pytest

from e2e.lib.exposition import Bad, parse
from e2e.peers.echo import Connections, Datagrams, closed_port, wait_for

LOOP = ("127.0.0.1", 0)
COUNTS = {"sent": "sent", "received": "received", "late": "late", "duplicated": "duplicated",
          "reordered": "reordered", "altered": "altered", "stray": "stray"}


def run(kedge, *words):
    return subprocess.run([kedge, "probe", *words], capture_output=True, text=True, timeout=60)


def test_the_figures_are_those_of_the_json(kedge, tmp_path):
    def faulty(data, n):
        return [] if n % 5 == 1 else [(.15, data)] if n == 3 else [data] * (1 + (n == 4))
    closed, held = closed_port()
    held.close()
    file = tmp_path / "kedge.prom"
    done = run(kedge, "--json", "--prometheus", file, "-c", "1200", "-i", "1ms", "--timeout",
               "100ms", Datagrams(LOOP, faulty).url, Connections(LOOP).url,
               f"udp://127.0.0.1:{closed}")
    assert (done.returncode, done.stderr) == (1, "")
    found, document = parse(file.read_text()), json.loads(done.stdout)
    assert found["kedge_probe_running"].one() == 0
    assert found["kedge_probe_timeout_seconds"].one() == .1
    for i, t in enumerate(document["targets"]):
        own = {"target": str(i), "endpoint": t["endpoint"]}
        for metric, key in COUNTS.items():
            assert found[f"kedge_probe_{metric}_total"].one(**own) == t[key], metric
        causes = {dict(rest)["cause"]: v
                  for rest, v in found["kedge_probe_lost_total"].of(**own).items()}
        assert causes == {"timeout": t["lost"] + t["late"] - t["refused"] - t["unsent"],
                          "refused": t["refused"], "unsent": t["unsent"]}
        for metric, key in ("rtt", "rtt_ns"), ("intended", "intended_ns"):
            family = found[f"kedge_probe_{metric}_seconds"]
            assert list(family.of("_count", **own).values()) == [t[key]["n"]]
            total = list(family.of("_sum", **own).values())[0]
            assert t[key]["n"] == 0 or \
                t[key]["min"] <= total * 1e9 / t[key]["n"] <= t[key]["max"]
        for quantile, key in ("0.5", "p50"), ("0.9", "p90"), ("0.99", "p99"), ("0.999", "p99_9"):
            value = list(found["kedge_probe_rtt_quantile_seconds"]
                         .of(quantile=quantile, **own).values())
            want = t["rtt_ns"][key]
            assert [round(v * 1e9) for v in value] == ([] if want is None else [want])
            bounds = {dict(rest)["bound"]: round(v * 1e9) for rest, v in
                      found["kedge_probe_rtt_quantile_bound_seconds"]
                      .of(quantile=quantile, **own).items()}
            sure = t["rtt_ns"]["interval_95"][key]
            assert bounds == ({} if sure is None else {"low": sure[0], "high": sure[1]})


def test_the_buckets_are_exact(kedge, tmp_path):
    file, lines = tmp_path / "kedge.prom", []
    done = run(kedge, "--jsonl", "--prometheus", file, "-c", "500", "-i", "1ms",
               "--timeout", "30s",
               Datagrams(LOOP).url)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    times = [x["rtt_ns"] for x in lines if x["event"] == "probe" and x["outcome"] == "received"]
    family = parse(file.read_text())["kedge_probe_rtt_seconds"]
    buckets = family.buckets(target="0")
    assert len(times) > 400 and len(buckets) > 40
    for le, count in buckets:
        assert count == sum(t <= round(le * 1e9) if le < 1e9 else True for t in times), le
    assert round(list(family.of("_sum").values())[0] * 1e9) == sum(times)


def test_at_any_moment_the_file_is_whole_and_counters_grow(kedge, tmp_path):
    file, late = tmp_path / "kedge.prom", []
    file.write_text("old")
    peer = Datagrams(LOOP, lambda data, n: [(.12, data)] if n % 3 == 0 else [data])
    process = subprocess.Popen([kedge, "probe", "-q", "-c", "0", "-i", "5ms", "--timeout", "50ms",
                                "--prometheus", file, "--prometheus-every", "100ms", peer.url],
                               stdout=subprocess.DEVNULL)
    wait_for(lambda: file.read_text() != "old")
    seen, before, inodes = [], {}, set()
    end = time.monotonic() + 20
    while time.monotonic() < end and (len(inodes) < 8 or not late):
        inodes.add(file.stat().st_ino)
        found = parse(file.read_text())
        assert found["kedge_probe_running"].one() == 1
        now = {key: v for f in found.values() if f.kind != "gauge"
               for key, v in f.samples.items()}
        assert all(now[key] >= v for key, v in before.items())
        late = found["kedge_probe_late_total"].one() > 3
        seen.append(found["kedge_probe_sent_total"].one())
        before = now
        time.sleep(.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 1 and late and len(set(seen)) >= 5
    assert parse(file.read_text())["kedge_probe_running"].one() == 0
    assert [p.name for p in tmp_path.iterdir()] == ["kedge.prom"]


def test_a_name_is_a_label(kedge, tmp_path):
    file, endpoint = tmp_path / "kedge.prom", 'unix:///tmp/no "such\\ one}'
    done = run(kedge, "--json", "--prometheus", file, "-c", "1", endpoint)
    assert json.loads(done.stdout)["targets"][0]["endpoint"] == endpoint
    assert parse(file.read_text())["kedge_probe_sent_total"].one(endpoint=endpoint) == 1


@pytest.mark.parametrize("file, code, why", [("/no/such/k.prom", 9, "No such file"),
                                             ("/dev/full", 10, "No space left")])
def test_what_cannot_be_written_is_said_before_a_probe_leaves(kedge, file, code, why):
    peer = Datagrams(LOOP)
    done = run(kedge, "-c", "1", "--prometheus", file, peer.url)
    assert done.returncode == code and not peer.seen and done.stdout == ""
    assert f"--prometheus {file}: " in done.stderr and why in done.stderr


def test_a_run_outlives_what_cannot_be_written(kedge, tmp_path):
    place = tmp_path / "there"
    place.mkdir()
    peer = Datagrams(LOOP)
    process = subprocess.Popen([kedge, "probe", "-q", "-c", "0", "-i", "5ms", "--prometheus",
                                place / "k.prom", "--prometheus-every", "100ms", peer.url],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(peer.seen) > 5)
    place.rename(tmp_path / "gone")
    many = len(peer.seen) + 100
    wait_for(lambda: len(peer.seen) > many)
    (tmp_path / "gone").rename(place)
    wait_for(lambda: parse((place / "k.prom").read_text())["kedge_probe_sent_total"].one() > many)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0 and "sent" in out
    assert err.count("No such file") == err.count("\n") == 1


GOOD = "# HELP a_total what\n# TYPE a_total counter\na_total{x=\"1\"} 2\n"
HISTOGRAM = ("# HELP h what\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\n"
             "h_sum 4.5\nh_count 3\n")


def test_the_reader_reads():
    assert parse(GOOD)["a_total"].one(x="1") == 2
    assert parse(HISTOGRAM)["h"].buckets() == [(1, 2), (float("inf"), 3)]


@pytest.mark.parametrize("text", [
    GOOD[:-1], GOOD + GOOD, GOOD + 'a_total{x="1"} 3\n', GOOD.replace(" counter", " count"),
    GOOD.replace("# HELP a_total what\n", ""), GOOD.replace("a_total", "a"), GOOD + "b_total 1\n",
    GOOD.replace('"1"', '"1'), GOOD.replace('"1"', r'"\x"'), GOOD.replace(" 2", " NaN"),
    GOOD.replace(" 2", ""), GOOD.replace('x="1"', 'x="1",x="1"'), GOOD + "\n",
    HISTOGRAM.replace("h_count 3", "h_count 4"), HISTOGRAM.replace("h_sum 4.5\n", ""),
    HISTOGRAM.replace('{le="1"} 2', '{le="1"} 4'), HISTOGRAM.replace("{le=\"1\"}", ""),
])
def test_the_reader_is_strict(text):
    with pytest.raises(Bad):
        parse(text)
