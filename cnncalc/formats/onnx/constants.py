"""Small tensors with known entries: their dims, and the entries in row-major order.

Entries are ints, floats, bools, sizes without a number and quotients of such, which take part in arithmetic like
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from operator import mul
from typing import Any

from ...dims import is_symbolic
from ...namedtuples import NamedTuple

MOST = 65_536
"""Entries of a constant that is worked out."""

NUMBERS = frozenset({int, float, bool})
"""What an entry is that has a number."""

INTEGERS = frozenset({2, 3, 4, 5, 6, 7, 12, 13})
FLOATS = frozenset({1, 10, 11, 16})
BOOL = 9


class NotFolded(Exception):
    """The value is not known before the network runs."""


class Constant(NamedTuple):
    """A small tensor with known entries."""

    dims: tuple[int, ...]
    entries: tuple[Any, ...]
    learned: bool = False
    """Whether its numbers are learned ones, or worked out of such; one number alone is none."""

    @property
    def scalar(self) -> Any:
        """The only entry. Raises NotFolded where there are more."""
        if len(self.entries) != 1:
            raise NotFolded
        return self.entries[0]

    @property
    def ints(self) -> list[int]:
        """The entries as whole numbers. Raises NotFolded where one has no number."""
        if not all_numbers(self) and any(map(is_symbolic, self.entries)):
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


def numbers_only(*values: Any) -> None:
    """Raise NotFolded where one is a size without a number."""
    if any(is_symbolic(value) for value in values):
        raise NotFolded


def all_numbers(*constants: Constant) -> bool:
    """Whether none has a size without a number."""
    return all(NUMBERS.issuperset(map(type, value.entries)) for value in constants)


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


def entries_at(value: Constant, positions: Iterable[Sequence[int]]) -> tuple[Any, ...]:
    """The entries at some positions."""
    steps, entries = strides(value.dims), value.entries
    return tuple([entries[sum(map(mul, place, steps))] for place in positions])


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
    own = (1,) * (len(dims) - len(value.dims)) + value.dims
    entries, inner = list(value.entries), 1
    for axis in range(len(dims) - 1, -1, -1):
        if own[axis] != dims[axis]:
            blocks = [entries[first : first + inner] for first in range(0, len(entries), max(inner, 1))]
            entries = [entry for block in blocks for entry in block * dims[axis]]
        inner *= dims[axis]
    return Constant(tuple(dims), tuple(entries))
