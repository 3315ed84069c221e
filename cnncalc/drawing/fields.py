"""Where units look: the image, the boxes of two neighbouring units on it, and how much each position counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ..analyses.boxes import box
from ..analyses.extent import last_map
from ..analyses.receptive import receptive_fields
from ..analyses.sizes import numeric
from ..errors import CnncalcError
from ..graph import Graph
from ..namedtuples import NamedTuple
from ..render import numbers
from .colours import sheet, variables
from .texts import width, wrapped

SIDE = 460
"""Pixels of the longer side of what is drawn."""

SHADES = 40
"""Steps from nothing to the most that a position counts."""

CELLS = 48
"""Cells of the shading, along the longer side."""

MARGIN, LINE, SMALL, SWATCH = 16, 16, 11, 16
SERIES = ("#2563eb", "#ea580c")


class Looked(NamedTuple):
    """A unit, the interval that it sees on each axis, padding included, and that on the image."""

    unit: tuple[int, ...]
    whole: tuple[tuple[int, int], ...]
    real: tuple[tuple[int, int], ...]


def field(
    graph: Graph,
    *,
    at: str | None = None,
    unit: Sequence[int] | None = None,
    shares: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    theme: str = "auto",
) -> str:
    """The picture as SVG, of each input that has two axes.

    The unit is the middle one of the last map, or of the node `at`; beside it the next one is drawn, a stride away.
    `shares` is, by input, the `profile` of each axis of `reports.effective_field`: the product of both is the shading.
    Raises CnncalcError where units have no box.
    """
    graph = numeric(graph)
    fields = receptive_fields(graph)
    name = at or last_map(graph, fields)
    if name is None:
        raise CnncalcError(f"{graph.name} has no map with positions", "name a layer with --at")
    sizes = graph.shapes[name][1:]
    first = tuple(unit) if unit is not None else tuple(n // 2 for n in sizes)
    following = tuple(min(j + 1, n - 1) for j, n in zip(first, sizes, strict=True))
    seen = fields.of[name]
    if seen.moved:
        raise CnncalcError(f"the units of {name} have no position on the input", "name a map with --at")
    by_input = {of.input: of.axes for of in seen.apart}
    pictures = []
    for source, shape in graph.inputs.items():
        axes = by_input.get(source, seen.axes)
        if len(shape) != 3 or axes is None:
            continue
        looked = []
        for place in dict.fromkeys((first, following)):
            found = box(graph, name, place).get(source)
            whole = tuple(axis.at(j) for axis, j in zip(axes, place, strict=True))
            ends = tuple((one.first, one.last) for one in whole if one is not None)
            if len(ends) != 2:
                continue
            looked.append(Looked(place, ends, tuple((one.first, one.last) for one in found) if found else ()))
        if looked:
            pictures.append((source, (int(shape[1]), int(shape[2])), looked))
    if not pictures:
        why = "sees all of the input" if seen.everything else "has no box on an image of two axes"
        raise CnncalcError(f"a unit of {name} {why}", "name an earlier map with --at")
    return _drawn(graph, name, pictures, shares or {}, theme)


def _drawn(graph: Graph, name: str, pictures: Sequence[Any], shares: Mapping[str, Any], theme: str) -> str:
    high, body = MARGIN, []
    wide = SIDE
    for source, image, looked in pictures:
        lines = _said(graph, name, source if len(pictures) > 1 else "", looked, source in shares)
        for line, colour in lines:
            off = MARGIN + (SWATCH if colour else 0)
            if colour:
                body.append(f'<rect x="{MARGIN}" y="{high + 2}" width="10" height="10" fill="{colour}"/>')
            for piece in wrapped(line, 76):
                body.append(f'<text x="{off}" y="{high + 11}">{escape(piece)}</text>')
                wide = max(wide, round(width(piece, SMALL)) + off - MARGIN)
                high += LINE
        high += 6
        drawn, tall = _image(image, looked, shares.get(source), high)
        body += drawn
        high += tall + MARGIN
    wide += 2 * MARGIN
    style = (
        f"{variables('svg.field', theme)}svg.field{{font:{SMALL}px system-ui,sans-serif;background:var(--page)}}"
        ".field text{fill:var(--quiet)}"
        ".page{fill:var(--page)}.image{fill:var(--block);stroke:var(--line)}.unit{fill:none;stroke-width:1.6}"
        ".padding{fill:none;stroke-dasharray:4 3}.shade{fill:#16a34a}"
    )
    head = sheet("field", f"receptive field of {name} of {graph.name}", (wide, high), style)
    return "\n".join([head, *body, "</svg>", ""])


def _said(graph: Graph, name: str, source: str, looked: Sequence[Looked], shaded: bool) -> list[tuple[str, str]]:
    """The lines above, with their colours."""
    of = f", input {source}" if source else ""
    lines = [(f"{graph.name}: {name} ({numbers.shape(graph.shapes[name])}){of}", "")]
    for one, colour in zip(looked, SERIES, strict=False):
        size = numbers.shape(tuple(last - first + 1 for first, last in one.whole))
        ends = ", ".join(f"{first} to {last}" for first, last in one.whole)
        lines.append((f"unit {','.join(map(str, one.unit))} sees {size}: {ends} (height, width)", colour))
    lines.append(("solid: pixels that it depends on; dashed: padding included", ""))
    if shaded:
        lines.append(("shading: how much the pixels count for the first unit (effective field)", ""))
    return lines


def _image(
    image: tuple[int, int], looked: Sequence[Looked], profiles: Sequence[Any] | None, top: int
) -> tuple[list[str], int]:
    """The elements of one image below `top`, and how high they are."""
    low = [min(0, *(one.whole[axis][0] for one in looked)) for axis in (0, 1)]
    last = [max(image[axis] - 1, *(one.whole[axis][1] for one in looked)) for axis in (0, 1)]
    span = [last[axis] - low[axis] + 1 for axis in (0, 1)]
    scale = SIDE / max(span)

    def corners(ends: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
        (a, b), (c, d) = ends
        x, y = MARGIN + (c - low[1]) * scale, top + (a - low[0]) * scale
        return x, y, (d - c + 1) * scale, (b - a + 1) * scale

    def rectangle(ends: Sequence[tuple[float, float]], classes: str, more: str = "") -> str:
        x, y, across, along = corners(ends)
        return f'<rect class="{classes}" x="{x:.1f}" y="{y:.1f}" width="{across:.1f}" height="{along:.1f}"{more}/>'

    drawn = [rectangle([(0, n - 1) for n in image], "image")]
    if profiles is not None:
        drawn += _shading(profiles, corners)
    for one, colour in zip(looked, SERIES, strict=False):
        drawn.append(rectangle(one.whole, "padding", f' stroke="{colour}"'))
        if one.real:
            drawn.append(rectangle(one.real, "unit", f' stroke="{colour}"'))
    return drawn, round(span[0] * scale)


def _shading(profiles: Sequence[Any], corners: Any) -> list[str]:
    """Cells of as many positions as it takes, the darker the more they count; those that hardly do are left out."""
    step = max(1, -(-max(len(one["shares"]) for one in profiles) // CELLS))
    cells = []
    for one in profiles:
        shares, first = one["shares"], one["first"]
        cells.append([(first + n, sum(shares[n : n + step])) for n in range(0, len(shares), step)])
    most = max(a for _, a in cells[0]) * max(b for _, b in cells[1]) or 1
    shades: dict[int, list[str]] = {}
    for y, a in cells[0]:
        for x, b in cells[1]:
            left, top, across, along = corners([(y, y + step - 1), (x, x + step - 1)])
            path = f"M{left:.1f},{top:.1f}h{across:.1f}v{along:.1f}h{-across:.1f}z"
            shades.setdefault(round(SHADES * a * b / most), []).append(path)
    return [
        f'<path class="shade" fill-opacity="{shade / SHADES:.2f}" d="{"".join(paths)}"/>'
        for shade, paths in sorted(shades.items())
        if shade
    ]
