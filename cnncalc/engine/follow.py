"""Norms, activations and sums computed in the array of the layer before them, where nothing else reads it.

A chain is a layer with those that follow it so. They are handed to its kernel, which computes them on each piece
of its output while that is in the cache.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np

from ..graph import Graph, Node
from ..kernels import KERNELS
from ..kernels.base import Array, Tally, Weights
from ..layers.base import OVERWRITES
from .layers import norm_after, positive
from .team import Finish, Select

CONVOLUTIONS = frozenset({"conv", "pointwise", "depthwise"})
OWN_ARRAY = CONVOLUTIONS | {"upconv", "deform_conv", "linear", "batchnorm", "add", "concat"}
"""Kinds whose output is an array of its own, on which the next layer may work."""


def finish(node: Node, weights: Weights, others: tuple[Array, ...] = ()) -> Finish:
    """A norm, an activation or a sum, computed in the array that it reads; `others` are what a sum adds to it."""
    if node.kind == "batchnorm":
        return norm_after(node.layer, weights, node.output[0])

    def work(part: Array, select: Select) -> None:
        match node.kind:
            case "relu":
                positive(part, out=part)
            case "relu6":
                np.clip(part, 0, 6, out=part)
            case "add":
                for other in others:
                    part += select(other)
            case _:
                part[...] = KERNELS[node.kind].forward(node.layer, (part,), {}, Tally())

    return work


def only_readers(graph: Graph, kept: Container[str]) -> dict[str, Node]:
    """Node -> the one that reads it, once, where that is the only one and the array is not kept."""
    return {name: nodes[0] for name, nodes in graph.readers.items() if len(nodes) == 1 and name not in kept}


def chains(graph: Graph, kept: Container[str]) -> Iterator[list[Node]]:
    """The nodes in order, each with those that follow it in its array."""
    after = only_readers(graph, kept)
    done: set[str] = set(graph.inputs)
    for node in graph.nodes:
        if node.name in done:
            continue
        chain = [node]
        while node.kind in OWN_ARRAY and (follower := after.get(chain[-1].name)) is not None:
            if not _can_follow(follower, chain[-1].name, done):
                break
            chain.append(follower)
        done.update(member.name for member in chain)
        yield chain


def _can_follow(node: Node, last: str, done: Container[str]) -> bool:
    """Whether a node can be computed in the array of `last`, which it reads, while `done` have been computed."""
    if node.kind == "add":
        others = [name for name in node.inputs if name != last]
        return len(set(node.incoming)) == 1 and all(name in done for name in others)
    layer = node.layer
    without_weights = layer.elementwise and layer.storage in OVERWRITES and not layer.joins and not layer.roles
    return node.kind == "batchnorm" or without_weights
