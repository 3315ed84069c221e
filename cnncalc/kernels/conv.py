"""Convolution, tap by tap: a matrix of weights times the map as it lies under that tap, added up over the taps.

output (filters of a group, positions) = sum over taps of
    weight (filters of a group, channels of a group) x map under the tap (channels of a group, positions)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from .base import Array, Arrays, Index, Kernel, Tally, Weights, per_channel, tensor
from .sliding import Places, middle, pad, places, steps, taps


def convolve(x: Array, weight: Array, groups: int, grid: Sequence[Places], tally: Tally) -> Array:
    """x (C, *sizes) with weight (O, C/G, *kernel) -> (O, *steps)."""
    filters, channels, *kernel = weight.shape
    padded = pad(x, grid)
    out = np.zeros((groups, filters // groups, prod(steps(grid))), dtype=x.dtype)
    for tap, under in taps(kernel, grid):
        here: Index = (..., *tap)
        matrices = np.ascontiguousarray(weight[here]).reshape(groups, filters // groups, channels)
        out += tally.matmul(matrices, padded[under].reshape(groups, channels, -1))
    return out.reshape(filters, *steps(grid))


def columns_back(gradient: Array, weight: Array, groups: int, grid: Sequence[Places], tally: Tally) -> Array:
    """The transpose of `convolve`: each output adds its weighted window to the map; the padding is cut off.

    gradient (O, *steps) with weight (O, C/G, *kernel) -> (C, *sizes).
    """
    filters, channels, *kernel = weight.shape
    spread = np.zeros((groups * channels, *(axis.padded for axis in grid)), dtype=gradient.dtype)
    per_group = filters // groups
    for g in range(groups):
        matrix = weight[g * per_group : (g + 1) * per_group].reshape(per_group, -1).T
        values = gradient[g * per_group : (g + 1) * per_group].reshape(per_group, -1)
        columns = tally.matmul(matrix, values).reshape(channels, *kernel, *steps(grid))
        target = spread[g * channels : (g + 1) * channels]
        for tap, index in taps(kernel, grid):
            under: Index = (slice(None), *tap)
            target[index] += columns[under]
    return spread[(slice(None), *middle(grid))]


def geometry(layer: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int, int, list[Places]]:
    """The kernel, the filters, the groups and the places of the window, from the declared arguments."""
    channels, *sizes = shape
    ones = (1,) * len(sizes)
    match layer.kind:
        case "pointwise":
            kernel, dilation, filters, groups = ones, ones, layer.out, layer.groups
        case "depthwise":
            kernel, dilation = layer.kernel, layer.dilation
            filters, groups = channels * layer.multiplier, channels
        case _:
            kernel, dilation = layer.kernel, layer.dilation
            filters, groups = layer.out, layer.groups
    return kernel, filters, groups, places(sizes, kernel, layer.stride, layer.padding, dilation)


def connections(layer: Any) -> Sequence[Sequence[int]] | None:
    """For each filter the channels that it reads, where it does not read all (LeNet-5)."""
    table: Sequence[Sequence[int]] | None = getattr(layer, "connections", None)
    return table


def _rows(table: Sequence[Sequence[int]], kernel: Sequence[int], weights: Weights) -> Iterator[tuple[list[int], Array]]:
    """The channels of each filter and its weights (1, channels, *kernel), out of (connections, *kernel)."""
    weight = tensor(weights, "weight", (sum(map(len, table)), *kernel))
    first = 0
    for row in table:
        yield list(row), weight[None, first : first + len(row)]
        first += len(row)


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Filters slid over the map, and the bias added."""
    (x,) = inputs
    kernel, filters, groups, grid = geometry(layer, x.shape)
    if (table := connections(layer)) is None:
        out = convolve(x, tensor(weights, "weight", (filters, len(x) // groups, *kernel)), groups, grid, tally)
    else:
        out = np.concatenate([convolve(x[row], part, 1, grid, tally) for row, part in _rows(table, kernel, weights)])
    if layer.bias:
        out += per_channel(tensor(weights, "bias", (filters,)), out)
    return out


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Each output gives its gradient, weighted, to the elements of its window."""
    (x,) = inputs
    kernel, _, groups, grid = geometry(layer, x.shape)
    if (table := connections(layer)) is None:
        return (columns_back(gradient, weights["weight"], groups, grid, Tally()),)
    spread = np.zeros_like(x)
    for place, (row, part) in enumerate(_rows(table, kernel, weights)):
        spread[row] += columns_back(gradient[place : place + 1], part, 1, grid, Tally())
    return (spread,)


KERNEL = Kernel(forward, backward)
"""Dense, grouped, depthwise and pointwise."""
