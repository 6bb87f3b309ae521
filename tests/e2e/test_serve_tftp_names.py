# SPDX-License-Identifier: MIT
"""What a name in a request can reach, and what it cannot."""
import os
import socket

import pytest

from e2e.peers.tftp import TftpError, get, put


@pytest.fixture
def tree(srv, make, tmp_path):
    """A root with one of everything, and a secret beside it."""
    make("file", b"file")
    make("sub/file", b"sub")
    make("sub/deep/file", b"deep")
    make("back\\slash", b"never")
    make("sp ace", b"space")
    make("caf\u00e9", b"utf-8")
    make("...", b"dots")
    make("-dash", b"dash")
    make(".kedge-0123456789abcdef", b"a leftover")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "secret").chmod(0o644)
    os.mkfifo(srv / "fifo", 0o666)
    (srv / "in").symlink_to("sub/file")
    (srv / "indir").symlink_to("sub")
    (srv / "absolute").symlink_to("/sub/file")
    (srv / "out").symlink_to("../secret")
    (srv / "outdir").symlink_to("..")
    (srv / "outabsolute").symlink_to(tmp_path / "secret")
    (srv / "passwd").symlink_to("/etc/passwd")
    (srv / "loop").symlink_to("loop")
    (srv / "proc").symlink_to("/proc/self/" "root/etc/passwd")
    (srv / "dangling").symlink_to("nothing")
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(srv / "socket"))
    sock.close()
    make("private", b"private")
    (srv / "private").chmod(0)
    return srv


FOUND = {
    "file": b"file", "/file": b"file", "//file": b"file", "///file": b"file",
    "./file": b"file", "sub/file": b"sub", "sub//file": b"sub", "/sub///file": b"sub",
    "sub\\file": b"sub", "\\sub\\file": b"sub", "\\\\sub\\\\file": b"sub",
    "sub/../file": b"file", "sub/deep/../../file": b"file", "../file": b"file",
    "../../../../file": b"file", "sub/./deep/file": b"deep", "sp ace": b"space",
    "caf\u00e9": b"utf-8", "...": b"dots", "-dash": b"dash", "in": b"sub",
    "indir/file": b"sub", "absolute": b"sub", "indir/../file": b"file",
    "outdir/file": b"file",   # `..` stops at the root, as in a chroot
}

MISSING = ["nothing", "sub/nothing", "nothing/file", "file/file", "out", "../secret",
           "sub/../../secret", "outdir/secret", "outabsolute", "passwd", "proc",
           "/etc/passwd", "../../../../../../etc/passwd", "..\\secret", "dangling",
           "back\\slash", "file\x01", ".kedge-0123456789abcdef", "/.kedge-1/file", "FILE",
           "x" * 255, "x" * 256, "d/" * 200, "\xff\xfe"]

DENIED = ["", "/", ".", "..", "sub", "sub/", "/sub/deep", "fifo", "socket", "private",
          "indir", "//", "\\"]


@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_names_that_are_found(serve, tree, flags):
    server = serve(*flags)

    for name, content in FOUND.items():
        assert get(server.at, name).content == content, name


def refusal(server, name, **options):
    with pytest.raises(TftpError) as refused:
        get(server.at, name, **options)
    return refused.value


def test_names_that_are_not_found(serve, tree):
    server = serve()

    for name in MISSING:
        for options in ({}, {"blksize": 1024, "tsize": 0}):
            assert refusal(server, name, **options).code == 1, name


def test_what_is_no_regular_file_is_refused_at_once(serve, tree):
    """With 1 or 2: U-Boot begins again for ever on other codes."""
    server = serve()

    for name in DENIED:
        assert refusal(server, name).code in (1, 2), name
    server.stop()
    reasons = {r["file"]: r["reason"] for r in server.records()}
    for name in ("sub", "fifo", "socket"):
        assert "regular" in reasons[name], reasons[name]
        assert server.record(file=name)["verdict_id"] == "not-permitted"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
def test_a_device_is_refused(serve, srv):
    os.mknod(srv / "zero", 0o20666, os.makedev(1, 5))
    os.chmod(srv / "zero", 0o666)
    server = serve()

    assert refusal(server, "zero").code == 2


def test_a_refusal_tells_no_path_of_the_server(serve, tree):
    server = serve("--uploads", "create")

    for name in ("nothing", "sub", "private", "out"):
        assert str(tree) not in refusal(server, name).text
        assert tree.name not in refusal(server, name).text
    with pytest.raises(TftpError) as refused:
        put(server.at, "nothing/new", b"x")
    assert "nothing" not in refused.value.text


def test_names_show_harmless_in_the_log(serve, srv):
    names = {"esc\x1b[31m": "\\x1b", "two\nlines": "\\x0a", "bell\x07": "\\x07",
             b"\xff\xfe": "\\xff", "right\u202eleft": "\\xe2"}
    server = serve()

    for name in names:
        refusal(server, name)
    server.stop()
    text = server.stderr
    for shown in names.values():
        assert shown in text
    assert not set(text) & set("\x1b\x07\u202e\udcff")
    assert len(server.records()) == len(names)


UP = {"sub\\up": "sub/up", "//up": "up", "indir/up2": "sub/up2", "sub/../up3": "up3",
      "../up4": "up4", "/sub/deep/up": "sub/deep/up"}


def test_uploads_stay_below_the_root(serve, tree, tmp_path):
    for directory in (tree / "sub", tree / "sub/deep"):
        directory.chmod(0o777)
    server = serve("--uploads", "overwrite")
    before = sorted(tmp_path.iterdir())

    for name, place in UP.items():
        put(server.at, name, name.encode())
        assert (tree / place).read_bytes() == name.encode()
    for name, code in {"": 2, "/": 2, ".": 2, "..": 2, "sub": 2, "sub/": 2, "fifo": 2,
                       "socket": 2, "nothing/up": 1, "file/up": 1, ".kedge-x": 1,
                       ".kedge-0123456789abcdef": 1, "x" * 256: 1}.items():
        with pytest.raises(TftpError) as refused:
            put(server.at, name, b"never")
        assert refused.value.code in ({1, 2} if code == 2 else {code}), name
    # What a link leads to is written, below the root, and the link stays.
    for name, place in {"in": "sub/file", "absolute": "sub/file", "out": "secret"}.items():
        put(server.at, name, name.encode())
        assert (tree / name).is_symlink()
        assert (tree / place).read_bytes() == name.encode()
    for name, code in {"passwd": 1, "outabsolute": 1, "loop": 1, "indir": 2, "outdir": 2}.items():
        with pytest.raises(TftpError) as refused:
            put(server.at, name, b"never")
        assert refused.value.code == code and (tree / name).is_symlink()
    put(server.at, "outdir/up", b"stays in")
    assert (tree / "up").read_bytes() == b"stays in"
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert (tree / "sub/file").read_bytes() == b"absolute"
    assert sorted(tmp_path.iterdir()) == before
