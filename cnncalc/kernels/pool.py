"""Pooling: tap by tap over the windows, part by part of a grid, or over the whole map.

The gradient of a maximum goes to the first of the largest elements, and adds up where windows overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np

from .base import Array, Arrays, Forward, Kernel, Tally, Weights, place_of
from .sliding import Places, middle, pad, places, steps, taps

LOWEST = float("-inf")


def window_places(layer: Any, x: Array) -> list[Places]:
    """Where the window stands; its stride is its kernel unless it is given."""
    stride = layer.stride or layer.kernel
    return places(x.shape[1:], layer.kernel, stride, layer.padding, layer.dilation, layer.round)


def _empty(x: Array, grid: list[Places], value: float) -> Array:
    return np.full((len(x), *steps(grid)), value, dtype=x.dtype)


def max_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The largest element; padding is less than any."""
    (x,) = inputs
    grid = window_places(layer, x)
    padded = pad(x, grid, LOWEST)
    out = _empty(x, grid, LOWEST)
    for _, index in taps(layer.kernel, grid):
        np.maximum(out, padded[index], out=out)
    return out


def max_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the first tap that holds the largest element."""
    grid = window_places(layer, inputs[0])
    padded = pad(inputs[0], grid, LOWEST)
    spread = np.zeros_like(padded)
    open_ = np.ones(output.shape, dtype=bool)
    for _, index in taps(layer.kernel, grid):
        hit = open_ & (padded[index] == output)
        spread[index] += gradient * hit
        open_ &= ~hit
    return (spread[(slice(None), *middle(grid))],)


def argmax_pool_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The place of the first tap that holds the largest, counted over the map; of what is no number none is."""
    (x,) = inputs
    grid = window_places(layer, x)
    padded, counted = pad(x, grid, LOWEST), pad(np.arange(x[0].size, dtype=float).reshape(1, *x.shape[1:]), grid)
    largest, found = _empty(x, grid, LOWEST), np.zeros((len(x), *steps(grid)))
    for _, index in taps(layer.kernel, grid):
        larger = ~(padded[index] <= largest) & ~np.isnan(largest)
        largest, found = np.where(larger, padded[index], largest), np.where(larger, counted[index], found)
    return np.where(np.isnan(largest), np.nan, found).astype(x.dtype)


def places_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """None: a place does not move with the values, but jumps."""
    return (np.zeros_like(inputs[0]),)


def _counts(layer: Any, grid: list[Places], dtype: Any) -> Array:
    """Taps that count in the mean of each window (*steps): on the map, or on it and its declared padding."""
    counts = np.ones((), dtype=dtype)
    for axis, kernel in zip(grid, layer.kernel, strict=True):
        before, after = (axis.before, axis.after) if layer.count_padding else (0, 0)
        first, end = axis.before - before, axis.before + axis.n + after
        taps_of = [sum(first <= s + t * axis.dilation < end for t in range(kernel)) for s in axis.starts]
        counts = counts[..., None] * np.array(taps_of, dtype=dtype)
    return counts


def _sum(x: Array, layer: Any, grid: list[Places]) -> Array:
    padded = pad(x, grid)
    out = _empty(x, grid, 0)
    for _, index in taps(layer.kernel, grid):
        out += padded[index]
    return out


def sum_back(gradient: Array, layer: Any, grid: list[Places]) -> Array:
    """Each output to all taps of its window."""
    spread = np.zeros((len(gradient), *(axis.padded for axis in grid)), dtype=gradient.dtype)
    for _, index in taps(layer.kernel, grid):
        spread[index] += gradient
    return spread[(slice(None), *middle(grid))]


def avg_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The sum of the taps by their number."""
    grid = window_places(layer, inputs[0])
    out = _sum(inputs[0], layer, grid)
    out /= _counts(layer, grid, out.dtype)
    return out


def avg_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each tap."""
    grid = window_places(layer, inputs[0])
    return (sum_back(gradient / _counts(layer, grid, gradient.dtype), layer, grid),)


