"""Operators on constants too large to work out: what they make is a learned tensor, of which the shape is known.

Weights that are standardised before they are used (NFNet), embeddings of positions made of sines, tables that are
cut and put together: the numbers do not matter for a count, the shape and the tensor that they come from do.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod

from ...dims import Dim, is_symbolic
from .constants import FLOATS, Constant, NotFolded, axis_of, broadcast_dims
from .moved import moved
from .records import Node
from .values import Held, Weight

Dims = tuple[Dim, ...]

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
# fmt: on


def computed(node: Node, values: Sequence[Weight | Constant | None], known: Sequence[Constant | None]) -> list[Weight]:
    """The learned tensors that an operator on constants makes. Raises NotFolded where their shape is not known."""
    fixed = [value for value in values if value is not None]
    if not fixed:
        raise NotFolded
    try:
        shapes = _shapes(node, fixed, known)
    except (IndexError, KeyError, OverflowError, TypeError, ValueError, ZeroDivisionError):
        raise NotFolded from None
    made_of = values if node.op in ELEMENTWISE or node.op == "Concat" else values[:1]
    stored = [value for value in made_of if isinstance(value, Weight) and prod(value.dims) != 1]
    source = max(stored, key=lambda value: (_elements(value.dims), not value.written), default=None)
    made = []
    for name, dims in zip(node.outputs, shapes, strict=False):
        whole = source is not None and prod(dims) == prod(source.dims)
        counted = (
            not (source.fixed or source.written) if source is not None else of_learned(node, known, _elements(dims))
        )
        scale = prod(dims) == 1 and any(isinstance(value, Weight) and value.scale for value in values)
        made.append(Weight(source.name if whole and source else name, dims, None, fixed=not counted, scale=scale))
    return made


def enlarged(node: Node, values: Sequence[Weight | Constant | Held | None], known: Sequence[Constant | None]) -> bool:
    """Whether a learned table is read more often than it has entries: it is counted as it is stored, and taken from.

    So are rows of it, whether they are more or fewer, or as many as an open size.
    """
    if node.op not in ("Gather", "GatherND") or len(values) != 2 or isinstance(values[1], Held):
        return False
    table, places = values[0], known[1] or values[1]
    if places is None:
        return False
    learned = isinstance(table, Weight) and not table.fixed and table.record is not None and len(table.dims) > 0
    if not learned or not isinstance(table, Weight) or table.record is None or table.record.type not in FLOATS:
        return False
    axis = axis_of(node.attributes.get("axis", 0), len(table.dims))
    rows = node.op == "Gather" and (axis, len(table.dims)) == (0, 2)
    if any(map(is_symbolic, places.dims)):
        return rows
    if known[1] is None or (node.op == "GatherND" and (node.attributes.get("batch_dims") or places.dims[-1] != 1)):
        return False
    read = prod(places.dims)
    return bool(read > table.dims[axis] or (rows and read < table.dims[axis]))


def _shapes(node: Node, values: Sequence[Weight | Constant], known: Sequence[Constant | None]) -> list[Dims]:
    if node.op in LIKE_THE_FIRST:
        return [values[0].dims]
    if node.op in ELEMENTWISE:
        return [broadcast_dims([value.dims for value in values])]
    if node.op in REDUCTIONS:
        return [_reduced(values[0].dims, node, known)]
    return moved(node, [value.dims for value in values], known)


def _reduced(dims: Dims, node: Node, known: Sequence[Constant | None]) -> Dims:
    rank = len(dims)
    axes = known[1].ints if len(known) > 1 and known[1] is not None else node.attributes.get("axes")
    if not axes and node.attributes.get("noop_with_empty_axes"):
        return tuple(dims)
    gone = {axis_of(axis, rank) for axis in axes} if axes else set(range(rank))
    keep = node.attributes.get("keepdims", 1)
    return tuple(1 if axis in gone else size for axis, size in enumerate(dims) if keep or axis not in gone)


def of_learned(node: Node, known: Sequence[Constant | None], made: float) -> bool:
    """Whether so many numbers that an operator makes of known ones are learned: the largest that it works on are.

    An operation on each pair of two that makes more than either had is a table of positions.
    """
    every = node.op in ELEMENTWISE or node.op == "Concat"
    worked = [one for one in (known if every else known[:1]) if one is not None]
    most = max((len(one.entries) for one in worked), default=0)
    if node.op in ("Shape", "Size") or (node.op in ELEMENTWISE and made > most):
        return False
    return any(one.learned and len(one.entries) == most for one in worked)


def _elements(dims: Dims) -> float:
    """How many numbers a tensor has: more than any that is learned where a size has no number."""
    return inf if any(map(is_symbolic, dims)) else prod(dims)
