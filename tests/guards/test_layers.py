# SPDX-License-Identifier: MIT
"""Who may include whom, and whom a file may call. A room includes itself and lower floors;
rooms of one floor do not know each other; within a room includes and calls run one way. The
pure rooms stand on the freestanding headers and <string.h>."""
import json
import re
from collections import defaultdict

import guard
import pytest

PURE = {"base", "tftp", "echo", "policy"}
# Floors from the ground. `os` lies below those that wait, read clocks or hand work to threads.
SYSTEM = {"net", "file", "report"}
MIDDLE = {"serve/tftp", "serve/echo", "serve/status", "probe", "mtu", "check", "client"}
BELOW_MIDDLE = PURE | {"os"} | SYSTEM | {"transfer"}

MAY_INCLUDE = {
    "base": set(),
    **{room: {"base"} for room in PURE - {"base"}},
    "os": {"base"},
    **{room: {"base", "os"} for room in SYSTEM},
    "transfer": PURE | {"os"} | SYSTEM,
    **{room: BELOW_MIDDLE for room in MIDDLE},
    "mtu": BELOW_MIDDLE | {"probe"},  # it dials and pads as the prober does
    "results": BELOW_MIDDLE | MIDDLE,
    "trace": {"base", "tftp", "os", "net", "report"},
    "cmd": BELOW_MIDDLE | MIDDLE | {"results", "trace"},
}

# The public headers belong to rooms too, and count as part of them.
PUBLIC = {
    "base": "base",
    "endpoint": "net",
    "stream": "net",
    "datagram": "net",
    "tftp": "tftp",
    "tftp_path": "tftp",
    "server": "serve/tftp",
    "transfer": "transfer",
}

PURE_HEADERS = {"stdbool.h", "stddef.h", "stdint.h", "limits.h", "stdalign.h", "string.h"}

# What still stands against the rule: file, what it includes. This list only gets shorter.
STANDING = set()

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def room_of(path):
    """The room that "net/udp.h", "serve/tftp/port.c" or "kedge/tftp.h" belongs to."""
    room, _, name = path.rpartition("/")
    if room == "kedge":
        return PUBLIC.get(name.removesuffix(".h"))
    return room or None


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
            if name.startswith("examples/posix/"):
                why = None if kind == "<" or (path.parent / target).is_file() else \
                    "a bare program is on the system's headers only"
            elif name.startswith("examples/"):
                why = None if kind == "<" or room_of(target) in PUBLIC.values() and \
                    target.startswith("kedge/") else "an example is on include/kedge only"
            elif (name, target) in STANDING:
                why = None
            else:
                why = complain(place, kind, target)
            if why:
                found.append(f"{name}: includes {target}: {why}")
    return found


def test_layers_hold(root):
    found = complaints(root)
    assert not found, guard.show(found)


def test_what_still_stands_does_stand(root):
    for name, target in STANDING:
        assert f'#include "{target}"' in (root / name).read_text(), f"{name}: strike it"


@pytest.mark.parametrize("name, line, why", [
    ("src/base/planted.c", '#include "net/udp.h"', "base may not know net"),
    ("src/base/planted.h", '#include <stdio.h>', "base is freestanding"),
    ("src/base/planted.h", '#include "kedge/endpoint.h"', "base may not know net"),
    ("src/tftp/planted.c", '#include "echo/stamp.h"', "may not know echo"),
    ("src/tftp/planted.c", '  #  include <sys/socket.h>', "is freestanding"),
    ("src/tftp/planted.c", '#include "os/clock.h"', "tftp may not know os"),
    ("src/os/planted.c", '#include "net/udp.h"', "os may not know net"),
    ("src/net/planted.c", '#include "file/root.h"', "net may not know file"),
    ("src/file/planted.c", '#include "kedge/tftp.h"', "file may not know tftp"),
    ("src/transfer/planted.c", '#include "serve/tftp/service.h"', "transfer may not know serve/tftp"),
    ("src/serve/tftp/planted.c", '#include "serve/echo/tcp.h"', "may not know serve/echo"),
    ("src/serve/tftp/planted.c", '#include "client/fetch.h"', "serve/tftp may not know client"),
    ("src/probe/planted.c", '#include "mtu/mtu.h"', "probe may not know mtu"),
    ("src/probe/planted.c", '#include "results/run.h"', "probe may not know results"),
    ("src/results/planted.c", '#include "cmd/args.h"', "results may not know cmd"),
    ("src/net/planted.c", '#include "../os/loop.h"', "names no room"),
    ("src/net/planted.c", '#include "udp.h"', "names no room"),
    ("src/net/planted.c", '#include <kedge/endpoint.h>', "in quotes"),
    ("src/net/deep/planted.c", '', "stands in no room"),
    ("src/serve/planted.c", '', "stands in no room"),
    ("include/kedge/stream.h", '#include "net/udp.h"', "stands on public headers"),
    ("include/kedge/planted.h", '', "stands in no room"),
    ("examples/planted.c", '#include "net/udp.h"', "on include/kedge only"),
    ("examples/posix/planted.c", '#include "kedge/stream.h"', "on the system's headers only"),
])
def test_a_planted_include_is_seen(scratch, name, line, why):
    guard.plant(scratch, name, line + "\n")
    assert any(name in c and why in c for c in complaints(scratch)), complaints(scratch)