def l2_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The length of the vector of taps."""
    (x,) = inputs
    out = _sum(x * x, layer, window_places(layer, x))
    return np.sqrt(out, out=out)


def l2_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """x by the length; nothing where that is 0."""
    (x,) = inputs
    share = np.divide(gradient, output, out=np.zeros_like(gradient), where=output != 0)
    return (x * sum_back(share, layer, window_places(layer, x)),)


def _parts(layer: Any, x: Array) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Where each part of an adaptive grid stands in the output and what it covers of the input."""
    sizes = _sizes(layer, x)
    for place in product(*map(range, sizes)):
        box = tuple(
            slice(j * n // m, (j * n + n + m - 1) // m) for j, n, m in zip(place, x.shape[1:], sizes, strict=True)
        )
        yield (slice(None), *place), (slice(None), *box)


def _sizes(layer: Any, x: Array) -> list[int]:
    """Parts on each axis; None leaves an axis alone."""
    return [n if m is None else m for n, m in zip(x.shape[1:], layer.size, strict=True)]


def adaptive_forward(reduce: Callable[..., Any]) -> Any:
    """The mean or the largest element of each part."""

    def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
        (x,) = inputs
        out = np.empty((len(x), *_sizes(layer, x)), dtype=x.dtype)
        for place, box in _parts(layer, x):
            out[place] = reduce(x[box].reshape(len(x), -1), axis=1)
        return out

    return forward


def adaptive_avg_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal share to each element of a part."""
    (x,) = inputs
    spread = np.zeros_like(x)
    for place, box in _parts(layer, x):
        part = spread[box]
        part += (gradient[place] / (part.size // len(x))).reshape(-1, *(1,) * (x.ndim - 1))
    return (spread,)


def adaptive_max_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the first largest element of each part."""
    (x,) = inputs
    spread = np.zeros_like(x)
    for place, box in _parts(layer, x):
        spread[box] += _at_first_largest(x[box], gradient[place])
    return (spread,)


def _at_first_largest(x: Array, values: Array) -> Array:
    """`values`, one a channel, each at the first largest element of its channel; 0 elsewhere."""
    flat = x.reshape(len(x), -1)
    result = np.zeros_like(flat)
    result[np.arange(len(x)), flat.argmax(axis=1)] = values
    return result.reshape(x.shape)


def _map_axes(x: Array) -> tuple[int, ...]:
    return tuple(range(1, x.ndim))


def global_avg_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The mean of each channel."""
    out: Array = inputs[0].mean(axis=_map_axes(inputs[0]), keepdims=True)
    return out


def global_avg_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each position."""
    (x,) = inputs
    return (np.broadcast_to(gradient * (len(x) / x.size), x.shape).astype(x.dtype),)


def global_max_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The largest element of each channel."""
    out: Array = inputs[0].max(axis=_map_axes(inputs[0]), keepdims=True)
    return out


def global_max_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the first largest element of each channel."""
    return (_at_first_largest(inputs[0], gradient.reshape(-1)),)


def _mean_axes(layer: Any, x: Array) -> tuple[int, ...]:
    return tuple(range(1, x.ndim)) if layer.over == "map" else (place_of(layer.over, x),)


def mean_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Over the map: a vector; over one axis: 1 is left of it."""
    out: Array = inputs[0].mean(axis=_mean_axes(layer, inputs[0]), keepdims=layer.over != "map")
    return out


def mean_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """An equal part to each element."""
    (x,) = inputs
    axes = _mean_axes(layer, x)
    count = prod(x.shape[axis] for axis in axes)
    shape = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
    return (np.broadcast_to(gradient.reshape(shape) / count, x.shape).astype(x.dtype),)


def sum_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """As the mean, and not divided."""
    out: Array = inputs[0].sum(axis=_mean_axes(layer, inputs[0]), keepdims=layer.over != "map")
    return out


def sum_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """The gradient to each element."""
    (x,) = inputs
    axes = _mean_axes(layer, x)
    shape = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
    return (np.broadcast_to(gradient.reshape(shape), x.shape).astype(x.dtype),)


def _extreme_forward(of: Callable[..., Array]) -> Forward:
    def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
        return of(inputs[0], axis=_mean_axes(layer, inputs[0]), keepdims=layer.over != "map")

    return forward


def extreme_backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """To the elements that are as large, or as small, an equal part each, as `torch.amax` has it."""
    (x,) = inputs
    axes = _mean_axes(layer, x)
    shape = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
    hit = x == output.reshape(shape)
    return (hit * (gradient.reshape(shape) / hit.sum(axis=axes, keepdims=True)),)


def argmax_forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The first place of the largest along the axis; of what is no number none is the largest, and NaN comes out."""
    (x,) = inputs
    axis = place_of(layer.over, x)
    places: Array = np.argmax(x, axis=axis, keepdims=True).astype(x.dtype)
    places[np.isnan(x).any(axis=axis, keepdims=True)] = np.nan
    return places


MAX = Kernel(max_forward, max_backward)
AVG = Kernel(avg_forward, avg_backward)
L2 = Kernel(l2_forward, l2_backward)
ADAPTIVE_AVG = Kernel(adaptive_forward(np.mean), adaptive_avg_backward)
ADAPTIVE_MAX = Kernel(adaptive_forward(np.max), adaptive_max_backward)
GLOBAL_AVG = Kernel(global_avg_forward, global_avg_backward)
GLOBAL_MAX = Kernel(global_max_forward, global_max_backward)
MEAN = Kernel(mean_forward, mean_backward)
SUM = Kernel(sum_forward, sum_backward)
AMAX = Kernel(_extreme_forward(np.max), extreme_backward)
AMIN = Kernel(_extreme_forward(np.min), extreme_backward)
ARGMAX = Kernel(argmax_forward, places_backward)
ARGMAX_POOL = Kernel(argmax_pool_forward, places_backward)
