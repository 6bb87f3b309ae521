# SPDX-License-Identifier: MIT
"""A server where openat2 is missing (Linux before 5.6), or a filter forbids it."""
import errno
import subprocess

import pytest

from e2e.lib.policy import ME


@pytest.fixture(params=["ENOSYS", "EPERM"])
def old(request, build):
    """Words ahead of a command that then has no openat2."""
    return [build / "tests/unit/without_openat2", str(getattr(errno, request.param))]


def test_it_serves_all_the_same_and_says_so(old, serve, kedge, get, srv):
    beyond = srv.parent / "beyond"
    for directory in srv / "dir", beyond, srv / "etc":
        directory.mkdir()
    (srv / "dir/file").write_text("in the root")
    (srv / "etc/passwd").write_text("ours")
    (beyond / "image").write_text("beyond it")
    for link, target in (("up", ".."), ("absolute", "/etc/passwd"), ("out", "/etc/hostname"),
                         ("followed", beyond / "image")):
        (srv / "dir" / link).symlink_to(target)
    (srv / "link").symlink_to("dir/file")
    server = serve("--follow", beyond, "--uploads", "overwrite", "--user", ME, under=old)
    url = "tftp://{}:{}".format(*server.at)

    for name, want in (("dir/file", "in the root"), ("link", "in the root"),
                       ("dir/up/dir/file", "in the root"), ("dir/absolute", "ours"),
                       ("../../etc/passwd", "ours"), ("dir/followed", "beyond it")):
        assert get(f"{url}/{name}", "-o", "got").code == 0, name
        assert (get.here / "got").read_text() == want
    for name in "dir/out", "../beyond/image", "dir/file/x", "none":
        assert get(f"{url}/{name}", "-o", "got").code == 3, name
    (get.here / "new").write_text("new")
    subprocess.run([kedge, "put", "new", f"{url}/link"], cwd=get.here, check=True, timeout=60)
    assert (srv / "dir/file").read_text() == "new" and (srv / "link").is_symlink()
    server.stop()
    assert any("walked part by part" in line for line in server.lines)


def test_with_it_nothing_is_said(serve):
    server = serve()

    server.stop()
    assert server.lines and not any("part by part" in line for line in server.lines)
