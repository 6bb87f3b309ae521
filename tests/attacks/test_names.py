# SPDX-License-Identifier: MIT
"""Ways that have led out of the root of some server or other. Links, FIFOs, devices and
directories: tests/e2e/test_serve_tftp_names.py."""
import pytest

from e2e.peers.tftp import TftpError, get, put

UP = {
    "plain": "../secret", "deep": "../" * 30 + "secret", "behind a name": "sub/../../secret",
    "behind what is not there": "none/../../secret", "behind a file": "file/../../secret",
    "backslashes": "..\\secret", "both": "..\\../..\\secret", "doubled": "..//secret",
    "with dots": "./.././secret", "of the start": "/../secret", "drive": "C:\\..\\secret",
    "share": "\\\\host\\share\\..\\..\\secret", "four dots": "....//secret",
    "three dots": ".../secret", "percent": "%2e%2e/secret", "percent twice": "%252e%252e/secret",
    "percent slash": "..%2fsecret", "overlong dots": b"\xc0\xae\xc0\xae/secret",
    "overlong slash": b"..\xc0\xafsecret", "wide dots": "\uff0e\uff0e/secret",
    "semicolon": "..;/secret", "space": ".. /secret", "tab": "..\t/secret",
    "the link": "out", "by a link": "outdir/secret", "by two links": "outdir/../secret",
    "tilde": "~/secret", "variable": "$HOME/secret", "url": "tftp://127.0.0.1/../secret",
    "proc": "/proc/self/" "root/secret", "descriptor": "/dev/fd/3/../secret",
}


@pytest.fixture
def tree(srv, make, tmp_path):
    """A root, and beside it what nobody is to reach: also by its path from the top."""
    make("file", b"file")
    make("sub/file", b"sub")
    (srv / "sub").chmod(0o777)
    (srv / "out").symlink_to("../secret")
    (srv / "outdir").symlink_to("..")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "secret").chmod(0o666)
    tmp_path.chmod(0o777)
    return {**UP, "absolute": str(tmp_path / "secret"),
            "absolute, backslashes": str(tmp_path / "secret").replace("/", "\\"),
            "cut by NUL": b"../secret\0.cfg"}


@pytest.mark.parametrize("flags", [(), ("--single-port",)], ids=["ports", "single"])
def test_no_spelling_reads_outside(serve, tree, flags):
    server = serve(*flags)

    for how, name in tree.items():
        with pytest.raises(TftpError) as refused:
            get(server.at, name)
        assert refused.value.code == (2 if how == "cut by NUL" else 1), how  # no such mode


def everything(directory):
    """Path: content, of all that lies beside the root."""
    return {path: path.read_bytes() for path in directory.iterdir() if path.is_file()
            and not path.name.startswith("serve-")}


@pytest.mark.parametrize("uploads", ["create", "overwrite", "version"])
def test_no_spelling_writes_outside(serve, tree, srv, tmp_path, uploads):
    """It may make a file below the root; what lies beside it stays as it is."""
    server = serve("--uploads", uploads)
    before, names = everything(tmp_path), {p.name for p in tmp_path.iterdir()}

    for how, name in tree.items():
        try:
            put(server.at, name, b"written")
        except TftpError as refused:
            assert refused.code in (1, 2, 6), how
    assert everything(tmp_path) == before
    assert {p.name for p in tmp_path.iterdir()} == names
    assert (srv / "file").read_bytes() == b"file"
    assert (srv / "sub/file").read_bytes() == b"sub"


def test_a_way_out_is_seen(tmp_path, srv):
    """What the test above looks at, where a file was written outside."""
    before = everything(tmp_path)
    (tmp_path / "escaped").write_bytes(b"written")
    assert everything(tmp_path) != before
