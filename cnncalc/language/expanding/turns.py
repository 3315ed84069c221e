"""How often a step runs and with what: `when`, `repeat`, `first`, `last`, `each`, and the rows of a `for`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...building import MAX_LAYERS
from ...dims import settled
from ...layers.fields import shown
from ..arithmetic import ExpressionError, decided
from ..steps import Branch, Group, Head, JoinCall, Loop, Step, Value
from ..words import values_text
from .places import Local
from .problems import fault


def decide(when: Value, scope: Local) -> bool:
    """Whether a `when` holds. Raises Fault."""
    value = when(scope)
    try:
        return decided(value)
    except ExpressionError as error:
        raise when.fault(error) from None


def asked(steps: Iterable[Step | Branch]) -> Iterator[str]:
    """The `when` of steps and of what stands in them, as they are written."""
    for step in steps:
        if step.when is not None and step.when.expression is not None:
            yield step.when.expression.text
        inside = step if isinstance(step, Branch) else step.body
        if isinstance(inside, JoinCall | Head):
            yield from asked(inside.branches)
        elif isinstance(inside, Branch | Loop | Group):
            yield from asked(inside.steps)


class Turns:
    """The turns of a step with `repeat` or `each`. Raises Fault where they make no sense."""

    def __init__(self, step: Step, scope: Local) -> None:
        self.step = step
        self.each = {name: (value, value(scope)) for name, value in step.each.items()}
        for name, (value, members) in self.each.items():
            if not isinstance(members, list | tuple):
                raise fault(f"`each` gives `{name}` one value a turn, in a list", value.mark, "each: {stride: [2, 1]}")
        self.count = _repeat(step.repeat, scope) if step.repeat is not None else len(next(iter(self.each.values()))[1])
        for name, (value, members) in self.each.items():
            if len(members) != self.count:
                raise fault(f"`each` has {len(members)} values of `{name}` for {self.count} turns", value.mark)

    def changes(self, turn: int) -> dict[str, Value]:
        """The arguments that are other in this turn."""
        changes: dict[str, Value] = {}
        if turn == 0:
            changes.update(self.step.first)
        if turn == self.count - 1:
            changes.update(self.step.last)
        for name, (value, members) in self.each.items():
            changes[name] = value.members[turn] if value.members is not None else Value(value.mark, members[turn])
        return changes


def _repeat(repeat: Value, scope: Local) -> int:
    turns = settled(repeat(scope))
    if not isinstance(turns, int) or isinstance(turns, bool) or turns < 0:
        raise fault(f"`repeat` must be a whole number of at least 0, and is {shown(turns)}", repeat.mark)
    if turns > MAX_LAYERS:
        raise fault(f"`repeat` is {turns:,}, which is more than {MAX_LAYERS:,}", repeat.mark)
    return turns


def rows(loop: Loop, scope: Local) -> Iterator[dict[str, Any]]:
    """The values of a loop's variables, row by row. Raises Fault at the row that has not one for each."""
    table = loop.rows(scope)
    number = settled(table)
    if len(loop.names) == 1 and isinstance(number, int) and not isinstance(number, bool):
        if not 0 <= number <= MAX_LAYERS:
            raise fault(f"`in` counts from 0 to {MAX_LAYERS:,} turns, and is {number:,}", loop.rows.mark)
        table = range(number)
    elif not isinstance(table, list | tuple):
        raise fault(f"`in` is a list of rows, and is {shown(table)}", loop.rows.mark, "in: [[64, 1], [128, 2]]")
    column = len(loop.names) == 1 and not all(isinstance(row, list | tuple) and len(row) == 1 for row in table)
    for turn, row in enumerate(table):
        values = [row] if column else row
        if not isinstance(values, list | tuple) or len(values) != len(loop.names):
            count = len(values) if isinstance(values, list | tuple) else 1
            raise fault(
                f"this row has {values_text(count)} for {len(loop.names)} names",
                loop.rows.members[turn].mark if loop.rows.members else loop.rows.mark,
                f"one for each of {', '.join(loop.names)}",
            )
        yield {**dict(zip(loop.names, values, strict=True)), "i": turn}
