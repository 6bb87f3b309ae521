# SPDX-License-Identifier: MIT
"""Where kedge get writes: whole or not at all, and what was there before."""
import os
import shutil
import subprocess

import pytest

from e2e.lib.run import finish, names, start
from e2e.lib.screen import rest_of
from e2e.peers.echo import wait_for
from e2e.peers.tftp import ERROR
from e2e.peers.tftp_peer import Peer


def test_standard_output(get):
    content = os.urandom(300_000)
    with Peer({"f": content, "g": b"tail"}) as peer:
        done = get(f"{peer.url}/f", f"{peer.url}/g", "-o", "-", "--json")
        assert done.code == 0 and done.out == content + b"tail"
        assert done.err.count('"outcome":"ok"') == 2
        assert get(f"{peer.url}/g", "-o-").out == b"tail"
    assert names(get.here) == []


def test_standard_output_that_goes_away(get, kedge):
    with Peer({"f": os.urandom(3_000_000)}) as peer:
        process = start(kedge, "get", f"{peer.url}/f", "-o", "-", cwd=get.here)
        process.stdout.read(10)
        process.stdout.close()
        process.stdout = None
        assert finish(process).code == 9


@pytest.mark.parametrize("content,shown", [(b"\x7fELF\0\1" + bytes(3000), False),
                                           (b"two\nlines\n" * 200, True)],
                         ids=["binary", "text"])
def test_a_terminal_gets_no_binary(get, kedge, content, shown):
    """It would do what the bytes tell it."""
    ours, theirs = os.openpty()
    with Peer({"f": content}) as peer:
        process = subprocess.Popen([kedge, "get", f"{peer.url}/f", "-q", "-o", "-"],
                                   cwd=get.here, stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        seen = rest_of(ours)
        err = process.communicate(timeout=20)[1].decode()
    assert process.returncode == (0 if shown else 9)
    assert seen.replace(b"\r\n", b"\n") == (content if shown else b"")
    assert shown or "the file is binary, and this is a terminal: use -o FILE" in err


def test_target_is_replaced_in_one_step(get):
    (get.here / "f").write_bytes(b"old")
    (get.here / "f").chmod(0o640)
    with Peer({"f": b"new"}) as peer:
        assert get(f"{peer.url}/f").code == 0
    assert (get.here / "f").read_bytes() == b"new"
    assert (get.here / "f").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("fault", [
    {"error_at": (3, 0, "broken")}, {"silent_at": 3}, {"close_at": 3}, {"tsize": 100},
    {"tsize": 90_000}, {"refuse": (2, "no")}])
def test_old_file_survives_any_failure(get, fault):
    (get.here / "f").write_bytes(b"old")
    with Peer({"f": os.urandom(5000)}, **fault) as peer:
        assert get(f"{peer.url}/f", "--blksize", "512", "--windowsize", "2",
                   "--retry-for", "1").code != 0
    assert (get.here / "f").read_bytes() == b"old" and names(get.here) == ["f"]


def test_target_is_a_directory(get):
    (get.here / "d").mkdir()
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", "-o", "d")
        assert done.code == 9 and "is a directory" in done.err
        assert peer.requests == []


def test_target_directory_is_missing(get):
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", "-o", "no/f")
    assert done.code == 9 and "no/f: no such file" in done.err


def test_target_directory_is_read_only(get, as_nobody):
    get.here.chmod(0o555)
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", **as_nobody)
    assert done.code == 9 and "permission denied" in done.err


def test_disk_full(get, small_disk):
    with Peer({"f": os.urandom(4_000_000)}) as peer:
        (small_disk / "f").write_bytes(b"old")
        done = get(f"{peer.url}/f", "-o", small_disk / "f")
        assert done.code == 10 and "disk full" in done.err
        wait_for(lambda: (ERROR, 3) in [(op, number) for op, number, _ in peer.heard], 10)
    assert names(small_disk) == ["f"] and (small_disk / "f").read_bytes() == b"old"


def test_device_is_full(get):
    with Peer({"f": b"abc"}) as peer:
        done = get(f"{peer.url}/f", "-o", "/dev/full")
    assert done.code == 10 and "/dev/full: disk full" in done.err


def test_device_and_fifo_are_written_through(get, kedge):
    os.mkfifo(get.here / "fifo")
    with Peer({"f": os.urandom(500_000)}) as peer:
        assert get(f"{peer.url}/f", "-o", "/dev/null").code == 0
        process = start(kedge, "get", f"{peer.url}/f", "-o", "fifo", cwd=get.here)
        assert (get.here / "fifo").read_bytes() == peer.files["f"]
        assert finish(process).code == 0
    assert names(get.here) == ["fifo"]


def memory_file(content=b""):
    fd = os.memfd_create("kedge-test")
    os.write(fd, content)
    return fd


def test_a_file_without_a_name_is_written_through(get, kedge):
    """Of memory, or deleted: nothing can be renamed over it."""
    fd = memory_file(b"longer than what comes" * 40)
    with Peer({"f": b"new" * 100}) as peer:
        done = subprocess.run([kedge, "get", f"{peer.url}/f", "-q", "-o", f"/dev/fd/{fd}"],
                              cwd=get.here, pass_fds=[fd], capture_output=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, b"")
    assert os.pread(fd, 10000, 0) == b"new" * 100
    os.close(fd)
    assert names(get.here) == []


def test_a_file_without_a_name_is_left_alone_by_what_never_comes(get, kedge):
    """What is not there, and what is empty."""
    fd = memory_file(b"before")
    with Peer({"empty": b""}) as peer:
        for name, status, left in ("missing", 3, b"before"), ("empty", 0, b""):
            done = subprocess.run([kedge, "get", f"{peer.url}/{name}", "-q", "-o",
                                   f"/dev/fd/{fd}"], cwd=get.here, pass_fds=[fd], timeout=20,
                                  stderr=subprocess.DEVNULL)
            assert (done.returncode, os.pread(fd, 100, 0)) == (status, left), name
    os.close(fd)


NO_LINKS = """
#include <fcntl.h>
#include <sys/stat.h>
int stat(const char *path, struct stat *st)
{
    int err = fstatat(AT_FDCWD, path, st, 0);
    st->st_nlink = 0;
    return err;
}
"""


def test_where_no_file_has_links_it_is_replaced(get, kedge, tmp_path):
    """As on some file systems (FUSE)."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    (tmp_path / "none.c").write_text(NO_LINKS)
    subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-w",
                    tmp_path / "none.c", "-o", tmp_path / "none.so"], check=True)
    (get.here / "got").write_bytes(b"old")
    os.link(get.here / "got", get.here / "old")
    with Peer({"f": b"new" * 100}) as peer:
        done = subprocess.run([kedge, "get", f"{peer.url}/f", "-q", "-o", "got"], cwd=get.here,
                              env={**os.environ, "LD_PRELOAD": str(tmp_path / "none.so")},
                              capture_output=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (get.here / "got").read_bytes() == b"new" * 100
    assert (get.here / "old").read_bytes() == b"old"
