# SPDX-License-Identifier: MIT
"""`kedge explain`: what it says of a request is what serve does with it."""
import json
import random
import shutil
import subprocess

import pytest

from e2e.lib.policy import ME, ask
from e2e.peers.tftp import RRQ, WRQ

NAMES = ["a.txt", "alias", "a.gone", "b.gone", "no/x", "secret/x", "./secret/x", "secret\\x",
         "x/../secret/x", "in/new", "in/old", "put/new", "in", "in/", "missing", "", "/",
         "//a.txt", "a.tttt", "link", "out", "deep/er/file", "secret", "aaa", "in/link", "up",
         "loop", "d/er/file", "dir.txt", ".kedge-0123456789abcdef", "in/.kedge-x", "in/new\n",
         "in/\u00fcber", "A.TXT", "In/OLD", "DEEP/Er/file", "Secret/x", "IN/new", "beside", "in/" + "n" * 256, "d/../a.txt", "a.txt/x", "put/../a.txt", "new/er/x", "in/sub/x", "alias/x", "new/../x"]
CLIENTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"]


def explain(kedge, *words):
    return subprocess.run([str(w) for w in (kedge, "explain", *words)], capture_output=True,
                          text=True, timeout=60)


def explained(kedge, flags, source, op, name, options):
    """The same of explain as ask() (e2e.lib.policy) says of serve."""
    done = explain(kedge, *flags, "--json", f"{source}%lo", "get" if op == RRQ else "put",
                   name, *[f"{k}={v}" for k, v in options.items()])
    said = json.loads(done.stdout)
    if not said["granted"]:
        assert done.returncode == (3 if said["code"] == 1 else 4)
        assert said["reason"]
        return "refused", said["code"]
    assert done.returncode == 0
    text = next((s["text"] for s in said["steps"] if s["step"] == "options"), " (")
    pairs = [p.split("=") for p in text.split(" (")[0].split(",") if p]
    return "granted", dict(pairs)


def some_request(rng):
    op = rng.choice([RRQ, RRQ, WRQ])
    options = {}
    if rng.random() < .7:
        options["blksize"] = rng.choice([8, 512, 600, 1000, 1400, 65464])
    if rng.random() < .5:
        options["windowsize"] = rng.choice([1, 2, 16, 65535])
    if rng.random() < .5:
        options["tsize"] = 0 if op == RRQ else rng.choice([5, 1024, 1025])
    if rng.random() < .2:
        options["cookie"] = rng.choice(["x", "a b", "", "c" * 255, "c" * 256])
    return rng.choice(CLIENTS), op, rng.choice(NAMES), options


@pytest.mark.parametrize("flags, seed", [
    ((), 1), ((), 2), ((), 3), (("--uploads", "overwrite"), 4), (("--blksize-max", "mtu"), 5),
    (("--map", "/dev/null", "--windowsize-max", "3"), 6),
    (("--ignore-case", "--map", "/dev/null"), 8),
    (("--ignore-case", "--follow", "/etc", "--follow", "{tree}/other"), 9)])
def test_random_requests_agree_with_explain(policed, released, tree, flags, seed):
    """60 each: 480 requests, of names, links, rights, maps, letters and limits of all
    kinds. Random worlds are explained by the sanitized program."""
    rng = random.Random(seed)
    flags = [flag.format(tree=tree) for flag in flags]
    server = policed(*flags)
    for _ in range(60):
        wanted = some_request(rng)
        said = explained(released, ("-c", tree / "policy", *flags), *wanted)
        assert said == ask(server.at, *wanted), wanted
    assert (tree / "tree/in/old").read_text() == "old"  # explain and ask put nothing


PARTS = ["a", "b", "c", "A", "B", "d.cfg"]


def some_name(rng):
    parts = [rng.choice(PARTS + ["link", "..", ".", ""]) for _ in range(rng.randint(1, 4))]
    return rng.choice(["/", "/", "/", "\\"]).join(parts) + rng.choice(["", "", "", "/"])


def some_tree(rng, base, links):
    """Directories, files, rights, and links to anywhere."""
    folders = [base]
    base.mkdir()
    for _ in range(6):
        folder = rng.choice(folders) / rng.choice(PARTS)
        if not folder.exists():
            folder.mkdir()
            folders.append(folder)
    for _ in range(16):
        path = rng.choice(folders) / rng.choice(PARTS)
        if not path.exists():
            path.write_bytes(bytes(rng.choice([0, 1, 512, 3000])))
            path.chmod(rng.choice([0o644, 0o644, 0o644, 0o666, 0o604, 0o600]))
    for _ in range(8):
        path = rng.choice(folders) / rng.choice(PARTS + ["link", "link"])
        if not path.exists() and not path.is_symlink():
            path.symlink_to(rng.choice(links + [some_name(rng) or "x"]))
    for folder in folders[1:]:
        folder.chmod(rng.choice([0o755, 0o755, 0o777, 0o711, 0o700]))
    base.chmod(0o777)


