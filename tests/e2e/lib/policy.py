# SPDX-License-Identifier: MIT
"""A tree, a map and a policy file of some size, and one request to a server that goes by
them."""
import os
import pwd
import socket

from e2e.peers.tftp import ACK, DATA, ERROR, OACK

# Who the server stays: nobody is not let into a directory of the tests.
ME = pwd.getpwuid(os.geteuid()).pw_name
POLICY = """
# Some clients of one server.
listen = {{ "tftp://127.0.0.1:0" }}
root = "{srv}/tree"
user = {me}
map = '{srv}/map'
file "secret/**" {{ get = "refuse" }}
file "in/*" {{ uploads = "create"  max-upload = "1K" }}
client "127.0.0.2" {{ root = "{srv}/other"  blksize-max = 600 }}
client "127.0.0.3" {{ uploads = "overwrite"  create-directories = yes  get = "refuse"  windowsize-max = 2 }}
client "127.0.0.4/31" {{ root = "{srv}/by/%a"  uploads = "version" }}
client "interface lo" {{ blksize-max = 700 }}
default {{ uploads = "refuse" }}
"""
MAP = r"""
rg \\ /
r ^alias$ a.txt
rE ^(.*)\.gone$ \1.txt
a ^no/ not\ here
P4r ^put/ in/
r (.)\1\1$ \1
"""
FILES = {"tree/a.txt": "a", "tree/secret/x": "s", "tree/in/old": "old", "tree/deep/er/file": "f",
         "tree/dir.txt/x": "x", "other/a.txt": "other", "by/127.0.0.4/a.txt": "four"}
LINKS = {"tree/link": "/deep/er/file", "tree/out": "/etc/passwd", "tree/in/link": "old",
         "tree/up": "../../../a.txt", "tree/loop": "loop", "tree/d": "deep", "tree/beside": "{srv}/other/a.txt"}


def lay_out(srv):
    """The tree, `map` and `policy` below srv."""
    for name, content in FILES.items():
        path = srv / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    for name, target in LINKS.items():
        (srv / name).symlink_to(target.format(srv=srv))
    for path in srv.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o644)
    (srv / "map").write_text(MAP)
    (srv / "policy").write_text(POLICY.format(me=ME, srv=srv))
    return srv


def request(op, name, options):
    words = [name.encode("utf-8", "surrogateescape"), b"octet"]
    for option, value in options.items():
        words += [option.encode(), str(value).encode()]
    return op.to_bytes(2, "big") + b"".join(w + b"\0" for w in words)


def ask(at, source, op, name, options):
    """The first answer to a request from the address source: ("granted", options) or
    ("refused", code)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.settimeout(20)
        sock.sendto(request(op, name, options), at)
        answer, peer = sock.recvfrom(70000)
        kind = int.from_bytes(answer[:2], "big")
        if kind == ERROR:
            return "refused", int.from_bytes(answer[2:4], "big")
        sock.sendto(b"\0\5\0\0enough\0", peer)
        if kind == OACK:
            words = answer[2:].decode().split("\0")[:-1]
            return "granted", dict(zip(words[::2], words[1::2]))
        assert kind in (DATA, ACK)
        return "granted", {}
