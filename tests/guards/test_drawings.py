# SPDX-License-Identifier: MIT
"""Every drawing of the tree is XML, and shows the same in programs that know no CSS
variables (librsvg, and with it most viewers of documents) as in a browser."""
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml

import guard
import pytest

SVG = "{http://www.w3.org/2000/svg}"


def blocks(text):
    """The declarations of each rule of a style sheet, and of each style=."""
    return re.findall(r"\{([^{}]*)\}", text) + re.findall(r"\bstyle=[\"']([^\"']*)", text)


def complaints(path):
    text = path.read_text()
    try:
        top = xml.fromstring(text)
    except xml.ParseError as error:
        return [f"{path.name}: {error}"]
    found = [] if top.tag == SVG + "svg" and top.get("viewBox") else \
        [f"{path.name}: no <svg> with a viewBox"]
    found += [f"{path.name}: {a.get('id') or a.tag}: var() in an attribute"
              for a in top.iter() for k, v in a.items() if "var(" in v and k != "style"]
    for block in blocks(text):
        plain = set()
        for name, value in re.findall(r"([\w-]+)\s*:\s*([^;]*)", block):
            if "var(" not in value:
                plain.add(name)
            elif name not in plain:
                found.append(f"{path.name}: {name}:{value} has no plain value before it")
    return found


def drawing_fault(path, out):
    """What rsvg-convert says of it; "" when it draws it."""
    done = subprocess.run(["rsvg-convert", "-o", out, path], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout or ("nothing drawn" if done.returncode else "")


def drawings(root):
    return guard.files(root, suffix=(".svg",))


def test_each_drawing_is_plain(root):
    found = [c for path in drawings(root) for c in complaints(path)]
    assert len(drawings(root)) > 5 and not found, guard.show(found)


def test_each_drawing_draws(root, tmp_path):
    if not shutil.which("rsvg-convert"):
        pytest.skip("no rsvg-convert here (tools/setup --check)")
    found = [f"{path.name}: {fault}" for path in drawings(root)
             if (fault := drawing_fault(path, tmp_path / "drawn.png"))]
    assert not found, guard.show(found)
    assert drawing_fault(guard.plant(tmp_path, "bad.svg", "<svg>"), tmp_path / "bad.png")


@pytest.mark.parametrize("body, fault", [
    ("<text>", "mismatched tag"),
    ("<style>text{fill:var(--ink)}</style>", "no plain value"),
    ("<style>text{fill:var(--ink,#000)}</style>", "no plain value"),
    ("<style>text{fill:#000;stroke:var(--ink)}</style>", "no plain value"),
    ('<text style="fill:var(--ink)"/>', "no plain value"),
    ('<text fill="var(--ink)"/>', "in an attribute"),
    ("<style>text{fill:#000;fill:var(--ink)}</style>", None),
])
def test_a_faulty_drawing_is_seen(tmp_path, body, fault):
    path = guard.plant(tmp_path, "planted.svg", '<svg xmlns="http://www.w3.org/2000/svg" '
                       f'viewBox="0 0 9 9">{body}</svg>')
    found = complaints(path)
    assert found == [] if fault is None else fault in found[0]
