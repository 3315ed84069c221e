"""Layers computed some channels at a time, so that they are in the cache, and by several threads.

Each computes what the kernel of its kind does; one that reads the same numbers in another order has no line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..kernels import join
from ..kernels.base import Array, Arrays, Weights, per_channel, tensor
from ..kernels.norm import line
from ..kernels.pool import LOWEST, window_places
from ..kernels.sliding import pad, steps
from . import conv
from .team import Finish, Select, Team, meeting, parts

Forward: TypeAlias = Callable[[Any, Arrays, Weights, Team], Array]
"""(layer, inputs, weights, team) -> output."""

OF_A_JOIN = OF_A_NORM = 1 << 16
OF_A_POOL = 1 << 17
"""Elements that are worked on at a time."""


def linear(layer: Any, inputs: Arrays, weights: Weights, team: Team) -> Array:
    """A matrix and a vector, some rows a thread."""
    (x,) = inputs
    weight = tensor(weights, "weight", (layer.out, len(x)))
    out = np.empty(layer.out, dtype=x.dtype)

    def work(rows: slice, team: Team) -> None:
        team.matmul(weight[rows], x[:, None], out=out[rows, None])

    threads = team.threads(weight.size)
    team.each(parts(layer.out, -(-layer.out // threads)), work, threads)
    if layer.bias:
        out += tensor(weights, "bias", (layer.out,))
    return out


def maximum(layer: Any, inputs: Arrays, weights: Weights, team: Team) -> Array:
    """The largest element of each window, one axis after the other."""
    (x,) = inputs
    grid = window_places(layer, x)
    out = np.empty((len(x), *steps(grid)), x.dtype)
    channels = max(1, OF_A_POOL * len(x) // x.size)

    def work(first: int, team: Team) -> None:
        part = pad(x[first : first + channels], grid, LOWEST)
        for axis, place in enumerate(grid, start=1):
            along = [(slice(None),) * axis + (place.tap(t),) for t in range(layer.kernel[axis - 1])]
            largest = part[along[0]]
            if len(along) > 1:
                largest = np.maximum(largest, part[along[1]])
            for index in along[2:]:
                np.maximum(largest, part[index], out=largest)
            part = largest
        out[first : first + channels] = part

    team.each(range(0, len(x), channels), work, team.threads(2 * x.size))
    return out


def norm(layer: Any, inputs: Arrays, weights: Weights, team: Team) -> Array:
    """A batch norm."""
    (x,) = inputs
    out = np.empty(x.shape, x.dtype)
    factor, shift = (per_channel(values, x) for values in line(layer, len(x), weights))
    channels = max(1, OF_A_NORM * len(x) // x.size)

    def work(first: int, team: Team) -> None:
        part = slice(first, first + channels)
        np.multiply(x[part], factor[part], out=out[part])
        out[part] += shift[part]

    team.each(range(0, len(x), channels), work, team.threads(2 * x.size))
    return out


def norm_after(layer: Any, weights: Weights, channels: int) -> Finish:
    """A batch norm in the array of the layer before it."""
    factor, shift = line(layer, channels, weights)

    def finish(part: Array, select: Select) -> None:
        part *= select(factor)
        part += select(shift)

    return finish


def positive(x: Array, out: Array | None = None) -> Array:
    """The larger of x and 0: against a row of zeros NumPy takes a third of the time that one takes."""
    if out is x and x.flags.c_contiguous:
        flat = x.reshape(-1)
        np.maximum(flat, np.zeros(flat.shape, x.dtype), out=flat)
        return x
    larger: Array = np.maximum(x, np.zeros(x.shape[-1:] if out is x else x.shape[1:], x.dtype), out=out)
    return larger


def relu(layer: Any, inputs: Arrays, weights: Weights, team: Team) -> Array:
    """The larger of x and 0."""
    return positive(inputs[0])


def joined(combine: np.ufunc, plain: Any) -> Forward:
    """Branches of one shape combined element by element, and what follows; others as the kernel does."""

    def forward(layer: Any, inputs: Arrays, weights: Weights, team: Team) -> Array:
        first, *others = inputs
        if not others or any(x.shape != first.shape for x in others):
            whole: Array = plain(layer, inputs, weights, team)
            return whole
        out = np.empty(first.shape, first.dtype)
        flat = out.reshape(len(out), -1)
        channels = max(1, OF_A_JOIN * len(out) // out.size)

        def work(start: int, team: Team) -> None:
            here = slice(start, start + channels)
            combine(first[here], others[0][here], out=out[here])
            for other in others[1:]:
                combine(out[here], other[here], out=out[here])
            for finish in finishes:
                finish(flat[here], lambda values: meeting(values, flat)[here])

        finishes = team.finishes
        team.finished = True
        team.each(range(0, len(out), channels), work, team.threads(3 * out.size))
        return out

    return forward


LAYERS: dict[str, Forward] = {
    **dict.fromkeys(("conv", "pointwise", "depthwise"), conv.forward),
    "linear": linear,
    "maxpool": maximum,
    "batchnorm": norm,
    "relu": relu,
    "add": joined(np.add, join.ADD.forward),
    "sub": joined(np.subtract, join.SUB.forward),
    "mul": joined(np.multiply, join.MUL.forward),
    "div": joined(np.divide, join.DIV.forward),
    "maximum": joined(np.maximum, join.MAXIMUM.forward),
    "minimum": joined(np.minimum, join.MINIMUM.forward),
}
"""Kind -> how it is computed fast; every other kind by its kernel."""
