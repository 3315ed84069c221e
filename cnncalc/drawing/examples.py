"""Pictures of worked examples: matrices as cells that are the darker the larger their numbers, boxes, stacks.

A box that stays is drawn whole, one that goes dashed; what two boxes share is darker. Of a stack of layers two
neighbouring outputs are followed down to the inputs that they see.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from ..errors import CnncalcError
from ..render import numbers
from ..worked.example import Answer, Drawn
from .colours import sheet, variables
from .texts import width

CELL, MARGIN, LINE, SMALL = 38, 16, 18, 12
WIDEST = 900
"""Pixels of a row of matrices."""

SIDE = 420
"""Pixels of the longer side of a picture with boxes."""

MOST_CELLS, MOST_BOXES, MOST_INPUTS = 1_600, 400, 128
"""Beyond these nobody reads the numbers and the names, or follows the lines."""

POSITIVE, NEGATIVE = "#2563eb", "#ea580c"


def example(name: str, answer: Answer, theme: str = "auto") -> str:
    """The picture of an example that was worked out, as SVG. Raises CnncalcError where there is none, or too large."""
    plain = {title: rows for title, rows in answer.matrices.items() if title not in answer.heads}
    if answer.drawn:
        if len(answer.drawn) > MOST_BOXES:
            raise CnncalcError(f"a picture has at most {MOST_BOXES} boxes, and these are {len(answer.drawn)}")
        body, wide, high = _boxes(answer.drawn, answer.grid)
    elif answer.stack:
        body, wide, high = _stack(answer.stack)
    elif plain:
        cells = sum(len(rows) * len(rows[0]) for rows in plain.values())
        if cells > MOST_CELLS:
            raise CnncalcError(f"a picture has at most {MOST_CELLS:,} cells, and these are {cells:,}")
        body, wide, high = _matrices(plain)
    else:
        raise CnncalcError(f"`{name}` has no picture: its answer is figures", "leave out svg")
    style = (
        f"{variables('svg.worked', theme)}svg.worked{{font:{SMALL}px system-ui,sans-serif}}"
        ".worked text{fill:var(--ink)}.page{fill:var(--page)}.frame,.grid{fill:none;stroke:var(--line)}"
        ".grid{stroke-width:.5}.box{fill-opacity:.16;stroke-width:1.6}.gone{stroke-dasharray:5 3}"
        ".reads{fill:none;stroke-width:1.2}.number{text-anchor:middle}.end{text-anchor:end}"
    )
    return "\n".join([sheet("worked", name, (wide, high), style), *body, "</svg>", ""])


ROW, GAP, DOT = 64, 22, 5
"""Pixels between the layers of a stack and between its inputs, and of half a unit."""


def _stack(layers: Sequence[tuple[int, int, int]]) -> tuple[list[str], int, int]:
    """The elements, and how wide and high they are: inputs below, two outputs on top, lines to what each unit reads."""
    seen = [[{0}], [{1}]]
    for kernel, stride, dilation in reversed(layers):
        if kernel > MOST_INPUTS:
            raise CnncalcError(f"a picture has at most {MOST_INPUTS} inputs, and a kernel of {kernel} sees more")
        for units in seen:
            units.insert(0, {i * stride + tap * dilation for i in units[0] for tap in range(kernel)})
            if len(units[0]) > MOST_INPUTS:
                raise CnncalcError(f"a picture has at most {MOST_INPUTS} inputs, and this stack sees more")
    count = max(seen[1][0]) + 1
    if count > MOST_INPUTS:
        raise CnncalcError(f"a picture has at most {MOST_INPUTS} inputs, and these are {count}")
    label = max(round(width(_layer(level, layers), SMALL)) for level in range(len(layers) + 1))
    places = [{i: float(2 * MARGIN + label + i * GAP) for i in range(count)}]
    body: list[str] = []
    bottom = MARGIN + ROW * len(layers) + DOT
    for level, (kernel, stride, dilation) in enumerate(layers, 1):
        y = bottom - level * ROW
        places.append({})
        for colour, units in zip((NEGATIVE, POSITIVE), reversed(seen), strict=True):
            for i in sorted(units[level]):
                reads = [places[-2][i * stride + tap * dilation] for tap in range(kernel)]
                x = places[-1][i] = (reads[0] + reads[-1]) / 2
                lines = "".join(f"M{x:g},{y}L{at:g},{y + ROW}" for at in reads)
                body.append(f'<path class="reads" d="{lines}" style="stroke:{colour}"/>')
    for level, row in enumerate(places):
        y = bottom - level * ROW
        body.append(f'<text x="{MARGIN}" y="{y + SMALL / 3:g}">{_layer(level, layers)}</text>')
        for i, x in row.items():
            colour = POSITIVE if i in seen[0][level] else NEGATIVE if i in seen[1][level] else "var(--line)"
            body.append(f'<circle cx="{x:g}" cy="{y}" r="{DOT}" style="fill:{colour}"/>')
    return body, round(max(places[0].values())) + MARGIN + DOT, bottom + DOT + MARGIN


def _layer(level: int, layers: Sequence[tuple[int, int, int]]) -> str:
    if not level:
        return "input"
    kernel, stride, dilation = layers[level - 1]
    return f"layer {level}: {kernel}{f's{stride}' if stride > 1 else ''}{f'd{dilation}' if dilation > 1 else ''}"


def _matrices(matrices: dict[str, Sequence[Sequence[Any]]]) -> tuple[list[str], int, int]:
    """The elements, and how wide and high they are: one matrix beside the other, as many as a row holds."""
    body: list[str] = []
    x, y, tallest, widest = MARGIN, MARGIN, 0, 0
    for title, rows in matrices.items():
        texts = [[numbers.exact(entry) for entry in row] for row in rows]
        cell = max(CELL, *(round(width(text, SMALL)) + 8 for row in texts for text in row))
        across = max(cell * len(rows[0]), round(width(title, SMALL)))
        if x > MARGIN and x + across > WIDEST:
            x, y, tallest = MARGIN, y + tallest + MARGIN, 0
        body.append(f'<text x="{x}" y="{y + SMALL}">{escape(title)}</text>')
        body += _cells(rows, texts, x, y + LINE, cell)
        widest = max(widest, x + across)
        tallest = max(tallest, LINE + CELL * len(rows))
        x += across + 2 * MARGIN
    return body, widest + MARGIN, y + tallest + MARGIN


def _cells(rows: Sequence[Sequence[Any]], texts: Sequence[Sequence[str]], left: int, top: int, cell: int) -> list[str]:
    most = max(abs(entry) for row in rows for entry in row) or 1
    body = []
    for i, (row, said) in enumerate(zip(rows, texts, strict=True)):
        for j, (entry, text) in enumerate(zip(row, said, strict=True)):
            x, y = left + j * cell, top + i * CELL
            colour = NEGATIVE if entry < 0 else POSITIVE
            shade = float(abs(entry) / most) * 0.45
            body.append(
                f'<rect class="frame" x="{x}" y="{y}" width="{cell}" height="{CELL}" '
                f'style="fill:{colour};fill-opacity:{shade:.2f}"/>'
                f'<text class="number" x="{x + cell / 2:g}" y="{y + CELL / 2 + SMALL / 3:g}">{escape(text)}</text>'
            )
    return body


def _boxes(boxes: Sequence[Drawn], grid: int) -> tuple[list[str], int, int]:
    """The elements, and how wide and high they are; with a grid the picture is from 0 to 1 and has so many cells."""
    low = [0, 0] if grid else [min(box.corners[axis] for box in boxes) for axis in (0, 1)]
    ends = [1, 1] if grid else [max(box.corners[axis + 2] for box in boxes) for axis in (0, 1)]
    span = [float(end - start) or 1.0 for start, end in zip(low, ends, strict=True)]
    scale = SIDE / max(span)
    across, along = (round(size * scale) for size in span)
    top = MARGIN + LINE

    def place(corners: Sequence[Any]) -> tuple[float, float, float, float]:
        x1, y1, x2, y2 = (float(value) for value in corners)
        return (
            MARGIN + (x1 - float(low[0])) * scale, top + (y1 - float(low[1])) * scale, (x2 - x1) * scale,
            (y2 - y1) * scale,
        )  # fmt: skip

    first, last = (f"{numbers.brief(one[0])}, {numbers.brief(one[1])}" for one in (low, ends))
    body = [
        f'<rect class="frame" x="{MARGIN}" y="{top}" width="{across}" height="{along}"/>',
        f'<text x="{MARGIN}" y="{MARGIN + SMALL}">{escape(first)} (x, y)</text>',
        f'<text x="{MARGIN + across}" y="{top + along + LINE}" class="end">{escape(last)}</text>',
    ]
    for line in range(1, grid):
        at = line * SIDE / grid
        body.append(f'<path class="grid" d="M{MARGIN + at:.1f},{top}v{along}M{MARGIN},{top + at:.1f}h{across}"/>')
    for box in boxes:
        x, y, wide, high = place(box.corners)
        colour, gone = (POSITIVE, "") if box.kept else (NEGATIVE, " gone")
        label = f'x="{x + 4:.1f}" y="{y + SMALL + 2:.1f}"'
        if gone:  # in the other corner: often it lies on one that stays
            label = f'class="end" x="{x + wide - 4:.1f}" y="{y + high - 5:.1f}"'
        body.append(
            f'<rect class="box{gone}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" '
            f'style="fill:{colour};stroke:{colour}"/><text {label}>{escape(box.name)}</text>'
        )
    widest = max(across, round(width(f"{first} (x, y)", SMALL)))
    return body, widest + 2 * MARGIN, top + along + LINE + MARGIN
