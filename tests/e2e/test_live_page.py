# SPDX-License-Identifier: MIT
"""The live page at / of --metrics: what is in the file, and what Chromium makes of it while
clients boot."""
import base64
import hashlib
import html
import re
import shutil
import socket
import subprocess
import threading

import pytest

from e2e.lib.status import ask, status, where
from e2e.peers import tftp

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or \
    shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(not BROWSER, reason="no Chromium: tools/setup --browser")
FIGURE = re.compile(r'data-figure="([^"]+)"[^>]*>([^<]*)<')
HOSTILE = "<img src=x onerror=document.title='taken'>\"'`<script>document.title='taken'</script>"


@pytest.fixture
def served(serve, make):
    server = serve("--metrics", "tcp://127.0.0.1:0", "--uploads", "create")
    make("image.bin", 5000)
    return server


@pytest.fixture
def held(served):
    """held(NAME, BLOCKS): a download that stays open with so many blocks of 1000 acknowledged."""
    peers = []

    def hold(name, blocks):
        peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        peers.append(peer)
        peer.settimeout(20)
        peer.sendto(tftp.request(tftp.RRQ, name, blksize=1000), served.at)
        for block in range(blocks + 1):
            _, transfer = peer.recvfrom(2000)
            peer.sendto(tftp.ack(block), transfer)
        peer.recvfrom(2000)
    yield hold
    for peer in peers:
        peer.close()


def test_the_page_asks_for_nothing_but_status(served, root):
    code, headers, body = ask(where(served), "/")
    assert (code, headers["content-type"]) == (200, "text/html; charset=utf-8")
    text = body.decode()
    assert text == (root / "src/serve/status/page.html").read_text() and text.count("\n") < 400
    assert re.findall(r"https?://[^\"']*", text) == ["http://www.w3.org/2000/svg"]
    assert re.findall(r'fetch\("([^"]*)"', text) == ["/status"]
    assert not re.search(r"<link|<img|\bsrc=|@import|url\(|innerHTML|insertAdjacent|"
                         r"document\.write|eval\(| on\w+=| style=", text)


def test_its_policy_names_its_own_script_and_style(served):
    _, headers, body = ask(where(served), "/")
    policy = dict(part.strip().split(" ", 1)
                  for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["connect-src"] == "'self'"
    for kind in "script", "style":
        [inner] = re.findall(f"<{kind}>(.*?)</{kind}>", body.decode(), re.S)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert policy[f"{kind}-src"] == f"'sha256-{digest}'"


# ---- in a browser ----

def browse(served, profile):
    """The page as drawn after some polls, and what the browser's console said."""
    host, port = where(served)
    done = subprocess.run(
        [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
         f"--user-data-dir={profile}", "--virtual-time-budget=4000", "--dump-dom",
         f"http://{host}:{port}/"], capture_output=True, text=True, timeout=120)
    assert int(re.search(r'data-polls="(\d+)"', done.stdout)[1]) >= 1, done.stderr[-3000:]
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def figures(page):
    found = {}
    for key, value in FIGURE.findall(page):
        found.setdefault(key, []).append(html.unescape(value))
    return found


@needs_browser
def test_its_figures_are_those_of_status(served, held, tmp_path):
    for _ in range(7):
        tftp.get(served.at, "image.bin")
    tftp.put(served.at, "new", b"x" * 700)
    with pytest.raises(tftp.TftpError):
        tftp.get(served.at, HOSTILE)
    held("image.bin", 2)
    held("image.bin", 4)
    page, console = browse(served, tmp_path)
    assert console == []
    shown, document = figures(page), status(where(served))
    assert shown["active"] == [str(document["active"])] == ["2"]
    assert shown["ok"] == ["8"] and document["transfers"] == \
        {"get": {"ok": 7, "refused": 1}, "put": {"ok": 1}}
    assert (document["done"], document["failed"]) == (8, 1) and shown["failed"] == ["1"]
    assert [end["failed"] for end in document["recent"]] == [True] + [False] * 8
    assert shown["requests"] == [str(document["requests"])] == ["11"]
    assert shown["received"] == ["700 B"] and document["bytes"]["put"] == 700
    assert shown["sent"] == ["34.2 KiB"] and document["bytes"]["get"] == 35000
    assert [d.strip() for d in shown["done"]] == ["40 %", "80 %"]
    assert shown["file"] == [row["file"] for row in document["live"]] == ["image.bin"] * 2
    assert shown["ended"] == [end["file"] for end in document["recent"]]
    assert html.escape(document["recent"][0]["verdict"], quote=False) in page


@needs_browser
def test_what_clients_say_stays_text(served, make, held, tmp_path):
    make(HOSTILE.replace("/", ""), 5000)
    held(HOSTILE.replace("/", ""), 2)
    for name in "a\u202etxt.exe\u001b[31m".encode(), HOSTILE:
        with pytest.raises(tftp.TftpError):
            tftp.get(served.at, name)
    page, console = browse(served, tmp_path)
    assert console == [] and "<title>kedge serve</title>" in page
    assert "<img" not in page and page.count("<script") == 1
    assert figures(page)["file"] == [HOSTILE.replace("/", "")]
    assert figures(page)["ended"] == [HOSTILE, "a\\u202etxt.exe\\u001b[31m"]


@needs_browser
def test_it_is_drawn_while_a_storm_runs(served, tmp_path):
    over = threading.Event()
    done = []

    def boot():
        while not over.is_set():
            tftp.get(served.at, "image.bin", blksize=1400)
            done.append(1)
    threads = [threading.Thread(target=boot) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        page, console = browse(served, tmp_path)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert console == []
    ok = int(figures(page)["ok"][0].replace(",", ""))
    assert 0 < ok <= len(done)
    assert status(where(served))["transfers"]["get"] == {"ok": len(done)}
