"""The largest setting that holds every limit.

Every step is worked out and none is skipped: rounding of channels makes a staircase that may also go
down, so the answer of a bisection can be wrong. With several variables the answer is a front: the
settings of which none can be made larger in one variable without giving up another or a limit. A range
that is not given goes on until a limit ends it; where it ends first, that is said."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..analyses.terms import Machines
from ..analyses.values import ends, text
from ..budget.limits import MAX, Limit
from ..budget.reading import option
from ..errors import CnncalcError
from ..formats.reading import USUAL, Reading
from ..render.numbers import whole as digits
from ..spelling import spelled
from .columns import column, highs, known, lows
from .engine import all_rows
from .grid import Grid, Variable, variable
from .plan import Plan, plan
from .ranges import range_of, steps_of
from .rows import Rows, nothing
from .select import Goal, Unmet, front

DOUBLINGS = 12
MOST_POINTS = 20_000_000
MOST_EXTENDED = 1_000_000
"""A range that is not given is not made longer beyond so many settings of several variables."""


@dataclass(frozen=True)
class Step:
    """One setting and its figures."""

    setting: Mapping[str, Any]
    figures: Mapping[str, Any]
    broken: tuple[Limit, ...] = ()
    """The limits that it breaks."""

    binding: tuple[Limit, ...] = ()
    """The limits that the next larger setting of some variable breaks."""

    ended: tuple[str, ...] = ()
    """The variables whose range ends here, before a limit does."""


@dataclass(frozen=True)
class Fit:
    """The largest settings, and what stops them."""

    plan: Plan
    limits: tuple[Limit, ...]
    best: tuple[Step, ...]
    next: Step | None
    """The next larger step; None with several variables, and where the range ends before a limit does."""

    least: Mapping[str, str] = field(default_factory=dict)
    """Figures that are lower bounds, none of which is limited, and what is not known."""

    invalid: int = 0
    """Settings of the ranges that are no network."""

    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why they are none -> how many."""

    @property
    def ended(self) -> dict[str, Any]:
        """The variables whose range ends before a limit does -> the last value that was tried."""
        names = {name for step in self.best for name in step.ended}
        return {one.name: one.values[-1] for one in self.plan.grid.variables if one.name in names}


def limit(text: str, most: bool, machines: Machines | None = None) -> Limit:
    """`macs=100M` as a limit, in the words of `check`. Raises SpecError, CnncalcError."""
    (one,) = option("max" if most else "min", text, machines)
    column(one.subject.text, "figure")
    return one


def past(one: Limit, value: Any) -> Any:
    """How far a figure is past the limit, exact; negative within."""
    low, high = ends(value)
    return high - one.bound if one.kind == MAX else one.bound - low


def fit(
    spec: str,
    vary: Sequence[str],
    limits: Sequence[Limit],
    steps: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    shape: Any = None,
    columns: Sequence[str] = ("params", "macs"),
    dtype: str = "fp32",
    training: bool = False,
    how: Reading = USUAL,
) -> Fit:
    """The largest setting of `vary` (`width`, `width=0.25:1:0.25`). Raises Unmet, CnncalcError."""
    if not any(one.kind == MAX for one in limits):
        raise CnncalcError("nothing limits how large it may be", "for instance --max macs=100M")
    if not vary:
        raise CnncalcError("nothing to vary", "for instance --vary width")
    order = [text.partition("=")[0].strip() for text in vary]
    twice = next((name for name in order if order.count(name) > 1), None)
    if twice is not None:
        raise CnncalcError(f"`{twice}` is varied twice", f"once: --vary {twice}")
    names = known([*(one.subject.text for one in limits), *columns])
    given, fixed = [text for text in vary if "=" in text], settings or {}
    ranges = {one.name: one for one in map(variable, given)}
    free = [text.strip() for text in vary if "=" not in text]

    def planned(points: Grid) -> Plan:
        return plan(spec, points, names, dtype, fixed, shape, training, how)

    probe = planned(Grid(tuple(Variable(name, [1]) for name in [*free, *ranges])))
    step_of = steps_of(steps, free)
    times = dict.fromkeys(free, 2)

    def grid() -> Grid:
        for name in free:
            ranges[name] = range_of(probe, name, step_of.get(name, step_of.get("")), times[name])
        return Grid(tuple(_ascending(ranges[name]) for name in order))

    tried = grid()
    if tried.count > MOST_POINTS:
        raise CnncalcError(
            f"{digits(tried.count)} settings are too many", "a larger --step, or --vary name=from:to:step"
        )
    for one in ranges.values():
        if not one.numeric:
            raise CnncalcError(f"`{one.name}` is no number, so none of its values is the largest")
    while True:
        made = planned(tried)
        rows = all_rows(made)
        for held in limits:
            rows.known(held.subject.text)
        longer = [name for name in free if times[name] < 2 ** (DOUBLINGS + 1) and _open(rows, tried, name, limits)]
        for name in longer:
            times[name] *= 2
        further = grid()
        if not longer or further.count > (MOST_EXTENDED if len(order) > 1 else MOST_POINTS):
            return _fitted(made, rows, tuple(limits))
        tried = further


def _ascending(one: Variable) -> Variable:
    return Variable(one.name, sorted(one.values))


def _open(rows: Rows, grid: Grid, name: str, limits: Sequence[Limit]) -> bool:
    """Whether a variable may grow somewhere without that a limit is seen to end it."""
    if not rows.count:
        return False
    held = np.ones(rows.count, dtype=bool)
    for one in limits:
        if one.kind == MAX:
            held &= _within(rows, one)
    return bool(held[_ends(rows, grid, name)].any())


