"""Where a window stands along an axis, from the definitions of PyTorch and TensorFlow, and the taps of it.

The axis is first padded. A window stands at `starts` of the padded axis; tap t of the window at `start` is
element start + t * dilation. With `round: ceil` a window may reach past the end, if it starts on the map or
in the padding before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..namedtuples import NamedTuple
from .base import Array, Index


class Places(NamedTuple):
    """The places of a window along an axis of n elements."""

    n: int
    before: int
    after: int
    """Declared padding."""

    extent: int
    dilation: int
    starts: range

    @property
    def padded(self) -> int:
        """Elements that the windows need, padding included."""
        return max(self.before + self.n + self.after, self.starts[-1] + self.extent)

    def tap(self, t: int) -> slice:
        """Tap t of all windows, on the padded axis."""
        first = t * self.dilation
        return slice(first, first + self.starts[-1] + 1, self.starts.step)


def pads(n: int, extent: int, stride: int, padding: Any) -> tuple[int, int]:
    """The zeros before and after an axis."""
    match padding:
        case "valid":
            return 0, 0
        case "half":
            return extent // 2, extent // 2
        case "full":
            return extent - 1, extent - 1
        case "causal":  # Keras: nothing of what comes later
            return extent - 1, 0
        case "same":  # tf.nn.convolution: the smaller half before
            total = max(extent - stride, 0) if n % stride == 0 else max(extent - n % stride, 0)
            return total // 2, total - total // 2
        case (before, after):
            return before, after
    raise ValueError(f"no padding is called {padding!r}")


def places(
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[Any],
    dilation: Sequence[int],
    rounding: str = "floor",
) -> list[Places]:
    """The places of a window on each axis. Raises ValueError where it has none."""
    return [_along(*axis, rounding) for axis in zip(sizes, kernel, stride, padding, dilation, strict=True)]


def _along(n: int, kernel: int, stride: int, padding: Any, dilation: int, rounding: str) -> Places:
    extent = len(range(0, kernel * dilation, dilation)) * dilation - dilation + 1
    before, after = pads(n, extent, stride, padding)
    last = before + n + after - extent
    if rounding == "ceil" and padding != "same":
        starts = range(0, last + stride, stride)
        while starts and starts[-1] >= before + n:
            starts = starts[:-1]
    else:
        starts = range(0, last + 1, stride)
    if not starts:
        raise ValueError(f"a window over {extent} elements has no place on {n} + {before + after}")
    return Places(n, before, after, extent, dilation, starts)


def pad(x: Array, grid: Sequence[Places], fill: float = 0) -> Array:
    """The map (..., *sizes) with `fill` around it; the map itself where nothing is added."""
    padded = tuple(axis.padded for axis in grid)
    channels = x.shape[: x.ndim - len(grid)]
    if x.shape == (*channels, *padded):
        return x
    result = np.full((*channels, *padded), fill, dtype=x.dtype)
    here: Index = (..., *middle(grid))
    result[here] = x
    return result


def middle(grid: Sequence[Places]) -> tuple[slice, ...]:
    """Where the map lies in the padded one."""
    return tuple(slice(axis.before, axis.before + axis.n) for axis in grid)


def taps(kernel: Sequence[int], grid: Sequence[Places]) -> Iterator[tuple[tuple[int, ...], Index]]:
    """Each tap, and the index of a padded map (..., *padded) that gives what all windows have under it."""
    for tap in product(*map(range, kernel)):
        yield tap, (..., *(axis.tap(t) for axis, t in zip(grid, tap, strict=True)))


def windows(padded: Array, kernel: Sequence[int], grid: Sequence[Places]) -> Array:
    """A view (channels, *kernel, *steps) of a padded map (channels, *padded): all windows, without a copy."""
    channel, *strides = padded.strides
    return as_strided(
        padded,
        shape=(padded.shape[0], *kernel, *(len(axis.starts) for axis in grid)),
        strides=(
            channel,
            *(step * axis.dilation for step, axis in zip(strides, grid, strict=True)),
            *(step * axis.starts.step for step, axis in zip(strides, grid, strict=True)),
        ),
        writeable=False,
    )


def steps(grid: Sequence[Places]) -> tuple[int, ...]:
    """How many places there are on each axis."""
    return tuple(len(axis.starts) for axis in grid)
