"""The steps of a class as its calls compute them: a sequence of modules is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...namedtuples import NamedTuple
from .bodies import Body, Step
from .nesting import called, sequence


@dataclass
class Part:
    """A step of a class."""

    attribute: str
    key: Any
    steps: dict[int, Step] = field(default_factory=dict)
    """As it is in each call that has it, by the call's turn."""

    def also(self, steps: Mapping[int, Step]) -> Part:
        """The same with the step of more calls."""
        return Part(self.attribute, self.key, {**self.steps, **steps})

    @property
    def step(self) -> Step:
        """As it is in the first of them."""
        return next(iter(self.steps.values()))

    @property
    def turns(self) -> frozenset[int]:
        """The calls that have it."""
        return frozenset(self.steps)


class Stage(NamedTuple):
    """A step, or a sequence of them, in one call of each kind that has it, by the call's turn."""

    place: int
    """Of its first part in the class."""

    attribute: str
    steps: Mapping[int, Step]
    turns: frozenset[int]
    """All calls that have it."""


class _Calls(Protocol):
    bodies: list[Body]
    parts: list[Part]
    kinds: dict[int, int]


def kinds_of(calls: _Calls) -> dict[int, Body]:
    """One call of each kind, as it is computed, by its turn."""
    return {turn: called(calls.bodies[turn]) for turn in dict.fromkeys(calls.kinds.values())}


def stages(calls: _Calls) -> list[Stage] | None:
    """The steps in a row; None where a call has them in another row, or numbered modules differ from call to call."""
    bodies = kinds_of(calls)
    own = {turn: {step.attribute: step for step in body.steps} for turn, body in bodies.items()}
    found: dict[Any, tuple[int, dict[int, Step], set[int]]] = {}
    numbered: dict[str, frozenset[int]] = {}
    for place, part in enumerate(calls.parts):
        names = {turn: sequence(step.attribute, calls.bodies[turn]) for turn, step in part.steps.items()}
        scopes = set(names.values())
        if len(scopes) > 1:
            return None
        (scope,) = scopes
        _, steps, turns = found.setdefault(scope or place, (place, {}, set()))
        steps |= {turn: own[turn][scope or part.steps[turn].attribute] for turn in bodies if turn in part.steps}
        turns |= part.turns
        first, *below = part.attribute.split(".")
        if any(map(str.isdigit, below)) and numbered.setdefault(first, part.turns) != part.turns:
            return None
    if not _in_a_row(calls.parts, bodies):
        return None
    listed = [
        Stage(place, steps[min(steps)].attribute, steps, frozenset(turns)) for place, steps, turns in found.values()
    ]
    for turn, body in bodies.items():
        if [stage.steps[turn] for stage in listed if turn in stage.steps] != body.steps:
            return None
    return listed


def _in_a_row(parts: Sequence[Part], turns: Iterable[int]) -> bool:
    """Whether modules that are made scope by scope follow one another in each call as its steps do."""
    first: dict[tuple[str, ...], int] = {}
    keys = []
    for place, part in enumerate(parts):
        path = part.attribute.split(".")
        starts = [tuple(path[:length]) for length in range(1, len(path) + 1)]
        keys.append((path[0], [first.setdefault(start, place) for start in starts]))
    for turn in turns:
        last: dict[str, list[int]] = {}
        for part, (top, key) in zip(parts, keys, strict=True):
            if turn in part.steps and key < last.setdefault(top, key):
                return False
            if turn in part.steps:
                last[top] = key
    return True
