# SPDX-License-Identifier: MIT
"""Every verdict of a record, with its sentence, stands in the guide and in the manual page, as
the sources have it and in their order."""
import re

ROW = re.compile(r'\[VERDICT_(\w+)\] = \{ (?:\.id = )?"([a-z-]+)"')
SENTENCE = re.compile(r'\[VERDICT_(\w+)\] =\s*((?:"[^"]*"\s*)+),')


def verdicts(root):
    """[(id, sentence)] of the sources, but for the one of all that is well."""
    rows = ROW.findall((root / "src/tftp/verdict.c").read_text())
    sentences = {name: "".join(re.findall(r'"([^"]*)"', text)) for name, text in
                 SENTENCE.findall((root / "src/serve/tftp/verdict_text.c").read_text())}
    assert len(rows) > 20 and [name for name, _ in rows] == list(sentences)
    return [(word, sentences[name]) for name, word in rows[1:]]


def of_guide(page):
    return re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.M)


def of_manual(page):
    """Those of its section, as they read."""
    part = page.split('.SH VERDICTS\n')[1].split("\n.SH ")[0].replace("\\-", "-")
    return [(word, " ".join(text.split()))
            for word, text in re.findall(r"^\.TP\n\.B ([a-z-]+)\n((?:[^.].*\n)+)", part + "\n", re.M)]


def test_the_guide_has_them(root):
    assert of_guide((root / "docs/verdicts.md").read_text()) == verdicts(root)


def test_the_manual_has_them(root):
    assert of_manual((root / "man/kedge-serve.8").read_text()) == verdicts(root)


def test_one_that_is_altered_is_seen(root):
    """A sentence, an id or a row less in either."""
    guide = (root / "docs/verdicts.md").read_text()
    manual = (root / "man/kedge-serve.8").read_text()
    for old, new in (("binary", "text"), ("path-mtu", "mtu")):
        assert of_guide(guide.replace(old, new)) != verdicts(root)
    for old, new in (("binary", "text"), ("path\\-mtu", "mtu")):
        assert old in manual and of_manual(manual.replace(old, new)) != verdicts(root)
