"""Entries of one axis turned round, moved round, repeated or chosen.

flip: length            the last first
roll: {axis: height, by: -3}        each three rows up, the first three come in at the bottom
tile: {axis: width, times: 4}        all of it four times, one after the other
take: {axis: channels, entries: [2, 1, 0]}        these, in this order
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..dims import Dim, Shape
from .base import AXES, MEANT, NEW, NO_WORK, SOME, Need, Shapes, Weightless, axis_of, has_axis
from .fields import COUNT, INTEGER, Choice, WholeList, field
from .join import is_one
from .windows import Axis, Moved, Nearest, Picked, Reach, same_place


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
    """Some entries of an axis, in any order and as often as they are named."""

    kind = "take"
    main = "entries"

    entries: tuple[int, ...] = field(WholeList(0, "a list of entries"), about="which entries, counted from 0")
    axis: str = field(Choice(*AXES), "channels", about="the axis that they are of")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Each entry is one of the axis."""
        yield from super().needs(*inputs)
        last, n = max(self.entries), inputs[0][self._place(inputs[0])]
        yield Need("entries", n - last >= 1, f"entry {last} is past the {n} of axis `{self.axis}`", code="entries")

    def _count(self, n: Dim) -> Dim:
        return len(self.entries)

    def _window(self, n: Dim, m: Dim) -> Axis:
        return Picked(0, 0, n, self.entries)
