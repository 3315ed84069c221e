"""How the language calls what a file numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....layers.base import AXIS_NAMES
from ..records import Node
from ..refused import Refused
from ..values import BATCH, Held

if TYPE_CHECKING:
    from ..read import Reader


def axis_word(value: Held, axis: int) -> str:
    """How the language calls an axis of a tensor."""
    place, rank = value.axes[axis], len(value.dims) - value.batched
    names = AXIS_NAMES.get(rank - 1)
    if place == BATCH or names is None:
        raise Refused("this axis")
    return ("channels", *names)[place]


def without(reader: Reader, node: Node, value: Held, axes: Sequence[int]) -> Held:
    """The tensor without some axes of size 1."""
    places = [value.axes[axis] for axis in axes]
    dims = tuple(size for axis, size in enumerate(value.dims) if axis not in axes)
    left = [place for axis, place in enumerate(value.axes) if axis not in axes]
    shape = reader.builder.shapes[value.tensor]
    kept = [size for place, size in enumerate(shape) if place not in places] or [1]
    order = sorted(place for place in left if place != BATCH)
    result = reader.step(node, "reshape", {"shape": kept}, value)
    merged = value.merged
    if merged:
        merged = None if merged[0] in axes else (merged[0] - sum(axis < merged[0] for axis in axes), merged[1])
    return Held(result.tensor, dims, tuple(place if place == BATCH else order.index(place) for place in left), merged)
