# SPDX-License-Identifier: MIT
"""Links that lead out of the root where --follow allows it, as labgrid stages files, and
names in another letter case."""
import os
import subprocess
import threading

import pytest

from e2e.lib.policy import ME, ask
from e2e.lib.serve import Server
from e2e.peers.tftp import RRQ, Put, Silence, TftpError, drive

POLICY = """
listen = {{ "tftp://127.0.0.1:0" }}
root = "{srv}/tree"
user = {me}
follow = {{ "{srv}/cache" }}
client "127.0.0.2" {{ root = "{srv}/by/%a"  ignore-case = yes }}
client "127.0.0.3" {{ ignore-case = no }}
"""


def url(server):
    return f"tftp://127.0.0.1:{server.at[1]}/"


@pytest.fixture
def staged(srv):
    """`tree` is the root; `cache` is where a lab keeps its images, `private` is neither."""
    for name in ("tree/board", "cache/abc", "private", "by/127.0.0.2/Boot/Fonts"):
        (srv / name).mkdir(parents=True)
    (srv / "cache/abc/zImage").write_text("kernel")
    (srv / "private/key").write_text("secret")
    (srv / "by/127.0.0.2/Boot/BCD").write_text("bcd")
    (srv / "by/127.0.0.2/Boot/Fonts/WGL4.ttf").write_text("font")
    subprocess.run(["ln", "-sfn", srv / "cache/abc/zImage", srv / "tree/board/zImage"], check=True)
    for path in srv.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return srv


def explain(kedge, *words):
    done = subprocess.run([str(w) for w in (kedge, "explain", *words)], capture_output=True,
                          text=True, timeout=60)
    return done.returncode, done.stdout.splitlines()


def test_labgrids_way_of_staging(serve, get, kedge, staged):
    server = serve("--follow", staged / "cache", root=staged / "tree")
    for _ in range(2):  # the second time the file is open already
        assert get(url(server) + "board/zImage", "-o", "-").out == b"kernel"
    code, lines = explain(kedge, "--root", staged / "tree", "--follow", staged / "cache",
                          "127.0.0.1", "get", "board/zImage")
    assert code == 0 and f"path      {staged}/cache/abc/zImage" in lines
    assert f"link      board/zImage -> {staged}/cache/abc/zImage" in lines
    (staged / "cache/def").mkdir()
    (staged / "cache/def/zImage").write_text("another")
    subprocess.run(["ln", "-sfn", staged / "cache/def/zImage", staged / "tree/board/zImage"],
                   check=True)
    assert get(url(server) + "board/zImage", "-o", "-").out == b"another"


def test_without_the_option_links_stay_below(serve, get, kedge, staged):
    server = serve(root=staged / "tree")
    assert get(url(server) + "board/zImage", "-o", "-").code == 3
    assert explain(kedge, "--root", staged / "tree", "127.0.0.1", "get", "board/zImage")[0] == 3


PROC_LINK = "/proc/self/root"       # the kernel's own link to /


@pytest.mark.parametrize("target", ["{srv}/private/key", "../private/key", "/etc/passwd",
                                    "{srv}/cache/../private/key", f"{PROC_LINK}/etc/passwd",
                                    "{srv}/cache/away"])
def test_no_link_leads_elsewhere(serve, get, staged, target):
    (staged / "cache/away").symlink_to(staged / "private/key")
    (staged / "tree/x").symlink_to(target.format(srv=staged))
    server = serve("--follow", staged / "cache", root=staged / "tree")
    assert get(url(server) + "x", "-o", "-").code == 3
    assert get(url(server) + "board/../../private/key", "-o", "-").code == 3
    assert get(url(server) + "../cache/abc/zImage", "-o", "-").code == 3  # no link led there


def test_a_race_never_serves_what_lies_elsewhere(serve, staged):
    """The link, and a directory on its way, are swapped for links out while files are
    asked for."""
    (staged / "cache/evil").symlink_to(staged / "private")
    (staged / "private/zImage").write_text("secret!")
    server = serve("--follow", staged / "cache", root=staged / "tree")
    over = threading.Event()

    def swap():
        while not over.is_set():
            os.rename(staged / "cache/abc", staged / "cache/aside")
            os.rename(staged / "cache/evil", staged / "cache/abc")
            os.rename(staged / "cache/abc", staged / "cache/evil")
            os.rename(staged / "cache/aside", staged / "cache/abc")

    thread = threading.Thread(target=swap)
    thread.start()
    answers = set()
    try:
        for _ in range(400):
            answers.add(str(ask(server.at, "127.0.0.1", RRQ, "board/zImage", {"tsize": 0})))
    finally:
        over.set()
        thread.join()
    assert answers <= {"('granted', {'tsize': '6'})", "('refused', 1)"}, answers
    assert "('granted', {'tsize': '6'})" in answers


