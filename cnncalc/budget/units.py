"""Which steps of a spec made which nodes: `net[1] row 2, inverted(t=6, c=24)`, three turns, 27 nodes.

A unit is a step of the net, or of one row of a `for` in the net. `net[1]` counts from 0; rows count from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..analyses.steptree import Part
from ..provenance import Origin
from ..spelling import spelled
from .limits import Place


def spot(unit: Part) -> Place | None:
    """Where a step is written, or its row of a table; None where that is no place in a text."""
    origin = unit.origin
    return None if origin is None or origin.mark.element else Place.of(origin.row_mark or origin.mark)


def where(unit: Part, own: bool) -> str:
    """Where a step stands in the user's own spec; else what the names of its layers begin with."""
    if not own or unit.origin is None:
        return unit.path
    way = unit.origin.way
    text = f"net[{way[0].place}]"
    for origin in way[1:]:
        text += f" row {origin.row + 1}" if origin.row is not None else ""
        text += f" step {origin.place + 1}" if origin.among > 1 else ""
    return f"{text} {way[-1].name}" if way[-1].name else text


def arguments(unit: Part) -> Mapping[str, str]:
    """What is written on it, by parameter; empty for a word alone."""
    written: Sequence[tuple[str, object]] = unit.origin.arguments if unit.origin else ()
    return {name: "" if value is ... else spelled(value) for name, value in written}


def what(unit: Part, own: bool) -> str:
    """The step as it is written."""
    if not own or unit.origin is None:
        return ""
    return _written(unit.origin)


def _written(origin: Origin) -> str:
    shown = [name if value is ... else f"{name}={spelled(value)}" for name, value in origin.arguments]
    return f"{origin.word}({', '.join(shown)})" if shown else origin.word
