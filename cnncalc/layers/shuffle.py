"""Channels and positions dealt out anew.

channel_shuffle: 3      pixel_shuffle: 2      space_to_depth: 2
"""

from __future__ import annotations

from collections.abc import Iterator

from ..dims import Dim, Shape, divides, divisors, exact_div
from .arrange import Arrangement
from .base import AXIS_NAMES, NEW, Need, Shapes
from .fields import COUNT, field
from .windows import Nearest, Reach, Window, same_place


class ChannelShuffle(Arrangement):
    """Channels of `groups` groups dealt out in turn (ShuffleNet, Zhang et al. 2017)."""

    kind = "channel_shuffle"
    main = "groups"
    storage = NEW

    groups: Dim = field(COUNT, about="groups of channels")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Groups divide the channels."""
        channels = inputs[0][0]
        yield Need(
            "groups",
            divides(self.groups, channels),
            f"{self.groups} groups do not divide the {channels} channels",
            divisors(self.groups, channels),
            code="groups-in",
        )

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position."""
        return (same_place(len(output) - 1),)


class PixelShuffle(Arrangement):
    """Channels become positions: C * r^2 channels, h x w -> C channels, rh x rw (Shi et al. 2016)."""

    kind = "pixel_shuffle"
    main = "scale"
    storage = NEW

    scale: Dim = field(COUNT, about="factor on each axis")

    @classmethod
    def check(cls, axes: int) -> str:
        """Positions are made on a map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The channels can be dealt out."""
        channels, *sizes = inputs[0]
        area = self.scale ** len(sizes)
        yield Need(
            "scale",
            divides(area, channels),
            f"{area} positions do not divide the {channels} channels",
            code="positions-divide",
        )

    def output(self, *inputs: Shape) -> Shape:
        """Fewer channels, longer axes."""
        channels, *sizes = inputs[0]
        return (exact_div(channels, self.scale ** len(sizes)), *(n * self.scale for n in sizes))

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The position that the channels came from."""
        return (tuple(Nearest(1, self.scale) for _ in output[1:]),)


class SpaceToDepth(Arrangement):
    """Positions become channels: the opposite of `pixel_shuffle`; also called pixel unshuffle, reorg, focus."""

    kind = "space_to_depth"
    main = "scale"
    storage = NEW

    scale: Dim = field(COUNT, about="divisor of each axis")

    @classmethod
    def check(cls, axes: int) -> str:
        """Positions are taken from a map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The axes divide."""
        for name, n in zip(AXIS_NAMES[len(inputs[0]) - 1], inputs[0][1:], strict=True):
            yield Need(
                "scale", divides(self.scale, n), f"{self.scale} does not divide the {name} {n}", code="blocks-divide"
            )

    def output(self, *inputs: Shape) -> Shape:
        """More channels, shorter axes."""
        channels, *sizes = inputs[0]
        return (channels * self.scale ** len(sizes), *(exact_div(n, self.scale) for n in sizes))

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """A block of positions."""
        return (tuple(Window(self.scale, self.scale) for _ in output[1:]),)
