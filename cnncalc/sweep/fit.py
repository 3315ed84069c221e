"""The largest setting that holds every limit.

Every step is worked out and none is skipped: rounding of channels makes a staircase that may also go down, so the
answer of a bisection can be wrong. With several variables the answer is a front: the settings of which none can
be made larger in one variable without giving up another or a limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..dims import is_symbolic
from ..errors import CnncalcError, did_you_mean
from ..spec.load import expanded
from .columns import known
from .engine import all_rows
from .evaluate import Evaluator, Plan, Rows, plan
from .grid import MOST_VALUES, Grid, Variable, text_of, variable
from .select import figure, figures_of

DOUBLINGS = 12
MULTIPLIER = 4
"""A variable up to here is taken for a multiplier, and steps by 0.01; a larger one steps by 1."""

SIDE = 32
"""The step of an input whose side is a multiple of it."""

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
    """The largest setting of the variables `vary` (`width`, or `width=0.25:1:0.25`). Raises Unmet, CnncalcError."""
    if not any(one.most for one in limits):
        raise CnncalcError("nothing limits how large it may be", "for instance --max macs=100M")
    if not vary:
        raise CnncalcError("nothing to vary", "for instance --vary width")
    names = list(dict.fromkeys([*(one.name for one in limits), *columns]))
    given, fixed = [text for text in vary if "=" in text], settings or {}
    ranges = {one.name: one for one in map(variable, given)}
    free = [text for text in vary if "=" not in text]
    probe = plan(spec, Grid(tuple(Variable(name, [1]) for name in [*free, *ranges])), names, size, fixed, shape)
    step_of = _steps(steps, free)
    for name in free:
        ranges[name] = _range(probe, name, step_of.get(name, step_of.get("")), _sides(probe, name), 2)
    order = [text.partition("=")[0].strip() for text in vary]
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
        ranges[name] = _range(probe, name, step_of.get(name, step_of.get("")), _sides(probe, name), 4 * 2**doubling)
    return result


# --- ranges ------------------------------------------------------------------------------------------------------


def _steps(texts: Sequence[str], free: Sequence[str]) -> dict[str, Fraction]:
    steps: dict[str, Fraction] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        step = figure(value)
        if step <= 0:
            raise CnncalcError(f"a step is above 0, and `--step {text}` is not")
        if equals and name not in free:
            raise CnncalcError(f"`--step {text}`: `{name}` has no steps", did_you_mean(name, free) or f"--vary {name}")
        steps[name] = step
    return steps


def _sides(probe: Plan, name: str) -> bool:
    return name not in Evaluator(probe).document.variables


def _range(probe: Plan, name: str, step: Fraction | None, side: bool, times: int) -> Variable:
    """From one step up to some times the value that the spec has."""
    usual = _usual(probe, name, side)
    if step is None or (side and step.denominator != 1):
        step = Fraction((SIDE if usual % SIDE == 0 else 1) if side else 1 if usual > MULTIPLIER else Fraction(1, 100))
    count = int(max(usual * times, step) // step)
    if count > MOST_VALUES:
        raise CnncalcError(f"`{name}` has {count:,} steps of {text_of(step)}", f"--vary {name}=from:to:step")
    values = (place * step for place in range(1, count + 1))
    return Variable(name, [value.numerator if value.denominator == 1 else value for value in values])


def _usual(probe: Plan, name: str, side: bool) -> Fraction:
    evaluator = Evaluator(probe)
    shape = (lambda inputs: evaluator._shapes(inputs, {})) if probe.shape is not None else None
    graph = expanded(evaluator.document, probe.name, probe.fixed, shape)
    if not side:
        value = graph.settings.get(name)
    else:
        axis = name.partition(".")[2]
        value = graph.input_shape[0] if axis == "channels" else graph.input_shape[-1 if axis == "width" else -2]
    if value is None or is_symbolic(value):
        return Fraction(224)
    if isinstance(value, bool | str | list) or value <= 0:
        raise CnncalcError(f"`{name}` is {text_of(value)}, and has no largest value", "--vary a number of the spec")
    return Fraction(value)


def _ascending(one: Variable) -> Variable:
    return Variable(one.name, sorted(one.values))


# --- the largest -------------------------------------------------------------------------------------------------


def _fitted(made: Plan, rows: Rows, limits: tuple[Limit, ...]) -> Fit:
    grid = made.grid
    if not rows.count:
        reason = next(iter(rows.reasons), "")
        raise CnncalcError(f"none of the {grid.count:,} settings is a network; the first because of\n{reason}")
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
    bound = one.value.numerator // one.value.denominator if one.most else -(-one.value.numerator // one.value.denominator)
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
    over = ", ".join(
        f"{one.name} from {text_of(one.values[0])} to {text_of(one.values[-1])}" for one in grid.variables
    )
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
