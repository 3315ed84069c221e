"""What a notebook shows of a network: its picture, where it has one, else its name in a line."""

from __future__ import annotations

from html import escape

from .errors import CnncalcError
from .graph import Graph


def html(graph: Graph) -> str:
    """The picture at its usual depth, which has no script."""
    from .drawing import draw

    try:
        return draw(graph)
    except CnncalcError:
        return f"<pre>{escape(repr(graph))}</pre>"


def attach() -> None:
    """Let notebooks ask a network for it; a Graph itself knows nothing of pictures."""
    Graph._repr_html_ = html  # type: ignore[attr-defined]  # what notebooks look for
