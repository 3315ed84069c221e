"""Gemm and MatMul: a linear layer where one side is learned, a product of activations where none is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..model import Node
from ..read import Refused
from ..values import Held

if TYPE_CHECKING:
    from ..read import Reader, Rule


def gemm(reader: Reader, node: Node) -> None:
    """alpha A B + beta C, with B and C learned."""
    value, weight = reader.held(node), reader.weight(node, 1)
    if node.attributes.get("transA", 0) or len(weight.dims) != 2 or len(value.dims) != 2 or not value.batched:
        raise Refused("a product of these shapes")
    out = weight.dims[0] if node.attributes.get("transB", 0) else weight.dims[1]
    weights = [weight]
    if reader.has(node, 2):
        weights.append(reader.weight(node, 2))
    reader.emit(node, "linear", {"out": out, "bias": reader.has(node, 2)}, [value], weights)


def matmul(reader: Reader, node: Node) -> None:
    """A linear layer on a vector, or a product of two tensors."""
    left, right = reader.value(node, 0), reader.value(node, 1)
    if isinstance(left, Held) and isinstance(right, Held):
        reader.emit(node, "matmul", {}, [left, right])
        return
    value, weight = reader.held(node), reader.weight(node, 1)
    if len(weight.dims) != 2 or len(value.dims) != 2 or not value.batched:
        raise Refused("a linear layer on the rows of a tensor")
    reader.emit(node, "linear", {"out": weight.dims[1], "bias": False}, [value], [weight])


RULES: Mapping[str, Rule] = {"Gemm": gemm, "MatMul": matmul}
