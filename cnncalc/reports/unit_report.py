"""One unit: the box that it sees, and the part of it that lies on the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..analyses.boxes import box
from ..analyses.extent import field_of
from ..analyses.receptive import receptive_fields
from ..analyses.sizes import numeric
from ..errors import CnncalcError
from ..graph import Graph
from ..layers.base import AXIS_NAMES
from ..render import numbers, units
from ..render.report import Column, Contract, Note, Report, Table
from .explain_report import end_of, ending
from .rows import NETWORK, caption

SIGNED = units.COUNT._replace(form=numbers.signed)
COLUMNS = (
    Column("input", "input", units.TEXT, "its name", kept=True),
    Column("axis", "axis", units.TEXT, "height, width ...", kept=True),
    Column("unit", "unit", units.POSITION, "the unit's position"),
    Column("from", "from", SIGNED, "the first position that it sees, padding included", kept=True),
    Column("to", "to", SIGNED, "the last", kept=True),
    Column("size", "size", units.POSITION, "how many"),
    Column("real_from", "on image from", SIGNED, "the first pixel that it depends on", kept=True),
    Column("real_to", "to", SIGNED, "the last", kept=True),
    Column("real_size", "size", units.COUNT._replace(form=numbers.text), "how many from there to here"),
)
ENDS = units.listed(units.COUNT._replace(schema={"type": ["integer", "null"]}))
CONTRACT = Contract(
    "unit",
    1,
    "What one unit sees, per input and axis.",
    (
        NETWORK,
        Column("layer", about="whose unit it is"),
        Column("unit", unit=units.listed(units.POSITION), about="its position"),
        Column("global", unit=units.YES_NO, about="whether it also depends on the whole input, by another path"),
        Column(
            "box",
            unit=units.by_name(
                units.rows(
                    Column("axis", about="height, width ..."),
                    Column("unclipped", unit=ENDS, about="[first, last], padding included"),
                    Column("clipped", unit=ENDS, about="[first, last] on the image"),
                )
            ),
            about="input -> an entry an axis",
        ),
    ),
)


def unit(graph: Graph, position: str, *, at: str | None = None) -> Report:
    """What the unit at a position such as `100,288` sees: of the last map, or of a layer. Raises CnncalcError."""
    graph = numeric(graph)
    fields = receptive_fields(graph)
    name = end_of(graph, at) if at else field_of(graph, fields)
    if name is None:
        raise CnncalcError(f"{graph.name} has no map with positions", "name a layer with --at")
    place = unit_position(position, name, graph.shapes[name][1:])
    seen, real = fields.of[name], box(graph, name, place)
    by_input = {of.input: of.axes for of in seen.apart if not of.moved}
    rows: list[dict[str, Any]] = []
    for source in real or list(graph.inputs)[:1]:
        of = by_input.get(source, seen.axes)
        for axis, title in enumerate(AXIS_NAMES[len(graph.inputs[source]) - 1]):
            interval = real[source][axis] if real else None
            whole = of[axis].at(place[axis]) if of and axis < len(place) and not seen.moved else None
            rows.append(
                {
                    "input": source,
                    "axis": title,
                    "unit": place[axis] if axis < len(place) else None,
                    "from": whole and whole.first,
                    "to": whole and whole.last,
                    "size": whole and whole.size,
                    "real_from": interval and interval.first,
                    "real_to": interval and interval.last,
                    "real_size": interval.size if interval else 0,
                }
            )
    boxes: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        ends = {"unclipped": [row["from"], row["to"]], "clipped": [row["real_from"], row["real_to"]]}
        boxes.setdefault(row["input"], []).append({"axis": row["axis"], **ends})
    return Report(
        caption(graph, f"unit {','.join(map(str, place))} of {name} ({numbers.shape(graph.shapes[name])})"),
        [Table(COLUMNS if len(real) > 1 else COLUMNS[1:], rows)],
        CONTRACT,
        {"name": graph.name, "layer": name, "unit": place, "global": seen.everything, "box": boxes},
        _notes(bool(real), seen.everything),
        ending(at, name),
    )


def _notes(sees: bool, everything: bool) -> list[Note]:
    columns = "from, to, size: padding included; on image: the pixels that the unit really depends on"
    notes = [Note("columns", columns)]
    if not sees:
        nothing = "the unit depends on no pixel: it lies in padding, or in a hole of an upconv"
        notes.append(Note("no-pixel", nothing))
    if everything:
        notes.append(Note("global", "the unit also depends on the whole input, by a path that looks at all of it"))
    return notes


def unit_position(text: str, name: str, sizes: Sequence[Any]) -> tuple[int, ...]:
    """The position that --unit names. Raises CnncalcError."""
    try:
        unit = tuple(int(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        unit = ()
    if not sizes:
        raise CnncalcError(f"{name} is a vector: its units have no position", "name a map with --at")
    if len(unit) != len(sizes):
        example = ",".join("0" for _ in sizes)
        raise CnncalcError(
            f"`--unit {text}` is no position of {name}", f"one number per axis, such as --unit {example}"
        )
    for j, n in zip(unit, sizes, strict=True):
        if not 0 <= j < n:
            raise CnncalcError(
                f"`--unit {text}` lies outside {name}, which is {'x'.join(map(str, sizes))}",
                "the first unit is 0",
            )
    return unit