@pytest.fixture
def open_to_uploads(staged):
    for name in ("tree", "tree/board", "cache", "cache/abc", "private"):
        (staged / name).chmod(0o777)
    for name in ("cache/abc/zImage", "private/key"):
        (staged / name).chmod(0o666)
    return staged


@pytest.mark.parametrize("uploads", ["overwrite", "version"])
def test_an_upload_writes_what_the_link_leads_to(serve, put, kedge, open_to_uploads, uploads):
    srv = open_to_uploads
    (srv / "tree/lab").symlink_to(srv / "cache")
    (srv / "tree/board/fresh").symlink_to("../../cache/abc/fresh")
    flags = ("--follow", srv / "cache", "--uploads", uploads)
    server = serve(*flags, root=srv / "tree")
    (put.here / "new").write_text("new")
    for name in ("board/zImage", "board/fresh", "lab/abc/other"):
        code, lines = explain(kedge, "--root", srv / "tree", *flags, "127.0.0.1", "put", name)
        assert code == 0 and f"path      {srv}/cache/abc" in lines, lines
        assert put("new", url(server) + name).code == 0
    for name in ("zImage", "fresh", "other"):
        assert (srv / "cache/abc" / name).read_text() == "new"
    assert (srv / "tree/board/zImage").is_symlink() and (srv / "tree/lab").is_symlink()
    assert (srv / "cache/abc/zImage.~1~").exists() == (uploads == "version")
    assert server.record(file="board/zImage")["path"] == f"{srv}/cache/abc/zImage"


def test_a_name_that_is_a_link_is_taken(serve, put, open_to_uploads):
    srv = open_to_uploads
    (srv / "tree/lab").symlink_to(srv / "cache")
    server = serve("--follow", srv / "cache", "--uploads", "create", root=srv / "tree")
    (put.here / "new").write_text("new")
    assert put("new", url(server) + "board/zImage").code != 0
    assert put("new", url(server) + "lab/abc/other").code == 0
    assert (srv / "cache/abc/zImage").read_text() == "kernel"
    assert (srv / "cache/abc/other").read_text() == "new"


@pytest.mark.parametrize("target", ["{srv}/private/key", "{srv}/private/new", "/etc/passwd",
                                    "{srv}/cache/../private/key", "{srv}/cache/away",
                                    f"{PROC_LINK}/tmp/new", "{srv}/cache"])
def test_no_upload_leads_elsewhere(serve, put, open_to_uploads, target):
    srv = open_to_uploads
    (srv / "cache/away").symlink_to(srv / "private/key")
    (srv / "tree/x").symlink_to(target.format(srv=srv))
    server = serve("--follow", srv / "cache", "--uploads", "overwrite", "--sandbox", "off",
                   root=srv / "tree")
    (put.here / "new").write_text("new")
    assert put("new", url(server) + "x").code != 0
    assert (srv / "private/key").read_text() == "secret"
    assert sorted(p.name for p in (srv / "private").iterdir()) == ["key"]


def test_a_race_never_writes_elsewhere(serve, put, open_to_uploads):
    srv = open_to_uploads
    (srv / "cache/evil").symlink_to(srv / "private")
    server = serve("--follow", srv / "cache", "--uploads", "overwrite", "--sandbox", "off",
                   root=srv / "tree")
    over = threading.Event()

    def swap():
        while not over.is_set():
            os.rename(srv / "cache/abc", srv / "cache/aside")
            os.rename(srv / "cache/evil", srv / "cache/abc")
            os.rename(srv / "cache/abc", srv / "cache/evil")
            os.rename(srv / "cache/aside", srv / "cache/abc")

    thread = threading.Thread(target=swap)
    thread.start()
    done = 0
    try:
        for _ in range(300):
            try:
                drive(Put("board/zImage", b"new"), server.at, wait=0.2, patience=2)
                done += 1
            except (TftpError, Silence):
                pass
    finally:
        over.set()
        thread.join()
    assert sorted(p.name for p in (srv / "private").iterdir()) == ["key"]
    assert done > 0


