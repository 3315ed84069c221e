"""An operator of another format that no kind stands for: what it makes is known by its shape alone.

unknown: {operator: GridSample, shape: [64, 56, 56]}

Its work, its learned numbers and what it sees of its inputs are not known, and what is not known is counted nowhere:
totals that it is part of are lower bounds, and are shown as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..dims import Dim, Shape
from .base import MEANT, NEW, NO_WORK, SOME, Need, Shapes, Weightless
from .fields import Text, WholeList, field
from .windows import Reach, Unfollowed


class Unknown(Weightless):
    """An operator that is not known, with the shape of what it makes."""

    kind = "unknown"
    joins = True
    counted = False
    storage = NEW
    family = "unknown"
    elementwise = False
    mixes = SOME
    doubled = MEANT

    operator: str = field(Text(), about="what the other format calls it")
    shape: tuple[Dim, ...] = field(
        WholeList(1, "a list of sizes, channels first"), about="the sizes of what it makes, channels first"
    )

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """As many axes as a tensor may have."""
        yield Need("shape", len(self.shape) <= 6, "has more than six axes", code="axes-most")

    def output(self, *inputs: Shape) -> Shape:
        """As it is given."""
        return self.shape

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """Not known, and so not counted."""
        return NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """Not known."""
        return (Unfollowed(),) * len(inputs)
