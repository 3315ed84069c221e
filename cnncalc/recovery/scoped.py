"""The steps of regions where they stand, each of their names once in the net or in its block.

The tensor that a region begins with has the name of the step before it, in a block's first step `in`; where there is
no such step, as in a loop, it gets one: `{do: [], as: skip1}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from ..layers import KINDS
from .items import JOIN_OF_ONE, LOCAL, REGION, Item, Part, Sequence, renamed

Name = Callable[[], str]
"""Gives the name of a tensor; "" where it has none."""

IN = "in"
"""What a block calls the tensor that enters it."""


def spliced(steps: Sequence, stem: str, entering: str) -> Sequence:
    """The net, or the steps of a block, without regions; `stem`: what a name begins with, and a number follows."""
    labels = (item.label for item in _all(steps))
    numbers = [int(found[1]) for label in labels if (found := re.fullmatch(rf"{stem}(\d+)", label))]
    names = count(1 + max(numbers, default=0))
    return _Scope(lambda: f"{stem}{next(names)}").steps(steps, lambda: entering)


def _all(steps: Iterable[Item]) -> Iterator[Item]:
    for item in steps:
        yield from item.operations


class _Scope:
    def __init__(self, fresh: Callable[[], str]) -> None:
        self.fresh = fresh

    def steps(self, steps: Sequence, entering: Name) -> Sequence:
        if not any(item.word == REGION for item in _all(steps)):
            return steps
        found: list[Item] = []
        waiting = list(reversed(steps))
        while waiting:
            item = waiting.pop()
            if item.word == REGION and item.slots.keys() <= {"@from"}:
                waiting += reversed(self._opened(item, lambda: self._last(found, entering)))
            elif item.word == REGION:
                body = Part((item.but(slots={}, label=""),))
                waiting.append(Item("do", item.slots, (body,), item.channels, item.nodes, item.out, item.label))
            else:
                found.append(self._inside(item, lambda: self._last(found, entering)))
        return tuple(found)

    def _last(self, found: list[Item], entering: Name) -> str:
        """The name of the tensor that goes on from the steps so far."""
        place = next((n for n in reversed(range(len(found))) if found[n].word != "head"), None)
        if place is None:
            return entering()
        item = found[place]
        if not item.label:
            if item.word == "for" or "@when" in item.slots:
                return ""
            found[place] = item.but(label=self.fresh())
        return found[place].label

    def _inside(self, item: Item, before: Name) -> Item:
        """The step with the regions in its branches opened."""
        if not item.parts:
            return item
        turns = item.word == "for" or "@repeat" in item.slots
        parts = []
        for part in item.parts:
            name = item.slots.get("@from") if part.start in ("", JOIN_OF_ONE) else part.start
            entering: Name = (lambda: "") if turns else before if not name else lambda name=name: name  # type: ignore[misc]
            parts.append(part._replace(steps=self.steps(part.steps, entering)))
        return item.but(parts=tuple(parts))

    def _opened(self, region: Item, before: Name) -> list[Item]:
        """Its steps, under names that are used once."""
        steps = list(region.parts[0].steps)
        start = region.slots.get("@from")
        names: dict[str, str] = {}
        if _is_entry(steps[0]):
            label = steps[0].label
            names[label] = start or before()
            if names[label]:
                del steps[0]
        names = {item.label: names.get(item.label) or self.fresh() for item in steps if item.label} | {
            label: name for label, name in names.items() if name
        }
        steps = [renamed(item, names) for item in steps]
        if start and not (steps[0].word in KINDS and KINDS[steps[0].word].starts):
            steps[0] = steps[0].but(slots={**steps[0].slots, "@from": start})
        if region.label:
            steps[-1] = steps[-1].but(label=region.label)
        return steps


def _is_entry(item: Item) -> bool:
    """Whether it only names the tensor that a region begins with."""
    return item.word == "do" and not item.parts[0].steps and item.label.startswith(LOCAL)
