"""The receptive field measured: which pixels units of the last map depend on, beside the table and the boxes.

Units are followed back through the kernels (`kernels.connection`), which asks no rule: on the image itself, and for
each axis on a strip that is as long as the field needs. How long that is the measurement says: the strip grows
until nothing that the units see falls beyond the edge of a map. Then the table must say exactly what was found.
Behind a gate the local field is measured without it. Last, pixels are spoiled in the network as it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import islice
from typing import Any

import numpy as np

from ..analyses.extent import field_of
from ..analyses.intervals import Interval
from ..analyses.receptive import receptive_fields
from ..graph import Graph
from ..kernels.backward import upstream
from ..kernels.connection import Connected, connected, reached
from ..layers.base import AXIS_NAMES
from ..namedtuples import NamedTuple
from ..transforms.miniature import shrunk
from .following import MOST_BOXED, Followed, beside_boxes, boxes, corners, ends, followed, image, named, record
from .rows import Row, told
from .spoiling import Felt, felt
from .strips import MOST_POSITIONS, held, positions


class Extent(NamedTuple):
    """The size of a receptive field."""

    sizes: tuple[tuple[int, int], ...]
    """Per axis the smallest and the largest over the positions; none where there is no map."""

    everything: bool
    """Whether the whole input is seen, by a path that looks at all of it."""

    least: bool = False
    """Whether this is only what lies on the image."""

    known: bool = True
    """Whether it could be worked out."""

    def __str__(self) -> str:
        if not self.known:
            return "unknown"
        axes = [str(low) if low == high else f"{low}-{high}" for low, high in self.sizes]
        local = axes[:1] if len(set(axes)) == 1 else ["x".join(axes)] if axes else []
        text = " + ".join([*local, *(["global"] if self.everything else [])]) or "no map"
        return f"at least {text}" if self.least else text


def field_rows(graph: Graph, dtype: Any, step: Callable[[str], None]) -> list[Row]:
    """The row of the receptive field of a network, or one an input where they differ."""
    fields = receptive_fields(graph)
    at = field_of(graph, fields)
    apart = fields.of[at].apart if at else ()
    rows = [field_row(graph, dtype, step, seen.input) for seen in apart]
    return [row._replace(figure=f"{row.figure} of {seen.input}") for row, seen in zip(rows, apart, strict=True)] or [
        field_row(graph, dtype, step)
    ]


def field_row(graph: Graph, dtype: Any, step: Callable[[str], None], source: str | None = None) -> Row:
    """The row of the receptive field on an input; `step` is called with what is done next, `steps` times."""
    fields = receptive_fields(graph)
    at = field_of(graph, fields)
    if at is None:
        return _without_map(graph, fields.of[graph.output].everything)
    seen = fields.of[at] if source is None else fields.of[at].of_input(source)
    sources = list(graph.inputs) if source is None else [source]
    source = source or seen.input
    claimed = Extent(seen.sizes, seen.everything, known=seen.known)
    small = shrunk(graph)
    least = upstream(small, at)
    step("on the image")
    if seen.axes is None or seen.moved:
        part = upstream(graph, at)
        affordable = sum(sum(shape[1:]) for shape in part.shapes.values()) <= MOST_BOXED
        return _by_box(part if affordable else least, at, claimed, sources)
    whole = upstream(graph, at) if positions(graph) <= MOST_POSITIONS else least
    tests, pixels = [followed(whole, at, corners(whole.shapes[at][1:]), source)], []
    for axis, (name, field) in enumerate(zip(AXIS_NAMES[len(seen.axes)], seen.axes, strict=True)):
        step(f"along the {name}")
        strip = held(graph, small, at, axis, field, source)
        part, places = (strip.part, strip.places) if strip else (whole, [tests[0].units[0].place])
        tests.append(followed(part, at, [*places, *ends(part.shapes[at][1:], axis)], source))
        step(f"pixels spoiled along the {name}")
        middle = corners(least.shapes[at][1:])[0]
        found = felt(part, at, places[0], axis, dtype) or felt(least, at, middle, axis, dtype)
        pixels += [found] if found else []
    return _row(graph, at, claimed, tests, pixels)


def steps(graph: Graph) -> int:
    """How often `field_row` says what it does next, at most."""
    return 1 + 2 * (max(len(shape) for shape in graph.inputs.values()) - 1)


def _row(graph: Graph, at: str, claimed: Extent, tests: list[Followed], pixels: list[Felt]) -> Row:
    inner = [test.units[:-3] for test in tests[1:]]
    strips = [units if all(unit.whole[axis] for unit in units) else [] for axis, units in enumerate(inner)]
    sizes = [
        (_span(unit.predicted[axis] for unit in units), _span(unit.measured[axis] for unit in units))
        if units
        else (claimed.sizes[axis], (_span(unit.measured[axis] for test in tests for unit in test.units)[1],) * 2)
        for axis, units in enumerate(strips)
    ]
    predicted = Extent(tuple(here for here, _ in sizes), claimed.everything)
    measured = Extent(tuple(found for _, found in sizes), any(test.everything for test in tests), not all(strips))
    wrong = [text for test in [*tests[1:], tests[0]] for text in test.wrong]
    wrong += [text for found in pixels for text in found.wrong]
    notes = [f"`{at}`, followed back through the kernels on {', '.join(dict.fromkeys(image(t.part) for t in tests))}"]
    if not all(strips):
        notes.append("no image that can be run holds all that it sees: compared where it lies on the image")
    elif predicted != claimed and not wrong:
        notes.append(f"the size depends on the image: {claimed} on {image(graph)}, which does not hold it")
    if any(each.less for each in pixels):
        notes.append("feels less than the most that is predicted")
    return Row(
        "receptive field",
        claimed if wrong else predicted,
        measured,
        not wrong,
        "; ".join([*notes, *([told(wrong)] if wrong else [])]),
        "positions",
        {"layer": at, "units": [record(test, unit) for test in tests for unit in test.units]},
    )


MOST_OF_OUTPUT = 1000
"""Units of an output without a field that are followed back: some may lie on padding alone."""


def _by_box(part: Graph, at: str, claimed: Extent, sources: Collection[str]) -> Row:
    """Where units see all, or lie in another order: what each is connected to on the image, beside its box."""
    places = corners(part.shapes[at][1:])
    found = connected(part, at, places, whole=True)
    elements = connected(part, at, [(part.shapes[at][0] // 2, *place) for place in places], whole=True)
    wrong = beside_boxes(part, at, places)
    sizes: list[list[int]] = []
    for k, place in enumerate(places):
        for name, intervals in boxes(elements.positions, k).items():
            if len(part.inputs[name]) > 1 and name in sources:
                sizes.append([interval.size for interval in intervals])
                small = zip(sizes[-1], claimed.sizes, strict=False)
                if not claimed.everything and any(size > most for size, (_, most) in small):
                    wrong.append(f"{named(part, place)} is connected to more than the table says")
    everything = _sees_all(part, at, found) if claimed.everything else bool(found.everything.any())
    if everything != claimed.everything and claimed.known:
        wrong.append(f"{image(part)} is {'' if everything else 'not '}seen as a whole")
    spans = tuple((min(along), max(along)) for along in zip(*sizes, strict=False))
    measured = Extent(() if everything else spans, everything, least=not everything and spans != claimed.sizes)
    note = f"`{at}`, followed back through the kernels on {image(part)}, beside its box"
    return Row(
        "receptive field",
        claimed,
        measured,
        not wrong,
        "; ".join([note, *([told(wrong)] if wrong else [])]),
        "positions",
        {"layer": at},
    )


def _sees_all(part: Graph, at: str, found: Connected) -> bool:
    """Whether a layer that sees the whole of a map lies behind a unit, or it sees all that any unit does."""
    together = reached(part, at)

    def all_of_it(seen: Connected) -> bool:
        marks = ((marked, together[name]) for name, of in seen.positions.items() for marked in of if marked.any())
        return bool(seen.everything.any()) or any((marked == of_any).all() for marked, of_any in marks)

    if all_of_it(found):
        return True
    units = [*islice(np.ndindex(*part.shapes[at][1:]), MOST_OF_OUTPUT)]
    seen = connected(part, at, units, whole=True)
    blind = len(units) < MOST_OF_OUTPUT and not any(marks.any() for marks in seen.positions.values())
    return all_of_it(seen) or blind  # each tap lies on padding: less than is said, and nothing else


def _without_map(graph: Graph, everything: bool) -> Row:
    """Where no layer gives a map the output as a whole is followed back."""
    units = connected(graph, graph.output, corners(graph.output_shape[1:]), whole=True)
    found = _sees_all(graph, graph.output, units) if everything else bool(units.everything.any())
    note = "no layer gives a map with positions" + ("; the output sees the whole input" if everything else "")
    return Row("receptive field", Extent((), everything), Extent((), found), everything == found, note, "positions")


def _span(intervals: Iterable[Interval | None]) -> tuple[int, int]:
    """The smallest and the largest size."""
    sizes = [interval.size if interval else 0 for interval in intervals]
    return min(sizes), max(sizes)
