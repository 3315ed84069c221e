"""A limit: one condition on one figure, and where it is written. Limits that cannot all hold are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..analyses.subject import Subject
from ..analyses.values import PerAxis, PerInput, Span, Value, ends
from ..errors import Diagnostic, Label, Mark
from ..namedtuples import NamedTuple
from .amounts import figure

MAX, MIN, EQUALS, WARN, GROWTH, LOCK = "max", "min", "equals", "warn", "growth", "lock"
RELATIONS = {MAX: "<=", MIN: ">=", EQUALS: "==", GROWTH: "<=", LOCK: "=="}
KINDS = (MAX, MIN, EQUALS, WARN, GROWTH)
ERROR, WARNING = "error", "warning"
LEVELS = (ERROR, WARNING)

Bound = Value
"""What a figure is held against; for a growth how much more is allowed."""


NOT_NUMBERS = (tuple, PerAxis, PerInput, Span)


class Place(NamedTuple):
    """Where a limit is written, for people and machines; no file for an option or a call."""

    file: str
    line: int
    column: int
    text: str = ""

    @classmethod
    def of(cls, mark: Mark) -> Place:
        """The place of a mark."""
        if mark.source.name.startswith("-") or mark.source.name.endswith("()"):
            return cls("", 0, 0, mark.source.name)
        return cls(mark.source.name, mark.line + 1, mark.column + 1)


@dataclass(frozen=True)
class Limit:
    """One condition on one figure."""

    subject: Subject
    kind: str
    bound: Bound
    level: str
    mark: Mark
    relative: bool = False
    """Whether a growth is a share of the baseline."""

    def __str__(self) -> str:
        return f"{self.subject.title} {RELATIONS[self.kind]} {figure(self.bound, self.subject.metric)}"


def conflicts(found: Sequence[Limit]) -> list[Diagnostic]:
    """Limits on one figure that cannot all hold."""
    problems = []
    by_subject: dict[Subject, list[Limit]] = {}
    for limit in found:
        if limit.kind != GROWTH:
            by_subject.setdefault(limit.subject, []).append(limit)
    for subject, together in by_subject.items():
        for place, first in enumerate(together):
            for second in together[place + 1 :]:
                if not _compatible(first, second):
                    problems.append(_conflict(subject, first, second))
    return problems


def _compatible(first: Limit, second: Limit) -> bool:
    low_1, high_1 = _range(first)
    low_2, high_2 = _range(second)
    if first.kind == second.kind == EQUALS or isinstance(first.bound, tuple) or isinstance(second.bound, tuple):
        return first.bound == second.bound
    return (low_1 is None or high_2 is None or low_1 <= high_2) and (low_2 is None or high_1 is None or low_2 <= high_1)


def _range(limit: Limit) -> tuple[Any, Any]:
    if limit.kind == EQUALS:
        low, high = ends(limit.bound)
        return high, low
    return (limit.bound, None) if limit.kind == MIN else (None, limit.bound)


def _conflict(subject: Subject, first: Limit, second: Limit) -> Diagnostic:
    same = second.mark.source is first.mark.source
    first_text, second_text = (f"{one.kind} {figure(one.bound, subject.metric)}" for one in (first, second))
    return Diagnostic(
        f"no network can hold both of these limits on {subject.title}",
        second.mark,
        second_text,
        labels=(Label(first.mark, first_text),) if same else (),
        notes=() if same else (f"{first_text} stands at {first.mark}",),
    )
