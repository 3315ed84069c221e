"""Operators on constants too large to work out: what they make is a learned tensor, of which the shape is known.

Weights that are standardised before they are used (NFNet), embeddings of positions made of sines, tables that are
cut and put together: the numbers do not matter for a count, the shape and the tensor that they come from do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from .constants import FLOATS, Constant, NotFolded, axis_of, broadcast_dims
from .fold import folded
from .records import Node
from .values import Held, Weight

Dims = tuple[int, ...]

# fmt: off
ELEMENTWISE = frozenset((
    "Abs", "Add", "And", "Cast", "CastLike", "Ceil", "Clip", "CumSum", "Cos", "Div", "Equal", "Erf", "Exp",
    "Floor", "Greater", "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "Log", "Max", "Min", "Mod", "Mul", "Neg",
    "Not", "Or", "Pow", "Reciprocal", "Round", "Sigmoid", "Sign", "Sin", "Sqrt", "Sub", "Tanh", "Where", "Xor",
))
REDUCTIONS = frozenset((
    "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
))
LIKE_THE_FIRST = frozenset((
    "BatchNormalization", "LayerNormalization", "ScatterElements", "ScatterND", "Softmax", "Trilu",
))
MOVES = frozenset((
    "Concat", "Expand", "Flatten", "Gather", "Reshape", "Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
))
# fmt: on


def computed(
    node: Node, values: Sequence[Weight | Constant | None], known: Sequence[Constant | None], opset: int
) -> list[Weight]:
    """The learned tensors that an operator on constants makes. Raises NotFolded where their shape is not known."""
    fixed = [value for value in values if value is not None]
    if not fixed:
        raise NotFolded
    try:
        shapes = _shapes(node, fixed, known, opset)
    except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError):
        raise NotFolded from None
    learned = [value for value in fixed if isinstance(value, Weight)]
    source = max(learned, key=lambda value: prod(value.dims), default=None)
    made = []
    for name, dims in zip(node.outputs, shapes, strict=False):
        whole = source is not None and prod(dims) == prod(source.dims)
        counted = source is not None and not source.fixed
        scale = prod(dims) == 1 and any(isinstance(value, Weight) and value.scale for value in values)
        made.append(Weight(source.name if whole and source else name, dims, None, fixed=not counted, scale=scale))
    return made


def enlarged(node: Node, values: Sequence[Weight | Constant | Held | None], known: Sequence[Constant | None]) -> bool:
    """Whether a learned table is read more often than it has entries: it is counted as it is stored, and taken from."""
    if node.op not in ("Gather", "GatherND") or len(values) != 2 or known[1] is None:
        return False
    table = values[0]
    learned = isinstance(table, Weight) and not table.fixed and table.record is not None and len(table.dims) > 0
    if not learned or not isinstance(table, Weight) or table.record is None or table.record.type not in FLOATS:
        return False
    axis = axis_of(node.attributes.get("axis", 0), len(table.dims))
    if node.op == "GatherND" and (node.attributes.get("batch_dims") or known[1].dims[-1] != 1):
        return False
    return prod(known[1].dims) > table.dims[axis]


def _shapes(
    node: Node, values: Sequence[Weight | Constant], known: Sequence[Constant | None], opset: int
) -> list[Dims]:
    if node.op in LIKE_THE_FIRST:
        return [values[0].dims]
    if node.op in ELEMENTWISE:
        return [broadcast_dims([value.dims for value in values])]
    if node.op in REDUCTIONS:
        return [_reduced(values[0].dims, node, known)]
    if node.op in MOVES:
        return _moved(node, values, known, opset)
    raise NotFolded


def _reduced(dims: Sequence[int], node: Node, known: Sequence[Constant | None]) -> Dims:
    rank = len(dims)
    axes = known[1].ints if len(known) > 1 and known[1] is not None else node.attributes.get("axes")
    gone = {axis_of(axis, rank) for axis in axes} if axes else set(range(rank))
    keep = node.attributes.get("keepdims", 1)
    return tuple(1 if axis in gone else size for axis, size in enumerate(dims) if keep or axis not in gone)


def _moved(node: Node, values: Sequence[Weight | Constant], known: Sequence[Constant | None], opset: int) -> list[Dims]:
    """By the folding of a tensor as large along each axis, whose entries are all alike."""
    attributes: Mapping[str, Any] = {**node.attributes, "__outputs__": len(node.outputs)}
    if node.op == "Transpose":
        order = node.attributes.get("perm") or range(len(values[0].dims))[::-1]
        return [tuple(values[0].dims[axis] for axis in order)]
    if node.op == "Concat":
        axis = axis_of(node.attributes["axis"], len(values[0].dims))
        dims = list(values[0].dims)
        dims[axis] = sum(value.dims[axis] for value in values)
        return [tuple(dims)]
    inputs = [one or Constant(value.dims, (0,) * _small(value.dims)) for value, one in zip(values, known, strict=True)]
    return [result.dims for result in folded(node.op, inputs, attributes, opset)]


def _small(dims: Sequence[int]) -> int:
    if prod(dims) > 1 << 22:
        raise NotFolded
    return prod(dims)
