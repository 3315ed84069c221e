"""A learned tensor that several layers read beside others of their own is stored once, and counted once.

conv(x, w, b), conv(y, w, c)      w and b are the first's, and the second has c alone
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod

from ...graph import Graph, Node
from ...provenance import Source
from .values import Weight


def counted_once(graph: Graph, learned: Mapping[str, Mapping[str, Weight]]) -> Graph:
    """The network, its layers without the tensors that a layer before them has; `learned` is by node and key."""
    owner_of: dict[tuple[str, int], str] = {}
    found: dict[str, Node] = {}
    for node in graph.nodes:
        weights = learned.get(node.name, {})
        if node.weights_of != node.name or node.made_of is not None or any(key not in weights for key in node.weights):
            continue
        tensors = {key: (weights[key].name, prod(shape)) for key, shape in node.weights.items()}
        own = [key for key, tensor in tensors.items() if owner_of.setdefault(tensor, node.name) == node.name]
        if len(own) < len(tensors):
            sources = (Source(weights[key].name, node.weights[key], True, False) for key in own)
            found[node.name] = node._replace(made_of=tuple(sources))
    return replace(graph, nodes=tuple(found.get(node.name, node) for node in graph.nodes)) if found else graph
