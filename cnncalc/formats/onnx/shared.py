"""A learned tensor that several layers read beside others of their own is stored once, and counted once.

Exporters write tensors of equal value once, so that the norms of a network that is not trained share their scales: in
the network these are tensors of each layer's own, and that is said.

conv(x, w, b), conv(y, w, c)      w and b are the first's, and the second has c alone
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from ...graph import Change, Graph, Node
from ...layers.base import SCALE, SHIFT, TAPS
from ...provenance import Source
from .outside import alike
from .records import Node as Operator
from .values import Weight

if TYPE_CHECKING:
    from .read import Reader

Learned = Mapping[str, Mapping[str, Weight]]
"""Node -> key -> where a learned tensor comes from."""

SHARED = "tensors-shared"
"""The code of a change: scales and shifts that several layers read, and may have had for themselves."""


def counted_once(graph: Graph, learned: Learned) -> Graph:
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


def maybe_apart(graph: Graph, learned: Learned, file: str) -> tuple[Change, ...]:
    """The scales and shifts of one value that several layers read; none where layers share their taps."""
    read: dict[str, list[int]] = {}
    taken: dict[str, Weight] = {}
    taps: set[tuple[str, str]] = set()
    for node in graph.nodes:
        for key, weight in learned.get(node.name, {}).items():
            role = node.layer.roles.get(key) if key in node.weights else None
            if role == TAPS:
                if (weight.name, node.kind) in taps:
                    return ()
                taps.add((weight.name, node.kind))
            elif role in (SCALE, SHIFT):
                read.setdefault(weight.name, []).append(prod(node.weights[key]))
                taken[weight.name] = weight
    shared = [name for name, sizes in read.items() if len(sizes) > 1 and alike(taken[name].record, file) is not None]
    more = sum(sum(read[name][1:]) for name in shared)
    return (Change(SHARED, len(shared), more),) if shared else ()


def shares(reader: Reader, node: Operator, owner: str, weights: Sequence[Weight]) -> None:
    """Note where an operator reads other numbers than the layer whose learned tensors it shares."""
    for one, other in zip(weights, reader.learned.get(owner, {}).values(), strict=False):
        if one.tensor != other.tensor and reader.types.moved_of(one.tensor) != reader.types.moved_of(other.tensor):
            reader.differs(node, f"reads `{one.name}`, of which it or a layer before it has other numbers")
