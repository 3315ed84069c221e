"""Sequences that recur with other numbers -> blocks, chosen by what they save in text.

A candidate is a window of steps in any sequence, by its shape; it may become a block where two windows of its shape
do not overlap. What it saves is what the whole text loses, calls and definition counted after equal neighbours are
folded, less a price a parameter. The best is taken, and again, until little is saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..namedtuples import NamedTuple
from .fold import folded
from .items import Item, Sequence
from .names import block_name
from .text import LINE, Writer, signature
from .unify import unified
from .windows import Window, recurring
from .words import rough

TRIED, LEAST_TRIED = 24, 6
"""Candidates of a round whose text is worked out, fewer of a large network."""

PARAMETER = 12
"""What a parameter costs, in characters: a person has to know it."""

HABIT = 60
"""What one costs that is a word, such as a norm."""

WHOLE = 40
"""What it is worth that a block begins with a join."""

MOST = 100_000
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


class Effort:
    """How many steps may still be looked at: a bound on time that is the same on every machine."""

    def __init__(self, most: int = MOST) -> None:
        self.left = most

    def spent(self, steps: int) -> bool:
        """Take some off; whether nothing is left."""
        self.left -= steps
        return self.left < 0


def factored(steps: Sequence, writer: Writer, effort: Effort) -> Program:
    """The net with blocks for what recurs, as far as the effort goes.

    What a window saved is not worked out again while it occurs as often, but for the best of a round, and for all when
    nothing is left that saves.
    """
    program = Program({}, steps)
    known: Known = {}
    saved: dict[tuple[int, ...], tuple[int, int]] = {}
    cost = _cost(program, writer, known)
    asked_all = True
    while effort.left > 0:
        best: tuple[int, Program] | None = None
        for most, window in _candidates(program, writer, saved):
            if best is not None and most <= best[0]:
                break
            found = _replaced(program, window)
            gain = cost - _cost(found, writer, known) + _bonus(window) if found is not None else 0
            saved[window.key] = len(window.places), gain
            if found is not None and gain >= LEAST and (best is None or gain > best[0]):
                best = gain, found
            if effort.spent(_size(program) + len(window.key) * len(window.places)):
                break
        if best is not None:
            program, asked_all = best[1], False
            cost = _cost(program, writer, known)
        elif asked_all:
            break
        else:
            saved, asked_all = {}, True
    return program


def _candidates(
    program: Program, writer: Writer, saved: Mapping[tuple[int, ...], tuple[int, int]]
) -> list[tuple[int, Window]]:
    """The windows that may save something, with what they save at most; those first that save the most."""
    bodies = {id(program.steps), *(id(block.steps) for block in program.blocks.values())}
    found: list[tuple[int, Window]] = []
    for window in recurring(_sequences(program), bodies):
        count, gain = saved.get(window.key, (0, 0))
        if count != len(window.places):
            gain = sum(map(writer.cost, window.turns)) + _bonus(window)
        if gain >= LEAST:
            found.append((gain, window))
    tried = max(LEAST_TRIED, min(TRIED, 20_000 // (1 + _size(program))))
    return sorted(found, key=lambda one: -one[0])[:tried]


def _bonus(window: Window) -> int:
    return WHOLE if window.sample[0].parts else 0


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


def _replaced(program: Program, window: Window) -> Program | None:
    """The program with a block for a window; None where it would have too many parameters."""
    length = len(window.key)
    instances = [place.sequence[place.start : place.start + length] for place in window.places]
    pattern = unified(instances)
    if pattern is None:
        return None
    name = block_name(rough(pattern.steps), program.blocks)
    at: dict[tuple[int, int], Item] = {}
    for place, steps, call in zip(window.places, instances, pattern.calls, strict=True):
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
