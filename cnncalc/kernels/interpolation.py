"""A map read between its positions: a value is the sum of a few neighbours, each weighed by its distance.

    nearest     the one neighbour, a half to the even one
    bilinear    the two around on each axis, 1 - t and t
    bicubic     the four around, by Keys's cubic with a = -3/4

A place is a number an axis, 0 the centre of the first position. Beyond the map zeros are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from ..namedtuples import NamedTuple
from .base import Array

CUBIC = -0.75

Bound = Callable[[Array, int], Array]
"""(positions, size of the axis) -> the positions that are read in their place."""


class Neighbour(NamedTuple):
    """One of the positions that a place weighs along an axis."""

    position: Array
    weight: Array
    slope: Array
    """The derivative of the weight by the place."""


def neighbours(place: Array, mode: str) -> list[Neighbour]:
    """Those of each place along one axis."""
    if mode == "nearest":
        near = np.rint(place)
        return [Neighbour(near, np.ones_like(place), np.zeros_like(place))]
    first = np.floor(place)
    t = place - first
    if mode == "bilinear":
        ones = np.ones_like(place)
        return [Neighbour(first, 1 - t, -ones), Neighbour(first + 1, t, ones)]
    return [Neighbour(first + k, keys(t - k), _keys_slope(t - k)) for k in (-1, 0, 1, 2)]


def keys(t: Array) -> Array:
    """Keys's cubic at the distance t."""
    a, t = CUBIC, np.abs(t)
    near = (a + 2) * t**3 - (a + 3) * t**2 + 1
    far = a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0))


def _keys_slope(t: Array) -> Array:
    a, sign, t = CUBIC, np.sign(t), np.abs(t)
    near = 3 * (a + 2) * t**2 - 2 * (a + 3) * t
    far = 3 * a * t**2 - 10 * a * t + 8 * a
    return sign * np.where(t <= 1, near, np.where(t < 2, far, 0))


def _unmoved(position: Array, n: int) -> Array:
    return position


def _corners(
    sizes: Sequence[int], places: Array, mode: str, bound: Bound
) -> Iterator[tuple[Any, Array, tuple[Neighbour, ...]]]:
    """Every combination of neighbours: where they stand, whether that is on the map, and their weights."""
    each = [neighbours(place, mode) for place in places]
    for corner in product(*each):
        inside = np.ones(places.shape[1:], bool)
        index = []
        for n, one in zip(sizes, corner, strict=True):
            at = bound(one.position, n)
            on = (at >= 0) & (at <= n - 1)
            inside &= on
            index.append(np.where(on, at, 0).astype(np.int64))
        yield tuple(index), inside, corner


def _product(arrays: Sequence[Array]) -> Array:
    result = arrays[0]
    for array in arrays[1:]:
        result = result * array
    return result


def sample(x: Array, places: Array, mode: str = "bilinear", bound: Bound = _unmoved) -> Array:
    """x (C, *sizes) at `places` (axes, *any) -> (C, *any); a place that is no number gives none."""
    out = np.zeros((len(x), *places.shape[1:]), x.dtype)
    for index, inside, corner in _corners(x.shape[1:], places, mode, bound):
        weight = np.where(inside, _product([one.weight for one in corner]), 0)
        out += x[(slice(None), *index)] * weight.astype(x.dtype)
    nowhere = np.isnan(places).any(axis=0)
    if nowhere.any():  # of whole numbers none is
        out[:, nowhere] = np.nan
    return out


def sample_back(
    x: Array, places: Array, gradient: Array, mode: str = "bilinear", bound: Bound = _unmoved
) -> tuple[Array, Array]:
    """The gradients of `x` and of `places`, from that of what is read (C, *any)."""
    spread, moved = np.zeros_like(x), np.zeros(places.shape, x.dtype)
    for index, inside, corner in _corners(x.shape[1:], places, mode, bound):
        here = (slice(None), *index)
        weights = [one.weight for one in corner]
        np.add.at(spread, here, gradient * np.where(inside, _product(weights), 0))
        value = np.where(inside, (gradient * x[here]).sum(axis=0), 0)
        for axis, one in enumerate(corner):
            others = [one.slope, *weights[:axis], *weights[axis + 1 :]]
            moved[axis] += value * _product(others)
    return spread, moved