def test_letters_of_another_case(serve, get, kedge, staged):
    root = staged / "by/127.0.0.2"
    server = serve("--ignore-case", root=root)
    assert get(url(server) + "boot/bcd", "-o", "-").out == b"bcd"
    assert get(url(server) + "BOOT\\FONTS\\wgl4.TTF", "-o", "-").out == b"font"
    assert get(url(server) + "boot/absent", "-o", "-").code == 3
    (root / "boot").mkdir()
    (root / "boot/bcd").write_text("exact")
    assert get(url(server) + "boot/bcd", "-o", "-").out == b"exact"
    assert get(url(server) + "BOOT/BCD", "-o", "-").code == 4
    reason = server.record(file="BOOT/BCD")["reason"]
    assert reason in ("two names differ in letter case only: boot and Boot",
                      "two names differ in letter case only: Boot and boot")
    code, lines = explain(kedge, "--ignore-case", "--root", root, "127.0.0.1", "get", "boot/BCD")
    assert code == 0 and "name      boot/bcd" in lines
    code, lines = explain(kedge, "--ignore-case", "--root", root, "127.0.0.1", "get", "BOOT/BCD")
    assert code == 4 and lines[-1].startswith("refused: 2, two names differ")


def test_letters_beyond_ascii(serve, get, staged):
    root = staged / "by/127.0.0.2"
    (root / "\u00dcber.img").write_text("umlaut")
    (root / "\u0416.img").write_text("zhe")
    server = serve("--ignore-case", root=root)
    assert get(url(server) + "\u00fcBER.IMG", "-o", "-").out == b"umlaut"
    assert get(url(server) + "\u0436.img", "-o", "-").out == b"zhe"


def test_an_upload_takes_the_name_that_is_there(serve, put, staged):
    root = staged / "by/127.0.0.2"
    for path in (root, root / "Boot"):
        path.chmod(0o777)
    server = serve("--ignore-case", "--uploads", "overwrite", root=root)
    (put.here / "new").write_text("new")
    assert put("new", url(server) + "BOOT/bcd").code == 0
    assert put("new", url(server) + "bOOT/Fresh").code == 0
    assert (root / "Boot/BCD").read_text() == (root / "Boot/Fresh").read_text() == "new"
    assert sorted(p.name for p in root.iterdir()) == ["Boot"]


def test_both_by_the_policy_file(kedge, staged, tmp_path):
    (staged / "policy").write_text(POLICY.format(me=ME, srv=staged))
    size = {"tsize": 0}
    server = Server([kedge, "serve", "-c", staged / "policy"], tmp_path / "serve.log")
    try:
        by_policy(server, staged, size)
    finally:
        assert server.stop(twice=True) == 0, server.stderr


def by_policy(server, staged, size):
    (staged / "by/127.0.0.2/Boot/zImage").symlink_to(staged / "cache/abc/zImage")
    assert ask(server.at, "127.0.0.1", RRQ, "board/zImage", size) == ("granted", {"tsize": "6"})
    assert ask(server.at, "127.0.0.1", RRQ, "board/zimage", size) == ("refused", 1)
    assert ask(server.at, "127.0.0.2", RRQ, "boot/bcd", size) == ("granted", {"tsize": "3"})
    assert ask(server.at, "127.0.0.2", RRQ, "boot/zimage", size) == ("granted", {"tsize": "6"})
    assert ask(server.at, "127.0.0.3", RRQ, "Board/zImage", size) == ("refused", 1)


@pytest.mark.parametrize("text, said", [
    ('follow = { "/nonexistent" }\n',
     ":1: follow takes a directory that is there, not '/nonexistent'"),
    ('default { ignore-case = maybe }\n', ":1: ignore-case takes one of no|yes, not 'maybe'")])
def test_what_is_wrong_is_said_with_its_line(kedge, tmp_path, text, said):
    (tmp_path / "policy").write_text(text)
    done = subprocess.run([kedge, "serve", "--check", "-c", tmp_path / "policy"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 64
    assert f"kedge serve: {tmp_path}/policy{said}" in done.stderr


def test_a_directory_that_is_not_there_is_said(kedge):
    done = subprocess.run([kedge, "serve", "--follow", "/nonexistent", "--check"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 64
    assert done.stderr == "kedge serve: --follow /nonexistent: no such file\n"
