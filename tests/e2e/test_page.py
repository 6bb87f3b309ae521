# SPDX-License-Identifier: MIT
"""The page of --html: what is in the file, and what Chromium makes of it."""
import html
import json
import re
import shutil
import signal
import socket
import subprocess
import time
from decimal import ROUND_HALF_UP, Decimal

import pytest

from e2e.peers.echo import Connections, Datagrams, closed_port

LOOP = ("127.0.0.1", 0)
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or \
    shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(not BROWSER, reason="no Chromium: tools/setup --browser")
DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.S)
FIGURE = re.compile(r'data-figure="([^"]+)"[^>]*>([^<]*)<')
COUNTS = ("sent", "received", "lost", "late", "duplicated", "reordered", "altered", "refused",
          "unsent", "stray", "open")


def probe(kedge, *words):
    return subprocess.run([kedge, "probe", *words], capture_output=True, text=True, timeout=60)


def data_of(path):
    return json.loads(DATA.search(path.read_text())[1])


@pytest.fixture
def page(kedge, tmp_path):
    """A page of four targets: well, with loss, refused, not connected; and its JSON."""
    def lossy(data, n):
        return [] if n % 4 == 1 else [data, data] if n == 6 else [data]
    closed, held = closed_port()
    held.close()
    refused, held = closed_port(socket.SOCK_STREAM)
    path = tmp_path / "page.html"
    with held:
        done = probe(kedge, "--json", "--html", path, "-c", "400", "-i", "1ms", "--timeout",
                     "150ms", Connections(LOOP).url, Datagrams(LOOP, lossy).url,
                     f"udp://127.0.0.1:{closed}", f"tcp://127.0.0.1:{refused}")
    assert (done.returncode, done.stderr) == (1, "")
    return path, json.loads(done.stdout)


def test_the_page_has_the_document(page):
    path, document = page
    data = data_of(path)
    assert data["host"] == document["host"] and data["run"] == document["run"]
    for mine, target in zip(data["targets"], document["targets"], strict=True):
        assert mine | target == mine
        assert sum(n for _, _, n in mine["histogram_ns"]) == target["received"]
        slots = mine["timeline"]["slots"]
        counted = [sum(s["counts"][k] for s in slots) for k in range(5)]
        assert counted == [target["received"], target["late"],
                           target["lost"] - target["refused"] - target["unsent"],
                           target["refused"], target["unsent"]]
        if target["received"]:
            assert min(s["min_ns"] for s in slots if s["n"]) == target["rtt_ns"]["min"]
            assert max(s["max_ns"] for s in slots) == target["rtt_ns"]["max"]
    assert data["targets"][1]["lost"] == 100 and data["targets"][2]["refused"] > 0


