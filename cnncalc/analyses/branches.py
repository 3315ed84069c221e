"""What a join reads: one branch, which goes on, or many, however a concat of them is nested."""

from __future__ import annotations

from ..graph import Graph, Node

MOST = 10_000
"""Branches of one layer; a concat that doubles itself again and again has any number."""


def passes_on(node: Node) -> bool:
    """Whether it is a join of one branch, which goes on as it is."""
    return node.layer.family == "join" and len(node.inputs) == 1


def branches(graph: Graph, node: Node) -> tuple[str, ...]:
    """The tensors that a layer reads; in place of one that joins as the layer does, what that reads."""
    found: list[str] = []
    waiting = [*node.inputs[::-1]]
    while waiting:
        name = waiting.pop()
        maker = graph.by_name.get(name)
        if maker is not None and node.layer.continues(maker.layer):
            waiting += maker.inputs[::-1]
        else:
            found.append(name)
        if len(found) > MOST:
            return node.inputs
    return tuple(found)