def some_map(rng):
    rules = [r"r ^a b", r"rg \\ /", r"ri ^A(.*)$ a\1", r"rE ^(.*)x$ \1.cfg", r"e ^c$", r"a /d\.cfg$ no\ cfg",
             r"Gr ^link/ a/", r"P4r ^b/ c/", r"r ^\.\./", r"rgg aa a", r"s ^[.] \U\0\E", r"~a ^[a-cA-Bld./]"]
    return "".join(rule + "\n" for rule in rng.sample(rules, rng.randint(0, 6)))


def some_section(rng, srv):
    keys = {"root": lambda: f'"{srv}/{rng.choice(["root", "other", "by/%a"])}"',
            "get": lambda: rng.choice(["allow", "refuse"]),
            "uploads": lambda: rng.choice(["refuse", "create", "overwrite", "version"]),
            "max-upload": lambda: rng.choice(["1", "1K"]),
            "ignore-case": lambda: rng.choice(["yes", "no"]),
            "blksize-max": lambda: rng.choice(["512", "1400"]),
            "windowsize-max": lambda: rng.choice(["1", "7"]),
            "map": lambda: f'"{srv}/map"', "mode": lambda: '"0600"'}
    of_client = rng.random() < .6
    chosen = rng.sample([k for k in keys if of_client or k not in ("root", "ignore-case", "map")],
                        rng.randint(1, 3))
    title = rng.choice(["127.0.0.1", "127.0.0.2", "127.0.0.2/31", "127.0.0.0/8", "interface lo"]) \
        if of_client else rng.choice(["*.cfg", "a/**", "**/b", "?", "c/*"])
    return title, f'{"client" if of_client else "file"} "{title}" ' \
        f'{{ {"  ".join(f"{k} = {keys[k]()}" for k in chosen)} }}\n'


def some_world(rng, srv, user):
    cache = f"{srv}/cache"
    links = [cache, f"{cache}/a", "../cache/b", "/a/b", "../other/a", "/etc/passwd", "link", f"{srv}/other"]
    for name in ("root", "other", "cache", "by"):
        some_tree(rng, srv / name, links)
    some_tree(rng, srv / "by/127.0.0.1", links)
    (srv / "map").write_text(some_map(rng))
    sections = dict(some_section(rng, srv) for _ in range(rng.randint(2, 7)))
    (srv / "policy").write_text(
        f'listen = {{ "tftp://127.0.0.1:0" }}\nroot = "{srv}/root"\nuser = {user}\n'
        + (f'follow = {{ "{cache}" }}\n' if rng.random() < .6 else "")
        + f"uploads = {rng.choice(['refuse', 'overwrite'])}\n" + "".join(sections.values()))


@pytest.mark.usefixtures("many_starts")
@pytest.mark.parametrize("seed", range(8))
def test_random_worlds_agree_with_explain(policed, kedge, tree, as_nobody, seed):
    """60 each, 480 more: trees, links, rights, maps and policies are random too."""
    rng = random.Random(f"world {seed}")
    shutil.rmtree(tree)
    tree.mkdir(mode=0o777)
    some_world(rng, tree, as_nobody.get("user", ME))
    there = [str(path.relative_to(tree / top)) for top in ("root", "other", "root")
             for path in sorted((tree / top).rglob("*")) if not path.is_dir() or rng.random() < .1]
    server = policed()
    outcomes = set()
    for _ in range(60):
        source, op, _, options = some_request(rng)
        name = some_name(rng) if rng.random() < .4 else rng.choice(there)
        wanted = source, op, name, options
        said = explained(kedge, ("-c", tree / "policy"), *wanted)
        assert said == ask(server.at, *wanted), (wanted, (tree / "policy").read_text())
        outcomes.add((op, said[0] if said[0] == "granted" else said))
    assert len(outcomes) >= 3, outcomes


@pytest.mark.usefixtures("many_starts")
def test_without_a_policy_it_agrees_too(serve, kedge, tree):
    flags = ("--uploads", "create", "--user", ME, "--max-upload", "1K")
    server = serve(*flags, root=tree / "tree")
    rng = random.Random(7)
    for _ in range(60):
        _, *wanted = some_request(rng)
        said = explained(kedge, ("--root", tree / "tree", *flags), "127.0.0.1", *wanted)
        assert said == ask(server.at, "127.0.0.1", *wanted), wanted