def circles(edges):
    """The sets of two or more nodes that reach each other. edges: node -> set of nodes."""
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for after in sorted(edges.get(node, ())):
            if after not in number:
                visit(after)
            if after in stack:
                low[node] = min(low[node], low[after])
        if low[node] == number[node]:
            members = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(members) > 1:
                found.append(set(members))

    for node in sorted(edges):
        if node not in number:
            visit(node)
    return found


def includes_inside(tree):
    """Of each file below src/, what it includes of its own room."""
    edges = defaultdict(set)
    for path in guard.files(tree, "src/", suffix=(".c", ".h")):
        name = str(path.relative_to(tree))
        for _, target in INCLUDE.findall(path.read_text()):
            if room_of(target) == room_of(name.removeprefix("src/")):
                edges[name].add("src/" + target)
    return edges


def built_objects(root, build):
    """Source below src/ -> the object that meson made of it."""
    objects = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (build / entry["directory"] / entry["file"]).resolve()
        output = re.search(r" -o (\S+\.o)\b", entry["command"])
        if source.is_relative_to(root / "src") and output:
            objects.setdefault(str(source.relative_to(root)),
                               build / entry["directory"] / output[1])
    return objects


def symbols(objects, *which):
    """The external symbols of the objects, as (path, name)."""
    lines = guard.run("nm", "-A", "-P", "-g", *which, *objects).splitlines()
    return [(line.split(": ")[0], line.split(": ")[1].split()[0]) for line in lines]


def calls_inside(objects):
    """Of each source, the sources of its own room whose functions or data it names."""
    sources = {str(path): source for source, path in objects.items()}
    homes = {name: sources[path] for path, name in symbols(sources, "--defined-only")}
    edges = defaultdict(set)
    for path, name in symbols(sources, "-u"):
        source, home = sources[path], homes.get(name)
        if home and home != source and room_of(home) == room_of(source):
            edges[source].add(home)
    return edges


def test_no_circle_of_includes_inside_a_room(root):
    found = circles(includes_inside(root))
    assert not found, guard.show([" <-> ".join(sorted(c)) for c in found])


def test_no_circle_of_calls_inside_a_room(root, build):
    objects = built_objects(root, build)
    assert len(objects) > 100, "the objects are not where they were"
    found = circles(calls_inside(objects))
    assert not found, guard.show([" <-> ".join(sorted(c)) for c in found])


def test_a_planted_circle_of_includes_is_seen(scratch):
    for one, other in ("ab", "bc", "ca"):
        guard.plant(scratch, f"src/net/planted_{one}.h",
                    f'#include "net/planted_{other}.h"\n')
    assert circles(includes_inside(scratch)) == [
        {f"src/net/planted_{x}.h" for x in "abc"}]


@pytest.mark.parametrize("last, seen", [("a", True), ("d", False)])
def test_a_planted_circle_of_calls_is_seen(tmp_path, last, seen):
    objects = {}
    for one, other in ("a", "b"), ("b", "c"), ("c", last):
        source = guard.plant(tmp_path, f"src/net/{one}.c",
                             f"void f_{other}(void); void f_{one}(void) {{ f_{other}(); }}\n"
                             f"static void same(void) {{}} void (*p_{one})(void) = same;\n")
        objects[f"src/net/{one}.c"] = source.with_suffix(".o")
        guard.run("cc", "-c", source, "-o", source.with_suffix(".o"))
    found = circles(calls_inside(objects))
    assert found == ([set(objects)] if seen else [])
