"""What the units along one axis see: an interval of input positions each, that repeats and moves on.

Behind convolutions and pools it is the same everywhere:

    size   = size + (k - 1) * d * jump        jump = jump * s        first = first - before * jump

After an upsampling neighbouring units see different intervals, and the picture repeats only after a `period` of
them. A long period is kept as runs of units that see the same, so that a stride of a thousand million costs what
one of two does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice, pairwise
from math import gcd, lcm

from ..dims import at_least, at_most, ceil_div
from ..layers.windows import SAME_PLACE, Axis, Border, Nearest, Window
from ..namedtuples import NamedTuple

LONGEST_PERIOD = 4096
"""Units of a period that are kept one by one, and runs of a longer one."""

MOST_APART = 1 << 16
"""Units that are kept one by one where they fall into too many runs."""


class TooManyError(Exception):
    """More different intervals than are kept."""


class Interval(NamedTuple):
    """Input positions from `first` to `last`, both seen."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many positions."""
        return self.last - self.first + 1

    def clipped(self, n: int) -> Interval | None:
        """The part on an axis of n positions, or None."""
        first, last = max(self.first, 0), min(self.last, n - 1)
        return Interval(first, last) if first <= last else None


class Field(NamedTuple):
    """What the units along one axis see: unit j what `intervals` say of phase j % period, moved by `jump` a period."""

    intervals: tuple[Interval | None, ...]
    """One a phase, or where there are `starts`, one a run of phases."""

    jump: int
    starts: tuple[int, ...] = ()
    """The phase that each run begins at."""

    length: int = 0
    """The period, where there are runs."""

    @property
    def period(self) -> int:
        """Units until the picture repeats."""
        return self.length or len(self.intervals)

    @property
    def stride(self) -> Fraction:
        """Inputs from one unit to the next; on the average, where it differs."""
        return Fraction(self.jump, self.period)

    def at(self, j: int) -> Interval | None:
        """What unit j sees, positions outside the image included; None for a unit that sees nothing."""
        turn, phase = divmod(j, self.period)
        seen = self.intervals[bisect_right(self.starts, phase) - 1 if self.starts else phase]
        return seen and Interval(seen.first + turn * self.jump, seen.last + turn * self.jump)

    def runs(self) -> Iterator[tuple[int, int, Interval | None]]:
        """(first phase, number of phases, what each of them sees) over a period."""
        starts = self.starts or range(self.period)
        for place, (start, seen) in enumerate(zip(starts, self.intervals, strict=True)):
            yield start, (starts[place + 1] if place + 1 < len(starts) else self.period) - start, seen

    def sizes(self, units: int | None = None) -> Counter[int]:
        """How many of the first `units` units (of one period, if not given) see how many positions."""
        turns, rest = divmod(self.period if units is None else units, self.period)
        found: Counter[int] = Counter()
        for start, count, seen in self.runs():
            found[seen.size if seen else 0] += turns * count + min(max(rest - start, 0), count)
        return +found

    def size(self, units: int | None = None) -> tuple[int, int]:
        """The smallest and the largest size."""
        if self.period == 1:
            only = self.intervals[0]
            return (only.size, only.size) if only else (0, 0)
        sizes = self.sizes(min(units, self.period) if units is not None else None)
        return min(sizes), max(sizes)

    @property
    def centre(self) -> Fraction:
        """The middle of what a unit sees less j * stride, on the average over a period."""
        total, units = Fraction(0), 0
        for start, count, seen in self.runs():
            if seen:
                middle = start + Fraction(count - 1, 2)
                total += count * (Fraction(seen.first + seen.last, 2) - middle * self.stride)
                units += count
        return total / max(units, 1)

    @property
    def padding(self) -> int:
        """Positions before the image that the first unit sees; negative where it starts inside."""
        first = next((seen for seen in self.intervals if seen), Interval(0, 0))
        return -first.first

    def through(self, window: Axis, units: int) -> Field:
        """The field behind a window with so many outputs. Raises TooManyError."""
        if window is SAME_PLACE:
            return self
        if type(window) is Window and self.period == 1 and self.intervals[0] is not None:
            kernel, stride, before, dilation = window
            first, last = self.intervals[0]
            start = first - before * self.jump
            return Field(
                (Interval(start, start + last - first + (kernel - 1) * dilation * self.jump),),
                self.jump * stride,
            )
        turns = self.period // gcd(self.period, window.shift)
        period, jump = window.period * turns, self.jump * window.shift * turns // self.period
        steady = self._steady()
        if period > LONGEST_PERIOD:
            starts = _first(self._starts(window, turns, steady))
            if starts and not units < period <= MOST_APART:
                return _of_runs([self._hull(window.taps(j), steady) for j in starts], jump, starts, period)
            if units < period:
                jump, period = max(1, round(Fraction(jump * units, period))), units
            if period > MOST_APART:
                raise TooManyError
        return Field(tuple(self._hull(window.taps(j), steady) for j in range(period)), jump)

    def _starts(self, window: Axis, turns: int, steady: bool) -> Iterator[int]:
        """The phases behind a window where another interval may begin."""
        if isinstance(window, Nearest) and self.starts:
            for lap in range(window.shift * turns // self.period):
                yield from (ceil_div((start + lap * self.period) * window.m, window.n) for start in self.starts)
            return
        if not isinstance(window, Window | Border):
            for turn in range(turns):
                yield from (turn * window.period + j for j in window.changes())
            return
        kernel, stride, before, dilation = window if isinstance(window, Window) else (1, 1, window.before, 1)
        for lap in range(turns * stride // self.period):
            for start in self.starts or range(self.period):
                for t in {0, kernel - 1} if steady else range(kernel):
                    yield -(-(start + lap * self.period + before - t * dilation) // stride) % turns

    def _steady(self) -> bool:
        """Whether every unit sees something, and none begins or ends before the one before it."""
        if None in self.intervals:
            return False
        first = self.intervals[0]
        ends = [*self.intervals, first and Interval(first.first + self.jump, first.last + self.jump)]
        return all(a and b and a.first <= b.first and a.last <= b.last for a, b in pairwise(ends))

    def _hull(self, taps: range, steady: bool) -> Interval | None:
        most = self.period // gcd(self.period, taps.step)
        if steady and taps:
            places = [taps[0], taps[-1]]
        elif min(len(taps), most) > MOST_APART:
            raise TooManyError
        else:
            places = [*taps] if len(taps) <= 2 * most else [*taps[:most], *taps[-most:]]
        found = [seen for i in places if (seen := self.at(i)) is not None]
        return Interval(min(i.first for i in found), max(i.last for i in found)) if found else None

    def union(self, other: Field, units: int) -> Field:
        """What either sees. Fields that move at different speeds are united unit by unit. Raises TooManyError."""
        if self.period == other.period == 1 and self.jump == other.jump:
            return Field((_either(self.intervals[0], other.intervals[0]),), self.jump)
        period = lcm(self.period, other.period) if self.stride == other.stride else units
        jump = int(max(self.stride, other.stride) * period)
        if period > LONGEST_PERIOD and self.stride == other.stride:
            laps = ((field, turn) for field in (self, other) for turn in range(period // field.period))
            found = (s + turn * field.period for field, turn in laps for s in field.starts or range(field.period))
            if starts := _first(found):
                return _of_runs([_either(self.at(j), other.at(j)) for j in starts], jump, starts, period)
        if period > MOST_APART:
            raise TooManyError
        return Field(tuple(_either(self.at(j), other.at(j)) for j in range(period)), max(1, jump))


ITSELF = Field((Interval(0, 0),), 1)
"""An input position sees itself."""


def _first(phases: Iterable[int]) -> list[int]:
    """Phases in order and 0, or none where there are too many."""
    found = [0, *islice(phases, LONGEST_PERIOD + 1)]
    return sorted(set(found)) if len(found) <= LONGEST_PERIOD + 1 else []


def _of_runs(intervals: list[Interval | None], jump: int, starts: list[int], period: int) -> Field:
    """A field of runs, neighbours that are alike put together."""
    kept = [k for k, seen in enumerate(intervals) if k == 0 or seen != intervals[k - 1]]
    return Field(tuple(intervals[k] for k in kept), jump, tuple(starts[k] for k in kept), period)


def _either(a: Interval | None, b: Interval | None) -> Interval | None:
    return Interval(at_most(a.first, b.first), at_least(a.last, b.last)) if a and b else a or b
