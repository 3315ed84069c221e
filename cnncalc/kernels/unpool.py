"""Values put back where a pool found the largest: a scatter by places, whose gradient is a gather."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .base import Array, Arrays, Kernel, Tally, Weights, always
from .sliding import Places, pads


def windows(layer: Any, sizes: tuple[int, ...]) -> list[Places]:
    """Where the windows of the pool stood on the map that it read, the output of this layer."""
    grid = []
    for axis, n in enumerate(sizes):
        k = layer.kernel[axis]
        stride = k if layer.stride is None else layer.stride[axis]
        before, after = pads(0, k, stride, layer.padding[axis])
        starts = range(0, n * stride, stride)
        size = starts[-1] + k - before - after if layer.size is None else layer.size[axis]
        grid.append(Places(size, before, after, k, 1, starts))
    return grid


def _known(places: Array, positions: int) -> tuple[Array, Array, Array]:
    """The channel, the value and the nearest whole number of each place that is known. Raises ValueError."""
    flat = places.reshape(len(places), -1)
    channel, value = np.nonzero(~np.isnan(flat))
    found = np.rint(flat[channel, value]).astype(np.int64)
    if ((found < 0) | (found >= positions)).any():
        raise ValueError(f"a place lies beyond the {positions} of a map")
    return channel, value, found


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Zeros, and each value at its place; of a place that is no number the whole window is none."""
    x, places = inputs
    grid = windows(layer, x.shape[1:])
    sizes = [axis.n for axis in grid]
    out = np.zeros((len(x), prod(sizes)), x.dtype)
    channel, value, at = _known(places, prod(sizes))
    out[channel, at] = x.reshape(len(x), -1)[channel, value]
    out = out.reshape(len(x), *sizes)
    for channel, *window_at in np.argwhere(np.isnan(places)):
        starts = [axis.starts[j] - axis.before for axis, j in zip(grid, window_at, strict=True)]
        window = (slice(max(start, 0), start + axis.extent) for start, axis in zip(starts, grid, strict=True))
        out[(channel, *window)] = np.nan
    return out


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """What stands at each place; a place does not move with the values, but jumps."""
    x, places = inputs
    flat, found = gradient.reshape(len(x), -1), np.zeros((len(x), places[0].size), x.dtype)
    channel, value, at = _known(places, flat.shape[1])
    found[channel, value] = flat[channel, at]
    return found.reshape(x.shape), np.zeros_like(places)


KERNEL = Kernel(forward, backward, moves=always)
