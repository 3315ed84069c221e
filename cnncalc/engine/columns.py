"""The windows of a map copied side by side, so that a convolution is a matrix product."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..kernels.base import Array
from ..kernels.sliding import Places, windows
from .team import Team

SHORT = 40
"""Positions along the last axis under which windows are copied in two turns."""


def columns_of(padded: Array, kernel: Sequence[int], grid: Sequence[Places], rows: slice, team: Team) -> Array:
    """The windows (C, *kernel, *steps) of some rows of the output, copied.

    Where rows are short they are first copied once for each tap along the last axis: then the rows of one tap
    follow each other, and the second copy is of long stretches.
    """
    view = windows(padded, kernel, grid)[(slice(None), *(slice(None),) * len(kernel), rows)]
    first, last = grid[0], grid[-1]
    long = view.shape[-1] > SHORT and last.starts.step == 1
    if len(kernel) != 2 or kernel[0] == 1 or long or view.shape[-1] == 1:
        columns = team.workspace.take(view.shape, view.dtype)
        np.copyto(columns, view)
        return columns
    top = first.starts[rows.start]
    height = first.starts[rows.stop - 1] + first.extent - top
    channels, _, taps, _, width = view.shape
    space = team.workspace.take((view.size + channels * taps * height * width,), view.dtype)
    columns, narrow = space[: view.size].reshape(view.shape), space[view.size :]
    narrow = narrow.reshape(channels, taps, height, width)
    channel, down, along = padded.strides
    by_tap = (channel, along * last.dilation, down, along * last.starts.step)
    np.copyto(narrow, as_strided(padded[:, top:], narrow.shape, by_tap, writeable=False))
    channel, tap, down, along = narrow.strides
    by_row = (channel, down * first.dilation, tap, down * first.starts.step, along)
    np.copyto(columns, as_strided(narrow, view.shape, by_row, writeable=False))
    return columns
