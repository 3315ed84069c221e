"""Sequences that recur with other numbers -> blocks, chosen by what they save in text.

A candidate is a window of steps in any sequence, by its shape; it may become a block where two windows of its shape
do not overlap. What it saves is what the whole text loses, calls and definition counted after equal neighbours are
folded, less a price a parameter. The best is taken, and again, until little is saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .fold import folded
from .items import Item, Sequence, said, shapes
from .names import block_name
from .text import LINE, Writer, signature
from .unify import unified

WINDOW = 14
PERIOD = 4
"""Steps of a group that recurs, which no window cuts."""

TURNS = 3
"""Of a group that recurs, from which it is a loop."""

TRIED, LEAST_TRIED = 24, 6
"""Candidates of a round whose text is worked out, fewer of a large network."""

PARAMETER = 12
"""What a parameter costs, in characters: a person has to know it."""

HABIT = 60
"""What one costs that is a word, such as a norm."""

WHOLE = 40
"""What it is worth that a block begins with a join."""

MOST = 150_000
"""Steps that are looked at for one network, which takes a few seconds."""

LEAST = 60
"""What a block must save."""


class Block(NamedTuple):
    """A block of a spec."""

    parameters: dict[str, Any]
    steps: Sequence


class Program(NamedTuple):
    """Blocks and the net, equal neighbours not yet folded."""

    blocks: dict[str, Block]
    steps: Sequence


class _Place(NamedTuple):
    sequence: Sequence
    start: int


class Effort:
    """How many steps may still be looked at: a bound on time that is the same on every machine."""

    def __init__(self, most: int = MOST) -> None:
        self.left = most

    def spent(self, steps: int) -> bool:
        """Take some off; whether nothing is left."""
        self.left -= steps
        return self.left < 0


def factored(steps: Sequence, writer: Writer, effort: Effort) -> Program:
    """The net with blocks for what recurs, as far as the effort goes."""
    program = Program({}, steps)
    known: Known = {}
    cost = _cost(program, writer, known)
    while effort.left > 0:
        best: tuple[int, Program] | None = None
        for most, length, places in _candidates(program, writer):
            if best is not None and most + WHOLE < best[0]:
                break
            found = _replaced(program, length, places)
            if found is None:
                continue
            saved = cost - _cost(found, writer, known) + (WHOLE if places[0].sequence[places[0].start].parts else 0)
            if saved >= LEAST and (best is None or saved > best[0]):
                best = saved, found
            if effort.spent(_size(program) + length * len(places)):
                break
        if best is None:
            break
        program = best[1]
        cost = _cost(program, writer, known)
    return program


def _size(program: Program) -> int:
    """Steps of all sequences, each once."""
    return sum(map(len, _sequences(program)))


Known = dict[tuple[int, str], tuple[Sequence, int]]
"""What the bodies of blocks cost, each with its first line; the steps are kept, so that no others have their number."""


def _cost(program: Program, writer: Writer, known: Known) -> int:
    writer.blocks = {name: block.parameters for name, block in program.blocks.items()}
    total = writer.cost(folded(program.steps))
    for name, block in program.blocks.items():
        head = f"  {signature(name, block.parameters)}:"
        key = id(block.steps), head
        if key not in known:
            cost = sum(map(_parameter, block.parameters.values()))
            cost += sum(LINE + len(line) for line in writer.body(head, folded(block.steps), 4))
            known[key] = block.steps, cost
        total += known[key][1]
    return total


def _parameter(default: Any) -> int:
    """The price of a parameter with this default: a norm or an activation is seldom one."""
    return HABIT if isinstance(default, str) else PARAMETER


def _sequences(program: Program) -> Iterator[Sequence]:
    seen: set[int] = set()
    waiting = [program.steps, *(block.steps for block in program.blocks.values())]
    while waiting:
        steps = waiting.pop(0)
        if not steps or id(steps) in seen:
            continue
        seen.add(id(steps))
        yield steps
        waiting += [inner for item in steps for inner in item.inner]


def _candidates(program: Program, writer: Writer) -> list[tuple[int, int, list[_Place]]]:
    """Windows of one shape, those first that could save the most."""
    windows: dict[tuple[int, ...], list[_Place]] = {}
    bodies = {id(block.steps): len(block.steps) for block in program.blocks.values()}
    for steps in _sequences(program):
        whole = shapes(steps)
        free = [_free(item) for item in steps]
        for start in range(len(steps)):
            for length in range(1, min(WINDOW, len(steps) - start) + 1):
                if not free[start + length - 1] or (length > 1 and steps[start + length - 2].label):
                    break
                if length == bodies.get(id(steps)) or (length == 1 and not steps[start].parts):
                    continue
                key = whole[start : start + length]
                if length > 1 and (_is_power(key) or _cuts(whole, start, length)):
                    continue
                if _holds_turns(key) and (length < len(steps) or steps is program.steps):
                    continue
                windows.setdefault(key, []).append(_Place(steps, start))
    found: list[tuple[int, int, int, list[_Place]]] = []
    for key, places in windows.items():
        apart = _apart(places, len(key))
        if len(apart) > 1:
            sample = apart[0].sequence[apart[0].start : apart[0].start + len(key)]
            saving = _runs(apart, len(key)) * writer.cost(sample)
            found.append((-saving, len(found), len(key), apart))
    tried = max(LEAST_TRIED, min(TRIED, 20_000 // (1 + _size(program))))
    return [(-saving, length, apart) for saving, _, length, apart in sorted(found, key=lambda one: one[:2])[:tried]]


def _runs(places: list[_Place], length: int) -> int:
    """How many are left once equal neighbours are one step."""
    ends: dict[int, tuple[int, tuple[int, ...]]] = {}
    count = 0
    for sequence, start in places:
        says = said(sequence[start : start + length])
        count += ends.get(id(sequence)) != (start, says)
        ends[id(sequence)] = start + length, says
    return count


def _free(item: Item) -> bool:
    """Whether it may move into a block."""
    if item.tied:
        return False
    return not any(
        isinstance(v, str) and n.startswith("@when") for inner in item.operations for n, v in inner.slots.items()
    )


def _is_power(key: tuple[int, ...]) -> bool:
    return any(len(key) % n == 0 and key == key[:n] * (len(key) // n) for n in range(1, len(key) // 2 + 1))


def _cuts(whole: tuple[int, ...], start: int, length: int) -> bool:
    """Whether an edge of the window lies in a run of equal steps, or of groups of them that recur."""
    end = start + length
    if (start > 0 and whole[start - 1] == whole[start]) or (end < len(whole) and whole[end] == whole[end - 1]):
        return True
    for period in range(2, min(length, PERIOD + 1)):
        if whole[end - 1 : end + 1] == whole[end - 1 - period : end + 1 - period] and end < len(whole):
            return True
        if start > 0 and whole[start - 1 : start + 1] == whole[start - 1 + period : start + 1 + period]:
            return True
    return False


def _holds_turns(key: tuple[int, ...]) -> bool:
    """Whether steps recur in it often enough to be a loop: stages are rows of a table, not blocks."""
    for period in range(1, min(PERIOD, len(key) // TURNS) + 1):
        for start in range(len(key) - TURNS * period + 1):
            if key[start : start + period] * TURNS == key[start : start + TURNS * period]:
                return True
    return False


def _apart(places: list[_Place], length: int) -> list[_Place]:
    found: list[_Place] = []
    ends: dict[int, int] = {}
    for place in places:
        if place.start >= ends.get(id(place.sequence), 0):
            found.append(place)
            ends[id(place.sequence)] = place.start + length
    return found


def _replaced(program: Program, length: int, places: list[_Place]) -> Program | None:
    """The program with a block in these places; None where it would have too many parameters."""
    instances = [place.sequence[place.start : place.start + length] for place in places]
    pattern = unified(instances)
    if pattern is None:
        return None
    name = block_name(pattern.steps, program.blocks)
    at: dict[tuple[int, int], Item] = {}
    for place, steps, call in zip(places, instances, pattern.calls, strict=True):
        at[id(place.sequence), place.start] = _call(name, steps, call)
    blocks = {known: block._replace(steps=_put(block.steps, length, at)) for known, block in program.blocks.items()}
    blocks[name] = Block(pattern.parameters, pattern.steps)
    return Program(blocks, _put(program.steps, length, at))


def _call(name: str, steps: Sequence, arguments: dict[str, Any]) -> Item:
    nodes = tuple(node for item in steps for node in item.nodes)
    return Item(name, arguments, (), steps[0].channels, nodes, steps[-1].out, steps[-1].label)


def _put(steps: Sequence, length: int, at: dict[tuple[int, int], Item]) -> Sequence:
    found: list[Item] = []
    place, changed = 0, False
    while place < len(steps):
        call = at.get((id(steps), place))
        if call is not None:
            found.append(call)
            place, changed = place + length, True
            continue
        item = steps[place]
        parts = tuple(part._replace(steps=_put(part.steps, length, at)) for part in item.parts)
        if any(new.steps is not old.steps for new, old in zip(parts, item.parts, strict=True)):
            item, changed = item.but(parts=parts), True
        found.append(item)
        place += 1
    return tuple(found) if changed else steps
