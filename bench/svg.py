# SPDX-License-Identifier: MIT
"""A plot with two logarithmic axes as SVG: a line a series, its name at its end."""
import math
from html import escape

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 84, 190, 54, 62
COLOURS = ("#0b5394", "#38761d", "#b45f06", "#741b47", "#666666", "#134f5c")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 4", "12 4")


class Axis:
    """From values to places, over whole decades."""

    def __init__(self, values, begin, end):
        self.low = math.floor(math.log10(min(values)) + 1e-9)
        self.high = max(math.ceil(math.log10(max(values)) - 1e-9), self.low + 1)
        self.begin, self.end = begin, end

    def place(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + part * (self.end - self.begin)

    def decades(self):
        return [10 ** e for e in range(self.low, self.high + 1)]


def text(x, y, words, **more):
    attributes = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{escape(words)}</text>'


def line(x1, y1, x2, y2, colour):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}"/>')


def number(value):
    """As few characters as say it."""
    for bound, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= bound:
            return f"{value / bound:g} {sign}"
    return f"{value:g}"


def spread_out(places, least):
    """The places, moved down where two would lie upon each other."""
    moved, last = {}, -math.inf
    for key, y in sorted(places.items(), key=lambda item: item[1]):
        last = max(y, last + least)
        moved[key] = last
    return moved


def draw_series(x, y, points, look):
    colour, dash = look
    at = [(x.place(a), y.place(b)) for a, b in points]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in at)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" '
            f'stroke-width="2"{dashed}/>',
            *(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in at)]


def plot(title, across, up, series, ticks=None):
    """series: {name: [(x, y), ...]}, all above 0; ticks: {x: label}, or the decades'."""
    points = [p for line_of in series.values() for p in line_of]
    x = Axis([p[0] for p in points], LEFT, WIDTH - RIGHT)
    y = Axis([p[1] for p in points], HEIGHT - BOTTOM, TOP)
    ticks = ticks or {d: number(d) for d in x.decades()}
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           f'font-family="sans-serif" font-size="13" role="img">',
           f"<title>{escape(title)}</title>",
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
           text(LEFT, 26, title, font_size=15, font_weight="bold")]
    for value in y.decades():
        out += [line(LEFT, y.place(value), WIDTH - RIGHT, y.place(value), "#dddddd"),
                text(LEFT - 8, y.place(value) + 4, number(value), text_anchor="end")]
    for value, label in ticks.items():
        out += [line(x.place(value), TOP, x.place(value), HEIGHT - BOTTOM, "#eeeeee"),
                text(x.place(value), HEIGHT - BOTTOM + 18, label, text_anchor="middle")]
    out += [text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, across, text_anchor="middle"),
            text(LEFT, TOP - 10, up)]
    names = spread_out({n: y.place(p[-1][1]) for n, p in series.items() if p}, 17)
    for (name, own), colour, dash in zip(series.items(), COLOURS, DASHES):
        if own:
            out += draw_series(x, y, own, (colour, dash))
            out.append(text(x.place(own[-1][0]) + 9, names[name] + 4, name, fill=colour))
    return "\n".join([*out, "</svg>"]) + "\n"
