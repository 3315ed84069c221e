"""Deformable convolution (Dai et al. 2017; with a mask Zhu et al. 2019): each tap reads where another tensor says.

    - {conv: {out: 18, kernel: 3, padding: half}, from: x, as: offsets}      2 numbers a tap
    - deform_conv: {out: 64, kernel: 3, padding: half, branches: [x, offsets]}
    - deform_conv: {out: 64, kernel: 3, padding: half, branches: [x, offsets, mask]}

On a map of a axes with a kernel of k taps, the offsets have G * k * a channels and the mask G * k, each for one of G
groups of channels (`offset_groups`): tap by tap the steps along the axes, in their order, as PyTorch has them. What
lies between positions is interpolated, beyond the map are zeros. Weights and MACs are those of the convolution, as the
authors count them: what it takes to interpolate is work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..dims import Dim, Shape, divides, divisors, equals, product
from .base import Need, Shapes, size_text, tensors
from .conv import BIAS, PADDING, STRIDE, Windowed
from .fields import BITS, COUNT, COUNT_PER_AXIS, FLAG, Pad, Padding, field
from .resize import TAPS
from .windows import Reach, Unfollowed, same_place


class DeformConv(Windowed):
    """A convolution whose taps lie where a second tensor says, and weigh what a third says."""

    kind = "deform_conv"
    main = "out"
    extra: ClassVar[int] = 2

    out: Dim = field(COUNT, about="output channels")
    kernel: tuple[Dim, ...] = field(COUNT_PER_AXIS, about="extent of the window in taps")
    stride: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about=STRIDE)
    padding: tuple[Pad, ...] = field(Padding(), 0, about=PADDING)
    dilation: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about="distance between taps that are not moved")
    groups: Dim = field(COUNT, 1, about="groups of channels that are convolved apart")
    offset_groups: Dim = field(COUNT, 1, about="groups of channels that have offsets of their own")
    bias: bool = field(FLAG, True, about=BIAS)
    bits: Dim | None = field(COUNT, None, about=BITS)

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """As a convolution; and for each output position an offset a tap and axis, and a weight a tap."""
        yield from super().needs(inputs[0])
        channels, groups = inputs[0][0], self.offset_groups
        yield Need(
            "offset_groups",
            divides(groups, channels),
            f"{groups} groups do not divide the {channels} input channels",
            divisors(groups, channels),
            code="groups-in",
        )
        if len(inputs) not in (2, 3):
            yield Need(
                "",
                False,
                f"reads a map, its offsets and perhaps a mask, and is given {tensors(len(inputs))}",
                code="offsets",
            )
        taps, sizes = groups * product(self.kernel), self.output(*inputs)[1:]
        for place, (name, word, each) in enumerate((("offsets", "are", len(sizes)), ("mask", "is", 1)), start=1):
            if place < len(inputs):
                wanted, shape = (taps * each, *sizes), inputs[place]
                text = f"do not fit: {size_text(shape)} for the {name}, which {word} {size_text(wanted)}"
                yield Need(str(place), len(shape) == len(wanted), text, code="offsets")
                for size, own in zip(wanted, shape, strict=False):
                    yield Need(str(place), equals(size, own), text, code="offsets")

    def output(self, *inputs: Shape) -> Shape:
        """Filters, then the steps of the window on each axis of the map."""
        return super().output(inputs[0])

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight` (filters, channels of a group, *kernel) and `bias` (filters)."""
        return super().weights(inputs[0])

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """Each tap of each channel interpolated, multiplied by its mask, and the bias."""
        read = inputs[0][0] * product(self.kernel) * product(output[1:])
        mask = {"multiply": read} if len(inputs) > 2 else {}
        blend = {"blend": read * 2 * TAPS["bilinear"] ** (len(output) - 1)}
        return {**super().work(inputs, output), **blend, **mask}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """Of the map what the values say; the offsets and the mask of the same position."""
        return (Unfollowed(), *(same_place(len(output) - 1),) * (len(inputs) - 1))

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """The padding is the zeros before and after."""
        return super().resolved(inputs[0])

    def meaning(self, *inputs: Shape) -> tuple[str, Mapping[str, Any]]:
        """Where its taps lie is read: it is no plain convolution."""
        return self.kind, self.resolved(*inputs)
