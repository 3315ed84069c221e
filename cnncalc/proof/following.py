"""Units followed back through the kernels, beside what the table and the boxes say of them.

Through windows alone a unit is connected to its local field: the table may say no less, and must say exactly that
on every side where nothing fell beyond the edge of a map. Through all layers it is connected to what `box` gives,
which leaves out padding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..analyses.boxes import box
from ..analyses.intervals import Field, Interval
from ..analyses.receptive import receptive_fields
from ..graph import Graph
from ..kernels.base import Array
from ..kernels.connection import connected
from ..layers.base import AXIS_NAMES
from ..namedtuples import NamedTuple
from .strips import Place

Boxes = Mapping[str, tuple[Interval, ...]]
"""Input -> the positions that a unit depends on, per axis."""

MOST_BOXED = 10**6
"""Positions of all maps of an image, the axes added up, where boxes are worked out."""


class Unit(NamedTuple):
    """One unit that was followed back."""

    place: Place
    predicted: tuple[Interval | None, ...]
    """What the table says, per axis, positions outside the image included."""

    measured: tuple[Interval | None, ...]
    """The positions found."""

    whole: tuple[bool, ...]
    """Per axis, whether nothing fell beyond the edge of a map, so that the two must be the same."""


class Followed(NamedTuple):
    """Units of a node followed back on one image."""

    part: Graph
    units: list[Unit]
    everything: bool
    """Whether a layer that sees the whole of a map lies on the way."""

    wrong: list[str]


def followed(part: Graph, at: str, places: Sequence[Place], source: str) -> Followed:
    """Units of the node `at` beside the table of an input; the first and the last two of them beside their boxes."""
    told = receptive_fields(part).of[at]
    seen, apart = told.of_input(source), bool(told.apart)
    local = connected(part, at, places, whole=False, only=source if apart else None)
    names = AXIS_NAMES[len(places[0])]
    units, wrong = [], []
    for k, place in enumerate(places):
        predicted = tuple(field.at(j) for field, j in zip(seen.axes or (), place, strict=True))
        found = [
            intervals
            for name, intervals in boxes(local.positions, k).items()
            if len(intervals) == len(place) and (name == source or not apart)
        ]
        measured = tuple(map(_hull, zip(*found, strict=True))) or (None,) * len(place)
        units.append(Unit(place, predicted, measured, tuple(not any(sides) for sides in local.lost[k])))
        for axis, table, really, sides in zip(names, predicted, measured, local.lost[k], strict=True):
            if not _agree(table, really, *sides):
                wrong.append(
                    f"{named(part, place)} sees {_places(table)} of the {axis} by the table, "
                    f"and is connected to {_places(really)}"
                )
    for name, field, n in zip(names, seen.axes or (), part.shapes[at][1:], strict=True):
        wrong += [f"along the {name} on {image(part)} {text}" for text in _printed(field, n)]
    everything = bool(local.everything.any())
    if everything and not seen.everything:
        wrong.append("a layer on the way sees the whole of a map, and the table says that none does")
    elif seen.everything and not everything and any(unit.measured[0] for unit in units):
        wrong.append("no layer on the way sees the whole of a map, and the table says that one does")
    if sum(sum(shape[1:]) for shape in part.shapes.values()) <= MOST_BOXED:
        wrong += beside_boxes(part, at, [places[0], *places[-2:]])
    return Followed(part, units, everything, wrong)


def _printed(field: Field, units: int) -> Iterator[str]:
    """Where the size, stride and padding that are printed are not those of the units that were followed."""
    seen = [field.at(j) for j in range(min(field.period, units))]
    sizes = [interval.size if interval else 0 for interval in seen]
    if field.size(units) != (min(sizes), max(sizes)):
        yield f"the table says the size {field.size(units)}, and its units see {min(sizes)} to {max(sizes)}"
    j, first = next(((j, interval) for j, interval in enumerate(seen) if interval), (0, None))
    later = field.at(j + field.period)
    if first is None or later is None:
        return
    if field.padding != -first.first:
        yield f"the table says the padding {field.padding}, and unit {j} begins at {first.first}"
    if field.stride != Fraction(later.first - first.first, field.period):
        yield f"the table says the stride {field.stride}, and unit {j + field.period} begins at {later.first}"


def beside_boxes(part: Graph, at: str, places: Sequence[Place]) -> list[str]:
    """Where what a unit is connected to is not what `box` says."""
    whole = connected(part, at, places, whole=True)
    wrong = []
    for k, place in enumerate(places):
        expected, found = box(part, at, place), boxes(whole.positions, k)
        if dict(expected) != found:
            wrong.append(
                f"{named(part, place)} has the box {_boxes_text(expected)}, and is connected to {_boxes_text(found)}"
            )
    return wrong


def _agree(table: Interval | None, found: Interval | None, before: bool, behind: bool) -> bool:
    """Whether the table says what was found; it may say more on a side where something fell off a map."""
    if found is None:
        return table is None or before or behind
    if table is None:
        return False
    return (table.first == found.first or (before and table.first < found.first)) and (
        table.last == found.last or (behind and table.last > found.last)
    )


def corners(sizes: Sequence[int]) -> list[Place]:
    """The middle unit, its neighbour, the first and the last."""
    middle = tuple(n // 2 for n in sizes)
    beside = tuple(min(i + 1, n - 1) for i, n in zip(middle, sizes, strict=True))
    return [middle, beside, (0,) * len(sizes), tuple(n - 1 for n in sizes)]


def ends(sizes: Sequence[int], axis: int) -> list[Place]:
    """Along an axis a neighbour of the middle unit, the first and the last."""
    middle, n = tuple(m // 2 for m in sizes), sizes[axis]
    return [(*middle[:axis], j, *middle[axis + 1 :]) for j in (min(n // 2 + 1, n - 1), 0, n - 1)]


def boxes(positions: Mapping[str, Array], unit: int) -> dict[str, tuple[Interval, ...]]:
    """The smallest box around the positions found for a unit, by input; inputs without any are missing."""
    return {
        name: tuple(Interval(int(axis.min()), int(axis.max())) for axis in np.argwhere(marked[unit]).T)
        for name, marked in positions.items()
        if marked[unit].any()
    }


def _hull(intervals: Sequence[Interval]) -> Interval:
    return Interval(min(i.first for i in intervals), max(i.last for i in intervals))


def named(part: Graph, place: Place) -> str:
    """`unit 3,0 on 3x64x64`."""
    return f"unit {','.join(map(str, place))} on {image(part)}"


def image(part: Graph) -> str:
    """The size of the input, or of each."""
    return " and ".join("x".join(map(str, shape)) for shape in part.inputs.values())


def _places(interval: Interval | None) -> str:
    return f"{interval.first}..{interval.last}" if interval else "nothing"


def _boxes_text(found: Boxes) -> str:
    return " and ".join(f"{name} {' x '.join(map(_places, intervals))}" for name, intervals in found.items()) or "empty"


def record(test: Followed, unit: Unit) -> dict[str, Any]:
    """A unit for machines."""
    return {
        "image": {name: list(shape) for name, shape in test.part.inputs.items()},
        "unit": list(unit.place),
        "predicted": [interval and list(interval) for interval in unit.predicted],
        "measured": [interval and list(interval) for interval in unit.measured],
        "whole": list(unit.whole),
    }
