"""Upsampling without weights, axis by axis: each new position weighs a few old ones.

    nearest     the one at floor(j * n / m), of n old and m new positions
    bilinear    the two around its place (linear on each axis)
    bicubic     the four around its place, by Keys's cubic with a = -3/4

The place of j is (j + 1/2) * n / m - 1/2, or j * (n - 1) / (m - 1) where the corners are aligned (PyTorch), or
j * n / m where it is `asymmetric` (ONNX).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights
from .interpolation import keys
from .pad import gathered_back


def _sizes(layer: Any, x: Array) -> tuple[int, ...]:
    if layer.size is not None:
        return tuple(layer.size)
    return tuple(n * factor for n, factor in zip(x.shape[1:], layer.scale, strict=True))


def places(layer: Any, n: int, m: int) -> Array:
    """Where each of m new positions lies among n old ones."""
    j = np.arange(m)
    if layer.align_corners:
        return j * ((n - 1) / max(m - 1, 1))
    return j * n / m if layer.asymmetric else (j + 0.5) * n / m - 0.5


def _weighed(n: int, m: int, layer: Any) -> list[tuple[Array, Array]]:
    """(old position, weight) of each new position, once for each neighbour."""
    mode = layer.mode
    if mode == "nearest":
        return [(np.arange(m) * n // m, np.ones(m))]
    place = places(layer, n, m)
    if mode == "bilinear":
        place = np.clip(place, 0, n - 1)
    left = np.floor(place + 1e-9).astype(np.int64)
    rest = np.where(np.abs(place - left) < 1e-9, 0, place - left)
    if mode == "bilinear":
        found = [(left, 1 - rest), (left + 1, rest)]
    else:
        found = [(left + t, keys(rest - t)) for t in (-1, 0, 1, 2)]
    return [(np.clip(np.where(weight == 0, left, at), 0, n - 1), weight) for at, weight in found]


def _along(values: Array, axis: int, like: Array) -> Array:
    return values.astype(like.dtype).reshape(-1, *(1,) * (like.ndim - 1 - axis))


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Axis by axis."""
    (x,) = inputs
    for axis, m in enumerate(_sizes(layer, x), start=1):
        found = _weighed(x.shape[axis], m, layer)
        if layer.mode == "nearest":
            x = x.take(found[0][0], axis=axis)
        else:
            x = np.add.reduce([x.take(at, axis=axis) * _along(weight, axis, x) for at, weight in found])
    return x


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Axis by axis, each new position to the old ones that it weighed."""
    return (spread(layer, inputs[0], gradient, np.asarray),)


def spread(layer: Any, x: Array, gradient: Array, of: Callable[[Array], Array]) -> Array:
    """The gradient of x, by a function of the weights."""
    sizes = _sizes(layer, x)
    for axis in range(x.ndim - 1, 0, -1):
        n = x.shape[axis]
        found = _weighed(n, sizes[axis - 1], layer)
        gradient = np.add.reduce(
            [gathered_back(gradient * _along(of(weight), axis, gradient), at, axis, n) for at, weight in found]
        )
    return gradient


KERNEL = Kernel(forward, backward, moves=lambda layer: layer.mode == "nearest")
