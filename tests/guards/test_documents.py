# SPDX-License-Identifier: MIT
"""What the documents name is there: files, and in them the tests and functions that stand
in parentheses behind a file's name."""
import re
import runpy

import guard

# NAME and ROOM stand for any. `path` or `path` (`name`, words: `name`), the latter maybe on the
# next lines.
NAMED = re.compile(r"`([\w.+-]+(?:/[\w.+-]+)+/?)`(?:\s+\(([^()]*))?")
ROOMS = ("bench", "completion", "docs", "examples", "include", "man", "src", "tests", "tools",
         "trace")


def complaints(root, page):
    found = []
    for path, names in NAMED.findall(page):
        if path.split("/")[0] not in ROOMS or re.search(r"\b(NAME|ROOM)\b", path):
            continue
        if not (root / path).exists():
            found.append(f"no {path}")
            continue
        names = re.findall(r"`(\w+)`", names)
        text = (root / path).read_text() if names else ""
        found += [f"{path} has no {name}" for name in names
                  if not re.search(rf"\b{name}\b", text)]
    return found


def promises_without_a_test(page):
    """Rows of the table of what is defended whose last cell names no test."""
    table = page.split("## What is defended\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?!an attacker|-)(.*) \|$", table, re.M)
    assert rows
    return [row for row in rows if "`tests/" not in row.split(" | ")[-1]]


def rows_in_place_of(page):
    """Of each table "In place of" in docs/server.md: what the peer calls it, and kedge."""
    parts = re.findall(r"^## In place of ([^\n]*)\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    return {peer: dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text.split("\n|---|---|\n")[1],
                                  re.M)) for peer, text in parts}


def rows_without_a_test(root, page, tests, converted):
    """Rows that nothing holds, or two things; tests that are not there, or of another kind than
    the row is listed under; and rows of nothing."""
    found = []
    for peer, rows in rows_in_place_of(page).items():
        beside, alone = tests.get(peer, {}), converted.get(peer, {})
        found += [f"{peer}: {row}: none" for row, own in rows.items()
                  if own == "none" and row != "multicast, mtftp"]
        found += [f"{peer}: {row}" for row in rows.keys() ^ (beside.keys() | alone.keys())]
        found += [f"{peer}: {row}: twice" for row in beside.keys() & alone.keys()]
        for row, names in [*beside.items(), *alone.items()]:
            found += [f"{peer}: {row}: no {name}" for name in names
                      if not is_test(root, *name.split("::"))]
        found += [f"{peer}: {row}: no peer" for row, names in beside.items()
                  if not any(name.startswith("interop/") for name in names)]
        found += [f"{peer}: {row}: no conversion" for row, names in alone.items()
                  if not any(name.startswith("e2e/test_convert.py::") for name in names)]
    return found


def is_test(root, path, name):
    path = root / "tests" / path
    return path.exists() and f"\ndef {name}(" in path.read_text()


def pages(root):
    return guard.files(root, "README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/", "tests/",
                       suffix=(".md",))


def test_documents_name_what_is_there(root):
    found = [f"{page.relative_to(root)}: {c}" for page in pages(root)
             for c in complaints(root, page.read_text())]
    assert not found, guard.show(found)


def test_links_lead_somewhere(root):
    found = [f"{page.relative_to(root)}: {target}" for page in pages(root)
             for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
             if not (page.parent / target).exists()]
    assert not found, guard.show(found)


def test_each_rule_of_the_tests_is_in_the_notes(root):
    notes = (root / "docs/tftp.md").read_text()
    used = {int(n) for test in guard.files(root, "tests/", suffix=(".c", ".py"))
            for n in re.findall(r"\brule_(\d+)_", test.read_text())}
    assert used and all(f"\n## {n}. " in notes for n in used)


def test_each_scene_of_the_notes_is_played(root):
    notes = (root / "docs/tftp.md").read_text()
    scenes = "".join(p.read_text() for p in guard.files(root, "tests/sim/", suffix=(".c",)))
    named = re.findall(r"\| `(\w+)` \|$", notes, re.M)
    assert len(named) > 20
    assert not [n for n in named if not re.search(rf"\b{n}\b", scenes)]


def test_the_number_of_checks_is_right(root, kedge):
    """Where a document counts the checks of kedge check, it counts all of them."""
    count = len(guard.run(kedge, "check", "--list").splitlines())
    said = re.findall(r"`kedge check`: (\d+) checks", (root / "CHANGELOG.md").read_text())
    assert said == [str(count)]


def test_what_is_defended_has_a_test(root):
    page = (root / "SECURITY.md").read_text()
    assert promises_without_a_test(page) == []
    planted = page.replace("## What is defended\n\n",
                           "## What is defended\n\n| hopes | meets a hope | good will |\n")
    assert promises_without_a_test(planted) == ["hopes | meets a hope | good will"]


def test_each_row_in_place_of_a_peer_has_its_tests(root):
    page = (root / "docs/server.md").read_text()
    lists = runpy.run_path(str(root / "tests/interop/in_place_of.py"))
    tests, converted = lists["TESTS"], lists["CONVERSION_ONLY"]
    assert rows_in_place_of(page).keys() == tests.keys() >= converted.keys()
    assert rows_without_a_test(root, page, tests, converted) == []
    more = page + "| `--new` | none |\n"
    assert rows_without_a_test(root, more, tests, converted) == \
        ["atftpd: `--new`: none", "atftpd: `--new`"]
    for names, fault in (["interop/test_map.py::test_none"], "no interop/test_map.py::test_none"), \
            (["e2e/test_mac.py::test_explain_says_which_mac"], "no peer"):
        planted = {**tests, "atftpd": {**tests["atftpd"], "uploads, always": names}}
        assert rows_without_a_test(root, page, planted, converted) == \
            [f"atftpd: uploads, always: {fault}"]
    for row, fault in ("uploads, always", "twice"), ("multicast, mtftp", "no conversion"):
        names = tests["atftpd"]["uploads, always"] if fault != "twice" else \
            converted["atftpd"]["multicast, mtftp"]
        planted = {**converted, "atftpd": {**converted["atftpd"], row: names}}
        assert rows_without_a_test(root, page, tests, planted) == [f"atftpd: {row}: {fault}"]


def test_what_is_not_there_is_seen(root):
    assert complaints(root, "`src/cmd/main.c` (`main`,\n  `dispatch`), `tests/`, `udp/x`") == []
    assert complaints(root, "`src/none.c`") == ["no src/none.c"]
    for names in "`main`, `nix`", "words, then a name: `nix`":
        assert complaints(root, f"`src/cmd/main.c` ({names})") == ["src/cmd/main.c has no nix"]
