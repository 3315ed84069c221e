"""Plots as SVG: lines, steps, bars and points over numbers, with the numbers that were put in as their hovers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import floor, log10

from ..namedtuples import NamedTuple

WIDE, HIGH, LEFT, TOP, RIGHT, BELOW = 640, 250, 78, 12, 16, 42
"""Pixels of a plot, and of its margins, which hold the numbers of the axes."""

COLOURS = ("#2563eb", "#ea580c", "#16a34a", "#9333ea", "#dc2626", "#0891b2")
"""Of the first series and those that follow; read on white and on dark blue."""

SVG = '<svg xmlns="http://www.w3.org/2000/svg"'

LINE, STEPS, BARS, POINTS, DOTTED = "line", "steps", "bars", "points", "line with points"


class Mark(NamedTuple):
    """A point of a series, and what is said when somebody points at it."""

    x: float
    y: float
    hover: str = ""


class Series(NamedTuple):
    """Points that belong together."""

    name: str
    marks: Sequence[Mark]
    style: str = LINE


class Level(NamedTuple):
    """A line across the plot, with its name."""

    y: float
    name: str


Form = Callable[[float], str]


def plot(
    series: Sequence[Series],
    *,
    title: str,
    x: str,
    y: str,
    form: Form = str,
    x_form: Form = str,
    levels: Sequence[Level] = (),
    logarithmic: bool = False,
) -> str:
    """The plot; `x` and `y` name the axes with their units. With `logarithmic` both axes count powers of ten."""
    marks = [mark for one in series for mark in one.marks]
    heights = [mark.y for mark in marks] + [level.y for level in levels]
    top = TOP + (16 * len(series) if len(series) > 1 else 0)
    across = _axis([mark.x for mark in marks], LEFT, WIDE - RIGHT, logarithmic, from_zero=False)
    along = _axis(heights, HIGH - BELOW, top, logarithmic, from_zero=True)
    parts = [
        f'<svg class="plot" role="img" viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" height="{HIGH}">'
        f"<title>{escape(title)}</title>"
    ]
    for tick in along.ticks:
        height = along.at(tick)
        parts.append(f'<path class="grid" d="M{LEFT},{height:.1f}H{WIDE - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{escape(form(tick))}</text>')
    for tick in across.ticks:
        place = across.at(tick)
        parts.append(
            f'<text x="{place:.1f}" y="{HIGH - BELOW + 16}" text-anchor="middle">{escape(x_form(tick))}</text>'
        )
    middle = (LEFT + WIDE - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HIGH - 8}" text-anchor="middle">{escape(x)}</text>')
    turned = f'transform="translate(12,{(top + HIGH - BELOW) / 2:.0f}) rotate(-90)"'
    parts.append(f'<text class="axis" {turned} text-anchor="middle">{escape(y)}</text>')
    for level in levels:
        at = along.at(level.y)
        parts.append(f'<path class="level" d="M{LEFT},{at:.1f}H{WIDE - RIGHT}"/>')
        parts.append(f'<text x="{WIDE - RIGHT}" y="{at - 4:.1f}" text-anchor="end">{escape(level.name)}</text>')
    for number, one in enumerate(series):
        parts += _drawn(one, COLOURS[number % len(COLOURS)], across, along, len(series))
    for number, one in enumerate(series if len(series) > 1 else ()):
        row = TOP + 4 + 16 * number
        parts.append(
            f'<rect x="{LEFT + 8}" y="{row - 9}" width="10" height="10" fill="{COLOURS[number % len(COLOURS)]}"/>'
        )
        parts.append(f'<text x="{LEFT + 24}" y="{row}">{escape(one.name)}</text>')
    return "".join([*parts, "</svg>"])


def alone(picture: str, theme: str = "auto") -> str:
    """A plot as a file of its own: with its colours, light or dark as the reader's screen is."""
    from .colours import variables

    style = (
        "{}svg.plot{{font:11px system-ui,sans-serif;background:var(--page)}}.plot text{{fill:var(--quiet)}}"
        ".grid{{stroke:var(--block-line);stroke-width:.5;fill:none;opacity:.6}}"
        ".level{{stroke:var(--join-line);stroke-dasharray:5 4;fill:none}}"
    ).format(variables("svg.plot", theme))
    head, title, rest = picture.partition("<title>")
    return f"{head.replace('<svg', SVG, 1)}<style>{style}</style>{title}{rest}\n"


