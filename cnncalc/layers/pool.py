"""Pooling: a window without weights, an adaptive grid, or the whole map.

    maxpool: {kernel: 3, stride: 2, padding: 1}      maxpool: 2
    adaptiveavgpool: 7                               seven parts an axis, whatever comes in
    globalavgpool                                    axes of size 1 are kept
    argmaxpool: 2                                    where the largest lie, for a `max_unpool`

The stride of a window is its kernel unless it is given. Pooling has no MACs; its work is counted in operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..dims import Dim, Shape, divides, product
from .base import ALL, AXES, DOUBTFUL, MEANT, NEW, NOTHING, OWN, Need, Shapes, Weightless, axis_of, has_axis
from .conv import PADDING, windows_fit
from .fields import COUNT_PER_AXIS, FLAG, PARTS, Choice, Pad, Padding, field
from .join import is_one
from .sliding import Slide, padded, slide
from .windows import EVERYTHING, Adaptive, Axis, Reach, Window

ROUND = "whether a last, partial step counts: floor or ceil"


class Pooling(Weightless):
    """What all pools share."""

    mixes = OWN
    family = "pool"
    storage = NEW
    elementwise = False

    @classmethod
    def check(cls, axes: int) -> str:
        """A pool works on a map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"


class WindowPool(Pooling):
    """A window slid over each channel."""

    main = "kernel"
    doubled = MEANT

    kernel: tuple[Dim, ...] = field(COUNT_PER_AXIS, about="extent of the window in taps")
    stride: tuple[Dim, ...] | None = field(COUNT_PER_AXIS, None, about="step of the window; the kernel if not given")
    padding: tuple[Pad, ...] = field(Padding(), 0, about=PADDING)
    dilation: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about="distance between taps")
    round: str = field(Choice("floor", "ceil"), "floor", about=ROUND)

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The window fits, and at most half of it lies on padding (PyTorch's rule: else there may be nothing in it)."""
        slides = self._slides(inputs[0])
        yield from windows_fit(inputs[0][1:], slides)
        for pad, slid in zip(self.padding, slides, strict=True):
            for zeros in () if pad == "same" else (slid.window.before, slid.after):
                extent = slid.window.extent
                yield Need(
                    "padding",
                    extent - 2 * zeros >= 0,
                    f"{zeros} zeros are more than half of the window, which spans {extent}",
                    "`pad` before the pool makes the map itself larger",
                    code="padding-half",
                )

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """The padding is the zeros before and after, and a stride that is not given the kernel."""
        stride = self.kernel if self.stride is None else self.stride
        return {**vars(self), "stride": stride, "padding": padded(self._slides(inputs[0]))}

    def output(self, *inputs: Shape) -> Shape:
        """The channels, then the steps of the window."""
        return (inputs[0][0], *(slid.steps for slid in self._slides(inputs[0])))

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One operation a tap."""
        return {"pool": product(output) * product(self.kernel)}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The sliding window."""
        return (tuple(slid.window for slid in self._slides(inputs[0])),)

    def _slides(self, shape: Shape) -> list[Slide]:
        stride = self.kernel if self.stride is None else self.stride
        return [
            slide(n, k, s, d, p, self.round)
            for n, k, s, d, p in zip(shape[1:], self.kernel, stride, self.dilation, self.padding, strict=True)
        ]


class MaxPool(WindowPool):
    """The largest value in each window; padding never wins."""

    kind = "maxpool"


class ArgmaxPool(WindowPool):
    """The place of the largest value in each window, counted from 0 over the map of its channel. It has no gradient."""

    kind = "argmaxpool"


class AvgPool(WindowPool):
    """The mean of each window."""

    kind = "avgpool"

    count_padding: bool = field(FLAG, True, about="whether zeros of the padding count in the mean")


class L2Pool(WindowPool):
    """The square root of the sum of squares of each window."""

    kind = "l2pool"


class AdaptivePool(Pooling):
    """A grid of parts, as equal as they can be."""

    main = "size"
    doubled = NOTHING

    windowed: ClassVar[type[WindowPool]]
    """The pool over windows that it is where they are alike."""

    size: tuple[Dim | None, ...] = field(PARTS, about="parts per axis; none for as many as there are positions")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing: PyTorch repeats inputs where there are more parts than inputs."""
        return iter(())

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """As many parts as positions where there is no number."""
        return {**vars(self), "size": self._parts(inputs[0])}

    def meaning(self, *inputs: Shape) -> tuple[str, Mapping[str, Any]]:
        """A pool over windows side by side where all parts are as large."""
        sizes = [*zip(inputs[0][1:], self._parts(inputs[0]), strict=True)]
        if not all(isinstance(n, int) and isinstance(m, int) and divides(m, n) for n, m in sizes):
            return super().meaning(*inputs)
        kernel = tuple(n // m for n, m in sizes)
        arguments = {"kernel": kernel, "stride": kernel, "padding": [[0, 0]] * len(kernel)}
        windows = self.windowed.read(arguments, len(kernel))
        return windows.meaning(*inputs)

    def output(self, *inputs: Shape) -> Shape:
        """The channels, then the parts."""
        return (inputs[0][0], *self._parts(inputs[0]))

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One operation an input."""
        return {"pool": product(inputs[0])}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The inputs of each part; of one part, the whole map."""
        if all(is_one(m) for m in self.size):
            return (EVERYTHING,)
        return (tuple(Adaptive(n, m) for n, m in zip(inputs[0][1:], self._parts(inputs[0]), strict=True)),)

    def _parts(self, shape: Shape) -> Shape:
        return tuple(n if m is None else m for n, m in zip(shape[1:], self.size, strict=True))


class AdaptiveAvgPool(AdaptivePool):
    """The mean of each part of a grid."""

    kind = "adaptiveavgpool"
    windowed = AvgPool


class AdaptiveMaxPool(AdaptivePool):
    """The largest value of each part of a grid."""

    kind = "adaptivemaxpool"
    windowed = MaxPool


class GlobalPool(Pooling):
    """One value a channel; the axes stay, at size 1."""

    doubled = NOTHING

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing."""
        return iter(())

    def output(self, *inputs: Shape) -> Shape:
        """The channels, and 1 on each axis."""
        return (inputs[0][0],) + (1,) * (len(inputs[0]) - 1)

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One operation an input."""
        return {"pool": product(inputs[0])}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The whole map."""
        return (EVERYTHING,)


class GlobalAvgPool(GlobalPool):
    """The mean of each channel."""

    kind = "globalavgpool"


class GlobalMaxPool(GlobalPool):
    """The largest value of each channel."""

    kind = "globalmaxpool"


class Reduction(Weightless):
    """Over the map (the axes go, a vector remains) or over one axis (which stays at size 1)."""

    main = "over"
    family = "pool"
    storage = NEW
    elementwise = False
    doubled = NOTHING

    over: str = field(Choice("map", *AXES), "map", about="what is gone over: the whole map, or one axis")

    @property
    def mixes(self) -> str:  # type: ignore[override]  # a fact of the arguments here
        """All, where they are averaged."""
        return ALL if self.over == "channels" else OWN

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The axis is there."""
        if self.over != "map":
            yield has_axis("over", self.over, inputs[0])

    def output(self, *inputs: Shape) -> Shape:
        """A vector, or 1 on the axis."""
        if self.over == "map":
            return inputs[0][:1]
        axis = axis_of(self.over, inputs[0]) or 0
        return (*inputs[0][:axis], 1, *inputs[0][axis + 1 :])

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One an input."""
        return {"pool": product(inputs[0])}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The whole map, or the whole of one axis, or the same position."""
        if self.over in ("map", "length"):
            return (EVERYTHING,)
        axis = axis_of(self.over, inputs[0])
        seen: list[Axis] = [Window(1) for _ in inputs[0][1:]]
        if axis:
            seen[axis - 1] = Adaptive(inputs[0][axis], 1)
        return (tuple(seen),)


class Mean(Reduction):
    """The mean over the map, which leaves a vector, or over one axis, which stays at size 1."""

    kind = "mean"


class Amax(Reduction):
    """The largest over the map, which leaves a vector, or over one axis, which stays at size 1."""

    kind = "amax"


class Amin(Reduction):
    """The smallest over the map, which leaves a vector, or over one axis, which stays at size 1."""

    kind = "amin"


class Argmax(Reduction):
    """The place of the largest along an axis, counted from 0; the axis stays at size 1. It has no gradient."""

    kind = "argmax"
    doubled = DOUBTFUL

    over: str = field(Choice(*AXES), "channels", about="the axis along which the largest is looked for")


class Sum(Reduction):
    """The sum over the map, which leaves a vector, or over one axis, which stays at size 1."""

    kind = "sum"
