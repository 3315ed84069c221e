"""Layers that stand in another order in two networks: what reads the same and is the same, wherever it is written.

Of branches that were changed about, an alignment in order keeps one and lets the others go and come. Where what a layer
reads is known to be what another reads, and both are alike in everything, they are one (congruence, Downey, Sethi and
Tarjan 1980).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..graph import Node
from .steptree import LAYER, Part


def reordered(
    known: Iterable[tuple[Node, Node]], gone: Iterable[Part], come: Iterable[Part]
) -> list[tuple[Part, Part]]:
    """The layers of what went that are layers of what came."""
    became = {x.name: y.name for x, y in known}
    there = {*became.values()}
    left = list({part.nodes[0].name: part for part in _layers(gone) if part.nodes[0].name not in became}.values())
    waiting: dict[tuple[int, tuple[str, ...]], list[Part]] = {}
    own = {part.nodes[0].name for part in left}
    for name, part in {part.nodes[0].name: part for part in _layers(come)}.items():
        if name not in there:
            waiting.setdefault((part.key, _read(part.nodes[0], part.nodes[0].inputs)), []).append(part)
    found: list[tuple[Part, Part]] = []
    while True:
        before = len(found)
        for part in left:
            (node,) = part.nodes
            if node.name in became or any(name in own and name not in became for name in node.inputs):
                continue
            alike = waiting.get((part.key, _read(node, [became.get(name, name) for name in node.inputs])))
            if alike:
                other = alike.pop(0)
                found.append((part, other))
                became[node.name] = other.nodes[0].name
        if len(found) == before:
            return found


def _read(node: Node, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names)) if node.layer.commutes else tuple(names)


def _layers(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        if part.sort == LAYER:
            yield part
        else:
            yield from _layers(part.parts)
