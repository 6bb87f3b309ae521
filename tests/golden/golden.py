# SPDX-License-Identifier: MIT
"""What the tables of the program say, and where it stands in documents. One place has the
words: src/results/figures.c, notes.c, why.c and the help tables. This writes them into the
files below (`tools/golden`), and tests/guards/test_figures.py compares."""
import re
import subprocess
from pathlib import Path

HERE = "tests/golden"
# Blocks in documents, between a line that names the block and one that ends it.
BLOCKS = {
    "docs/probe-keys.md": {"keys": ("<!-- keys -->", "<!-- end -->"),
                           "metrics": ("<!-- metrics -->", "<!-- end -->")},
    "man/kedge.1": {"man": ('.\\" keys: made of figures.c', '.\\" end of keys')},
}
HELP = ("probe", "report", "send")


def output(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=60,
                          check=True)
    return done.stdout


def files(build):
    """Whole files: name, and what it is to have."""
    yield f"{HERE}/notes.txt", output(build / "tests/golden/words", "notes")
    for verb in HELP:
        yield f"{HERE}/help-{verb}.txt", output(build / "kedge", "help", verb)


def with_blocks(text, blocks, build):
    """The document with its blocks as they are to be."""
    for name, (begin, end) in blocks.items():
        body = output(build / "tests/golden/words", name)
        pattern = re.escape(begin) + r"\n.*?" + re.escape(end)
        assert re.search(pattern, text, re.S), f"no line {begin}"
        text = re.sub(pattern, lambda _: f"{begin}\n{body}{end}", text, count=1, flags=re.S)
    return text


def wanted(tree, build):
    """Every file: its path, and what it is to have."""
    for name, text in files(build):
        yield tree / name, text
    for name, blocks in BLOCKS.items():
        yield tree / name, with_blocks((tree / name).read_text(), blocks, build)


def write(tree, build):
    for path, text in wanted(tree, build):
        path.write_text(text)


if __name__ == "__main__":
    import sys
    write(Path(sys.argv[1]), Path(sys.argv[2]))
