# SPDX-License-Identifier: MIT
"""A strict reader of Prometheus' text exposition format 0.0.4. It takes less than the
format allows, where kedge writes less: no timestamps, no spaces to spare, no untyped or
undocumented family."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\d+(?:\.\d+)?)")
TYPES = ("counter", "gauge", "histogram")


class Bad(Exception):
    pass


def need(truth, *why):
    if not truth:
        raise Bad(*why)


def unescape(value):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)


class Family:
    def __init__(self, name, kind):
        self.name, self.kind, self.samples = name, kind, {}

    def add(self, line):
        found = SAMPLE.fullmatch(line)
        need(found, "no sample", line)
        pairs = [(k, unescape(v)) for k, v in re.findall(LABEL, found[2] or "")]
        labels = dict(pairs)
        need(len(labels) == len(pairs), "a label twice", line)
        suffixes = ("_bucket", "_sum", "_count") if self.kind == "histogram" else ("",)
        need(found[1] in [self.name + s for s in suffixes], "of another family", line)
        need(("le" in labels) == found[1].endswith("_bucket"), "le", line)
        key = (found[1], frozenset(pairs))
        need(key not in self.samples, "a sample twice", line)
        self.samples[key] = float(found[7])

    def of(self, suffix="", **labels):
        """The values with at least these labels, by the rest of their labels."""
        return {rest: v for (name, all_of), v in self.samples.items()
                if name == self.name + suffix and labels.items() <= dict(all_of).items()
                for rest in [frozenset(all_of - set(labels.items()))]}

    def one(self, **labels):
        values = list(self.of(**labels).values())
        need(len(values) == 1, "not one sample", self.name, labels, values)
        return values[0]

    def buckets(self, **labels):
        """The cumulative ones in their order: (le, count)."""
        found = self.of("_bucket", **labels)
        return sorted((float(dict(rest)["le"]), v) for rest, v in found.items())

    def check(self):
        if self.kind == "counter":
            need(self.name.endswith("_total"), "a counter ends in _total", self.name)
        if self.kind != "histogram":
            return
        for (name, labels), count in self.samples.items():
            if not name.endswith("_count"):
                continue
            buckets = self.buckets(**dict(labels))
            need(len(buckets) > 1 and buckets[-1] == (float("inf"), count), "+Inf", name)
            counts = [n for _, n in buckets]
            need(counts == sorted(counts), "buckets fall", name)
            need((self.name + "_sum", labels) in self.samples, "no sum", name)


def parse(text):
    """{name: Family}, or Bad with what is wrong."""
    need(text.endswith("\n"), "no end of line at the end")
    families, now, lines = {}, None, iter(text[:-1].split("\n"))
    for line in lines:
        if not line.startswith("#"):
            need(now, "a sample ahead of all families", line)
            now.add(line)
            continue
        help_of = re.fullmatch(rf"# HELP ({NAME}) (\S.*)", line)
        need(help_of, "no HELP", line)
        kind = re.fullmatch(rf"# TYPE ({NAME}) (\w+)", next(lines, ""))
        need(kind and kind[1] == help_of[1] and kind[2] in TYPES, "no TYPE after", line)
        need(kind[1] not in families, "a family twice", line)
        now = families[kind[1]] = Family(kind[1], kind[2])
    for family in families.values():
        family.check()
    return families
