"""Inputs whose numbers say which rows of a table are read: words, tokens, classes."""

from __future__ import annotations

from collections.abc import Mapping

from ..graph import Graph
from .dtypes import moves


def looked_up(graph: Graph) -> Mapping[str, int]:
    """Input -> how many rows its numbers may say, the fewest of all the embeddings that they come to unchanged."""
    rows: dict[str, int] = {}
    for node in reversed(graph.nodes):
        count = vars(node.layer)["count"] if node.layer.looks_up else rows.get(node.name) if moves(node) else None
        if count is not None:
            rows |= {name: min(count, rows.get(name, count)) for name in node.inputs}
    return {name: rows[name] for name in graph.inputs if name in rows}
