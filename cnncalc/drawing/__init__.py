"""Pictures of a network: `draw(graph)` as SVG, Mermaid or DOT."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from .colours import THEMES
from .texts import FIGURES, USUAL

FORMATS = {
    "svg": "a picture of boxes and lines, without a script",
    "mermaid": "a flowchart for Markdown pages that draw Mermaid",
    "dot": "a graph for Graphviz",
}
"""Format -> what it is."""

DIRECTIONS = ("down", "right")


def draw(
    graph: Graph,
    format: str = "svg",
    *,
    depth: int | None = None,
    expanded: bool = False,
    figures: Sequence[str] = USUAL,
    direction: str = "down",
    theme: str = "auto",
) -> str:
    """A picture of the network, the same text each time.

    `depth` levels of blocks are unfolded, 0 is every layer, None the deepest with at most 40 boxes; equal turns of a
    loop are one box unless `expanded`. `figures` of `shape`, `macs`, `params`, `field` stand in the boxes: MACs and
    params count all turns that a box stands for. `theme` is of SVG alone: `auto`, `light` or `dark`.
    Raises CnncalcError.
    """
    for what, value, known in (
        ("format", format, FORMATS),
        ("direction", direction, DIRECTIONS),
        ("theme", theme, THEMES),
    ):
        if value not in known:
            raise CnncalcError(f"no {what} `{value}`", did_you_mean(value, known) or f"known: {', '.join(known)}")
    from .parts import parts
    from .texts import Texts

    texts = Texts(graph, figures)
    shown = parts(graph, depth, expanded=expanded)
    if format == "svg":
        from .svg import svg

        return svg(graph, shown, texts, direction=direction, theme=theme)
    if format == "mermaid":
        from .mermaid import mermaid

        return mermaid(shown, texts, direction=direction)
    from .dot import dot

    return dot(graph, shown, texts, direction=direction)


def report(graph: Graph, *others: Graph, title: str = "", dtype: str = "fp32", arithmetic: bool = True) -> str:
    """A network as one page of HTML: the graph to fold and unfold, the arithmetic of each layer, plots, the table.

    `others` are held against it. What only training uses is left out; bytes are at a dtype. Raises CnncalcError where
    a size has no number.
    """
    from .page import page

    return page([one.inference for one in (graph, *others)], title=title, dtype=dtype, arithmetic=arithmetic)


__all__ = ["DIRECTIONS", "FIGURES", "FORMATS", "THEMES", "USUAL", "draw", "report"]
