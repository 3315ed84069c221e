"""The same network, smaller: another input size, narrower layers, or only the part before a node.

The structure stays: the same nodes with the same names, kernels, strides and branches. Where the spec can be
read again it is, so that sizes that it computes follow the input; else the layers are asked for their shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import Any

from .dims import Shape
from .errors import CnncalcError
from .graph import Graph, Node
from .layers.base import Layer

FACTORS = (32, 16, 8, 4, 2)
FEWEST_CHANNELS = 4


def resized(graph: Graph, inputs: Mapping[str, Shape]) -> Graph | None:
    """The network on inputs of other sizes, or None where it makes no sense on them."""
    if dict(inputs) == dict(graph.inputs):
        return graph
    return _read_again(graph, inputs) or _rebuilt(graph, inputs, 1)


def narrowed(graph: Graph) -> tuple[Graph, int]:
    """The network with its channels divided by the largest factor that its structure allows, and it."""
    widest = max((node.output[0] for node in graph.nodes if hasattr(node.layer, "out")), default=1)
    for factor in FACTORS:
        if widest // factor >= FEWEST_CHANNELS:
            small = _rebuilt(graph, graph.inputs, factor)
            if small is not None:
                return small, factor
    return graph, 1


def _read_again(graph: Graph, inputs: Mapping[str, Shape]) -> Graph | None:
    """The spec with other inputs, if it can be found and still describes the same nodes."""
    from .spec.load import load

    if graph.origin in ("", "-", "<stdin>"):
        return None
    try:
        again = load(graph.origin, set=graph.settings, input=dict(inputs)).inference
    except CnncalcError:
        return None
    known = {node.name: node for node in again.nodes}
    if not all(
        node.name in known and (node.kind, node.inputs) == (known[node.name].kind, known[node.name].inputs)
        for node in graph.nodes
    ):
        return None
    nodes = tuple(known[node.name] for node in graph.nodes)
    return Graph(graph.name, inputs, nodes, graph.output, graph.heads, origin=graph.origin, settings=graph.settings)


def _rebuilt(graph: Graph, inputs: Mapping[str, Shape], factor: int) -> Graph | None:
    """Every layer asked for its output again, its channels divided by the factor; None where a need fails."""
    shapes: dict[str, Shape] = dict(inputs)
    nodes = []
    for node in graph.nodes:
        incoming = tuple(shapes[name] for name in node.inputs)
        layer = node.layer if factor == 1 else _narrow(node, incoming, factor)
        if layer is None or not all(need.holds for need in layer.needs(*incoming)):
            return None
        shapes[node.name] = layer.output(*incoming)
        if any(n < 1 for n in shapes[node.name]) or len(shapes[node.name]) != len(node.output):
            return None
        nodes.append(node._replace(layer=layer, incoming=incoming, output=shapes[node.name]))
    return Graph(graph.name, inputs, tuple(nodes), graph.output, graph.heads)


def _narrow(node: Node, incoming: tuple[Shape, ...], factor: int) -> Layer | None:
    """The layer with its counts of channels divided; None where one of them does not divide."""
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
