# SPDX-License-Identifier: MIT
"""The lines of `kedge trace`, read back."""
import re

# A result is a number, the name of an error, or "-"; a state never begins with a digit.
LINE = re.compile(r"^ *([\d.]+) +(\d+) (\S.*?)(?: \[(\d+)\])? +(\d+|E[A-Z0-9]+|-) +"
                  r"([^\d\s].*)$", re.M)
STATES = re.compile(r"(?:(?:\([A-Z0-9-]+\)|[A-Z][A-Z0-9-]+)(?: > )?)+(?=,|$)")
MEASURED = re.compile(r"rtt ([\d.]+) rto (\d+) cwnd (\d+)(?: resent (\d+))?$")


class Call:
    def __init__(self, found):
        self.at, self.socket, self.name, self.process, self.result, self.rest = found.groups()
        states = STATES.match(self.rest)
        self.states = states[0] if states and self.rest.split(",")[0] != "UDP" else "-"
        measured = MEASURED.search(self.rest)
        self.rtt, self.rto, self.cwnd, self.resent = measured.groups() if measured else \
            (None,) * 4
        peer = re.search(r"\b(?:with|to|from|at) (\S+:\d+)", self.rest)
        self.peer = peer and peer[1]

    def __repr__(self):
        return f"{self.socket} {self.name}={self.result}: {self.rest}"


def calls(text):
    return [Call(found) for found in LINE.finditer(text)]


def names(found):
    return [c.name for c in found]


def path(found, number="1"):
    """The states of one socket, one after the other; those passed without parentheses."""
    states = []
    for call in found:
        if call.socket == number and call.states != "-":
            for state in call.states.replace("(", "").replace(")", "").split(" > "):
                if not states or states[-1] != state:
                    states.append(state)
    return states
