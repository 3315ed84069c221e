"""Many layers as few rows: a node's path is `layer3[5]/main/conv`, and a depth says how much of it to keep.

At depth 1 that is `layer3 (x6)`, at depth 2 `layer3[5]`, and so on down to the layers themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from ..graph import Graph, Node
from ..namedtuples import NamedTuple

ROOMY = 40
"""Layers that are still read at a glance."""

SPARSE = 7
"""Fewer rows than this say too little."""

SEGMENT = re.compile(r"[^/\[]+|\[[^\]]*\]")


class Fold(NamedTuple):
    """Some neighbouring nodes as one row."""

    name: str
    kind: str
    nodes: Sequence[Node]

    @property
    def last(self) -> Node:
        """The node whose output the row shows."""
        return self.nodes[-1]


def fold(graph: Graph, depth: int | None = None) -> list[Fold]:
    """The rows of a network at a depth: 0 for every layer; None for all of a small net and the stages of a deep one."""
    if depth == 0 or not graph.nodes:
        return [Fold(node.name, node.kind, (node,)) for node in graph.nodes]
    paths = [tuple(SEGMENT.findall(node.name)) for node in graph.nodes]
    if depth is None:
        deepest = max(map(len, paths))
        if len(graph.nodes) <= ROOMY:
            return fold(graph, 0)
        depth = next((d for d in range(1, deepest) if _rows(paths, d) >= SPARSE), deepest)
    grouped = groupby(zip(paths, graph.nodes, strict=True), key=lambda member: member[0][:depth])
    groups = [(key, list(members)) for key, members in grouped]
    pieces = Counter(key for key, _ in groups)
    return [
        _fold(key, [path for path, _ in members], [node for _, node in members], pieces[key] > 1)
        for key, members in groups
    ]


def _rows(paths: Sequence[tuple[str, ...]], depth: int) -> int:
    return sum(1 for _ in groupby(path[:depth] for path in paths))


def _fold(key: tuple[str, ...], paths: list[tuple[str, ...]], nodes: list[Node], piece: bool) -> Fold:
    """A row; one that is only a piece of what its name stands for is named by its turns."""
    name = joined(key)
    if len(nodes) == 1:
        return Fold(nodes[0].name, nodes[0].kind, nodes)
    turns = list(dict.fromkeys(path[len(key)] for path in paths if path[len(key) :] and path[len(key)].startswith("[")))
    if turns:
        if piece:
            name += turns[0] if len(turns) == 1 else f"{turns[0][:-1]}..{turns[-1][1:]}"
        elif len(turns) > 1:
            name += f" (x{len(turns)})"
        return Fold(name, f"{len(nodes)} layers", nodes)
    if (
        all(path[:-1] == key or path == key for path in paths)
        and any(path == key for path in paths)
        and len(nodes) <= 4
    ):
        return Fold(name, "+".join(node.kind for node in nodes), nodes)
    return Fold(name, f"{len(nodes)} layers", nodes)


def joined(segments: Sequence[str]) -> str:
    """A path from its segments."""
    return "".join(s if place == 0 or s.startswith("[") else f"/{s}" for place, s in enumerate(segments))