def _lines(rows: Rows, grid: Grid, name: str) -> tuple[Any, Any]:
    """The rows, sorted by the settings of the other variables and then by this one; and those settings as a number."""
    others: Any = np.zeros(rows.count, dtype=np.int64)
    for one, stride in zip(grid.variables, grid.strides, strict=True):
        others = others + (rows.values[one.name] * stride if one.name != name else 0)
    order = np.lexsort((rows.values[name], others))
    return order, others[order]


def _ends(rows: Rows, grid: Grid, name: str) -> Any:
    """The rows beyond which a variable has no larger setting that is a network, the others as they are."""
    order, lines = _lines(rows, grid, name)
    return order[np.append(lines[1:] != lines[:-1], True)]


def _after(rows: Rows, grid: Grid, name: str) -> Any:
    """For each row the one of the next larger setting of a variable, the others as they are; -1 for none."""
    order, lines = _lines(rows, grid, name)
    after = np.full(rows.count, -1, dtype=np.int64)
    same = lines[1:] == lines[:-1]
    after[order[:-1][same]] = order[1:][same]
    return after


def _fitted(made: Plan, rows: Rows, limits: tuple[Limit, ...]) -> Fit:
    grid = made.grid
    if not rows.count:
        sys.stderr.write(next(iter(rows.reasons), "") + "\n")
        raise nothing(grid.count, "settings", rows.reasons)
    held = np.ones(rows.count, dtype=bool)
    for one in limits:
        held &= _within(rows, one)
    if not held.any():
        raise _unmet(rows, grid, limits)
    after = {one.name: _after(rows, grid, one.name) for one in grid.variables}
    marked = Rows(rows.values, {"": np.arange(rows.count)}).chosen(held)
    largest = front(marked, [Goal(one.name, True) for one in grid.variables], grid)
    best = []
    for place in largest.columns[""].tolist()[::-1]:
        following = {name: int(places[place]) for name, places in after.items()}
        broken = [one for one in limits if any(p >= 0 and not _within(rows, one)[p] for p in following.values())]
        ended = tuple(name for name, p in following.items() if p < 0)
        best.append(_step(rows, grid, place, limits, tuple(broken), ended))
    if len(grid.variables) > 1:
        return Fit(made, limits, tuple(best), None, rows.least, rows.invalid, rows.reasons)
    (following_one,) = following.values()
    beyond = _step(rows, grid, following_one, limits) if following_one >= 0 else None
    return Fit(made, limits, tuple(best), beyond, rows.least, rows.invalid, rows.reasons)


def _within(rows: Rows, one: Limit) -> Any:
    values = rows.columns[one.subject.text]
    return highs(values) <= one.bound if one.kind == MAX else lows(values) >= one.bound


def _excess(one: Limit, values: Any) -> Any:
    """How far each value is past the limit, as a share of it; negative within."""
    bound = float(one.bound)  # type: ignore[arg-type]  # the limits of columns are numbers
    over = highs(values) - bound if one.kind == MAX else bound - lows(values)
    return over / max(abs(bound), 1)


def _step(
    rows: Rows,
    grid: Grid,
    place: int,
    limits: Sequence[Limit],
    binding: tuple[Limit, ...] = (),
    ended: tuple[str, ...] = (),
) -> Step:
    setting = {one.name: one.values[int(rows.values[one.name][place])] for one in grid.variables}
    figures = {name: values[place : place + 1].tolist()[0] for name, values in rows.columns.items()}
    broken = tuple(one for one in limits if past(one, figures[one.subject.text]) > 0)
    return Step(setting, figures, broken, binding, ended)


def _unmet(rows: Rows, grid: Grid, limits: Sequence[Limit]) -> Unmet:
    over = ", ".join(f"{one.name} from {spelled(one.values[0])} to {spelled(one.values[-1])}" for one in grid.variables)
    apart = {one: _excess(one, rows.columns[one.subject.text]) for one in limits}
    impossible = [one for one in limits if not _within(rows, one).any()]
    if impossible:
        one = impossible[0]
        place = int(np.argmin(apart[one]))
        return Unmet(
            f"no setting holds {one} ({over})",
            f"the closest is {_setting(rows, grid, place)} with {_figure(rows, one, place)}{_meant(one)}",
        )
    place = int(np.argmin(np.max([*apart.values()], axis=0)))
    broken = _step(rows, grid, place, limits).broken
    told = ", ".join(f"{_figure(rows, one, place)} (limit {one})" for one in broken)
    return Unmet(
        f"each limit can be held, and no setting holds all ({over})",
        f"the closest is {_setting(rows, grid, place)} with {told}",
    )


def _meant(one: Limit) -> str:
    """That a limit without a suffix is small, where a network has more of it than anybody writes out."""
    counted = one.kind == MAX and one.subject.text in ("macs", "flops", "params")
    small = counted and isinstance(one.bound, int) and 0 < one.bound < 1000
    return f"; is `{one.subject.text}={spelled(one.bound)}M` meant?" if small else ""


def _figure(rows: Rows, one: Limit, place: int) -> str:
    value = rows.columns[one.subject.text].tolist()[place]
    return f"{one.subject.title} {digits(value) if isinstance(value, int) else text(value)}"


def _setting(rows: Rows, grid: Grid, place: int) -> str:
    return ", ".join(f"{name}={spelled(value)}" for name, value in _step(rows, grid, place, ()).setting.items())
