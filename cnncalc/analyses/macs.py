"""How much work: multiply-accumulates of learned weights, those between activations apart, and element-wise operations.

A MAC is one learned-weight tap applied once: one multiply and its add. Convolution, transposed convolution and
linear layers have them; a product of two activations (`matmul`) has MACs too and is named beside the total.
Everything is for one image.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..dims import Dim, Shape
from ..graph import Graph
from ..layers.base import WORK, Layer
from ..namedtuples import NamedTuple
from ..spelling import brief

FLOPS_PER_MAC = 2


class Macs(NamedTuple):
    """The MACs of a network for one image."""

    of: Mapping[str, Dim]
    """Node -> MACs."""

    total: Dim
    between_activations: Dim
    """The part of the total that multiplies two activations and no weight."""

    recurrent: bool = False
    """Whether some are those of recurrent layers."""

    @property
    def kinds(self) -> str:
        """What they are of: `convolution and linear`, and what else there is."""
        none = isinstance(self.between_activations, int) and self.between_activations == 0
        words = ["convolution", "linear", *(["recurrent"] if self.recurrent else []), *([] if none else ["matmul"])]
        return f"{', '.join(words[:-1])} and {words[-1]}"

    @property
    def flops(self) -> Dim:
        """Floating-point operations: a MAC is two."""
        return self.total * FLOPS_PER_MAC

    def __repr__(self) -> str:
        return brief(self)


def macs(graph: Graph) -> Macs:
    """Count the multiply-accumulates of a network."""
    of: dict[str, Dim] = {}
    counted: dict[tuple[Layer, tuple[Shape, ...]], Dim] = {}
    total: Dim = 0
    between: Dim = 0
    for node in graph.nodes:
        try:
            count = counted.get((node.layer, node.incoming))
            if count is None:
                count = counted[node.layer, node.incoming] = node.macs
        except TypeError:  # arrays of sizes cannot be a key
            count = node.macs
        of[node.name] = count
        total = total + count
        if node.layer.multiplies:
            between = between + count
    return Macs(of, total, between, any(node.layer.family == "recurrent" for node in graph.nodes))


def operations(graph: Graph) -> Mapping[str, Dim]:
    """Element-wise and pooling work by node, in scalar operations for one image; no part of the MACs."""
    return {node.name: node.operations for node in graph.nodes}


def work(graph: Graph) -> Mapping[str, Dim]:
    """The operations of a network for one image by what is done: word of `layers.base.WORK` -> operations."""
    done: dict[str, Dim] = {}
    for node in graph.nodes:
        for word, count in node.work.items():
            done[word] = done.get(word, 0) + count
    return {word: done[word] for word in WORK if word in done}