def test_the_page_asks_for_nothing(page):
    text = page[0].read_text()
    assert "@DATA@" not in text and "default-src 'none'" in text
    assert re.findall(r"https?://[^\"']*", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<link|<img|\bsrc=|@import|url\(", text)


def test_report_writes_the_same_page(kedge, tmp_path):
    lines = probe(kedge, "--jsonl", "--html", tmp_path / "a.html", "-c", "50", "-i", "2ms",
                  "--timeout", "100ms", Datagrams(LOOP, lambda d, n: [d] if n % 3 else []).url)
    done = subprocess.run([kedge, "report", "-", "--html", tmp_path / "b.html"],
                          input=lines.stdout, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0
    assert data_of(tmp_path / "a.html") == data_of(tmp_path / "b.html")


def test_a_name_cannot_end_the_script(kedge, tmp_path):
    done = probe(kedge, "--html", tmp_path / "p.html", "-c", "2", "-i", "1ms",
                 "unix:///tmp/</script><script>alert(1)</script>")
    text = (tmp_path / "p.html").read_text()
    assert done.returncode == 2 and text.count("<script") == text.count("</script>") == 2
    assert data_of(tmp_path / "p.html")["targets"][0]["sent"] == 2


def test_a_page_is_whole_or_as_it_was(kedge, tmp_path):
    path = tmp_path / "p.html"
    path.write_text("old")
    peer = Datagrams(LOOP)
    process = subprocess.Popen([kedge, "probe", "-c", "0", "-i", "5ms", "--html", path,
                                peer.url], stdout=subprocess.DEVNULL)
    while len(peer.seen) < 20:
        time.sleep(0.005)
    assert path.read_text() == "old"
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert data_of(path)["targets"][0]["sent"] >= 20
    assert [p.name for p in tmp_path.iterdir()] == ["p.html"]


@pytest.mark.parametrize("file, code, why", [("/no/such/p.html", 9, "No such file"),
                                             ("/", 9, "directory"),
                                             ("/dev/full", 10, "No space left")])
def test_what_cannot_be_written_is_said(kedge, file, code, why):
    peer = Datagrams(LOOP)
    done = probe(kedge, "-c", "1", "--html", file, peer.url)
    assert done.returncode == code and f"--html {file}: " in done.stderr and why in done.stderr
    assert code == 10 or not peer.seen


# ---- in a browser ----------------------------------------------------------------------

def browse(path, profile, *words):
    """The page as drawn, and what the browser's console said."""
    done = subprocess.run(
        [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
         f"--user-data-dir={profile}", "--virtual-time-budget=5000", "--dump-dom", *words,
         path.as_uri()], capture_output=True, text=True, timeout=120)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def with_unit(ns):
    """Three digits, as JavaScript rounds them: halves up."""
    unit, size = next(((u, s) for u, s in (("s", 1e9), ("ms", 1e6), ("\u00b5s", 1e3))
                       if ns >= s), ("ns", 1))
    if size == 1:
        return f"{ns:g} ns"
    value = Decimal(ns / size)
    last = Decimal(1).scaleb(value.adjusted() - 2)
    return f"{float(value.quantize(last, ROUND_HALF_UP)):g} {unit}"


def shown(ns):
    return "-" if ns is None else with_unit(ns)


def causes(t):
    server = t["server"] or {}
    rest = t["lost"] - t["refused"] - t["unsent"]
    all_of = {f"server.{key}": server.get(key) for key in
              ("lost_going", "lost_coming", "lost_unknown", "dropped", "refused")} | \
        {key: t[key] for key in ("refused", "unsent", "own_dropped")} | \
        {"unreported": 0 if server else rest}
    return {f"cause.{name}": f"{n:,}" for name, n in all_of.items() if n}


def parts(t):
    split, held = t["split_ns"], (t["server"] or {}).get("held_ns")
    if not split:
        return {}
    told = held and held["n"] and split["wire"]["n"]
    all_of = {"send": split["send"], "wire": split["wire"] if told else split["way"],
              "receive": split["receive"]} | ({"server": held} if told else {})
    return {f"part.{name}.{key}": shown(v[key]) for name, v in all_of.items()
            for key in ("p50", "p99", "max")}


def drawings(t):
    """Over time and the distribution; losses; the parts."""
    return 2 * bool(t["received"]) + bool(t["lost"] or t["late"]) + bool(t["split_ns"])


@needs_browser
@pytest.mark.parametrize("width", [390, 1200])
def test_the_figures_drawn_are_those_of_the_json(page, tmp_path, width):
    path, document = page
    dom, console = browse(path, tmp_path / "profile", f"--window-size={width},900")
    assert console == [] and 'data-drawn="4"' in dom
    cards = re.findall(r"<section>(.*?)</section>", dom, re.S)
    alive = [t for t in document["targets"] if t["received"] + t["late"]]
    assert len(alive) == 2
    for card, target in zip(cards, alive, strict=True):
        drawn = {key: html.unescape(text) for key, text in FIGURE.findall(card)}
        want = {name: f"{target[name]:,}" for name in COUNTS
                if name in COUNTS[:3] or target[name]}
        want["jitter_ns"] = shown(target["jitter_ns"])
        for which in "rtt_ns", "intended_ns":
            for key in "min", "p50", "p90", "p99", "p99_9", "max":
                want[f"{which}.{key}"] = shown(target[which][key])
        assert drawn == want | causes(target) | parts(target)
        assert card.count("<svg") == drawings(target)
        assert "NaN" not in card and "Infinity" not in card and "undefined" not in card


@needs_browser
def test_all_targets_come_first(page, tmp_path):
    """One table, one drawing, losses in red; and in a line who never answered, and why."""
    path, document = page
    dom, console = browse(path, tmp_path / "profile")
    top = re.search(r'<section id="all">(.*?)</section>', dom, re.S)[1]
    assert console == [] and top.count("<svg") == top.count("<table") == 1
    alive = [t for t in document["targets"] if t["received"] + t["late"]]
    drawn = [(key, html.unescape(text)) for key, text in FIGURE.findall(top)]
    assert drawn == [(f"all.{key}", text) for t in alive for key, text in (
        ("sent", f"{t['sent']:,}"), ("lost", f"{t['lost']:,}"),
        *((k, shown(t["rtt_ns"][k])) for k in ("p50", "p99", "max")))]
    assert top.count("<path") == 2 and marks(top) == steps(path)
    assert top.count('class="lost"') >= 20
    assert "NaN" not in top and "Infinity" not in top and "undefined" not in top
    (dead,) = re.findall(r'<p class="bad" id="dead">(.*?)</p>', top)
    refused = [t for t in document["targets"] if t not in alive]
    assert dead == "No answer from 2 of 4: " + ", ".join(
        f"{t['endpoint']} (Connection refused)" for t in refused)


def marks(top):
    """Points of the first drawing that are seen: a line needs two."""
    lines = [part for d in re.findall(r'<path d="([^"]*)"', top) for part in d.split("M")[1:]]
    assert all("L" in line for line in lines)
    return sum(1 + line.count("L") for line in lines) + top.count("<circle")


def steps(path):
    return sum(s["n"] > 0 for t in data_of(path)["targets"] for s in t["timeline"]["slots"])


@needs_browser
@pytest.mark.parametrize("words,delay,drawn", [
    (["-c", "1", "--timeout", "30s"], 0, 1), (["-c", "3", "-i", "1s", "--timeout", "30s"], 0, 3),
    (["-c", "2", "-i", "400ms", "--timeout", "10ms"], .2, 0)])
def test_few_samples_are_drawn_and_none_is_said(kedge, tmp_path, words, delay, drawn):
    peer = Datagrams(LOOP, lambda data, n: [(delay, data)] if delay else [data])
    path = tmp_path / "p.html"
    assert probe(kedge, "--html", path, *words, peer.url).returncode == (0 if drawn else 2)
    dom, console = browse(path, tmp_path / "profile")
    top = re.search(r'<section id="all">(.*?)</section>', dom, re.S)[1]
    assert console == [] and marks(top) == steps(path) == drawn
    assert ("no reply came in time" in top) == (drawn == 0) and "NaN" not in top


@needs_browser
def test_what_there_was_no_memory_for_is_said(page, tmp_path):
    path, _ = page
    dom, _ = browse(path, tmp_path / "profile")
    assert "No memory" not in dom.partition("</script>")[0]
    path.write_text(path.read_text().replace('"left_out":0', '"left_out":1234', 1))
    dom, console = browse(path, tmp_path / "profile")
    assert console == [] and dom.count("without 1,234 round trips</p>") == 1


@needs_browser
def test_with_a_kedge_server_there_are_parts_and_a_host(kedge, serve, tmp_path):
    server = serve(at=("echo+udp://127.0.0.1:0",))
    host, port = server.address("echo+udp")
    path = tmp_path / "p.html"
    done = probe(kedge, "--json", "--html", path, "-c", "300", "-i", "1ms", "--timeout", "30s",
                 f"udp://{host}:{port}")
    target = json.loads(done.stdout)["targets"][0]
    dom, console = browse(path, tmp_path / "profile", "--window-size=390,900")
    drawn = {key: html.unescape(text) for key, text in FIGURE.findall(dom)}
    assert console == [] and {k: v for k, v in drawn.items() if k.startswith("part.")} == \
        parts(target) and "part.server.p50" in drawn
    late = target["self_late"]["n"]
    often = "once" if late == 1 else f"{late:,} times"
    assert (f"was late {often}" if late else "was never late") in dom


def flat(value, name=""):
    if not isinstance(value, dict):
        return {name: "-" if value is None else with_unit(value)}
    return {k: v for key, inner in value.items()
            for k, v in flat(inner, f"{name}.{key}" if name else key).items()}


@needs_browser
def test_the_calibration_is_shown(page, tmp_path):
    """All there is of it, its times with their units."""
    path, document = page
    dom, console = browse(path, tmp_path / "profile")
    found = dict(re.findall(r'data-calibration="([^"]+)"[^>]*>([^<]*)<', dom))
    assert console == [] and found and found == flat(document["calibration"])


@needs_browser
@pytest.mark.parametrize("width, over", [(390, 0), (200, 1)])
def test_nothing_is_wider_than_a_phone(page, tmp_path, width, over):
    """Measured where it is drawn: a frame of that width, as no window is so narrow."""
    frame = tmp_path / "frame.html"
    frame.write_text(f'''<iframe id="f" width="{width}" height="800"
        src="{page[0].as_uri()}"></iframe><script>
        onload = () => {{ const d = document.getElementById("f").contentDocument;
        document.body.dataset.over = d.documentElement.scrollWidth -
        d.documentElement.clientWidth; }}</script>''')
    dom, console = browse(frame, tmp_path / "profile", "--allow-file-access-from-files")
    assert console == [] and int(re.search(r'data-over="(\d+)"', dom)[1]) >= over
    assert over or 'data-over="0"' in dom


@needs_browser
def test_a_fault_of_the_page_would_be_seen(page, tmp_path):
    broken = tmp_path / "broken.html"
    broken.write_text(page[0].read_text().replace('"targets":[', '"goals":['))
    dom, console = browse(broken, tmp_path / "profile")
    assert console and 'data-drawn=' not in dom.replace("dataset.drawn", "")
