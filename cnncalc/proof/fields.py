"""The receptive field measured: which pixels units of the last map depend on, beside the table and the boxes.

Units are followed back through the kernels (`kernels.support`), which asks no rule: on the image itself, and for
each axis on a strip that is as long as the field needs. How long that is the measurement says: the strip grows
until nothing that the units see falls beyond the edge of a map. Then the table must say exactly what was found.
Behind a gate the local field is measured without it. Last, pixels are spoiled in the network as it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ..analyses.receptive import Interval, last_map, receptive_fields
from ..graph import Graph
from ..kernels.backward import upstream
from ..kernels.support import connected
from ..layers.base import AXIS_NAMES
from ..transforms.miniature import shrunk
from .following import Followed, corners, ends, followed, image, record
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

    def __str__(self) -> str:
        axes = [str(low) if low == high else f"{low}-{high}" for low, high in self.sizes]
        local = axes[:1] if len(set(axes)) == 1 else ["x".join(axes)] if axes else []
        text = " + ".join([*local, *(["global"] if self.everything else [])]) or "no map"
        return f"at least {text}" if self.least else text


def field_row(graph: Graph, dtype: Any, step: Callable[[str], None]) -> Row:
    """The row of the receptive field of a network; `step` is called with what is done next, `steps` times."""
    fields = receptive_fields(graph)
    at = last_map(graph, fields)
    seen = fields.of[at or graph.output]
    if at is None or seen.axes is None:
        return _without_map(graph, seen.everything)
    claimed = Extent(
        tuple(field.size(n) for field, n in zip(seen.axes, graph.shapes[at][1:], strict=True)), seen.everything
    )
    small = shrunk(graph)
    least = upstream(small, at)
    step("on the image")
    whole = upstream(graph, at) if positions(graph) <= MOST_POSITIONS else least
    tests, pixels = [followed(whole, at, corners(whole.shapes[at][1:]))], []
    for axis, (name, field) in enumerate(zip(AXIS_NAMES[len(seen.axes)], seen.axes, strict=True)):
        step(f"along the {name}")
        strip = held(graph, small, at, axis, field)
        part, places = (strip.part, strip.places) if strip else (whole, [tests[0].units[0].place])
        tests.append(followed(part, at, [*places, *ends(part.shapes[at][1:], axis)]))
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


def _without_map(graph: Graph, everything: bool) -> Row:
    """Where no layer gives a map the output as a whole is followed back."""
    units = [*corners(graph.output_shape[1:]), *islice(np.ndindex(*graph.output_shape[1:]), MOST_OF_OUTPUT)]
    found = bool(connected(graph, graph.output, units, whole=True).everything.any())
    note = "no layer gives a map with positions" + ("; the output sees the whole input" if everything else "")
    return Row("receptive field", Extent((), everything), Extent((), found), everything == found, note, "positions")


def _span(intervals: Iterable[Interval | None]) -> tuple[int, int]:
    """The smallest and the largest size."""
    sizes = [interval.size if interval else 0 for interval in intervals]
    return min(sizes), max(sizes)
