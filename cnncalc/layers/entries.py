"""Entries of one axis turned round, moved round, repeated or chosen.

flip: length            the last first
roll: {axis: height, by: -3}        each three rows up, the first three come in at the bottom
tile: {axis: width, times: 4}        all of it four times, one after the other
take: {axis: channels, entries: [2, 1, 0]}        these, in this order
take: {sizes: [2, 3], steps: [10, 1], offset: 5}        as they lie on a grid: 5 6 7 15 16 17
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from ..dims import Dim, Shape
from .base import AXES, MEANT, NEW, NO_WORK, SOME, Need, Shapes, Weightless, axis_of, has_axis
from .fields import COUNT, FLAG, INTEGER, LARGEST, Choice, Whole, WholeList, field
from .grid import Grid, grid_of
from .join import is_one
from .windows import Axis, Moved, Nearest, Picked, Reach, same_place

MOST = 2**22
"""Entries of a grid, which are counted one by one."""


AXES_OF_A_GRID = 8


class Entries(Weightless):
    """What they share: entries are copied along one axis, and nothing is computed."""

    mixes = SOME
    family = "arrangement"
    storage = NEW
    elementwise = False
    doubled = MEANT

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The axis is there."""
        yield has_axis("axis", vars(self)["axis"], inputs[0])

    def output(self, *inputs: Shape) -> Shape:
        """The axis has as many entries as are kept."""
        axis = self._place(inputs[0])
        return (*inputs[0][:axis], self._count(inputs[0][axis]), *inputs[0][axis + 1 :])

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None: elements are copied."""
        return NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """Of channels the same position; along an axis of the map another one."""
        axis = self._place(inputs[0])
        same: list[Axis] = list(same_place(len(output) - 1) or ())
        if not axis:
            return (tuple(same),)
        same[axis - 1] = self._window(inputs[0][axis], output[axis])
        return (tuple(same) if isinstance(same[axis - 1], Nearest) else Moved(same),)

    def _place(self, shape: Shape) -> int:
        return axis_of(vars(self)["axis"], shape) or 0

    def _count(self, n: Dim) -> Dim:
        return n

    def _window(self, n: Dim, m: Dim) -> Axis:
        raise NotImplementedError


class Flip(Entries):
    """The entries of an axis in the opposite order."""

    kind = "flip"
    main = "axis"

    axis: str = field(Choice(*AXES), "length", about="the axis that is turned round")

    def _window(self, n: Dim, m: Dim) -> Axis:
        return Picked(n - 1, -1, n)


class Roll(Entries):
    """The entries of an axis moved on; those that leave it at one end come in at the other."""

    kind = "roll"

    by: Dim = field(INTEGER, about="how far, towards the end; a negative number moves them towards the start")
    axis: str = field(Choice(*AXES), "length", about="the axis that they are of")

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """How far towards the end, less than once round."""
        n = inputs[0][self._place(inputs[0])]
        return {"by": self.by - n * (self.by // n), "axis": self.axis}

    def _window(self, n: Dim, m: Dim) -> Axis:
        return Picked(-self.by, 1, n)


class Tile(Entries):
    """An axis several times, one after the other."""

    kind = "tile"

    times: Dim = field(COUNT, about="how often")
    axis: str = field(Choice(*AXES), "channels", about="the axis that is repeated")

    def _count(self, n: Dim) -> Dim:
        return n * self.times

    def _window(self, n: Dim, m: Dim) -> Axis:
        return Nearest(1, m) if is_one(n) else Picked(0, 1, n)


class Take(Entries):
    """Some entries of an axis, in any order and as often as they are named, in a list or as they lie on a grid."""

    kind = "take"
    main = "entries"

    entries: tuple[int, ...] | None = field(WholeList(0, "a list of entries"), None, about="which entries, from 0")
    sizes: tuple[int, ...] | None = field(
        WholeList(1, "a list of sizes"), None, about="in place of `entries`: the sizes of a grid, the last runs first"
    )
    steps: tuple[int, ...] | None = field(
        WholeList(-LARGEST, "a list of whole numbers"),
        None,
        about="of each axis of the grid, how far on the next is",
    )
    offset: int = field(Whole(0), 0, about="the first entry of the grid")
    apart: bool = field(
        FLAG, False, about="the first half of the axes is a place, the other another: counted is how far they are apart"
    )
    axis: str = field(Choice(*AXES), "channels", about="the axis that they are of")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Each entry is one of the axis."""
        yield from super().needs(*inputs)
        grid = self.sizes is not None
        yield Need(
            "", (self.entries is not None) + grid == 1, "needs either `entries` or `sizes`", code="entries-or-sizes"
        )
        if grid:
            yield from self._on_a_grid(self.sizes or ())
        yield Need("steps", grid or self.steps is None, "`steps` are those of a grid, and need `sizes`", code="steps")
        (first, last), n = (min(self.chosen), max(self.chosen)), inputs[0][self._place(inputs[0])]
        blamed = "sizes" if grid else "entries"
        yield Need(blamed, first >= 0, f"entry {first} is before the first of axis `{self.axis}`", code="entries")
        yield Need(blamed, n - last >= 1, f"entry {last} is past the {n} of axis `{self.axis}`", code="entries")

    def _on_a_grid(self, sizes: tuple[int, ...]) -> Iterator[Need]:
        steps = self.steps or ()
        yield Need("steps", len(sizes) == len(steps), f"are {len(steps)}, and `sizes` {len(sizes)}", code="steps")
        numbers = all(isinstance(n, int) for n in (*sizes, *steps))
        yield Need("sizes", numbers, "are numbers, and nothing that is not known yet", code="sizes")
        yield Need("sizes", len(sizes) <= AXES_OF_A_GRID, f"are more than {AXES_OF_A_GRID}", code="sizes")
        count = prod(sizes)
        yield Need("sizes", count <= MOST, f"make {count:,} entries, more than {MOST:,}", code="sizes")
        yield Need("apart", not self.apart or not len(sizes) % 2, "needs axes in two halves", code="apart")

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """The entries, however they are said."""
        return {"entries": self.chosen, "axis": self.axis}

    @property
    def chosen(self) -> tuple[int, ...]:
        """The entries, one after the other."""
        if self.entries is not None:
            return self.entries
        return Grid(self.sizes or (), self.steps or (), self.offset, self.apart).entries

    def _count(self, n: Dim) -> Dim:
        return len(self.chosen)

    def _window(self, n: Dim, m: Dim) -> Axis:
        return Picked(0, 0, n, self.chosen)


def taking(entries: Sequence[int]) -> Mapping[str, Any]:
    """The arguments of `take` for these entries: a grid where they lie on one."""
    grid = grid_of(entries)
    if grid is None:
        return {"entries": list(entries)}
    said = {"sizes": list(grid.sizes), "steps": list(grid.steps)}
    return said | {name: value for name, value in (("offset", grid.offset), ("apart", grid.apart)) if value}
