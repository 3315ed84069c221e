"""Convolution fast: the windows of a map laid side by side as columns, and one matrix product.

    columns   (groups, channels of a group * taps, positions)
    output    (groups, filters of a group, channels of a group * taps) x columns

The work is cut into pieces: some rows of the output, some groups, or some filters. The columns of a piece go
into one buffer that all layers share, and what follows the convolution (its bias, a norm, an activation) is
computed on a piece while it is in the cache. A 1x1 convolution needs no columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..kernels.base import Array, Arrays, Weights, tensor
from ..kernels.conv import connections, geometry
from ..kernels.conv import forward as plain_forward
from ..kernels.sliding import Places, pad, steps
from ..namedtuples import NamedTuple
from . import winograd
from .columns import columns_of
from .team import PRODUCTS, Finish, Select, Team, finish, parts

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
    team: Team,
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

    def work(piece: Piece, team: Team) -> None:
        here = slice(piece.rows.start * width, piece.rows.stop * width)
        if plain:
            columns = padded.reshape(groups, channels, -1)[piece.groups, :, here]
        else:
            part = padded[piece.groups.start * channels : piece.groups.stop * channels]
            columns = columns_of(part, kernel, grid, piece.rows, team)
            columns = columns.reshape(-1, matrices.shape[2], here.stop - here.start)
        done = products[piece.groups, piece.filters, here]
        team.matmul(matrices[piece.groups, piece.filters], columns, out=done)
        finish(done, finishes, lambda values: _meeting(values, products, piece, here))

    depth = matrices.shape[2]
    moved = out.size * (1 + depth / PRODUCTS) + (0 if plain else out[0].size * groups * depth)
    threads = team.threads(moved if groups == 1 else moved / MANY_PIECES)
    team.each(_pieces(matrices.shape, plain, len(out[0]), width, threads), work, threads)
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


def forward(layer: Any, inputs: Arrays, weights: Weights, team: Team) -> Array:
    """Filters slid over the map, the bias added, and what follows computed on each piece."""
    (x,) = inputs
    if connections(layer) is not None:
        return plain_forward(layer, inputs, weights, team)
    kernel, filters, groups, grid = geometry(layer, x.shape)
    finishes = [_adding(tensor(weights, "bias", (filters,)))] if layer.bias else []
    finishes += team.finishes
    team.finished = True
    if winograd.TRANSFORMED in weights:
        return winograd.convolve(x, weights[winograd.TRANSFORMED], grid, team, finishes)
    weight = tensor(weights, "weight", (filters, len(x) // groups, *kernel))
    return convolve(x, weight, groups, grid, team, finishes)


def _adding(bias: Array) -> Finish:
    def finish(part: Array, select: Select) -> None:
        part += select(bias)

    return finish
