"""Learned numbers per channel: a scale, a shift.

scale: {init: 1}        layer scale (ConvNeXt), the coefficient of LeNet-5's subsampling
bias                    a learned number added to each channel
bias: {per: element}    or to each element: an embedding of positions (ViT)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..dims import Dim, Shape, product
from .base import ALIKE, MEANT, NO_WEIGHTS, OWN, SCALE, SHIFT, Need, Shapes, Uncentred
from .fields import FLAG, Choice, field
from .windows import Reach, same_place


class PerChannel(Uncentred):
    """One learned number for each channel."""

    storage = ALIKE
    mixes = OWN
    elementwise = True
    multiplies = False
    does: ClassVar[str]
    """The word of `WORK` for it."""
    shared: bool = field(FLAG, False, about="one number for all channels instead of one each")
    per: str = field(Choice("channel", "element"), "channel", about="what has a number of its own")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing."""
        return iter(())

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight`: one number a channel, or an element."""
        return {"weight": self._numbers(inputs[0])}

    def _numbers(self, shape: Shape) -> Shape:
        if self.shared:
            return (1,)
        return shape if self.per == "element" else shape[:1]

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """None."""
        return NO_WEIGHTS

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """None: the scale and shift are operations."""
        return 0

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One an element."""
        return {self.does: product(output)}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position."""
        return (same_place(len(output) - 1),)


class Scale(PerChannel):
    """Multiplies each channel by a learned number."""

    kind = "scale"
    does = "scale"
    family = "affine"
    roles: ClassVar[Mapping[str, str]] = {"weight": SCALE}
    doubled = MEANT


class Bias(PerChannel):
    """Adds a learned number to each channel."""

    kind = "bias"
    does = "bias"
    family = "affine"
    roles: ClassVar[Mapping[str, str]] = {"bias": SHIFT}
    doubled = MEANT

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`bias`: one number a channel, or an element: a learned embedding of positions."""
        return {"bias": self._numbers(inputs[0])}
