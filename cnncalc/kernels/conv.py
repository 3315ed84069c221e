"""Convolution: the windows of a map laid side by side as columns, and one matrix product.

    columns   (channels of a group * taps, positions)
    output    (filters of a group, channels of a group * taps) x columns

The columns of a band of rows at a time go into one buffer that all layers share. A 1x1 convolution needs no
columns. Where every group is one channel there is no matrix: each tap is one shifted multiplication.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from .base import Array, Arrays, Index, Kernel, Tally, Weights, per_channel, tensor
from .sliding import Places, middle, pad, places, steps, taps, windows

BAND = 1 << 19
"""Elements of the columns that are multiplied at a time: they stay in the cache."""

PIECE = 1 << 15
"""Elements of the output of a depthwise convolution that are worked on at a time."""


def convolve(x: Array, weight: Array, groups: int, grid: Sequence[Places], tally: Tally) -> Array:
    """x (C, *sizes) with weight (O, C/G, *kernel) -> (O, *steps)."""
    filters, channels, *kernel = weight.shape
    out = np.empty((filters, *steps(grid)), dtype=x.dtype)
    if channels == 1 and groups > 1:
        _shifted(pad(x, grid), weight[:, 0], grid, out, tally)
    else:
        matrices = weight.reshape(groups, filters // groups, channels * prod(kernel))
        padded = pad(x, grid)
        for g in range(groups):
            part = slice(g * channels, (g + 1) * channels)
            products = out[g * (filters // groups) : (g + 1) * (filters // groups)]
            _unfolded(padded[part], matrices[g], kernel, grid, products, tally)
    return out


def _unfolded(
    padded: Array, matrix: Array, kernel: Sequence[int], grid: Sequence[Places], out: Array, tally: Tally
) -> None:
    """One group: out (O, *steps) = matrix (O, C * taps) x columns, a band of rows at a time."""
    view = windows(padded, kernel, grid)
    products = out.reshape(len(out), -1)
    rows, *others = steps(grid)
    width = prod(others)
    only_tap: Index = (slice(None), *(0,) * len(kernel))
    if prod(kernel) == 1 and view[only_tap].flags.c_contiguous:
        tally.matmul(matrix, view.reshape(len(padded), -1), out=products)
        return
    band = max(1, min(rows, BAND // (matrix.shape[1] * width)))
    for first in range(0, rows, band):
        piece = view[(slice(None), *(slice(None),) * len(kernel), slice(first, first + band))]
        columns = tally.workspace.take(piece.shape, piece.dtype)
        np.copyto(columns, piece)
        done = slice(first * width, (first + piece.shape[1 + len(kernel)]) * width)
        tally.matmul(matrix, columns.reshape(matrix.shape[1], -1), out=products[:, done])


def _shifted(padded: Array, weight: Array, grid: Sequence[Places], out: Array, tally: Tally) -> None:
    """Channels apart: weight (C * multiplier, *kernel); tap by tap, a few channels at a time."""
    multiplier = len(weight) // len(padded)
    at_a_time = max(1, PIECE // prod(out.shape[1:]))
    for first in range(0, len(padded), at_a_time):
        part = padded[first : first + at_a_time]
        for m in range(multiplier):
            chosen = slice(first * multiplier + m, (first + len(part)) * multiplier, multiplier)
            total = np.zeros((len(part), *out.shape[1:]), dtype=out.dtype)
            term = np.empty_like(total)
            for tap, index in taps(weight.shape[1:], grid):
                under: Index = (chosen, *tap)
                total += tally.multiply(part[index], per_channel(weight[under], total), out=term)
            out[chosen] = total


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


def geometry(layer: Any, x: Array) -> tuple[tuple[int, ...], int, int, list[Places]]:
    """The kernel, the filters, the groups and the places of the window, from the declared arguments."""
    ones = (1,) * (x.ndim - 1)
    match layer.kind:
        case "pointwise":
            kernel, dilation, filters, groups = ones, ones, layer.out, layer.groups
        case "depthwise":
            kernel, dilation = layer.kernel, layer.dilation
            filters, groups = len(x) * layer.multiplier, len(x)
        case _:
            kernel, dilation = layer.kernel, layer.dilation
            filters, groups = layer.out, layer.groups
    return kernel, filters, groups, places(x.shape[1:], kernel, layer.stride, layer.padding, dilation)


def connections(layer: Any) -> Sequence[Sequence[int]] | None:
    """For each filter the channels that it reads, where it does not read all (LeNet-5)."""
    table: Sequence[Sequence[int]] | None = getattr(layer, "connections", None)
    return table


def _rows(
    table: Sequence[Sequence[int]], kernel: Sequence[int], weights: Weights
) -> Iterator[tuple[list[int], Array]]:
    """The channels of each filter and its weights (1, channels, *kernel), out of (connections, *kernel)."""
    weight = tensor(weights, "weight", (sum(map(len, table)), *kernel))
    first = 0
    for row in table:
        yield list(row), weight[None, first : first + len(row)]
        first += len(row)


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """Filters slid over the map, and the bias added."""
    (x,) = inputs
    kernel, filters, groups, grid = geometry(layer, x)
    out: Array
    if (table := connections(layer)) is not None:
        out = np.empty((filters, *steps(grid)), dtype=x.dtype)
        for place, (row, part) in enumerate(_rows(table, kernel, weights)):
            out[place] = convolve(x[row], part, 1, grid, tally)[0]
    else:
        out = convolve(
            x, tensor(weights, "weight", (filters, len(x) // groups, *kernel)), groups, grid, tally
        )
    if layer.bias:
        out += per_channel(tensor(weights, "bias", (filters,)), out)
    return out


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Each output gives its gradient, weighted, to the elements of its window."""
    (x,) = inputs
    kernel, _, groups, grid = geometry(layer, x)
    if (table := connections(layer)) is None:
        return (columns_back(gradient, weights["weight"], groups, grid, Tally()),)
    spread = np.zeros_like(x)
    for place, (row, part) in enumerate(_rows(table, kernel, weights)):
        spread[row] += columns_back(gradient[place : place + 1], part, 1, grid, Tally())
    return (spread,)


KERNEL = Kernel(forward, backward)
"""Dense, grouped, depthwise and pointwise."""
