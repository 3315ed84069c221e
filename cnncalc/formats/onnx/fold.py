"""Operators on small constants, worked out while the file is read: how an exporter writes a shape.

    Shape -> Gather -> Mul -> Concat -> Reshape        leaves one Reshape with a shape that is known

A constant is its dims and its entries in row-major order. Entries are ints, floats, bools or sizes without a number,
which take part in arithmetic like numbers. What cannot be folded (a data type, a condition on an open size) is
NotFolded, and the operator stays in the network.

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from ...dims import is_symbolic

MOST = 65_536
"""Entries of a constant that is worked out."""

INTEGERS = frozenset({2, 3, 4, 5, 6, 7, 12, 13})
FLOATS = frozenset({1, 10, 11, 16})
BOOL = 9


class NotFolded(Exception):
    """The value is not known before the network runs."""


class Constant(NamedTuple):
    """A small tensor with known entries."""

    dims: tuple[int, ...]
    entries: tuple[Any, ...]

    @property
    def scalar(self) -> Any:
        """The only entry. Raises NotFolded where there are more."""
        if len(self.entries) != 1:
            raise NotFolded
        return self.entries[0]

    @property
    def ints(self) -> list[int]:
        """The entries as whole numbers. Raises NotFolded where one has no number."""
        if any(is_symbolic(entry) for entry in self.entries):
            raise NotFolded
        return [int(entry) for entry in self.entries]


def constant(dims: Sequence[int], entries: Sequence[Any]) -> Constant:
    """A constant, if it is small. Raises NotFolded."""
    if math.prod(dims) > MOST:
        raise NotFolded
    return Constant(tuple(dims), tuple(entries))


def scalar(value: Any) -> Constant:
    """A constant without axes."""
    return Constant((), (value,))


def vector(values: Sequence[Any]) -> Constant:
    """A constant with one axis."""
    return Constant((len(values),), tuple(values))


Attributes = Mapping[str, Any]
Inputs = Sequence[Constant | None]
Folder = Callable[[Inputs, Attributes, int], list[Constant]]
"""(inputs, attributes, opset) -> outputs. Raises NotFolded."""


def folded(op: str, inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    """The outputs of an operator whose inputs are all known. Raises NotFolded."""
    folder = FOLDERS.get(op)
    if folder is None:
        raise NotFolded
    try:
        return folder(inputs, attributes, opset)
    except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        raise NotFolded from None


def given(inputs: Inputs, place: int) -> Constant:
    """An input that must be there. Raises NotFolded."""
    found = inputs[place] if place < len(inputs) else None
    if found is None:
        raise NotFolded
    return found


def option(inputs: Inputs, place: int, attributes: Attributes, name: str) -> list[int] | None:
    """What newer operator sets take as an input and older ones as an attribute: axes, starts, pads."""
    if place < len(inputs) and (found := inputs[place]) is not None:
        return found.ints
    value = attributes.get(name)
    return value if value is None or isinstance(value, list) else [value]


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front. Raises ValueError outside."""
    if not -rank <= axis < rank:
        raise ValueError(axis)
    return axis % rank


# --- where an entry stands ----------------------------------------------------------------------------------------


def strides(dims: Sequence[int]) -> list[int]:
    """How far apart neighbours along each axis lie, in entries."""
    steps = [1] * len(dims)
    for axis in range(len(dims) - 2, -1, -1):
        steps[axis] = steps[axis + 1] * dims[axis + 1]
    return steps