def test_each_step_is_a_line(kedge, tree):
    done = explain(kedge, "-c", tree / "policy", "127.0.0.2", "get", "alias", "blksize=900")
    lines = [line.split(None, 1) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and lines[-1] == ["granted"]
    assert ["map", "line 3: a.txt"] in lines
    assert ["name", "a.txt"] in lines
    assert ["path", f"{tree}/other/a.txt"] in lines
    assert ["file", "5 bytes, mode 0644, may be read"] in lines
    assert ["rule", f"blksize-max 600 (client 127.0.0.2, {tree}/policy:9)"] in lines
    assert any(step == "options" and text.startswith("blksize=600 ")
               for step, text in lines[:-1])
    done = explain(kedge, "-c", tree / "policy", "127.0.0.1", "get", "missing")
    assert done.returncode == 3 and done.stdout.endswith("refused: 1, no such file\n")


def test_links_on_the_way_are_shown(kedge, tree):
    done = explain(kedge, "-c", tree / "policy", "127.0.0.1", "get", "d/er/file")
    lines = done.stdout.splitlines()
    assert "link      d -> deep" in lines and f"path      {tree}/tree/deep/er/file" in lines
    done = explain(kedge, "-c", tree / "policy", "127.0.0.1", "get", "out")
    assert "link      out -> /etc/passwd" in done.stdout.splitlines()
    assert done.returncode == 3


def test_uploads_are_told_and_not_done(kedge, tree):
    def said(source, name, *options):
        done = explain(kedge, "-c", tree / "policy", source, "put", name, *options)
        return done.returncode, done.stdout.splitlines()
    code, lines = said("127.0.0.1", "in/new")
    assert code == 0 and "file      is new, and appears when it is complete" in lines
    code, lines = said("127.0.0.3", "deep/er/file")
    assert code == 0 and \
        "file      is there, and is replaced when the new one is complete" in lines
    code, lines = said("127.0.0.1", "in/old")
    assert code == 4 and lines[-1].startswith("refused: 6, ")
    code, lines = said("127.0.0.1", "in/new", "tsize=1025")
    assert code == 4 and lines[-1] == "refused: 3, its announced size is larger than the limit"
    assert "rule      max-upload 1024 (file in/*, " + f"{tree}/policy:8)" in lines
    code, lines = said("127.0.0.1", "elsewhere")
    assert code == 4 and lines[-1].startswith("refused: 2, this client may not upload")
    assert sorted(p.name for p in (tree / "tree/in").iterdir()) == ["link", "old"]


@pytest.mark.skipif("os.geteuid() != 0", reason="becomes another user")
def test_permission_is_that_of_the_user_who_serves(kedge, tree):
    (tree / "tree/a.txt").chmod(0o600)
    for user, code in (("nobody", 4), ("root", 0)):
        done = explain(kedge, "--root", tree / "tree", "--user", user, "127.0.0.1", "get", "a.txt")
        assert done.returncode == code, done
    assert explain(kedge, "--root", tree / "tree", "--user", "nobody", "127.0.0.1", "get",
                   "a.txt").stdout.endswith("refused: 2, permission denied\n")


@pytest.mark.skipif("os.geteuid() != 0", reason="becomes another user")
def test_the_directory_of_an_upload_must_be_writable(kedge, serve, tree):
    """Whether the name is free or taken, as serve has it."""
    (tree / "tree/in").chmod(0o755)
    flags = ("--root", tree / "tree", "--uploads", "overwrite")
    server = serve("--uploads", "overwrite", "--user", "nobody", root=tree / "tree")
    for name in "in/new", "in/old":
        said = [explain(kedge, *flags, "--user", user, "127.0.0.1", "put", name).returncode
                for user in ("nobody", "root")]
        assert said == [4, 0]
        assert ask(server.at, "127.0.0.1", WRQ, name, {}) == ("refused", 2)


@pytest.mark.parametrize("words, said", [
    (["x", "get", "a"], "CLIENT is an address, or ADDRESS%INTERFACE: x"),
    (["127.0.0.1", "take", "a"], "expected get or put, not: take"),
    (["127.0.0.1%nowhere", "get", "a"], "no such interface: nowhere"),
    (["127.0.0.1", "get", "a", "b"], "an option is NAME=VALUE: b"),
    (["127.0.0.1", "get", "a", "b=" + "x" * 2000], "more options than a request holds"),
    (["127.0.0.1", "get"], "missing operand"),
    (["-c", "/nonexistent", "127.0.0.1", "get", "a"], "/nonexistent: No such file"),
])
def test_what_is_wrong_is_said(kedge, words, said):
    done = explain(kedge, *words)
    assert done.returncode == 64 and done.stdout == ""
    assert f"kedge explain: {said}" in done.stderr


def test_how_many_transfers_a_section_has_is_said(kedge, tmp_path):
    (tmp_path / "a").write_text("a")
    policy = tmp_path / "policy"
    policy.write_text(f'root = "{tmp_path}"\nclient "192.0.2.0/24" {{ max-transfers = 5 }}\n'
                      'default { max-transfers = 7 }\n')
    for client, rule in (("192.0.2.7", f"5 (client 192.0.2.0/24, {policy}:2)"),
                         ("198.51.100.7", f"7 (default, {policy}:3)")):
        done = explain(kedge, "-c", policy, "--user", ME, client, "get", "a")
        assert f"rule      max-transfers {rule}" in done.stdout.splitlines(), done
