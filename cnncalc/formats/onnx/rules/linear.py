"""Gemm and MatMul: a linear layer where one side is learned, a product of activations where none is.

Rows are positions: with the features as channels, a linear layer on rows is a pointwise convolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..records import Node
from ..refused import Refused
from ..values import BATCH, Held, Weight
from .arrange import recut
from .beside import alone, solid
from .words import axis_word
from .written import Step, written

if TYPE_CHECKING:
    from ..read import Reader, Rule


def gemm(reader: Reader, node: Node) -> None:
    """alpha A B + beta C: a linear layer where A is computed, and B and C are learned."""
    sides = [reader.value(node, place) for place in range(2)]
    of_bias = reader.has(node, 2) and isinstance(reader.value(node, 2), Held)
    if node.attributes.get("transA", 0) or of_bias or isinstance(sides[1], Held):
        _in_steps(reader, node)
        return
    value, weight = reader.held(node), reader.weight(node, 1)
    if len(weight.dims) != 2 or len(value.dims) != 2:
        raise Refused("a product of these shapes")
    transposed = node.attributes.get("transB", 0)
    out, inner = weight.dims if transposed else weight.dims[::-1]
    weights = [weight._replace(transposed=not transposed, factor=node.attributes.get("alpha", 1.0))]
    if reader.has(node, 2):
        weights.append(reader.weight(node, 2)._replace(factor=node.attributes.get("beta", 1.0)))
    on_rows(reader, node, value, (out, inner), weights)


def _in_steps(reader: Reader, node: Node) -> None:
    """Turned, multiplied, scaled and added to, one after the other."""
    own = node.attributes
    steps: list[Step] = []
    sides = ["0", "1"]
    for place, word in enumerate(("transA", "transB")):
        if own.get(word, 0):
            steps.append(("Transpose", sides[place], {"perm": [1, 0]}))
            sides[place] = f"={len(steps) - 1}"
    steps.append(("MatMul", *sides))
    if own.get("alpha", 1.0) != 1:
        steps.append(("Mul", f"={len(steps) - 1}", own["alpha"]))
    product_of = f"={len(steps) - 1}"
    if reader.has(node, 2):
        shift = "2"
        if own.get("beta", 1.0) != 1:
            steps.append(("Mul", "2", own["beta"]))
            shift = f"={len(steps) - 1}"
        steps.append(("Add", product_of, shift))
    written(reader, node, steps)


def matmul(reader: Reader, node: Node) -> None:
    """A linear layer on a vector or on rows, or a product of two tensors."""
    left, right = reader.value(node, 0), reader.value(node, 1)
    if isinstance(left, Held) and isinstance(right, Held):
        product(reader, node, left, right)
        return
    if isinstance(left, Held):
        weight = reader.weight(node, 1)
        if len(weight.dims) == 1:
            written(
                reader,
                node,
                [("Unsqueeze", "1", {"axes": [1]}), ("MatMul", "0", "=0"), ("Squeeze", "=1", {"axes": [-1]})],
            )
            return
        dims = [size for size in weight.dims[:-2] if size != 1]
        if len(weight.dims) < 2 or dims:
            product(reader, node, left, alone(reader, node, 1, weight))
            return
        on_rows(reader, node, left, (weight.dims[-1], weight.dims[-2]), [weight._replace(transposed=True)])
        return
    value, weight = reader.held(node, 1), reader.weight(node, 0)
    if len(weight.dims) == 1:
        written(
            reader, node, [("Unsqueeze", "0", {"axes": [0]}), ("MatMul", "=0", "1"), ("Squeeze", "=1", {"axes": [-2]})]
        )
        return
    if len(weight.dims) != 2 or len(value.dims) < 3 or not value.batched:
        product(reader, node, alone(reader, node, 0, weight), value)
        return
    columns = value.transposed((*range(len(value.dims) - 2), len(value.dims) - 1, len(value.dims) - 2))
    made = on_rows(reader, node, columns, (weight.dims[0], weight.dims[1]), [weight], defined=False)
    turned = (*range(len(made.dims) - 2), len(made.dims) - 1, len(made.dims) - 2)
    reader.define(node, made.transposed(turned))


def on_rows(
    reader: Reader, node: Node, value: Held, sizes: Sequence[int], weights: Sequence[Weight], defined: bool = True
) -> Held:
    """A matrix (out, in) on the last axis; what it makes is, where it is to be `defined`, the output of the node."""
    out, inner = sizes
    last = value.dims[-1]
    if isinstance(last, int) and last != inner:
        raise Refused(f"its weight is for {inner} features, and it reads {last}")
    value = reader.channelled(value, len(value.dims) - 1)
    arguments: dict[str, Any] = {"out": out, "bias": len(weights) > 1}
    if len(value.dims) - value.batched == 1:
        return reader.emit(node, "linear", arguments, [value], weights, defined=defined)
    return reader.emit(node, "pointwise", arguments, [value], weights, keeps_order=True, defined=defined)


def product(reader: Reader, node: Node, left: Held, right: Held, defined: bool = True) -> Held:
    """A product of activations, matrix by matrix: the axes before the last two are side by side."""
    if len(left.dims) < 2 or len(right.dims) < 2:
        raise Refused("a product with a vector")
    left, right = side_by_side(reader, node, left, right)
    return reader.emit(node, "matmul", {}, [left, right], defined=defined)


def side_by_side(reader: Reader, node: Node, left: Held, right: Held) -> tuple[Held, Held]:
    """Two tensors with as many axes, those before the last two of one size: an axis of size 1 is repeated."""
    rank = max(len(left.dims), len(right.dims))
    sides = [
        recut(reader, node, value, (1,) * (rank - len(value.dims)) + value.dims) if len(value.dims) < rank else value
        for value in (left, right)
    ]
    inside = any(BATCH in value.axes[1 if rank > 2 else 0 :] for value in sides)
    if sides[0].batched != sides[1].batched or inside:
        sides = [solid(reader, value) for value in sides]
    sides = [reader.plain(value) for value in sides]
    return _repeated(reader, node, sides[0], sides[1]), _repeated(reader, node, sides[1], sides[0])


def _repeated(reader: Reader, node: Node, value: Held, other: Held) -> Held:
    """The first with its leading axes of size 1 as long as those of the second."""
    for axis, (size, wanted) in enumerate(zip(value.dims[:-2], other.dims[:-2], strict=True)):
        if str(size) == "1" != str(wanted) and value.axes[axis] != BATCH:
            value = reader.step(node, "tile", {"times": wanted, "axis": axis_word(value, axis)}, value)
    return value


RULES: Mapping[str, Rule] = {"Gemm": gemm, "MatMul": matmul}
