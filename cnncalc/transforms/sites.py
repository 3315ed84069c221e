"""Where a network can be rewritten: dense convolutions with a window, and pairs of depthwise and pointwise.

With each comes what follows it directly, a norm and an activation; a form repeats them between its parts.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..dims import product
from ..graph import Graph, Node
from ..layers import Layer
from ..layers.base import OVERWRITES
from ..layers.conv import Conv, Convolution, Depthwise
from ..namedtuples import NamedTuple


class Site(NamedTuple):
    """What is replaced: a chain of nodes, of which only the last is read from outside."""

    nodes: tuple[Node, ...]
    repeat: tuple[Node, ...] = ()
    """The norm and the activation that follow it, to be repeated between the parts."""

    reason: str = ""
    """Why it has to stay, where that is known before a form is tried."""

    @property
    def place(self) -> Node:
        """The node whose path the parts stand under and whose tensor they make."""
        return self.nodes[-1]


def dense_sites(graph: Graph) -> Iterator[Site]:
    """Every convolution whose window has more than one tap and whose channels are in one group."""
    neighbours = Neighbours(graph)
    for node in graph.nodes:
        layer = node.layer
        if isinstance(layer, Conv) and product(layer.kernel) > 1 and layer.groups == 1:
            reason = "" if layer.connections is None else "its table of connections says what it reads"
            yield Site((node,), neighbours.norm_and_activation(node), reason)


def separable_sites(graph: Graph) -> Iterator[Site]:
    """Every depthwise convolution with the pointwise one after it; norm and activation may be between."""
    neighbours = Neighbours(graph)
    for node in graph.nodes:
        layer = node.layer
        if not isinstance(layer, Convolution) or not _is_depthwise(node) or product(layer.taps()) == 1:
            continue
        between = neighbours.norm_and_activation(node)
        last = neighbours.next((node, *between)[-1])
        if last is None or not isinstance(last.layer, Convolution) or product(last.layer.taps()) > 1:
            yield Site((node,), reason="no pointwise convolution follows it, or not directly")
        elif last.layer.parts(last.incoming[0][0]) != 1:
            yield Site((node,), reason="the pointwise convolution that follows it is grouped")
        elif last.output[1:] != node.output[1:]:
            yield Site((node,), reason="the pointwise convolution that follows it changes the map")
        else:
            yield Site((node, *between, last))


def _is_depthwise(node: Node) -> bool:
    channels = node.incoming[0][0]
    return isinstance(node.layer, Depthwise) or (
        isinstance(node.layer, Conv) and channels > 1 and node.layer.groups == channels
    )


class Neighbours:
    """Which node alone reads another."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def next(self, node: Node) -> Node | None:
        """The only node that reads this one, if it is the only reader and reads nothing else."""
        reader = self.graph.reader(node.name)
        return reader if reader is not None and len(reader.inputs) == 1 else None

    def norm_and_activation(self, node: Node) -> tuple[Node, ...]:
        """The norm and the activation that follow a node directly; either may be absent."""
        found: list[Node] = []
        for wanted in (_is_norm, _is_activation):
            following = self.next((node, *found)[-1])
            if following is not None and wanted(following.layer):
                found.append(following)
        return tuple(found)


def _is_norm(layer: Layer) -> bool:
    return layer.family == "norm" and bool(layer.roles)


def _is_activation(layer: Layer) -> bool:
    return layer.family == "activation" and layer.elementwise and layer.storage in OVERWRITES
