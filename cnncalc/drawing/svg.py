"""A picture as SVG: no script, no font of its own, nothing fetched; light or dark as the page around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from xml.sax.saxutils import escape

from ..graph import Graph
from ..render import numbers
from .colours import LIGHT, families, variables
from .parts import Box, Parts
from .placing import Head, Placed, Point, Size, absolute, placed
from .texts import WIDE, Texts, Words, width, wrapped

LARGE, SMALL = 12, 11
"""Pixels of the letters of a name, and of what stands under it."""

LINE, PAD, MARGIN = 15, 9, 12

PAGE = 100
"""Letters of a line above the picture, at most."""


def svg(graph: Graph, parts: Parts, texts: Texts, *, direction: str = "down", theme: str = "auto") -> str:
    """The picture; with `auto` dark where the reader's screen is."""
    drawing = Drawing(texts, direction == "right")
    whole = placed(parts, drawing.measure, drawing.head)
    across, along = whole.size
    own, high = drawing.turned((across, along))
    caption = _caption(graph, texts, own)
    caption_high = LINE * len(caption)
    wide = max(own, *(width(line, SMALL) for line in caption)) + 2 * MARGIN
    high = high + caption_high + 2 * MARGIN
    lines = [
        f'<text class="quiet" x="{MARGIN}" y="{_n(MARGIN + LINE * (n + 0.75))}">{_text(line)}</text>'
        for n, line in enumerate(caption)
    ]
    corner = ((wide - own) / 2, MARGIN + caption_high)
    body = [*drawing.drawn(whole, drawing.turned(corner))]
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cnncalc" role="img" width="{_n(wide)}" height="{_n(high)}" '
        f'viewBox="0 0 {_n(wide)} {_n(high)}">',
        f"<title>{_text(graph.name)}</title>",
        f"<desc>{_text(' '.join(caption))}</desc>",
        f"<style>{_style(theme, drawing.families)}</style>",
        '<defs><marker id="cnncalc-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0,1L7,4L0,7z"/></marker></defs>',
        f'<rect class="page" width="{_n(wide)}" height="{_n(high)}"/>',
    ]
    return "\n".join([*head, *lines, *body, "</svg>", ""])


def _caption(graph: Graph, texts: Texts, wide: float) -> list[str]:
    """What the figures are of: the name, the input, the convention and the totals; little wider than the picture."""
    letters = min(PAGE, max(WIDE + 6, int(wide / width("n", SMALL))))
    several = len(graph.inputs) > 1
    size = numbers.shapes(graph.inputs) if several else numbers.shape(graph.input_shape)
    return [*wrapped(f"{graph.name}, input {size}", letters), *wrapped(texts.convention, letters)]


def _style(theme: str, used: Set[str]) -> str:
    names = [name for name, colour in LIGHT.items() if " " not in colour or name in used]
    return (
        variables("svg.cnncalc", theme, names)
        + "svg.cnncalc{font-family:system-ui,'DejaVu Sans','Liberation Sans',Arial,sans-serif;background:var(--page)}"
        f".cnncalc text{{font-size:{SMALL}px;fill:var(--ink)}}.cnncalc .name{{font-weight:bold;font-size:{LARGE}px}}"
        ".cnncalc .quiet{fill:var(--quiet)}.cnncalc .page{fill:var(--page)}"
        ".cnncalc .line{fill:none;stroke:var(--line);stroke-width:1.3;marker-end:url(#cnncalc-arrow)}"
        ".cnncalc marker path{fill:var(--line)}"
        + families(".cnncalc .FAMILY rect{fill:var(--FAMILY);stroke:var(--FAMILY-line)}", names)
    )


class Drawing:
    """Boxes and lines with the letters in them."""

    def __init__(self, texts: Texts, right: bool) -> None:
        self.texts, self.right = texts, right
        self._words: dict[str, Words] = {}
        self.families: set[str] = set()
        """Those of the boxes that are drawn."""

    def turned(self, pair: Point) -> Point:
        """(across, along) as (x, y), or back."""
        return (pair[1], pair[0]) if self.right else pair

    def words(self, box: Box) -> Words:
        """The text of a box."""
        if box.path not in self._words:
            self._words[box.path] = self.texts.title(box) if box.parts else self.texts.of(box)
        return self._words[box.path]

    def measure(self, box: Box) -> Size:
        """How large a leaf is."""
        words = self.words(box)
        names = wrapped(words.name)
        wide = max(*(width(line, LARGE) for line in names), *(width(line, SMALL) for line in words.lines), 40)
        return Size(*self.turned((wide + 2 * PAD, LINE * (len(names) + len(words.lines)) + PAD)))

    def head(self, box: Box) -> Head:
        """What a block's title takes: two lines above what is in it; nothing of the whole picture."""
        if not box.path:
            return Head(Size(0, 0), 0)
        words = self.words(box)
        names = wrapped(words.name)
        high = LINE * (len(names) + len(words.lines)) + PAD
        wide = max(*(width(line, LARGE) for line in names), *(width(line, SMALL) for line in words.lines)) + 2 * PAD
        return Head(Size(high, 0), high) if self.right else Head(Size(0, high), wide)

    def drawn(self, whole: Placed, corner: Point) -> Iterator[str]:
        """Blocks, then the lines over them, then leaves."""
        boxes = [(whole, corner), *absolute(whole, corner)]
        for child, at in boxes[1:]:
            if child.box.parts:
                yield from self._box(child, at)
        for block, at in boxes:
            for line in block.lines:
                yield self._line([(at[0] + x, at[1] + y) for x, y in line.points])
        for child, at in boxes[1:]:
            if not child.box.parts:
                yield from self._box(child, at)

    def _box(self, child: Placed, at: Point) -> Iterator[str]:
        words, (x, y), (wide, high) = self.words(child.box), self.turned(at), self.turned(child.size)
        family = words.family if words.family in LIGHT else "other"
        self.families.add(family)
        yield f'<g class="{"leaf" if not child.box.parts else "part"} {family}"><title>{_text(words.hover)}</title>'
        yield f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(wide)}" height="{_n(high)}" rx="5"/>'
        level = y + PAD / 2
        for kind, line in [*(("name", n) for n in wrapped(words.name)), *(("quiet", n) for n in words.lines)]:
            level += LINE
            yield f'<text class="{kind}" x="{_n(x + PAD)}" y="{_n(level - 4)}">{_text(line)}</text>'
        yield "</g>"

    def _line(self, points: Sequence[Point]) -> str:
        turned = [self.turned(point) for point in points]
        (x, y), rest = turned[0], turned[1:]
        path = f"M{_n(x)},{_n(y)}"
        for px, py in rest:
            path += f"V{_n(py)}" if abs(px - x) < 0.05 else f"H{_n(px)}"
            x = px
        return f'<path class="line" d="{path}"/>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    return escape(text)
