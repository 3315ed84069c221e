"""Sums along an axis so far.

cumsum: length      each step is the sum of itself and of all before it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..dims import Dim, Shape, product
from .base import ALL, AXES, MEANT, NEW, OWN, Need, Shapes, Weightless, axis_of, has_axis
from .fields import Choice, field
from .windows import Axis, Reach, Window, same_place


class CumSum(Weightless):
    """Each entry of an axis becomes the sum of itself and of all entries before it."""

    kind = "cumsum"
    main = "axis"
    family = "pool"
    storage = NEW
    elementwise = False
    doubled = MEANT

    axis: str = field(Choice(*AXES), "length", about="the axis that is summed along")

    @property
    def mixes(self) -> str:  # type: ignore[override]  # a fact of the arguments here
        """All, where it goes along them."""
        return ALL if self.axis == "channels" else OWN

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The axis is there."""
        yield has_axis("axis", self.axis, inputs[0])

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """An addition an entry, but for the first."""
        axis = axis_of(self.axis, output) or 0
        others = product((*output[:axis], *output[axis + 1 :]))
        return {"add": (output[axis] - 1) * others}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """All so far along the axis, the same position along the others."""
        seen: list[Axis] = list(same_place(len(output) - 1) or ())
        if axis := axis_of(self.axis, output) or 0:
            seen[axis - 1] = Window(output[axis], 1, output[axis] - 1)
        return (tuple(seen),)
