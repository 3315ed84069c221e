"""3x3 convolutions with fewer multiplications: F(4x4, 3x3) and F(2x2, 3x3) of Lavin and Gray 2015 (arXiv:1509.09308).

A tile of m x m outputs needs (m+2) x (m+2) inputs d and the 3x3 taps g of a filter:

    output = A^T [ (G g G^T) * (B^T d B) ] A      the product element by element, summed over the channels

For each filter and channel that is 36 multiplications for 16 outputs (m = 4) or 16 for 4 (m = 2), where the
definition has 144 and 36. All tiles together are (m+2)^2 matrix products, one for each place in d. A, B and G
are small constants, used on rows and columns at once as Kronecker products.

Float32 results differ from the definition's by some 1e-5 of the largest. It is for runs that are to be fast:
`validate`, which counts the multiplications of the definition, never comes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..kernels.base import Array
from ..kernels.sliding import Places, steps
from ..namedtuples import NamedTuple
from .team import PRODUCTS, Finish, Team, finish, parts

TRANSFORMED = "transformed"
"""The name of a weight that `transformed` has made of a convolution's `weight`."""

READ = 40
"""To read a weight takes as long as this many multiplications with weights that have been read."""

GAIN = 0.9
"""The share of the definition's work below which it pays."""

ELEMENTS = 1 << 20
"""Elements of the transformed inputs and outputs of a piece: it works in the cache."""

FEW_TILES = 48
"""Tiles that a piece has at least where there are as many: the columns of its matrix products."""


