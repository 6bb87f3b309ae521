"""Who may include whom. A room includes itself and lower floors; rooms of one floor do not
know each other; proto and base stand on the freestanding headers and <string.h>."""
import re

import guard
import pytest

MIDDLE = {"net", "store", "loop", "report", "jail"}
PROTO = {"proto", "proto/tftp", "proto/icmp", "proto/echo"}
UPPER = MIDDLE | PROTO | {"transfer", "base"}

MAY_INCLUDE = {
    "base": set(),
    "proto": {"base"},
    "proto/tftp": {"proto", "base"},
    "proto/icmp": {"proto", "base"},
    "proto/echo": {"proto", "base"},
    "net": {"base"},
    "store": {"base"},
    "loop": {"base"},
    "report": {"base"},
    "jail": {"base"},
    "transfer": {"proto", "proto/tftp", "net", "store", "base"},
    "serve": UPPER,
    "ask": UPPER,
    "cmd": UPPER | {"serve", "ask"},
}

# The public headers belong to rooms too, and count as part of them.
PUBLIC = {
    "base": "base",
    "tcp": "base",
    "trace": "net",
    "diagram": "report",
    "endpoint": "net",
    "stream": "net",
    "datagram": "net",
    "tftp": "proto/tftp",
    "tftp_way": "proto/tftp",
    "transfer": "transfer",
}

PURE = {"base"} | PROTO
PURE_HEADERS = {"stdbool.h", "stddef.h", "stdint.h", "limits.h", "stdalign.h", "string.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def room_of(path):
    """The room that "net/udp.h", "proto/tftp/rtt.h" or "kedge/tftp.h" belongs to."""
    parts = path.split("/")
    if parts[0] == "kedge" and len(parts) == 2:
        return PUBLIC.get(parts[1].removesuffix(".h"))
    if parts[0] == "proto" and len(parts) == 3:
        return "/".join(parts[:2])
    if parts[0] in {"serve", "ask"} and len(parts) == 3:
        return parts[0]  # a folder for one service or asker
    return parts[0] if len(parts) == 2 else None


def complain(place, kind, target):
    """Why the file at place, as an include would name it, may not include target; or
    None."""
    room = room_of(place)
    if kind == "<":
        if target.startswith("kedge/"):
            return "a public header is included in quotes"
        if room in PURE and target not in PURE_HEADERS:
            return f"{room} is freestanding"
        return None
    if room_of(target) not in MAY_INCLUDE:
        return "names no room (own headers are included as room/name.h)"
    if place.startswith("kedge/") and not target.startswith("kedge/"):
        return "a public header stands on public headers"
    if room_of(target) != room and room_of(target) not in MAY_INCLUDE[room]:
        return f"{room} may not know {room_of(target)}"
    return None


def complaints(tree):
    found = []
    for path in guard.files(tree, *guard.C_ROOMS, suffix=(".c", ".h")):
        name = str(path.relative_to(tree))
        place = name.removeprefix("src/").removeprefix("include/")
        if not name.startswith("examples/") and room_of(place) not in MAY_INCLUDE:
            found.append(f"{name}: stands in no room")
            continue
        for kind, target in INCLUDE.findall(path.read_text()):
            if name.startswith("examples/"):
                why = None if kind == "<" or room_of(target) in PUBLIC.values() and \
                    target.startswith("kedge/") else "an example is on include/kedge only"
            else:
                why = complain(place, kind, target)
            if why:
                found.append(f"{name}: includes {target}: {why}")
    return found


def test_layers_hold(root):
    found = complaints(root)
    assert not found, guard.show(found)


@pytest.mark.parametrize("name, line, why", [
    ("src/base/planted.c", '#include "net/udp.h"', "base may not know net"),
    ("src/base/planted.h", '#include <stdio.h>', "base is freestanding"),
    ("src/base/planted.h", '#include "kedge/endpoint.h"', "base may not know net"),
    ("src/proto/tftp/planted.c", '#include "proto/echo/stamp.h"', "may not know proto/echo"),
    ("src/proto/tftp/planted.c", '  #  include <sys/socket.h>', "is freestanding"),
    ("src/net/planted.c", '#include "loop/loop.h"', "net may not know loop"),
    ("src/store/planted.c", '#include "kedge/tftp.h"', "store may not know proto/tftp"),
    ("src/transfer/planted.c", '#include "loop/loop.h"', "transfer may not know loop"),
    ("src/serve/planted.c", '#include "ask/fetch.h"', "serve may not know ask"),
    ("src/ask/planted.c", '#include "cmd/args.h"', "ask may not know cmd"),
    ("src/net/planted.c", '#include "../loop/loop.h"', "names no room"),
    ("src/net/planted.c", '#include "udp.h"', "names no room"),
    ("src/net/planted.c", '#include <kedge/endpoint.h>', "in quotes"),
    ("src/net/deep/planted.c", '', "stands in no room"),
    ("include/kedge/stream.h", '#include "net/udp.h"', "stands on public headers"),
    ("include/kedge/planted.h", '', "stands in no room"),
    ("examples/planted.c", '#include "net/udp.h"', "on include/kedge only"),
])
def test_a_planted_include_is_seen(scratch, name, line, why):
    guard.plant(scratch, name, line + "\n")
    assert any(name in c and why in c for c in complaints(scratch)), complaints(scratch)
