"""Images that hold a receptive field: along one axis as long as it takes, across it as small as it may be.

How far a unit sees along an axis does not depend on the others, so a strip is enough: a field of 5597 positions
needs no image of 31 million pixels. How long the strip must be is measured, not predicted: it grows until nothing
that the units in its middle see falls beyond the edge of a map. What the table says is only where to look first.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ..analyses.intervals import Field
from ..analyses.receptive import receptive_fields
from ..graph import Graph
from ..kernels.backward import upstream
from ..kernels.connection import connected
from ..namedtuples import NamedTuple
from ..transforms.miniature import strip

Place = tuple[int, ...]
"""A position on a map, one number per axis."""

MOST_POSITIONS = 10**8
"""Of all maps of an image, channels not counted."""

MOST_LENGTH = 1024
"""Positions along a strip, where neither the image nor what the table says is longer."""

MOST_UNITS = 16
"""Neighbouring units that are followed back along an axis."""


def positions(graph: Graph) -> int:
    """The positions of all maps."""
    return sum(prod(shape[1:]) for shape in graph.shapes.values())


class Strip(NamedTuple):
    """The part of a network up to a node, on a strip."""

    part: Graph
    places: list[Place]
    """Units in the middle of the node's map."""

    whole: bool
    """Whether there are as many as differ, and nothing that they see falls beyond the edge of a map."""

    sizes: tuple[int, int]
    """The smallest and the largest that the table says on this strip."""

    step: int
    """A power of two that no map has more input positions to one of its own than."""


def held(graph: Graph, small: Graph, at: str, axis: int, field: Field, lead: str) -> Strip | None:
    """A strip that holds all that units in the middle of `at` see, or the longest that can be afforded; or None.

    `small` is the network on a small image, which a strip is made from; `field` what the table says of `at`. Where
    that depends on the size of the image, a strip of about the image's own size is preferred.
    """
    own, units = graph.inputs[lead][1 + axis], graph.shapes[at][1 + axis]
    claimed = field.size(units)

    def of_length(n: int) -> Strip | None:
        found = strip(graph, small, lead, axis, n)
        affordable = found is not None and positions(found) <= MOST_POSITIONS
        return _strip(upstream(found, at), at, axis, min(field.period, units), lead) if found and affordable else None

    n, first = own, of_length(own)
    if first is None:
        return None
    best, step = first, first.step
    hint = field.size()[1] + 2 * step + field.jump
    while not best.whole and n <= max(own, hint, MOST_LENGTH):
        wanted = hint if n < hint <= MOST_POSITIONS * n // positions(best.part) else 2 * n
        n = own + -(-(wanted - own) // step) * step
        longer = of_length(n)
        if longer is None:
            break
        best = longer
    if best.sizes == claimed:
        return best
    near = (of_length(own + 2**power) for power in range(step.bit_length()))
    found = next((each for each in near if each and each.whole and each.sizes == claimed), None)
    return found or (best if best.whole else first)


def _strip(part: Graph, at: str, axis: int, phases: int, lead: str) -> Strip | None:
    """What a strip is good for; None where `at` has no positions there."""
    seen = receptive_fields(part).of[at]
    axes, n = seen.of_input(lead).axes, part.shapes[at][1 + axis]
    if axes is None:
        return None
    field = axes[axis]
    places = _inner(part.shapes[at][1:], axis, phases, field)
    lost = connected(part, at, [places[0], places[-1]], whole=False, only=lead if seen.apart else None).lost[:, axis]
    maps = {shape[1 + axis] for shape in part.shapes.values() if len(shape) > 1 + axis}
    ratio = max((-(-max(maps) // m) for m in maps if m > 1), default=1)
    enough = len(places) >= min(phases, MOST_UNITS)
    return Strip(part, places, enough and not lost.any(), field.size(n), 1 << (ratio - 1).bit_length())


def _inner(sizes: Sequence[int], axis: int, phases: int, field: Field) -> list[Place]:
    """Units in the middle of a map along an axis: as many as differ, or some and the two extremes."""
    n = sizes[axis]
    count = min(phases, MOST_UNITS, n)
    start = (n - count + 1) // 2
    start -= start % field.period if field.period <= start else 0
    chosen = {*range(start, start + count)}
    if phases > MOST_UNITS:
        seen = {j: interval.size for j in range(n // 4, n - n // 4) if (interval := field.at(j))}
        chosen |= {pick(seen, key=seen.__getitem__) for pick in (min, max) if seen}
    return [tuple(j if a == axis else size // 2 for a, size in enumerate(sizes)) for j in sorted(chosen)]
