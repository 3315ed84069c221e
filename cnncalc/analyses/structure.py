"""Which layers of one network are which of another by what they are, in their order; names count least.

For networks whose names say nothing of each other (a spec and a model file), and for unnamed steps, where one that is
put in moves the numbers of all that follow.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Graph, Node
from .alignment import MOST, aligned
from .folding import SEGMENT
from .matching import Renamed

ROWS = 40
"""Blocks under other names that are told apart; more are told as one."""


def counterparts(a: Graph, b: Graph) -> list[tuple[Node, Node]] | None:
    """The pairs of layers, each of both networks once; None for networks that are too long to be weighed."""
    if len(a.nodes) * len(b.nodes) > MOST:
        return None
    pairs = aligned(a.nodes, b.nodes, _likeness, _text)
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def renamed(pairs: Sequence[tuple[Node, Node]]) -> list[Renamed]:
    """The pairs with other names, by the blocks that they stand in."""
    blocks: dict[tuple[str, str], list[tuple[Node, Node]]] = {}
    for x, y in pairs:
        if x.name != y.name:
            blocks.setdefault((_top(x), _top(y)), []).append((x, y))
    found = [
        Renamed(*(names if len(of) > 1 else (of[0][0].name, of[0][1].name)), tuple(of)) for names, of in blocks.items()
    ]
    if len(found) <= ROWS:
        return found
    every = [pair for block in found for pair in block.nodes]
    (first, other), (last, end) = every[0], every[-1]
    return [Renamed(f"{first.name} ... {last.name}", f"{other.name} ... {end.name}", tuple(every))]


def _text(node: Node) -> str:
    return f"{node.kind} {_arguments(node)} {node.incoming} {node.output}"


def _arguments(node: Node) -> str:
    return " ".join(map(str, node.layer.resolved(*node.incoming).values()))


def _likeness(x: Node, y: Node) -> int:
    """A kind counts more than arguments, and those more than sizes and names."""
    if x.kind != y.kind:
        replaced = x.layer.family == y.layer.family and x.layer.family in ("activation", "norm", "pool")
        return 600 + 50 * (x.name == y.name) if replaced else 0
    return 1000 + 300 * (_arguments(x) == _arguments(y)) + 100 * (x.output == y.output) + 150 * (x.name == y.name)


def _top(node: Node) -> str:
    return str(SEGMENT.findall(node.name)[0])
