"""One unit of `receptive-field --unit`: the box that it sees, and the part of it that lies on the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request

if TYPE_CHECKING:
    from ..analyses.receptive import ReceptiveFields


def unit_report(request: Request, fields: ReceptiveFields, name: str | None, text: str) -> Report:
    """What one unit sees of each input, per axis."""
    from ..analyses.boxes import box
    from ..layers.base import AXIS_NAMES
    from ..render import numbers
    from ..render.report import Column, Table
    from .rows import caption

    graph = request.numeric
    if name is None:
        raise CnncalcError(f"{graph.name} has no map with positions", "name a layer with --at")
    sizes = graph.shapes[name][1:]
    unit = unit_position(text, name, sizes)
    seen = fields.of[name]
    by_input = {of.input: of.axes for of in seen.apart if not of.moved}
    real = box(graph, name, unit)
    rows: list[dict[str, Any]] = []
    data: dict[str, Any] = {}
    for source in real or list(graph.inputs)[:1]:
        axes = AXIS_NAMES[len(graph.inputs[source]) - 1]
        of = by_input.get(source, seen.axes)
        for place, axis in enumerate(axes):
            interval = real[source][place] if real else None
            whole = of[place].at(unit[place]) if of and place < len(unit) and not seen.moved else None
            rows.append(
                {
                    "input": source,
                    "axis": axis,
                    "unit": unit[place] if place < len(unit) else None,
                    "from": whole and whole.first,
                    "to": whole and whole.last,
                    "size": whole and whole.size,
                    "real_from": interval and interval.first,
                    "real_to": interval and interval.last,
                    "real_size": interval.size if interval else 0,
                }
            )
        data[source] = [
            {
                "axis": row["axis"],
                "unclipped": [row["from"], row["to"]],
                "clipped": [row["real_from"], row["real_to"]],
            }
            for row in rows
            if row["input"] == source
        ]
    columns = [
        Column("axis", "axis", right=False, kept=True),
        Column("unit", "unit", numbers.position),
        Column("from", "from", _signed),
        Column("to", "to", _signed),
        Column("size", "size", numbers.position),
        Column("real_from", "on image from", _signed),
        Column("real_to", "to", _signed),
        Column("real_size", "size"),
    ]
    if len(real) > 1:
        columns.insert(0, Column("input", "input", right=False, kept=True))
    return Report(
        caption(graph, f"unit {','.join(map(str, unit))} of {name} ({numbers.shape(graph.shapes[name])})"),
        [Table(columns, rows)],
        {
            "schema": "cnncalc.unit/1",
            "name": graph.name,
            "layer": name,
            "unit": list(unit),
            "global": seen.everything,
            "box": data,
        },
        [
            "from, to, size: padding included; on image: the pixels that the unit really depends on",
            *([] if real else ["the unit depends on no pixel: it lies in padding, or in a hole of an upconv"]),
            *(
                ["the unit also depends on the whole input, by a path that looks at all of it"]
                if seen.everything
                else []
            ),
        ],
    )


def _signed(value: Any) -> str:
    return "-" if value is None else f"{value}"


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
