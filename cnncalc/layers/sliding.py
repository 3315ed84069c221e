"""A window that slides along one axis: how much padding a mode means, and how many steps there are.

    extent = (k - 1) * d + 1
    steps  = floor((n + before + after - extent) / s) + 1

`half` is extent // 2 on each side, `full` extent - 1, `causal` that much before and nothing after; `same` is
TensorFlow's: ceil(n / s) steps with the padding that this takes, the odd zero at the end. With `round: ceil` a last,
partial step counts, unless it would start in the padding after the map (PyTorch's rule).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..dims import Dim, at_least, at_most, ceil_div
from ..namedtuples import NamedTuple
from .fields import Pad
from .windows import Window


class Slide(NamedTuple):
    """A window on an axis of known length."""

    steps: Dim
    window: Window
    after: Dim


def slide(n: Dim, kernel: Dim, stride: Dim, dilation: Dim, pad: Pad, rounding: str = "floor") -> Slide:
    """Slide a window of `kernel` taps along `n` positions."""
    extent = (kernel - 1) * dilation + 1
    if pad == "same":
        steps = ceil_div(n, stride)
        before, after = same_zeros(n, steps, stride, extent)
        return Slide(steps, Window(kernel, stride, before, dilation), after)
    before, after = zeros(pad, extent)
    room = n + before + after - extent
    if rounding == "ceil":
        steps = at_most(ceil_div(room, stride) + 1, ceil_div(n + before, stride))
    else:
        steps = room // stride + 1
    return Slide(steps, Window(kernel, stride, before, dilation), after)


def same_zeros(n: Dim, steps: Dim, stride: Dim, extent: Dim) -> tuple[Dim, Dim]:
    """The (before, after) counts of zeros that `same` takes for so many steps over `n` positions."""
    total = at_least((steps - 1) * stride + extent - n, 0)
    before = total // 2
    return before, total - before


def zeros(pad: Pad, extent: Dim) -> tuple[Dim, Dim]:
    """The (before, after) counts of zeros of a padding that does not depend on the map."""
    if pad == "valid":
        return 0, 0
    if pad == "half":
        return extent // 2, extent // 2
    if pad == "full":
        return extent - 1, extent - 1
    if pad == "causal":
        return extent - 1, 0
    before, after = pad
    return before, after


def padded(slides: Sequence[Slide]) -> tuple[tuple[Dim, Dim], ...]:
    """The (before, after) counts of zeros on each axis."""
    return tuple((slid.window.before, slid.after) for slid in slides)
