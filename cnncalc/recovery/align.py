"""Residual units that are not all alike -> items of one shape: what some of them lack is there by a value, `@when`.

Of the units that end in a sum with what came in, the longest way is the model. A shortcut may be the tensor itself, a
projection or, where nothing was added, absent; of the way itself at most two steps may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from ..namedtuples import NamedTuple
from .items import JOIN_OF_ONE, REGION, Item, Part, Sequence, shapes
from .windows import LONGEST

MISSING = 2
"""Steps that a unit may lack of its model."""

PROJECTIONS = ("pointwise", "conv")


class _Model(NamedTuple):
    """The way through a unit."""

    steps: Sequence
    projection: Item | None
    """A projection that some unit has."""

    item: Item


def aligned(steps: Sequence, absent: bool) -> Sequence:
    """The sequence with its residual units in one shape; `absent`: chains like them are units without a shortcut."""
    units = [item for item in _all(steps) if _is_unit(item)]
    if not units:
        return steps
    models = _Models(units)
    found = _mapped(steps, lambda item: _unit(item, models) if _is_unit(item) else item)
    return _with_chains(found, models) if absent else found


def _all(steps: Sequence) -> Iterator[Item]:
    for item in steps:
        yield from item.operations


def _is_unit(item: Item) -> bool:
    if item.word != "add" or len(item.parts) != 2 or item.parts[0].start or not item.parts[0].steps:
        return False
    shortcut = item.parts[1]
    if not shortcut.steps:
        return shortcut.start == JOIN_OF_ONE
    (first, *others) = shortcut.steps
    return not shortcut.start and not others and first.word in PROJECTIONS and not item.tied


class _Models:
    """The ways through the units of a net, none of which is another with steps missing; the longest first.

    A way is found by the shapes of its steps, since all that a model may look like with steps missing is known.
    """

    def __init__(self, units: list[Item]) -> None:
        self.all: list[_Model] = []
        self.known: dict[tuple[int, ...], list[int]] = {}
        """Shapes -> the models that are so with steps missing, as their places."""

        for unit in sorted(units, key=lambda unit: -len(unit.parts[0].steps)):
            steps = unit.parts[0].steps
            projection = next(iter(unit.parts[1].steps), None)
            place = next(iter(self.known.get(shapes(steps), ())), None)
            if place is None:
                for looks in _lacks(steps):
                    self.known.setdefault(looks, []).append(len(self.all))
                self.all.append(_Model(steps, projection, unit))
            elif self.all[place].projection is None and projection is not None:
                self.all[place] = self.all[place]._replace(projection=projection)

    def of(self, steps: Sequence) -> Iterator[int]:
        """The places of the models that these are, perhaps with steps missing."""
        return iter(self.known.get(shapes(steps), ()))


def _lacks(steps: Sequence) -> set[tuple[int, ...]]:
    """What a way looks like with up to so many steps missing, at least half of them there; a long one as it is.

    A region is what a unit is about, so that none lacks it.
    """
    model = shapes(steps)
    found = {model}
    most = min(MISSING, len(model) // 2) if len(model) <= LONGEST else 0
    places = [place for place, item in enumerate(steps) if all(one.word != REGION for one in item.operations)]
    for missing in range(1, most + 1):
        for gone in combinations(places, missing):
            found.add(tuple(shape for place, shape in enumerate(model) if place not in gone))
    return found


def _fitted(steps: Sequence, model: Sequence) -> Sequence:
    """The steps in the shape of the model that they are, those that are missing not there."""
    found: list[Item] = []
    place = 0
    for wanted in model:
        if place < len(steps) and steps[place].shape == wanted.shape:
            found.append(steps[place])
            place += 1
        else:
            found.append(_lacking(wanted))
    return tuple(found)


def _lacking(item: Item) -> Item:
    """A step that is not there: nothing is known of its arguments."""

    def empty(inner: Item) -> Item:
        slots: dict[str, Any] = {name: value if name == "@from" else None for name, value in inner.slots.items()}
        parts = tuple(part._replace(steps=tuple(map(empty, part.steps))) for part in inner.parts)
        return inner.but(slots=slots, channels=None, nodes=(), parts=parts)

    found = empty(item)
    return found.but(slots={**found.slots, "@when": False})


def _unit(item: Item, models: _Models) -> Item:
    main, shortcut = item.parts
    place = next(models.of(main.steps), None)
    if place is None:
        return item
    model = models.all[place]
    steps = _marked(_fitted(main.steps, model.steps))
    parts = (main._replace(steps=steps), _shortcut(shortcut, model.projection))
    return item.but(slots={**item.slots, "@when1": True}, parts=parts)


def _marked(steps: Sequence) -> Sequence:
    """Every step says whether it is there."""
    return tuple(step.but(slots={"@when": True, **step.slots}) for step in steps)


def _shortcut(part: Part, projection: Item | None) -> Part:
    if projection is None:
        return part
    step = part.steps[0] if part.steps else _lacking(projection)
    return Part((step.but(slots={"@when": True, **step.slots}),))


def _with_chains(steps: Sequence, models: _Models) -> Sequence:
    """Chains that are like the way through a unit, with the same norm and activation at their end, become units."""

    def inside(item: Item) -> Item:
        if item.word == "add" and "@when1" in item.slots:
            return item
        parts = tuple(part._replace(steps=_with_chains(part.steps, models)) for part in item.parts)
        return item.but(parts=parts) if parts else item

    found: list[Item] = []
    place = 0
    while place < len(steps):
        unit, length = _chain(steps[place:], models)
        if unit is None:
            found.append(inside(steps[place]))
        else:
            found.append(unit)
        place += length
    return tuple(found)


def _chain(steps: Sequence, models: _Models) -> tuple[Item | None, int]:
    """The unit that the net goes on with, and how many steps it has; of the first model, as many as there are of it."""
    found: tuple[int, int] | None = None
    for length in range(2, min(LONGEST, len(steps)) + 1):
        if steps[length - 1].tied or steps[0].tied:
            break
        for place in models.of(steps[:length]):
            model = models.all[place].steps
            fits = len(model) > 1 and _ends_alike(steps[length - 1], model[-1])
            if fits and (found is None or (place, -length) < (found[0], -found[1])):
                found = place, length
    if found is None:
        return None, 1
    known, chain = models.all[found[0]], steps[: found[1]]
    nodes = tuple(name for item in chain for name in item.nodes)
    shortcut = _shortcut(Part((), JOIN_OF_ONE), known.projection)
    slots = {**known.item.slots, "@when1": False}
    parts = (Part(_marked(_fitted(chain, known.steps))), shortcut)
    return Item(known.item.word, slots, parts, chain[0].channels, nodes, chain[-1].out), found[1]


def _ends_alike(one: Item, other: Item) -> bool:
    return all(one.slots.get(name) == other.slots.get(name) for name in ("norm", "act"))


def _mapped(steps: Sequence, change: Callable[[Item], Item]) -> Sequence:
    """Every item changed, inner ones first."""

    def inner(item: Item) -> Item:
        if not item.parts:
            return item
        return change(item.but(parts=tuple(p._replace(steps=_mapped(p.steps, change)) for p in item.parts)))

    return tuple(map(inner, steps))
