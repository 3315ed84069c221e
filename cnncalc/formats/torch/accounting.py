"""Whose each parameter of a module is: a layer's own, or one of those that its weights are made of.

conv(x, w)                    own
conv(x, g v / |v|)            made of g and v: those are stored, and counted
conv(x, w[:4]), conv(x, w[4:])    a part each, together w: own
linear(x, w), linear(y, w^T)  the second has nothing of its own
conv(x, kernel), a buffer     stored, and not learned
x + zeros(8)                  nothing is stored
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from math import prod

from ...errors import CnncalcError
from ...graph import Graph, Node
from ...provenance import Source
from ..onnx.values import Weight
from .trace import Stored, Trace
from .worked import Worked

Learned = Mapping[str, Mapping[str, Weight]]
"""Node -> key -> where its learned or stored tensor comes from."""


def accounted(graph: Graph, learned: Learned, trace: Trace, worked: Worked) -> tuple[Node, ...]:
    """The nodes, each with what is stored in place of its weights, and frozen where all of that is."""
    stored = _by_name(trace)
    read = {node.name: _read(node, learned.get(node.name, {}), stored, worked) for node in graph.nodes}
    taken: set[str] = set()
    made: dict[str, tuple[Source, ...]] = {}
    for group in _groups([node for node in graph.nodes if node.weights], read):
        sources = {source.name: source for node in group for source in read[node.name]}
        numbers = sum(prod(source.shape) for source in sources.values() if source.learned)
        owners = {node.weights_of: node for node in group}
        own = sum(prod(shape) for node in owners.values() for shape in node.weights.values())
        mixed = any(len({source.frozen for source in read[node.name]}) > 1 for node in group)
        if own == numbers and not mixed:
            continue
        for node in group:
            new = tuple(source for source in read[node.name] if source.name not in taken)
            taken.update(source.name for source in new)
            if mixed or [source.shape for source in new if source.learned] != list(node.weights.values()):
                made[node.name] = new
    for node in graph.nodes:
        tensors = [one.tensor for one in learned.get(node.name, {}).values()]
        if not node.weights and node.buffers and all(map(worked.stores_nothing, tensors)):
            made[node.name] = ()
    return tuple(
        node._replace(
            frozen=bool(read[node.name]) and all(one.frozen or not one.learned for one in read[node.name]),
            made_of=made.get(node.name),
        )
        for node in graph.nodes
    )


def _by_name(trace: Trace) -> Mapping[str, tuple[str, Stored]]:
    """Every name that a stored tensor goes by -> that under which it is counted, and the tensor."""
    found: dict[str, tuple[str, Stored]] = {}
    for name, stored in trace.tensors.items():
        own = stored.path or name
        found |= dict.fromkeys((own, name, f"#{name}"), (own, stored))
    return found


def _read(
    node: Node, weights: Mapping[str, Weight], stored: Mapping[str, tuple[str, Stored]], worked: Worked
) -> list[Source]:
    """The parameters and buffers that a layer's learned tensors are made of."""
    names = [name for key in node.weights if key in weights for name in _names(weights[key], stored, worked)]
    found = [stored[name] for name in dict.fromkeys(names) if name in stored]
    return [
        Source(name, tensor.shape, tensor.kind == "parameter", tensor.frozen)
        for name, tensor in found
        if tensor.kind != "constant"
    ]


def _names(weight: Weight, stored: Container[str], worked: Worked) -> Iterable[str]:
    """The stored tensors that one is made of; of a constant those that it was worked out of, where that is told."""
    names = weight.made_of or (weight.name,)
    if weight.learned or any(name in stored for name in names):
        return names
    try:
        return sorted(worked.paths(weight.tensor))
    except CnncalcError:
        return names


def _groups(nodes: Sequence[Node], read: Mapping[str, Iterable[Source]]) -> list[list[Node]]:
    """The nodes that have stored tensors in common, in their order."""
    group_of: dict[str, list[Node]] = {}
    for node in nodes:
        names = [f"={node.weights_of}", *(source.name for source in read[node.name])]
        groups = {id(group): group for name in names if (group := group_of.get(name)) is not None}
        whole = [node_ for group in groups.values() for node_ in group] + [node]
        for member in whole:
            for name in (f"={member.weights_of}", *(source.name for source in read[member.name])):
                group_of[name] = whole
    order = {node.name: place for place, node in enumerate(nodes)}
    unique = {id(group): group for group in group_of.values()}
    return [sorted(group, key=lambda node: order[node.name]) for group in unique.values()]
