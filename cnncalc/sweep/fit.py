"""The largest setting that holds every limit.

Every step is worked out and none is skipped: rounding of channels makes a staircase that may also go
down, so the answer of a bisection can be wrong. With several variables the answer is a front: the
settings of which none can be made larger in one variable without giving up another or a limit."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..errors import CnncalcError
from .columns import known
from .engine import all_rows
from .grid import Grid, Variable, text_of, variable
from .plan import Plan, plan
from .ranges import range_of, steps_of
from .rows import Rows
from .select import figure, figures_of

DOUBLINGS = 12
MOST_POINTS = 20_000_000


class Unmet(CnncalcError):
    """No setting holds the limits."""


class Limit(NamedTuple):
    """A figure that is to be at most, or at least, so much."""

    name: str
    most: bool
    value: Fraction

    def __str__(self) -> str:
        return f"{self.name} {'<=' if self.most else '>='} {_number(self.value)}"

    def holds(self, figures: Any) -> Any:
        """For each figure, whether it is within the limit."""
        return figures <= self.value if self.most else figures >= self.value

    def excess(self, figures: Any) -> Any:
        """How far each figure is past the limit, as a share of it; negative within."""
        past = figures - float(self.value) if self.most else float(self.value) - figures
        return past / max(abs(float(self.value)), 1)


@dataclass(frozen=True)
class Step:
    """One setting and its figures."""

    setting: Mapping[str, Any]
    figures: Mapping[str, int]
    broken: tuple[Limit, ...] = ()
    """The limits that it breaks."""

    binding: tuple[Limit, ...] = ()
    """The limits that the next larger setting of some variable breaks."""


@dataclass(frozen=True)
class Fit:
    """The largest settings, and what stops them."""

    plan: Plan
    limits: tuple[Limit, ...]
    best: tuple[Step, ...]
    next: Step | None
    """The next larger step; None with several variables, and where the range ends before a limit does."""


def limit(text: str, most: bool) -> Limit:
    """`macs=100M` as a limit. Raises CnncalcError."""
    name, equals, value = text.partition("=")
    option = "--max" if most else "--min"
    if not equals:
        raise CnncalcError(f"`{option} {text}` is not of the form name=number", f"for instance {option} macs=100M")
    (name,) = known([name.strip()], "figure")
    return Limit(name, most, figure(value))


def fit(
    spec: str,
    vary: Sequence[str],
    limits: Sequence[Limit],
    steps: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    shape: Any = None,
    columns: Sequence[str] = ("params", "macs"),
    size: int = 4,
) -> Fit:
    """The largest setting of `vary` (`width`, `width=0.25:1:0.25`). Raises Unmet, CnncalcError."""
    if not any(one.most for one in limits):
        raise CnncalcError("nothing limits how large it may be", "for instance --max macs=100M")
    if not vary:
        raise CnncalcError("nothing to vary", "for instance --vary width")
    order = [text.partition("=")[0].strip() for text in vary]
    twice = next((name for name in order if order.count(name) > 1), None)
    if twice is not None:
        raise CnncalcError(f"`{twice}` is varied twice", f"once: --vary {twice}")
    names = list(dict.fromkeys([*(one.name for one in limits), *columns]))
    given, fixed = [text for text in vary if "=" in text], settings or {}
    ranges = {one.name: one for one in map(variable, given)}
    free = [text for text in vary if "=" not in text]
    probe = plan(spec, Grid(tuple(Variable(name, [1]) for name in [*free, *ranges])), names, size, fixed, shape)
    step_of = steps_of(steps, free)
    for name in free:
        ranges[name] = range_of(probe, name, step_of.get(name, step_of.get("")), 2)
    for one in ranges.values():
        if not one.numeric:
            raise CnncalcError(f"`{one.name}` is no number, so none of its values is the largest")
    for doubling in range(DOUBLINGS):
        grid = Grid(tuple(_ascending(ranges[name]) for name in order))
        if grid.count > MOST_POINTS:
            raise CnncalcError(f"{grid.count:,} settings are too many", "a larger --step, or --vary name=from:to:step")
        made = plan(spec, grid, names, size, fixed, shape)
        rows = all_rows(made)
        result = _fitted(made, rows, tuple(limits))
        at_end = len(order) == 1 and order[0] in free and result.next is None
        if not at_end or doubling == DOUBLINGS - 1:
            break
        name = order[0]
        ranges[name] = range_of(probe, name, step_of.get(name, step_of.get("")), 4 * 2**doubling)
    return result


def _ascending(one: Variable) -> Variable:
    return Variable(one.name, sorted(one.values))


def _fitted(made: Plan, rows: Rows, limits: tuple[Limit, ...]) -> Fit:
    grid = made.grid
    if not rows.count:
        sys.stderr.write(next(iter(rows.reasons), "") + "\n")
        raise CnncalcError(f"none of the {grid.count:,} settings is a network: the first because of the error above")
    held = np.ones(rows.count, dtype=bool)
    for one in limits:
        held &= _within(rows, one)
    if not held.any():
        raise _unmet(rows, grid, limits)
    if len(grid.variables) == 1:
        best = int(np.flatnonzero(held)[-1])
        after = _step(rows, grid, best + 1, limits) if best + 1 < rows.count else None
        return Fit(made, limits, (_step(rows, grid, best, limits, after.broken if after else ()),), after)
    return Fit(made, limits, tuple(_front(rows, grid, held, limits)), None)


def _within(rows: Rows, one: Limit) -> Any:
    values, _ = rows.columns[one.name], 1
    bound = (
        one.value.numerator // one.value.denominator if one.most else -(-one.value.numerator // one.value.denominator)
    )
    return values <= bound if one.most else values >= bound


def _front(rows: Rows, grid: Grid, held: Any, limits: tuple[Limit, ...]) -> list[Step]:
    from .select import Goal, front

    places = np.arange(rows.count)
    marked = Rows(rows.values, {**rows.columns, "": places}).chosen(held)
    largest = front(marked, [Goal(one.name, True) for one in grid.variables], grid)
    point_of = {point: place for place, point in enumerate(_points(rows, grid))}
    steps = []
    for place in largest.columns[""].tolist()[::-1]:
        digits = [int(rows.values[one.name][place]) for one in grid.variables]
        binding: list[Limit] = []
        for turn, one in enumerate(grid.variables):
            larger = [digit + (where == turn) for where, digit in enumerate(digits)]
            after = point_of.get(_point(larger, grid)) if larger[turn] < len(one.values) else None
            if after is not None:
                binding += [b for b in limits if not bool(_within(rows, b)[after]) and b not in binding]
        steps.append(_step(rows, grid, place, limits, tuple(binding)))
    return steps


def _points(rows: Rows, grid: Grid) -> list[int]:
    total: Any = 0
    for one, stride in zip(grid.variables, grid.strides, strict=True):
        total = total + rows.values[one.name] * stride
    points: list[int] = total.tolist()
    return points


def _point(digits: Sequence[int], grid: Grid) -> int:
    return sum(digit * stride for digit, stride in zip(digits, grid.strides, strict=True))


def _step(rows: Rows, grid: Grid, place: int, limits: Sequence[Limit], binding: tuple[Limit, ...] = ()) -> Step:
    setting = {one.name: one.values[int(rows.values[one.name][place])] for one in grid.variables}
    figures = {name: values[place].item() for name, values in rows.columns.items() if name}
    return Step(setting, figures, tuple(one for one in limits if not one.holds(figures[one.name])), binding)


def _unmet(rows: Rows, grid: Grid, limits: Sequence[Limit]) -> Unmet:
    over = ", ".join(f"{one.name} from {text_of(one.values[0])} to {text_of(one.values[-1])}" for one in grid.variables)
    impossible = [one for one in limits if not _within(rows, one).any()]
    if impossible:
        one = impossible[0]
        values, _ = figures_of(rows, one.name, grid)
        place = int(np.argmin(values) if one.most else np.argmax(values))
        return Unmet(
            f"no setting holds {one} ({over})",
            f"the closest is {_setting(rows, grid, place)} with {one.name} {values[place].item():,}",
        )
    worst = np.max([one.excess(rows.columns[one.name]) for one in limits], axis=0)
    place = int(np.argmin(worst))
    broken = _step(rows, grid, place, limits).broken
    shown = ", ".join(f"{one.name} {rows.columns[one.name][place].item():,} (limit {one})" for one in broken)
    return Unmet(
        f"each limit can be held, and no setting holds all ({over})",
        f"the closest is {_setting(rows, grid, place)} with {shown}",
    )


def _setting(rows: Rows, grid: Grid, place: int) -> str:
    return ", ".join(f"{name}={text_of(value)}" for name, value in _step(rows, grid, place, ()).setting.items())


def _number(value: Fraction) -> str:
    return f"{int(value):,}" if value.denominator == 1 else text_of(value)
