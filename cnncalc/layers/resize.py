"""Upsampling (and downsampling) without weights.

upsample: 2        upsample: {size: $skip.size, mode: bilinear}
upsample: {scale: 2, mode: bilinear, asymmetric: true}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..dims import Dim, Shape, product
from .base import MEANT, NEW, NO_WORK, OWN, Need, Shapes, Weightless
from .fields import COUNT_PER_AXIS, FLAG, Choice, FactorPerAxis, field
from .windows import Axis, Interpolated, Nearest, Reach

TAPS = {"nearest": 1, "bilinear": 2, "bicubic": 4}
"""Inputs per axis that one output weighs."""


class Upsample(Weightless):
    """A larger map: the nearest input, or the neighbours weighed by their distance, on each axis."""

    mixes = OWN
    kind = "upsample"
    main = "scale"
    family = "resize"
    storage = NEW
    elementwise = False
    doubled = MEANT

    scale: tuple[Dim, ...] | None = field(FactorPerAxis(1), None, about="factor on each axis")
    size: tuple[Dim, ...] | None = field(COUNT_PER_AXIS, None, about="size of the output, in place of a factor")
    mode: str = field(Choice(*TAPS), "nearest", about="nearest, bilinear (linear on each axis) or bicubic")
    align_corners: bool = field(FLAG, False, about="whether the first and last positions of both maps coincide")

    asymmetric: bool = field(
        FLAG, False, about="whether a position is the place of its beginning, and not of its middle"
    )

    @classmethod
    def check(cls, axes: int) -> str:
        """There must be a map to enlarge."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """A factor or a size, and one way to find places."""
        given = (self.scale is None) + (self.size is None)
        yield Need("", given == 1, "needs either `scale` or `size`, and not both", code="scale-or-size")
        one_way = not (self.align_corners and self.asymmetric)
        yield Need("asymmetric", one_way, "has one way to find places: `align_corners` or `asymmetric`", code="one-way")

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """A factor and a size are the sizes that come out."""
        sizes = self.output(*inputs)[1:]
        return {**vars(self), "scale": sizes, "size": sizes}

    def output(self, *inputs: Shape) -> Shape:
        """The channels, and larger axes."""
        channels, *sizes = inputs[0]
        if self.size is not None:
            return (channels, *self.size)
        return (channels, *(n * factor for n, factor in zip(sizes, self.scale or (), strict=True)))

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """A multiplication and an addition for each weighed input; none for a copy."""
        if self.mode == "nearest":
            return NO_WORK
        return {"blend": product(output) * 2 * TAPS[self.mode] ** (len(output) - 1)}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The inputs with a weight."""
        return (tuple(self._axis(n, m) for n, m in zip(inputs[0][1:], output[1:], strict=True)),)

    def _axis(self, n: Dim, m: Dim) -> Axis:
        if self.mode == "nearest":
            return Nearest(n, m)
        return Interpolated(n, m, TAPS[self.mode], self.align_corners, self.asymmetric)
