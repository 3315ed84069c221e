"""Operators that move, cut, repeat and add up the entries of small constants.

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from ...dims import is_symbolic
from .constants import (
    BOOL,
    FLOATS,
    INTEGERS,
    MOST,
    Attributes,
    Constant,
    Folder,
    Inputs,
    NotFolded,
    all_numbers,
    axis_of,
    broadcast_dims,
    constant,
    entries_at,
    expanded,
    given,
    numbers_only,
    option,
    places,
    scalar,
    strides,
    vector,
)
from .ratios import Ratio, largest, ratio, smallest


def _cast(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value, to = given(inputs, 0), attributes["to"]
    as_number: Callable[[Any], Any] = int if to in INTEGERS else float if to in FLOATS else bool
    if to not in INTEGERS | FLOATS | {BOOL} and not all(map(is_symbolic, value.entries)):
        raise NotFolded
    if all_numbers(value):
        return [Constant(value.dims, tuple(map(as_number, value.entries)))]
    cast = [_cast_size(number, to) if is_symbolic(number) else as_number(number) for number in value.entries]
    return [Constant(value.dims, tuple(cast))]


def _cast_like(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    """To the type of other numbers."""
    like = next(iter(given(inputs, 1).entries), None)
    if like is None:
        raise NotFolded
    to = BOOL if isinstance(like, bool) else 1 if isinstance(like, float | Ratio) else 7
    return _cast(inputs, {"to": to}, opset)


def _cast_size(size: Any, to: int) -> Any:
    """A size as a float is exact; as a whole number it is without what stands behind the point."""
    if to in FLOATS:
        return ratio(size)
    return size.whole if isinstance(size, Ratio) else size


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
    return [Constant(tuple(map(len, kept)), entries_at(value, product(*kept)))]


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
    return [Constant(tuple(dims), entries_at(value, at))]


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
        parts.append(Constant(tuple(map(len, kept)), entries_at(value, product(*kept))))
        first += width
    return parts


def _range(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    start, limit, step = (given(inputs, place).scalar for place in range(3))
    numbers_only(start, limit, step)
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
    numbers_only(*numbers)
    return sum(numbers) / len(numbers)


def _nonzero(inputs: Inputs, attributes: Attributes, opset: int) -> list[Constant]:
    value = given(inputs, 0)
    numbers_only(*value.entries)
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
    given_ones = zip(("min", "max"), (*inputs[1:], None, None), strict=False)
    low, high = (attributes.get(word) if bound is None else bound.scalar for word, bound in given_ones)

    def one(number: Any) -> Any:
        number = number if low is None else largest(low, number)
        return number if high is None else smallest(high, number)

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


MOVES: Mapping[str, Folder] = {
    "Cast": _cast,
    "CastLike": _cast_like,
    "Clip": _clip,
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "CumSum": _cumulated,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": _same,
    "NonZero": _nonzero,
    "OneHot": _one_hot,
    "Range": _range,
    "ReduceMax": _reduce(lambda numbers: largest(*numbers)),
    "ReduceMean": _reduce(_mean),
    "ReduceMin": _reduce(lambda numbers: smallest(*numbers)),
    "ReduceProd": _reduce(_product),
    "ReduceSum": _reduce(sum),
    "Reshape": _reshape,
    "ScatterND": _scatter_nd,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _trilu,
    "Unsqueeze": _unsqueeze,
}
"""By operator."""