class Form(NamedTuple):
    """F(m x m, 3 x 3)."""

    inputs: Array
    """B^T (m+2, m+2)."""

    filters: Array
    """G (m+2, 3)."""

    outputs: Array
    """A^T (m, m+2)."""

    @property
    def tile(self) -> int:
        """Outputs along an axis of a tile."""
        return len(self.outputs)

    @property
    def window(self) -> int:
        """Inputs along an axis of a tile."""
        return len(self.inputs)

    def tiles(self, n: int) -> int:
        """Tiles along an axis of n outputs."""
        return -(-n // self.tile)

    def work(self, filters: int, channels: int, sizes: Sequence[int]) -> float:
        """Multiplications for each filter and channel, transforms and the reading of weights included."""
        places = self.window**2
        transforms = places / filters + self.tile**2 / channels
        return places * (prod(map(self.tiles, sizes)) * (1 + transforms) + READ)


# fmt: off
FORMS = [
    Form(
        np.array([
            [1,  0, -1,  0],
            [0,  1,  1,  0],
            [0, -1,  1,  0],
            [0,  1,  0, -1],
        ]),
        np.array([
            [2,  0, 0],
            [1,  1, 1],
            [1, -1, 1],
            [0,  0, 2],
        ]) / 2,
        np.array([
            [1, 1,  1,  0],
            [0, 1, -1, -1],
        ]),
    ),
    Form(
        np.array([
            [4,  0, -5,  0, 1, 0],
            [0, -4, -4,  1, 1, 0],
            [0,  4, -4, -1, 1, 0],
            [0, -2, -1,  2, 1, 0],
            [0,  2, -1, -2, 1, 0],
            [0,  4,  0, -5, 0, 1],
        ]),
        np.array([
            [ 6,  0,  0],
            [-4, -4, -4],
            [-4,  4, -4],
            [ 1,  2,  4],
            [ 1, -2,  4],
            [ 0,  0, 24],
        ]) / 24,
        np.array([
            [1, 1,  1, 1,  1, 0],
            [0, 1, -1, 2, -2, 0],
            [0, 1,  1, 4,  4, 0],
            [0, 1, -1, 8, -8, 1],
        ]),
    ),
]
# fmt: on


def suited(weight: tuple[int, ...], groups: int, grid: Sequence[Places]) -> Form | None:
    """The form that computes a convolution with this weight (O, C/G, *kernel) fastest; None for the definition."""
    filters, channels, *kernel = weight
    if kernel != [3, 3] or groups > 1 or any(axis.dilation > 1 or axis.starts.step > 1 for axis in grid):
        return None
    sizes = steps(grid)
    best = min(FORMS, key=lambda form: form.work(filters, channels, sizes))
    plain = 9 * (prod(sizes) + READ)
    return best if best.work(filters, channels, sizes) < GAIN * plain else None


def transformed(weight: Array, form: Form) -> Array:
    """The filters (O, C, 3, 3) as (places of a window, O, C)."""
    filters, channels = weight.shape[:2]
    both = np.kron(form.filters, form.filters).astype(weight.dtype)
    return (both @ weight.reshape(filters * channels, 9).T).reshape(-1, filters, channels)


def convolve(x: Array, filters: Array, grid: Sequence[Places], team: Team, finishes: Sequence[Finish] = ()) -> Array:
    """x (C, h, w) with filters as `transformed` gives them -> (O, *steps)."""
    places, many, channels = filters.shape
    form = next(form for form in FORMS if form.window**2 == places)
    m = form.tile
    height, width = steps(grid)
    down, along = form.tiles(height), form.tiles(width)
    out = np.empty((many, height, width), x.dtype)
    padded = np.zeros((channels, m * down + 2, m * along + 2), x.dtype)
    top, left = (axis.before for axis in grid)
    padded[:, top : top + x.shape[1], left : left + x.shape[2]] = x
    to_inputs, to_outputs = (np.kron(matrix, matrix).astype(x.dtype) for matrix in (form.inputs, form.outputs))
    line = np.dtype((np.void, m * x.itemsize))  # the outputs of a tile that stand side by side, as one item

    def work(band: slice, team: Team) -> None:
        rows = band.stop - band.start
        tiles = rows * along
        space = team.workspace.take((2, places * max(channels, many) * tiles), x.dtype)

        def side(which: int, *shape: int) -> Array:
            return space[which, : prod(shape)].reshape(shape)

        np.copyto(side(0, form.window, form.window, channels, rows, along), _windows(padded, form, band, along))
        np.matmul(to_inputs, side(0, places, channels * tiles), out=side(1, places, channels * tiles))
        team.matmul(filters, side(1, places, channels, tiles), out=side(0, places, many, tiles))
        np.matmul(side(0, places, many * tiles).T, to_outputs.T, out=side(1, many * tiles, m * m))
        here = slice(m * band.start, min(m * band.stop, height))
        whole = here.stop - here.start == m * rows and width == m * along
        target = out[:, here] if whole else side(0, many, m * rows, m * along)
        lines = side(1, many, rows, along, m * m).view(line)
        target.view(line).reshape(many, rows, m, along)[...] = lines.transpose(0, 1, 3, 2)
        if not whole:
            out[:, here] = target[:, : here.stop - here.start, :width]
        finish(out[:, here].reshape(1, many, -1), finishes, lambda values: _meeting(values, out, here))

    most = max(FEW_TILES, ELEMENTS // (places * (channels + many)))
    threads = team.threads(places * (channels + many + channels * many / PRODUCTS) * down * along)
    team.each(parts(down, min(-(-most // along), -(-down // threads))), work, threads)
    return out


def _meeting(values: Array, out: Array, here: slice) -> Array:
    """One number a filter, or a map like the output, where it meets some rows (1, filters, positions)."""
    return (values if values.ndim == 1 else values.reshape(out.shape)[:, here]).reshape(1, len(out), -1)


def _windows(padded: Array, form: Form, band: slice, along: int) -> Array:
    """A view (*window, C, tiles down, tiles along) of a padded map: what the tiles of a band see."""
    channel, down, side = padded.strides
    shape = (form.window, form.window, len(padded), band.stop - band.start, along)
    strides = (down, side, channel, form.tile * down, form.tile * side)
    return as_strided(padded[:, form.tile * band.start :], shape, strides, writeable=False)
