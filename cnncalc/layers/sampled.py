"""A map read at places that another tensor says.

    grid_sample: {branches: [x, grid]}                   at each place of a grid, from -1 to 1 on each axis
    roi_align: {size: 7, scale: 0.0625, branches: [x, boxes]}    each box as a map of 7x7

A grid has a channel an axis, the last axis of the map first, as PyTorch and ONNX have it: x, y (and z). Boxes have the
channels x1, y1, x2, y2 in pixels of the image, one box a position; what comes out has an axis of the boxes before the
height and the width, so that a convolution of one box is a convolution with a kernel of 1 along it. Which positions of
the map are read hangs on values, so what an output sees of it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..dims import Dim, Shape, at_least, equals, product
from .base import MEANT, NEW, NO_WORK, OWN, Need, Shapes, Weightless, size_text, tensors
from .fields import COUNT_PER_AXIS, FLAG, NATURAL, Choice, Real, field
from .resize import TAPS
from .windows import Reach, Unfollowed, same_place


class Sampled(Weightless):
    """What both share."""

    mixes = OWN
    family = "resize"
    storage = NEW
    elementwise = False
    doubled = MEANT
    beside: ClassVar[str]
    """What the second tensor is."""

    @classmethod
    def check(cls, axes: int) -> str:
        """There must be a map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Two tensors."""
        if len(inputs) != 2:
            text = f"reads a map and its {self.beside}, and is given {tensors(len(inputs))}"
            yield Need("", False, text, code=self.beside)


class GridSample(Sampled):
    """A map interpolated at the places of a grid (Jaderberg et al. 2015)."""

    kind = "grid_sample"
    joins = True
    beside = "grid"

    mode: str = field(Choice(*TAPS), "bilinear", about="nearest, bilinear (linear on each axis) or bicubic")
    beyond: str = field(
        Choice("zeros", "border", "reflection"), "zeros", about="what is read beyond the map: zeros, its edge, a mirror"
    )
    align_corners: bool = field(FLAG, False, about="whether -1 and 1 are the centres of the outer positions, or edges")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """A grid of as many axes as the map has, and as many channels."""
        yield from super().needs(*inputs)
        for grid in inputs[1:2]:
            axes = len(inputs[0]) - 1
            wanted = f"a grid for {size_text(inputs[0])} has {axes} channels and as many axes"
            text = f"do not fit: {wanted}, not {size_text(grid)}"
            yield Need("1", len(grid) == axes + 1, text, code="grid")
            yield Need("1", equals(grid[0], axes), text, code="grid")

    def output(self, *inputs: Shape) -> Shape:
        """The channels of the map, then the sizes of the grid."""
        return (inputs[0][0], *inputs[-1][1:])

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """A multiplication and an addition for each weighed input; none for a copy."""
        if self.mode == "nearest":
            return NO_WORK
        return {"blend": product(output) * 2 * TAPS[self.mode] ** (len(output) - 1)}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """Of the map what the values say; the same position of the grid."""
        return (Unfollowed(), same_place(len(output) - 1))


class RoiAlign(Sampled):
    """Each box of a map as a small map: the mean of interpolated samples in each of its parts (He et al. 2017)."""

    kind = "roi_align"
    main = "size"
    extra: ClassVar[int] = 1
    beside = "boxes"

    size: tuple[Dim, ...] = field(COUNT_PER_AXIS, about="parts on each axis")
    scale: float = field(Real(0), 1.0, about="positions of the map for each pixel that boxes are told in")
    samples: Dim = field(NATURAL, 0, about="samples along each axis of a part; 0 for as many as it has positions")
    aligned: bool = field(
        FLAG, False, about="whether pixels have their centre at a half: Detectron2, and not Detectron"
    )

    @classmethod
    def check(cls, axes: int) -> str:
        """Boxes have a height and a width."""
        return "" if axes == 2 else "needs a map with a height and a width"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Four numbers a box."""
        yield from super().needs(*inputs)
        for boxes in inputs[1:2]:
            text = (
                f"do not fit: boxes have the channels x1, y1, x2 and y2, and a length of them, not {size_text(boxes)}"
            )
            yield Need("1", len(boxes) == 2, text, code="boxes")
            yield Need("1", equals(boxes[0], 4), text, code="boxes")

    def output(self, *inputs: Shape) -> Shape:
        """The channels, the boxes, then the parts."""
        return (inputs[0][0], inputs[-1][-1], *self.size)

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """Each sample interpolated and added up; one a part where the boxes say how many."""
        each = at_least(self.samples, 1) * at_least(self.samples, 1)
        return {"blend": product(output) * each * 2 * TAPS["bilinear"] ** 2, "pool": product(output) * each}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """Of the map what the values say; of the boxes the one that it is of, on each of its parts."""
        return (Unfollowed(), Unfollowed())
