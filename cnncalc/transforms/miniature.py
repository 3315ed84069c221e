"""The same network on another input, or with narrower layers.

The structure stays: the same nodes with the same names, kernels, strides and branches. Where the network can be
made again it is, so that sizes that its spec computes follow the input; else the layers are asked for their shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import Any

from ..building import Builder
from ..dims import Shape
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers.base import Layer

FACTORS = (32, 16, 8, 4, 2)
FEWEST_CHANNELS = 4

SMALL = 64
"""Positions per axis up to which an input is small as it is."""

SMALLEST = 32
"""Positions per axis that a shrunk input has at least."""

SKEWS = (8, 16, 32)
"""How many positions an axis of a shrunk input has more than the one before it: no two are to be alike."""

THIN = 8
"""Positions across a strip, where a network makes sense on so few."""


def resized(graph: Graph, inputs: Mapping[str, Shape]) -> Graph | None:
    """The network on inputs of other sizes, or None where it makes no sense on them."""
    if dict(inputs) == dict(graph.inputs):
        return graph
    return _made_again(graph, inputs) or _rebuilt(graph, inputs, 1)


def shrunk(graph: Graph) -> Graph:
    """The network on about the smallest input that it makes sense on, with axes that differ where it allows it."""
    sizes = {n for shape in graph.inputs.values() for n in shape[1:]}
    if not sizes or max(sizes) <= SMALL:
        return graph
    step = max(1, 2 ** (max(sizes).bit_length() - 6))
    for less in range(max(sizes) - SMALLEST, 0, -step):
        small = _shrunk_by(graph, less, 0)
        if small is not None:
            return next((found for skew in SKEWS if (found := _shrunk_by(graph, less, skew)) is not None), small)
    return graph


def _shrunk_by(graph: Graph, less: int, skew: int) -> Graph | None:
    """The network on so many positions less, but each axis `skew` longer than the one before it."""
    inputs = {
        name: (shape[0], *(min(n, max(n - less, SMALLEST) + axis * skew) for axis, n in enumerate(shape[1:])))
        for name, shape in graph.inputs.items()
    }
    return resized(graph, inputs)


def strip(graph: Graph, small: Graph, lead: str, axis: int, n: int) -> Graph | None:
    """The network on n positions along an axis of the input `lead`, across it on as few as it allows.

    Other inputs are longer by the same factor. Across the strip there are at most as many positions as in `small`.
    """
    own = graph.inputs[lead]
    for most in (THIN, None):
        inputs = {}
        for name, shape in graph.inputs.items():
            sizes = [min(size, most or size) for size in small.inputs[name][1:]]
            if len(shape) == len(own):
                sizes[axis] = n * shape[1 + axis] // own[1 + axis]
            inputs[name] = (shape[0], *sizes)
        found = resized(graph, inputs)
        if found is not None:
            return found
    return None


def narrowed(graph: Graph) -> tuple[Graph, int]:
    """The network with its channels divided by the largest factor that its structure allows, and it."""
    widest = max((node.output[0] for node in graph.nodes if hasattr(node.layer, "out")), default=1)
    for factor in FACTORS:
        if widest // factor >= FEWEST_CHANNELS:
            small = _rebuilt(graph, graph.inputs, factor)
            if small is not None:
                return small, factor
    return graph, 1


def _made_again(graph: Graph, inputs: Mapping[str, Shape]) -> Graph | None:
    """What the network was made of with other inputs, if it makes this network and then the same nodes."""
    if graph.again is None or not graph.faithful:
        return None
    try:
        found = graph.again(inputs).inference
    except CnncalcError:
        return None
    same = [(node.name, node.kind, node.inputs) for node in found.nodes]
    return found if same == [(node.name, node.kind, node.inputs) for node in graph.nodes] else None


def _rebuilt(graph: Graph, inputs: Mapping[str, Shape], factor: int) -> Graph | None:
    """Every layer asked for its output again, its channels divided by the factor; None where a need fails."""
    builder = Builder(graph.name, inputs)
    for node in graph.nodes:
        layer = node.layer
        if factor != 1:
            narrow = _narrow(node, tuple(builder.shapes[name] for name in node.inputs), factor)
            if narrow is None:
                return None
            layer = narrow
        try:
            shape = builder.shapes[builder.like(node, layer=layer)]
        except CnncalcError:
            return None
        if any(n < 1 for n in shape) or len(shape) != len(node.output):
            return None
    for head, tensor in graph.heads.items():
        builder.head(head, tensor)
    return builder.graph(graph.output, input_dtypes=graph.input_dtypes)


def _narrow(node: Node, incoming: tuple[Shape, ...], factor: int) -> Layer | None:
    """The layer with its counts of channels divided; None where one of them does not divide."""
    if not incoming:
        return node.layer
    given: dict[str, Any] = dict(vars(node.layer))
    channels = incoming[0][0]
    if "groups" in given and given["groups"] != 1:
        own = given["groups"] == node.incoming[0][0]
        given["groups"] = channels if own else gcd(given["groups"], channels)
    if "out" in given:
        given["out"] = max(1, given["out"] // factor)
        given["out"] = -(-given["out"] // given.get("groups", 1)) * given.get("groups", 1)
    if node.kind == "pad":
        given["channels"] = tuple((before // factor, after // factor) for before, after in given["channels"])
    if given.get("connections") is not None:
        return None
    if node.kind == "slice" and given["axis"] == "channels":
        if given["start"] % factor or (given["stop"] or 0) % factor:
            return None
        given["start"] //= factor
        given["stop"] = given["stop"] and given["stop"] // factor
    return type(node.layer)(**given)
