"""Residual units that are not all alike -> items of one shape: what some of them lack is there by a value, `@when`.

Of the units that end in a sum with what came in, the longest way is the model. A shortcut may be the tensor itself, a
projection or, where nothing was added, absent; of the way itself at most two steps may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .items import JOIN_OF_ONE, Item, Part, Sequence

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
    models = _models(units)
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


def _models(units: list[Item]) -> list[_Model]:
    """The ways through them, none of which is another with steps missing; the longest first."""
    models: list[_Model] = []
    for unit in sorted(units, key=lambda unit: -len(unit.parts[0].steps)):
        projection = next(iter(unit.parts[1].steps), None)
        place = next((n for n, model in enumerate(models) if _fitted(unit.parts[0].steps, model.steps)), None)
        if place is None:
            models.append(_Model(unit.parts[0].steps, projection, unit))
        elif models[place].projection is None and projection is not None:
            models[place] = models[place]._replace(projection=projection)
    return models


def _fitted(steps: Sequence, model: Sequence) -> Sequence | None:
    """The steps in the shape of the model, those that are missing not there; None where they do not fit."""
    if len(model) - len(steps) > MISSING or 2 * len(steps) < len(model) or len(steps) > len(model):
        return None
    found: list[Item] = []
    place = 0
    for wanted in model:
        if place < len(steps) and steps[place].shape == wanted.shape:
            found.append(steps[place])
            place += 1
        else:
            found.append(_lacking(wanted))
    return tuple(found) if place == len(steps) else None


def _lacking(item: Item) -> Item:
    """A step that is not there: nothing is known of its arguments."""

    def empty(inner: Item) -> Item:
        slots: dict[str, Any] = dict.fromkeys(inner.slots)
        parts = tuple(part._replace(steps=tuple(map(empty, part.steps))) for part in inner.parts)
        return inner.but(slots=slots, channels=None, nodes=(), parts=parts)

    found = empty(item)
    return found.but(slots={**found.slots, "@when": False})


def _unit(item: Item, models: list[_Model]) -> Item:
    main, shortcut = item.parts
    for model in models:
        steps = _fitted(main.steps, model.steps)
        if steps is None:
            continue
        steps = _marked(steps)
        return item.but(
            slots={**item.slots, "@when1": True},
            parts=(main._replace(steps=steps), _shortcut(shortcut, model.projection)),
        )
    return item


def _marked(steps: Sequence) -> Sequence:
    """Every step says whether it is there."""
    return tuple(step.but(slots={"@when": True, **step.slots}) for step in steps)


def _shortcut(part: Part, projection: Item | None) -> Part:
    if projection is None:
        return part
    step = part.steps[0] if part.steps else _lacking(projection)
    return Part((step.but(slots={"@when": True, **step.slots}),))


def _with_chains(steps: Sequence, models: list[_Model]) -> Sequence:
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


def _chain(steps: Sequence, models: list[_Model]) -> tuple[Item | None, int]:
    for model in models:
        if len(model.steps) < 2:
            continue
        for length in range(len(model.steps), max(1, len(model.steps) - MISSING - 1), -1):
            chain = steps[:length]
            if len(chain) < length or any(item.tied for item in chain) or not _ends_alike(chain[-1], model.steps[-1]):
                continue
            fitted = _fitted(chain, model.steps)
            if fitted is None:
                continue
            nodes = tuple(name for item in chain for name in item.nodes)
            shortcut = _shortcut(Part((), JOIN_OF_ONE), model.projection)
            slots = {**model.item.slots, "@when1": False}
            parts = (Part(_marked(fitted)), shortcut)
            return Item(model.item.word, slots, parts, chain[0].channels, nodes, chain[-1].out), length
    return None, 1


def _ends_alike(one: Item, other: Item) -> bool:
    return all(one.slots.get(name) == other.slots.get(name) for name in ("norm", "act"))


def _mapped(steps: Sequence, change: Callable[[Item], Item]) -> Sequence:
    """Every item changed, inner ones first."""

    def inner(item: Item) -> Item:
        if not item.parts:
            return item
        return change(item.but(parts=tuple(p._replace(steps=_mapped(p.steps, change)) for p in item.parts)))

    return tuple(map(inner, steps))
