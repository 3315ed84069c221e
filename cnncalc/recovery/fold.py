"""Equal neighbours -> `repeat`, with `first` and `last` for what differs at an end; rows of a period -> a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .items import REGION, Item, Part, Sequence, said, settled, shapes
from .levels import numbers_of
from .text import Writer
from .unify import unified

ENDS = ("stride", "kernel", "act", "norm", "dilation", "padding")
"""Arguments that the first or the last turn may have of its own, besides flags."""

PERIOD = 4
ROWS = 3
MOST_STEPS = 1000
"""Of a net in which tables are looked for."""

MOST_ROWS = 60
"""Of a table, which a person reads line by line."""


def folded(steps: Sequence, periods: bool = True) -> Sequence:
    """The sequence with its equal neighbours as one step, inside its branches too; `periods`: and groups of them."""
    found: list[Item] = []
    for item in steps:
        if not item.optional:
            found.append(_inside(item))
            continue
        if "settled" not in item.folded:
            (*inner,) = map(_inside, settled((item,)))
            item.folded["settled"] = Item("do", {}, (Part(tuple(inner)),))
        found += item.folded["settled"].parts[0].steps
    steps = tuple(found)
    return _periods(_runs(steps)) if periods else _runs(steps)


def _inside(item: Item) -> Item:
    if not item.parts:
        return item
    if not item.folded:
        item.folded[""] = item.but(parts=tuple(part._replace(steps=folded(part.steps)) for part in item.parts))
    return item.folded[""]


def _runs(steps: Sequence) -> Sequence:
    found: list[Item] = []
    place = 0
    while place < len(steps):
        item = steps[place]
        end = place + 1
        repeated = None
        if not item.tied and not item.label and "@when" not in item.slots and end < len(steps):
            first = _differing(item, steps[end])
            body = steps[end] if first else item
            if first is not None:
                while end < len(steps) and steps[end].says == body.says and not steps[end - 1].label:
                    end += 1
                more = end < len(steps) and not first and not steps[end - 1].label
                last = _differing(steps[end], body) if more else None
                if end - place == 2 and first and first.get("stride") == 1:
                    body, end, last = item, place + 1, _differing(steps[place + 1], item)
                    repeated, end = _repeat(steps[place : end + 1], body, "last", last or {}), end + 1
                elif last and end - place > 1 and not steps[end].tied:
                    repeated, end = _repeat(steps[place : end + 1], body, "last", last), end + 1
                elif end - place > 1:
                    repeated = _repeat(steps[place:end], body, "first", first)
        found.append(item if repeated is None else repeated)
        place = end if repeated is not None else place + 1
    return tuple(found)


def _differing(one: Item, other: Item) -> dict[str, Any] | None:
    """The arguments in which they differ, as the first has them; None where they cannot be turns of one step."""
    if one.says == other.says:
        return {}
    if one.parts or one.shape != other.shape or other.tied or any(name.startswith("@") for name in one.slots):
        return None
    found = {name: value for name, value in one.slots.items() if value != other.slots[name]}
    allowed = all(name.startswith(ENDS) or isinstance(value, bool) for name, value in found.items())
    return found if allowed and len(found) <= 2 else None


def _repeat(turns: Sequence, body: Item, end: str, changed: Mapping[str, Any]) -> Item:
    slots = {**body.slots, "@repeat": len(turns), **{f"@{end}.{name}": value for name, value in changed.items()}}
    nodes = tuple(name for item in turns for name in item.nodes)
    if "@repeat" in body.slots or body.word == REGION:
        parts = (Part((body.but(label=""),)),)
        return Item("do", {"@repeat": len(turns)}, parts, turns[0].channels, nodes, turns[-1].out, turns[-1].label)
    return body.but(slots=slots, channels=turns[0].channels, nodes=nodes, out=turns[-1].out, label=turns[-1].label)


def _periods(steps: Sequence) -> Sequence:
    """Groups of two to four steps that recur at once."""
    found: list[Item] = []
    says = said(steps)
    place = 0
    while place < len(steps):
        for period in range(2, PERIOD + 1):
            group = steps[place : place + period]
            turns = 1
            while says[place + turns * period : place + (turns + 1) * period] == says[place : place + period]:
                if any(item.label for item in steps[place + (turns - 1) * period : place + (turns + 1) * period - 1]):
                    break
                turns += 1
            if turns > 1 and len(group) == period and not any(item.tied for item in group):
                whole = steps[place : place + turns * period]
                nodes = tuple(name for item in whole for name in item.nodes)
                slots = {"@repeat": turns}
                made = Item("do", slots, (Part(group),), group[0].channels, nodes, whole[-1].out, whole[-1].label)
                found.append(made)
                place += turns * period
                break
        else:
            found.append(steps[place])
            place += 1
    return tuple(found)


def tabled(steps: Sequence, writer: Writer) -> Sequence:
    """The net with its rows in tables, where those are shorter."""
    while len(steps) <= MOST_STEPS:
        best, gain = None, 0
        words = [item.word for item in steps]
        for start in range(len(steps)):
            for period in range(1, PERIOD + 1):
                found = _table(steps, words, start, period)
                if found is None:
                    continue
                table, end = found
                saved = writer.cost(steps[start:end]) - writer.cost((table,))
                if saved > gain:
                    best, gain = (start, end, table), saved
        if best is None:
            return steps
        start, end, table = best
        steps = (*steps[:start], table, *steps[end:])
    return steps


def _table(steps: Sequence, words: list[str], start: int, period: int) -> tuple[Item, int] | None:
    """The longest table of this period that begins here, and where it ends."""
    end, count = start + period, 1
    while count <= MOST_ROWS and words[end : end + period] == words[start : start + period]:
        end, count = end + period, count + 1
    if not ROWS <= count <= MOST_ROWS or not {"for", "do", "head"}.isdisjoint(words[start : start + period]):
        return None
    numbered = numbers_of([steps[start + n * period : start + (n + 1) * period] for n in range(count)])
    if numbered is None:
        return None
    rows, levels = numbered
    labels = [item.label for item in rows[0]]
    rows = [tuple(row) for row in zip(*[_turning(column) for column in zip(*rows, strict=True)], strict=True)]
    if any(shapes(row) != shapes(rows[0]) for row in rows):
        return None
    pattern = unified(rows, table=True)
    if pattern is None or not pattern.parameters or levels.keys() & pattern.parameters.keys():
        return None
    names: Any = (*levels, *pattern.parameters)
    values: Any = tuple(
        (*(numbers[n] for numbers in levels.values()), *call.values()) for n, call in enumerate(pattern.calls)
    )
    if len(names) == 1:
        names, values = names[0], tuple(value for (value,) in values)
    nodes = tuple(name for row in rows for item in row for name in item.nodes)
    slots = {"@names": names, "@rows": values}
    body = tuple(item.but(label=label) for item, label in zip(pattern.steps, labels, strict=True))
    return Item("for", slots, (Part(body),), steps[start].channels, nodes, steps[end - 1].out), end


def _turning(column: tuple[Item, ...]) -> list[Item]:
    """Items of one place with `repeat` and `first` on all of them, where some have it."""
    turns = {name for item in column for name in item.slots if name.startswith(("@repeat", "@first."))}
    if not turns or any(item.parts for item in column):
        return list(column)
    found = []
    for item in column:
        slots = dict(item.slots)
        for name in turns - {"@repeat"}:
            argument = name.partition(".")[2]
            if "@repeat" not in item.slots and argument in slots:
                others = {other.slots[argument] for other in column if name in other.slots}
                slots[name] = slots[argument]
                slots[argument] = next(iter(others)) if len(others) == 1 else slots[argument]
            elif name not in slots and argument in slots:
                slots[name] = slots[argument]
        slots.setdefault("@repeat", 1)
        found.append(item.but(slots=slots))
    return found