def places(dims: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every position, in row-major order."""
    return product(*(range(size) for size in dims))


def entry(value: Constant, place: Sequence[int]) -> Any:
    """The entry at a position."""
    return value.entries[sum(i * step for i, step in zip(place, strides(value.dims), strict=True))]


def broadcast_dims(shapes: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The shape of several together. Raises ValueError."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    dims = []
    for sizes in zip(*padded, strict=True):
        large = {size for size in sizes if size != 1}
        if len(large) > 1:
            raise ValueError(shapes)
        dims.append(large.pop() if large else 1)
    return tuple(dims)


def expanded(value: Constant, dims: Sequence[int]) -> Constant:
    """A constant repeated along axes of size 1 to a larger shape. Raises NotFolded, ValueError."""
    if math.prod(dims) > MOST:
        raise NotFolded
    if tuple(dims) == value.dims:
        return value
    lead = len(dims) - len(value.dims)
    steps = [0] * lead + [0 if size == 1 else step for size, step in zip(value.dims, strides(value.dims), strict=True)]
    entries = [value.entries[sum(i * step for i, step in zip(place, steps, strict=True))] for place in places(dims)]
    return Constant(tuple(dims), tuple(entries))


# --- element by element -------------------------------------------------------------------------------------------


def _each(function: Callable[..., Any]) -> Folder:
    def fold(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
        values = [given(inputs, place) for place in range(len(inputs))]
        dims = broadcast_dims([value.dims for value in values])
        wide = [expanded(value, dims) for value in values]
        rows = zip(*(value.entries for value in wide), strict=True)
        return [Constant(dims, tuple(function(*row) for row in rows))]

    return fold


def _known(*values: Any) -> None:
    if any(is_symbolic(value) for value in values):
        raise NotFolded


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, float) or isinstance(b, float):
        return a / b
    if is_symbolic(a) or is_symbolic(b):
        return a // b  # sizes are positive
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder(a: Any, b: Any) -> Any:
    _known(a, b)
    return a % b


def _compare(function: Callable[[Any, Any], bool]) -> Folder:
    def decide(a: Any, b: Any) -> bool:
        _known(a, b)
        return function(a, b)

    return _each(decide)


def _equal(a: Any, b: Any) -> bool:
    if is_symbolic(a) or is_symbolic(b):
        if a is b or (is_symbolic(a) and is_symbolic(b) and str(a) == str(b)):
            return True
        other = b if is_symbolic(a) else a
        if isinstance(other, int) and other <= 0:
            return False  # a size is positive
        raise NotFolded
    return bool(a == b)


def _largest(*values: Any) -> Any:
    _known(*values)
    return max(values)


def _smallest(*values: Any) -> Any:
    _known(*values)
    return min(values)


def _unary(function: Callable[[Any], Any]) -> Folder:
    def apply(a: Any) -> Any:
        _known(a)
        return function(a)

    return _each(apply)


def _power(a: Any, b: Any) -> Any:
    _known(a, b)
    if abs(b) > 64:
        raise NotFolded
    return a**b


def _choose(condition: Any, a: Any, b: Any) -> Any:
    _known(condition)
    return a if condition else b


# --- shapes -------------------------------------------------------------------------------------------------------


def _cast(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value, to = given(inputs, 0), attributes["to"]

    def one(number: Any) -> Any:
        if is_symbolic(number):
            return number
        if to in INTEGERS:
            return int(number)
        if to in FLOATS:
            return float(number)
        if to == BOOL:
            return bool(number)
        raise NotFolded

    return [Constant(value.dims, tuple(map(one, value.entries)))]


def _concat(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    values = [given(inputs, place) for place in range(len(inputs))]
    axis = axis_of(attributes.get("axis", 1), len(values[0].dims))
    dims = list(values[0].dims)
    dims[axis] = sum(value.dims[axis] for value in values)
    outer = math.prod(dims[:axis])
    entries: list[Any] = []
    for row in range(outer):
        for value in values:
            width = len(value.entries) // outer
            entries += value.entries[row * width : (row + 1) * width]
    return [constant(dims, entries)]


def _gather(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value, chosen = given(inputs, 0), given(inputs, 1)
    axis = axis_of(attributes.get("axis", 0), len(value.dims))
    size = value.dims[axis]
    picks = [axis_of(pick, size) for pick in chosen.ints]
    outer, inner = math.prod(value.dims[:axis]), math.prod(value.dims[axis + 1 :])
    entries: list[Any] = []
    for row in range(outer):
        for pick in picks:
            first = (row * size + pick) * inner
            entries += value.entries[first : first + inner]
    return [constant((*value.dims[:axis], *chosen.dims, *value.dims[axis + 1 :]), entries)]


def _slice(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value = given(inputs, 0)
    starts, ends = option(inputs, 1, attributes, "starts"), option(inputs, 2, attributes, "ends")
    if starts is None or ends is None:
        raise NotFolded
    axes = option(inputs, 3, attributes, "axes") or range(len(starts))
    steps = option(inputs, 4, attributes, "steps") or [1] * len(starts)
    kept = [list(range(size)) for size in value.dims]
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        place = axis_of(axis, len(value.dims))
        kept[place] = list(range(value.dims[place]))[slice_of(start, end, step)]
    entries = [entry(value, place) for place in product(*kept)]
    return [Constant(tuple(map(len, kept)), tuple(entries))]


def slice_of(start: int, end: int, step: int) -> slice:
    """ONNX's start, end and step as Python's: an end before the first entry is none at all."""
    return slice(start, None if step < 0 and end < -(1 << 31) + 1 else end, step)


def _reshape(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value = given(inputs, 0)
    asked = option(inputs, 1, attributes, "shape") or []
    dims = [value.dims[i] if size == 0 and not attributes.get("allowzero") else size for i, size in enumerate(asked)]
    if -1 in dims:
        rest = math.prod(size for size in dims if size != -1)
        dims[dims.index(-1)] = len(value.entries) // rest
    if math.prod(dims) != len(value.entries) or min(dims, default=0) < 0:
        raise NotFolded
    return [Constant(tuple(dims), value.entries)]


def _squeeze(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value, rank = given(inputs, 0), len(given(inputs, 0).dims)
    axes = option(inputs, 1, attributes, "axes")
    gone = {axis_of(axis, rank) for axis in axes} if axes else {i for i, size in enumerate(value.dims) if size == 1}
    return [Constant(tuple(size for i, size in enumerate(value.dims) if i not in gone), value.entries)]


def _unsqueeze(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value, axes = given(inputs, 0), option(inputs, 1, attributes, "axes") or []
    rank = len(value.dims) + len(axes)
    new, old = {axis_of(axis, rank) for axis in axes}, iter(value.dims)
    return [Constant(tuple(1 if axis in new else next(old) for axis in range(rank)), value.entries)]


def _flatten(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value, axis = given(inputs, 0), attributes.get("axis", 1)
    axis = axis + len(value.dims) if axis < 0 else axis
    return [Constant((math.prod(value.dims[:axis]), math.prod(value.dims[axis:])), value.entries)]


def _transpose(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value = given(inputs, 0)
    order = attributes.get("perm") or list(range(len(value.dims)))[::-1]
    steps = [strides(value.dims)[axis] for axis in order]
    dims = tuple(value.dims[axis] for axis in order)
    at = [sum(i * step for i, step in zip(place, steps, strict=True)) for place in places(dims)]
    return [Constant(dims, tuple(value.entries[i] for i in at))]


def _expand(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value, asked = given(inputs, 0), given(inputs, 1).ints
    return [expanded(value, broadcast_dims([value.dims, asked]))]


def _tile(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value, times = given(inputs, 0), given(inputs, 1).ints
    dims = [size * count for size, count in zip(value.dims, times, strict=True)]
    if math.prod(dims) > MOST:
        raise NotFolded
    at = (tuple(i % size for i, size in zip(place, value.dims, strict=True)) for place in places(dims))
    return [Constant(tuple(dims), tuple(entry(value, place) for place in at))]


def _split(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value = given(inputs, 0)
    axis = axis_of(attributes.get("axis", 0), len(value.dims))
    size, count = value.dims[axis], attributes.get("num_outputs") or attributes["__outputs__"]
    share = -(-size // count)
    sizes = option(inputs, 1, attributes, "split") or [min(share, size - share * i) for i in range(count)]
    parts, first = [], 0
    for width in sizes:
        kept = [range(n) for n in value.dims]
        kept[axis] = range(first, first + width)
        entries = tuple(entry(value, place) for place in product(*kept))
        parts.append(Constant(tuple(map(len, kept)), entries))
        first += width
    return parts


def _range(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    start, limit, step = (given(inputs, place).scalar for place in range(3))
    _known(start, limit, step)
    count = max(0, math.ceil((limit - start) / step))
    if count > MOST:
        raise NotFolded
    return [vector([start + i * step for i in range(count)])]


def _constant_of_shape(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    dims, value = given(inputs, 0).ints, attributes.get("value")
    if math.prod(dims) > MOST:
        raise NotFolded
    fill = value.scalar if isinstance(value, Constant) else 0.0
    return [Constant(tuple(dims), (fill,) * math.prod(dims))]


def _size(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    return [scalar(math.prod(given(inputs, 0).dims))]


def _shape(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    dims = given(inputs, 0).dims
    return [vector(dims[slice(attributes.get("start", 0), attributes.get("end"))])]


def _reduce(function: Callable[[list[Any]], Any]) -> Folder:
    def fold(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
        value = given(inputs, 0)
        rank = len(value.dims)
        axes = option(inputs, 1, attributes, "axes")
        if not axes and attributes.get("noop_with_empty_axes"):
            return [value]
        gone = {axis_of(axis, rank) for axis in axes} if axes else set(range(rank))
        keep = attributes.get("keepdims", 1)
        groups: dict[tuple[int, ...], list[Any]] = {}
        for place, number in zip(places(value.dims), value.entries, strict=True):
            groups.setdefault(tuple(i for axis, i in enumerate(place) if axis not in gone), []).append(number)
        dims = [1 if axis in gone else size for axis, size in enumerate(value.dims) if keep or axis not in gone]
        return [Constant(tuple(dims), tuple(function(numbers) for numbers in groups.values()))]

    return fold


def _product(numbers: list[Any]) -> Any:
    return math.prod(numbers)


def _mean(numbers: list[Any]) -> Any:
    _known(*numbers)
    return sum(numbers) / len(numbers)


def _nonzero(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value = given(inputs, 0)
    _known(*value.entries)
    found = [place for place, number in zip(places(value.dims), value.entries, strict=True) if number]
    axes = range(len(value.dims))
    return [Constant((len(value.dims), len(found)), tuple(place[axis] for axis in axes for place in found))]


def _scatter_nd(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value, where, updates = given(inputs, 0), given(inputs, 1), given(inputs, 2)
    if attributes.get("reduction", "none") != "none":
        raise NotFolded
    depth = where.dims[-1]
    inner = math.prod(value.dims[depth:])
    entries, steps, indices = list(value.entries), strides(value.dims), where.ints
    for row in range(math.prod(where.dims[:-1])):
        place = [axis_of(indices[row * depth + i], value.dims[i]) for i in range(depth)]
        first = sum(i * step for i, step in zip(place, steps[:depth], strict=True))
        entries[first : first + inner] = updates.entries[row * inner : (row + 1) * inner]
    return [Constant(value.dims, tuple(entries))]


def _trilu(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value = given(inputs, 0)
    k = given(inputs, 1).scalar if len(inputs) > 1 and inputs[1] is not None else 0
    upper = attributes.get("upper", 1)
    kept = (
        number if (place[-1] - place[-2] >= k if upper else place[-1] - place[-2] <= k) else type(number)(0)
        for place, number in zip(places(value.dims), value.entries, strict=True)
    )
    return [Constant(value.dims, tuple(kept))]


def _one_hot(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    chosen, depth, (off, on) = given(inputs, 0), int(given(inputs, 1).scalar), given(inputs, 2).entries
    if attributes.get("axis", -1) not in (-1, len(chosen.dims)):
        raise NotFolded
    entries = [on if i == pick % depth else off for pick in chosen.ints for i in range(depth)]
    return [constant((*chosen.dims, depth), entries)]


def _same(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    return [given(inputs, 0)]


def _clip(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value = given(inputs, 0)
    bounds = [option(inputs, place, attributes, word) for place, word in ((1, "min"), (2, "max"))]
    low, high = (None if bound is None else bound[0] for bound in bounds)

    def one(number: Any) -> Any:
        _known(number)
        number = number if low is None else max(low, number)
        return number if high is None else min(high, number)

    return [Constant(value.dims, tuple(map(one, value.entries)))]


def _cumulated(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value = given(inputs, 0)
    axis = axis_of(given(inputs, 1).ints[0], len(value.dims))
    if attributes.get("exclusive") or attributes.get("reverse"):
        raise NotFolded
    entries, step = list(value.entries), strides(value.dims)[axis]
    for at, place in enumerate(places(value.dims)):
        if place[axis]:
            entries[at] = entries[at - step] + entries[at]
    return [Constant(value.dims, tuple(entries))]


FOLDERS: Mapping[str, Folder] = {
    "Abs": _unary(abs),
    "Add": _each(lambda a, b: a + b),
    "And": _compare(lambda a, b: bool(a and b)),
    "Cast": _cast,
    "CastLike": _same,
    "Ceil": _unary(lambda a: float(math.ceil(a))),
    "Clip": _clip,
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "CumSum": _cumulated,
    "Div": _each(_divide),
    "Equal": _each(_equal),
    "Exp": _unary(math.exp),
    "Expand": _expand,
    "Flatten": _flatten,
    "Floor": _unary(lambda a: float(math.floor(a))),
    "Gather": _gather,
    "Greater": _compare(lambda a, b: a > b),
    "GreaterOrEqual": _compare(lambda a, b: a >= b),
    "Identity": _same,
    "Less": _compare(lambda a, b: a < b),
    "LessOrEqual": _compare(lambda a, b: a <= b),
    "Log": _unary(math.log),
    "Max": _each(_largest),
    "Min": _each(_smallest),
    "Mod": _each(_remainder),
    "Mul": _each(lambda a, b: a * b),
    "Neg": _each(lambda a: -a),
    "NonZero": _nonzero,
    "Not": _unary(lambda a: not a),
    "OneHot": _one_hot,
    "Or": _compare(lambda a, b: bool(a or b)),
    "Pow": _each(_power),
    "Range": _range,
    "Reciprocal": _unary(lambda a: 1 / a),
    "ReduceMax": _reduce(lambda numbers: _largest(*numbers)),
    "ReduceMean": _reduce(_mean),
    "ReduceMin": _reduce(lambda numbers: _smallest(*numbers)),
    "ReduceProd": _reduce(_product),
    "ReduceSum": _reduce(sum),
    "Reshape": _reshape,
    "Round": _unary(lambda a: float(round(a))),
    "ScatterND": _scatter_nd,
    "Shape": _shape,
    "Sign": _unary(lambda a: (a > 0) - (a < 0)),
    "Size": _size,
    "Slice": _slice,
    "Split": _split,
    "Sqrt": _unary(math.sqrt),
    "Squeeze": _squeeze,
    "Sub": _each(lambda a, b: a - b),
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _trilu,
    "Unsqueeze": _unsqueeze,
    "Where": _each(_choose),
    "Xor": _compare(lambda a, b: bool(a) != bool(b)),
}
"""What is worked out, by operator."""
