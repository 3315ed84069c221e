"""How many bytes the learned numbers take: in the dtype of the network, but for taps that a layer stores in `bits`."""

from __future__ import annotations

from collections.abc import Mapping

from ..dims import Dim, ceil_div, product
from ..graph import Graph, Node
from ..layers.base import TAPS
from .dtypes import bytes_of
from .params import Params

WEIGHT_BYTES = "weight_bytes"
"""The figure that this works out."""

BYTE = 8
"""Bits."""


def weight_bytes(graph: Graph, learned: Params, dtype: str) -> Mapping[str, Dim]:
    """Node -> the bytes of its learned numbers; 0 for one that uses the weights of an earlier node.

    The taps of a layer with `bits` are packed, and what is left of a byte at their end is lost; its biases are numbers
    of `dtype`. Raises CnncalcError for a dtype that is not known.
    """
    size = bytes_of(dtype)
    return {node.name: stored_bytes(node, learned.of[node.name], size) for node in graph.nodes}


def stored_bytes(node: Node, numbers: Dim, size: int) -> Dim:
    """The bytes of the numbers that a node stores, all of them or none; `size` is that of an element of the network."""
    bits = node.layer.bits
    if bits is None or (isinstance(numbers, int) and numbers == 0):
        return numbers * size
    if node.layer.looks_up:
        return ceil_div(numbers * bits, BYTE)
    taps = sum(product(shape) for name, shape in node.weights.items() if node.layer.roles[name] == TAPS)
    return ceil_div(taps * bits, BYTE) + (numbers - taps) * size


def packed(graph: Graph) -> Mapping[int, int]:
    """Bits -> in how many layers the taps are stored so, where that is not as the network computes."""
    found: dict[int, int] = {}
    for node in graph.nodes:
        if node.layer.bits is not None and node.weights:
            found[node.layer.bits] = found.get(node.layer.bits, 0) + 1
    return dict(sorted(found.items()))
