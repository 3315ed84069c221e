"""What the name of a tensor in an ONNX file stands for: a tensor of the network, a learned tensor, or known numbers."""

from __future__ import annotations

from ...dims import Dim
from ...namedtuples import NamedTuple
from .constants import Constant
from .records import Tensor

BATCH = -1
"""The axis of the image in the batch, which no tensor of a network has."""


class Held(NamedTuple):
    """A tensor of the network, as the file sees it.

    A transpose permutes `dims` and `axes` and makes no node; an operator that needs the standard order asks for it.
    """

    tensor: str
    dims: tuple[Dim, ...]
    """Its sizes in the file's order, for one image: the batch is 1."""

    axes: tuple[int, ...]
    """For each of them the axis of the tensor, or BATCH."""

    merged: tuple[int, int] | None = None
    """Where the images lie that a file has several of, if not in an axis of their own: see `images`."""

    @property
    def images(self) -> tuple[int, int] | None:
        """The axis in which images follow each other, and how many of its entries belong to a step; None for none."""
        return (self.axes.index(BATCH), 1) if self.merged is None and self.batched else self.merged

    def whole(self, images: int) -> tuple[Dim, ...]:
        """Its sizes for as many images as the file is written for."""
        axis = self.images[0] if self.images and images > 1 else -1
        return tuple(size * images if place == axis else size for place, size in enumerate(self.dims))

    @property
    def batched(self) -> bool:
        """Whether one of its axes is that of the images."""
        return BATCH in self.axes

    @property
    def plain(self) -> bool:
        """Whether the axes stand in the order of the tensor, the batch first."""
        return self.axes == plain_axes(len(self.axes), self.batched)

    @property
    def batch_first(self) -> Held:
        """The same elements in the same order, the axis of the image in front: it has size 1."""
        if not self.batched:
            return self
        order = sorted(range(len(self.axes)), key=lambda axis: self.axes[axis] != BATCH)
        return self.transposed(tuple(order))

    def dropped(self, axis: int) -> Held:
        """The same tensor without an axis of size 1 that it has in the file alone."""
        merged = self.merged and (self.merged[0] - (axis < self.merged[0]), self.merged[1])
        dims, axes = ((*each[:axis], *each[axis + 1 :]) for each in (self.dims, self.axes))
        return Held(self.tensor, dims, axes, None if self.merged and self.merged[0] == axis else merged)

    def transposed(self, order: tuple[int, ...]) -> Held:
        """The same tensor with its axes in another order."""
        merged = self.merged and (order.index(self.merged[0]), self.merged[1])
        return Held(self.tensor, tuple(self.dims[i] for i in order), tuple(self.axes[i] for i in order), merged)


class Weight(NamedTuple):
    """A learned or stored tensor."""

    name: str
    """Its identity: two that are read under one name are one tensor."""

    dims: tuple[Dim, ...]
    record: Tensor | None
    """Where its numbers are; None where operators make it of others."""

    tensor: str = ""
    """What the operator that reads it calls it."""

    transposed: bool = False
    """Whether a layer has its two axes in the other order."""

    factor: float = 1.0
    """What a layer has it multiplied by."""

    fixed: bool = False
    """Whether it is worked out of sizes and positions, and not learned."""

    written: bool = False
    """Whether it stands in the code, where others are stored: what is worked out of it is not learned."""

    scale: bool = False
    """Whether it is a scale or a zero point of quantised numbers, which takes no part in a network."""

    order: tuple[int, ...] = ()
    """For each axis of the layer's tensor the one of the file, where they stand in another order."""

    made_of: tuple[str, ...] = ()
    """The names of the stored tensors that operators make it of; nothing where it is one itself."""

    learned: bool = False
    """Whether the source itself says that it is learned; a file of ONNX does not, and one number is none there."""


Value = Held | Weight | Constant


def plain_axes(rank: int, batched: bool) -> tuple[int, ...]:
    """The axes of a tensor as the network has them."""
    return (BATCH, *range(rank - 1)) if batched else tuple(range(rank))
