"""Convolution: the windows of a map laid side by side as columns, and one matrix product.

    columns   (groups, channels of a group * taps, positions)
    output    (groups, filters of a group, channels of a group * taps) x columns

The work is cut into pieces: some rows of the output, some groups, or some filters. The columns of a piece go
into one buffer that all layers share, and what follows the convolution (its bias, a norm, an activation) is
computed on a piece while it is in the cache. A 1x1 convolution needs no columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from . import winograd
from .base import PRODUCTS, Array, Arrays, Finish, Index, Kernel, Select, Tally, Weights, per_channel, tensor
from .columns import columns_of
from .pieces import finish, parts
from .sliding import Places, middle, pad, places, steps, taps

COLUMNS = 1 << 20
"""Elements of the columns of a piece of a dense convolution: it reads a matrix of about that size too."""

FEW_COLUMNS = 1 << 17
"""The same where there are many groups, each with a small matrix."""

MANY_PIECES = 16
"""So much more work must many groups be for threads: these take turns in Python at every small piece."""


class Piece(NamedTuple):
    """A part of the work."""

    groups: slice
    filters: slice
    """Of each group."""

    rows: slice
    """Along the first spatial axis of the output."""


def convolve(
    x: Array,
    weight: Array,
    groups: int,
    grid: Sequence[Places],
    tally: Tally,
    finishes: Sequence[Finish] = (),
) -> Array:
    """x (C, *sizes) with weight (O, C/G, *kernel) -> (O, *steps)."""
    filters, channels, *kernel = weight.shape
    out = np.empty((filters, *steps(grid)), dtype=x.dtype)
    padded = pad(x, grid)
    matrices = weight.reshape(groups, filters // groups, -1)
    products = out.reshape(groups, filters // groups, -1)
    width = prod(out.shape[2:])
    plain = prod(kernel) == 1 and steps(grid) == padded.shape[1:] and padded.flags.c_contiguous

    def work(piece: Piece, tally: Tally) -> None:
        here = slice(piece.rows.start * width, piece.rows.stop * width)
        if plain:
            columns = padded.reshape(groups, channels, -1)[piece.groups, :, here]
        else:
            part = padded[piece.groups.start * channels : piece.groups.stop * channels]
            columns = columns_of(part, kernel, grid, piece.rows, tally)
            columns = columns.reshape(-1, matrices.shape[2], here.stop - here.start)
        done = products[piece.groups, piece.filters, here]
        tally.matmul(matrices[piece.groups, piece.filters], columns, out=done)
        finish(done, finishes, lambda values: _meeting(values, products, piece, here))

    depth = matrices.shape[2]
    moved = out.size * (1 + depth / PRODUCTS) + (0 if plain else out[0].size * groups * depth)
    threads = tally.threads(moved if groups == 1 else moved / MANY_PIECES)
    tally.each(_pieces(matrices.shape, plain, len(out[0]), width, threads), work, threads)
    return out


def _meeting(values: Array, products: Array, piece: Piece, here: slice) -> Array:
    """One number a filter, or a map like the output, where it meets a piece (groups, filters, positions)."""
    values = values.reshape(*products.shape[:2], -1)[piece.groups, piece.filters]
    return values if values.shape[2] == 1 else values[:, :, here]


def _pieces(matrices: tuple[int, ...], plain: bool, rows: int, width: int, threads: int) -> list[Piece]:
    """Rows by what the caches hold; groups where one has few; filters where threads gain more by them."""
    groups, filters, depth = matrices
    most = rows * width * groups
    if not plain:
        most = min(most, (COLUMNS if groups == 1 else FEW_COLUMNS) // depth)
    by_filters = groups == 1 and (rows * width < threads * MANY or (plain and filters >= threads * MANY))
    if groups == 1 and not by_filters:
        most = min(most, -(-rows * width // threads))
    band = min(rows, max(1, most // width))
    together = min(max(1, most // (band * width)), -(-groups // threads))
    share = -(-filters // threads) if by_filters else filters
    return [Piece(g, f, r) for g in parts(groups, together) for f in parts(filters, share) for r in parts(rows, band)]


MANY = 96
"""Positions, or filters, that are enough for one thread."""


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
    finishes: list[Finish] = []
    if layer.bias:
        finishes.append(_adding(tensor(weights, "bias", (filters,))))
    table = connections(layer)
    if table is None:
        tally.finished = True
        if winograd.TRANSFORMED in weights:
            return winograd.convolve(x, weights[winograd.TRANSFORMED], grid, tally, [*finishes, *tally.finishes])
        weight = tensor(weights, "weight", (filters, len(x) // groups, *kernel))
        return convolve(x, weight, groups, grid, tally, [*finishes, *tally.finishes])
    out = np.empty((filters, *steps(grid)), dtype=x.dtype)
    for place, (row, part) in enumerate(_rows(table, kernel, weights)):
        out[place] = convolve(x[row], part, 1, grid, tally)[0]
    for follow in finishes:
        follow(out, lambda values: per_channel(values, out))
    return out


def _adding(bias: Array) -> Finish:
    def finish(part: Array, select: Select) -> None:
        part += select(bias)

    return finish


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
