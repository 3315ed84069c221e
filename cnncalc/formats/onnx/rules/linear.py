"""Gemm and MatMul: a linear layer where one side is learned, a product of activations where none is.

Rows are positions: with the features as channels, a linear layer on rows is a pointwise convolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..read import Refused
from ..records import Node
from ..values import Held, Weight

if TYPE_CHECKING:
    from ..read import Reader, Rule


def gemm(reader: Reader, node: Node) -> None:
    """alpha A B + beta C, with B and C learned."""
    value, weight = reader.held(node), reader.weight(node, 1)
    if node.attributes.get("transA", 0) or len(weight.dims) != 2 or len(value.dims) != 2:
        raise Refused("a product of these shapes")
    transposed = node.attributes.get("transB", 0)
    out, inner = weight.dims if transposed else weight.dims[::-1]
    weights = [weight]
    if reader.has(node, 2):
        weights.append(reader.weight(node, 2))
    on_rows(reader, node, value, (out, inner), weights)


def matmul(reader: Reader, node: Node) -> None:
    """A linear layer on a vector or on rows, or a product of two tensors."""
    left, right = reader.value(node, 0), reader.value(node, 1)
    if isinstance(left, Held) and isinstance(right, Held):
        product(reader, node, left, right)
        return
    if isinstance(left, Held):
        weight = reader.weight(node, 1)
        dims = [size for size in weight.dims[:-2] if size != 1]
        if len(weight.dims) < 2 or dims:
            raise Refused("a product with a constant of so many axes")
        on_rows(reader, node, left, (weight.dims[-1], weight.dims[-2]), [weight])
        return
    value, weight = reader.held(node, 1), reader.weight(node, 0)
    if len(weight.dims) != 2 or len(value.dims) < 3 or not value.batched:
        raise Refused("a constant times a tensor of this shape")
    columns = value.transposed((*range(len(value.dims) - 2), len(value.dims) - 1, len(value.dims) - 2))
    on_rows(reader, node, columns, (weight.dims[0], weight.dims[1]), [weight])
    made = reader.values[node.outputs[0]]
    if isinstance(made, Held):
        reader.values[node.outputs[0]] = made.transposed(
            (*range(len(made.dims) - 2), len(made.dims) - 1, len(made.dims) - 2)
        )


def on_rows(reader: Reader, node: Node, value: Held, sizes: Sequence[int], weights: Sequence[Weight]) -> None:
    """A matrix (out, in) on the last axis."""
    out, inner = sizes
    last = value.dims[-1]
    if isinstance(last, int) and last != inner:
        raise Refused(f"its weight is for {inner} features, and it reads {last}")
    value = reader.channelled(value, len(value.dims) - 1)
    arguments: dict[str, Any] = {"out": out, "bias": len(weights) > 1}
    if len(value.dims) - value.batched == 1:
        reader.emit(node, "linear", arguments, [value], weights)
        return
    reader.emit(node, "pointwise", arguments, [value], weights, keeps_order=True)


def product(reader: Reader, node: Node, left: Held, right: Held) -> None:
    """A product of activations, matrix by matrix: the axes before the last two are side by side."""
    if len(left.dims) != len(right.dims) or left.batched != right.batched or len(left.dims) < 2 + left.batched:
        raise Refused("a product of these shapes")
    reader.emit(node, "matmul", {}, [left, right])


RULES: Mapping[str, Rule] = {"Gemm": gemm, "MatMul": matmul}