class _Axis(NamedTuple):
    """From numbers to pixels."""

    low: float
    high: float
    start: float
    stop: float
    logarithmic: bool
    ticks: Sequence[float]

    def at(self, value: float) -> float:
        """The pixel of a number."""
        low, high, value = (
            (log10(n) for n in (self.low, self.high, max(value, self.low)))
            if self.logarithmic
            else (self.low, self.high, value)
        )
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.stop - self.start)


def _axis(values: Sequence[float], start: float, stop: float, logarithmic: bool, *, from_zero: bool) -> _Axis:
    known = [value for value in values if value > 0 or not logarithmic] or [1.0]
    low, high = min(known), max(known)
    if logarithmic:
        first, last = floor(log10(low)), -floor(-log10(high))
        last = max(last, first + 1)
        return _Axis(10.0**first, 10.0**last, start, stop, True, [10.0**n for n in range(first, last + 1)])
    if from_zero:
        low = min(low, 0)
    if high == low:
        high = low + 1
    step = _step((high - low) / 5)
    top = high if not from_zero else step * -floor(-high / step)
    ticks = [step * n for n in range(-floor(-low / step), floor(top / step) + 1)]
    return _Axis(low, top, start, stop, False, ticks)


def _step(rough: float) -> float:
    """The next of 1, 2, 5, 10, 20 ..."""
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    return int(step) if step >= 1 else step


def _drawn(one: Series, colour: str, across: _Axis, along: _Axis, of: int) -> list[str]:
    if not one.marks:
        return []
    places = [(across.at(mark.x), along.at(mark.y)) for mark in one.marks]
    base = along.at(along.low)
    if one.style == BARS:
        wide = max((across.stop - across.start) / max(len(places), 1) * 0.8, 0.6)
        bars = [
            f'<path d="M{_short(x - wide / 2)},{_short(base)}V{_short(y)}h{_short(wide)}V{_short(base)}z">'
            f"{_hover(mark)}</path>"
            for mark, (x, y) in zip(one.marks, places, strict=True)
            if mark.y
        ]
        return [f'<g fill="{colour}" fill-opacity="{1 if of == 1 else 0.6}">', *bars, "</g>"]
    points = [
        f'<circle fill="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3">{_hover(mark)}</circle>'
        for mark, (x, y) in zip(one.marks, places, strict=True)
        if one.style in (POINTS, DOTTED)
    ]
    if one.style == POINTS:
        return points
    path = f"M{_short(places[0][0])},{_short(places[0][1])}"
    kept = _turning(_highest(places), one.style)
    for x, y in kept[1:]:
        path += f"H{_short(x)}V{_short(y)}" if one.style == STEPS else f"L{_short(x)},{_short(y)}"
    return [f'<path fill="none" stroke="{colour}" stroke-width="1.6" d="{path}"/>', *points]


def _highest(places: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """All points, or of very many the highest of each pixel across."""
    if len(places) <= 2 * WIDE:
        return places
    kept: dict[int, tuple[float, float]] = {}
    for x, y in places:
        kept[round(x)] = min(kept.get(round(x), (x, y)), (x, y), key=lambda place: place[1])
    return list(kept.values())


def _turning(places: Sequence[tuple[float, float]], style: str) -> Sequence[tuple[float, float]]:
    """The points where the height changes: a stretch of one height is its first and its last, of steps its first."""
    ends = [places[0][1] - 1, *(y for _, y in places), places[-1][1] - 1]
    return [
        place
        for n, place in enumerate(places)
        if place[1] != ends[n] or n == len(places) - 1 or (style != STEPS and place[1] != ends[n + 2])
    ]


def _short(pixel: float) -> str:
    return f"{pixel:.1f}".removesuffix(".0")


def _hover(mark: Mark) -> str:
    return f"<title>{escape(mark.hover)}</title>" if mark.hover else ""
