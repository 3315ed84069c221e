"""Receptive fields: what one output position sees of the input, per axis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..analyses.extent import field_of, on_image
from ..analyses.receptive import ReceptiveFields, Seen, receptive_fields
from ..analyses.remarks import folded, worded
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers.base import AXIS_NAMES
from ..render import numbers, units
from ..render.bars import bars
from ..render.report import SHOWN, Column, Contract, Note, Report
from .explain_report import end_of, ending
from .fields import RECEPTIVE_FIELD, field
from .rows import (
    CONVENTION,
    EVERY_LAYER,
    INPUT,
    KIND,
    NAME,
    NETWORK,
    OUTPUT,
    View,
    caption,
    folds,
    inputs,
    table,
    used,
)


def _per_axis(values: Any) -> str:
    return numbers.per_axis(values, numbers.position) if values else ""


AN_AXIS = units.listed(units.POSITION, _per_axis)._replace(rank=lambda values: max(values, default=None))
"""A number for each axis; one where they agree."""

OF_INPUT = Column("input", "input", units.TEXT, "whose positions they are", where=SHOWN)
COLUMNS = (
    NAME,
    KIND,
    OUTPUT,
    OF_INPUT,
    RECEPTIVE_FIELD._replace(title="size", kept=True),
    Column("stride", "stride", AN_AXIS, "inputs from one unit to the next", where=SHOWN),
    Column("padding", "padding", AN_AXIS, "positions that the first unit sees before the image", where=SHOWN),
    Column("first_centre", "first centre", AN_AXIS, "of the first unit, per axis; none without positions"),
    Column("on_image", "on image", AN_AXIS, "size of what the middle unit sees of the image; none where it is unknown"),
)
CONTRACT = Contract(
    "receptive-field",
    2,
    "Receptive fields in input pixels, padding included.",
    (
        NETWORK,
        INPUT,
        CONVENTION,
        Column("last_map", about="the layer with the last map", nullable=True),
        Column("remarks", unit=units.listed(units.TEXT), about="what branches that meet do not agree in"),
        Column("layers", unit=units.rows(*COLUMNS)),
    ),
)


def receptive_field(
    graph: Graph, layer: str | None = None, *, training: bool = False, view: View = EVERY_LAYER
) -> Report:
    """The receptive field of the units of each layer, per axis; of those that lead to one and change what it sees."""
    graph = used(graph, training) if layer is None else leading_to(used(graph, training), layer)
    fields = receptive_fields(graph)
    last = field_of(graph, fields) if layer is None else graph.output
    if layer is None:
        shown = [(row.name, row.kind, row.last.name) for row in folds(graph, view)]
    else:
        shown = [(node.name, node.kind, node.name) for node in graph.nodes if _widens(node, fields, graph)]
    rows = [row for name, kind, at in shown for row in _rows(graph, fields, at, {"name": name, "kind": kind})]
    end = last or next(iter(graph.inputs))
    ends = _rows(graph, fields, end, {"name": "last map" if layer is None else graph.output})
    total = ends[0] if len(ends) == 1 else None
    apart = any("input" in row for row in rows)
    columns = [column for column in COLUMNS if apart or column is not OF_INPUT]
    facts: dict[str, Any] = {
        "name": graph.name,
        "input": inputs(graph),
        "convention": "in input pixels, padding included; size is [min, max] over positions",
        "last_map": last,
        "remarks": list(map(worded, fields.remarks)),
    }
    if apart or layer is not None:
        facts["layers"] = [_record(graph, fields, node) for node in graph.nodes]
    return Report(
        caption(graph, "receptive field per axis, in input pixels; padding included"),
        [table(columns, rows if total else [*rows, *ends], view, [], "receptive_field", total)],
        CONTRACT,
        facts,
        [
            *(Note("by-position", text) for text in _by_position(fields, last)),
            *(Note("branches", f"note: {remark}") for remark in folded(fields.remarks)),
        ],
        remarks=ending(layer, graph.output),
    )


def leading_to(graph: Graph, layer: str) -> Graph:
    """What leads to a layer, named by its path, the end of it, or a step it is the last of. Raises CnncalcError."""
    end = end_of(graph, layer)
    needed = {end}
    for each in reversed(graph.nodes):
        if each.name in needed:
            needed.update(each.inputs)
    return replace(graph, nodes=tuple(each for each in graph.nodes if each.name in needed), output=end, heads={})


def _widens(node: Node, fields: ReceptiveFields, graph: Graph) -> bool:
    """Whether a node sees something else than each of those that it reads."""
    seen = fields.of[node.name]._replace(units=())
    return node.name != graph.output and any(fields.of[name]._replace(units=()) != seen for name in node.inputs)


def _rows(graph: Graph, fields: ReceptiveFields, name: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a tensor, one an input where they differ."""
    each = fields.of[name].each
    rows = []
    for seen in each:
        cells = {**told, "output": graph.shapes[name], **_figures(graph, seen)}
        rows.append({**cells, "input": seen.input} if len(each) > 1 else cells)
    return rows


def _figures(graph: Graph, seen: Seen) -> dict[str, Any]:
    """The cells of an input; none where no position matters."""
    axes = seen.axes or ()
    cells: dict[str, Any] = {
        "receptive_field": field(seen, len(graph.input_shape) - 1),
        "first_centre": [one.centre for one in axes],
        "on_image": on_image(graph, seen) if axes else [],
    }
    if seen.axes is None:
        return cells
    return cells | {"stride": [one.stride for one in axes], "padding": [one.padding for one in axes]}


def _record(graph: Graph, fields: ReceptiveFields, node: Node) -> dict[str, Any]:
    """A layer with what it sees of all inputs."""
    seen = fields.of[node.name]
    of = [_figures(graph, one) for one in seen.each]
    return {
        "name": node.name,
        "kind": node.kind,
        "output": node.output,
        "receptive_field": field(seen, len(graph.input_shape) - 1),
        **{key: [value for one in of for value in one[key]] for key in ("first_centre", "on_image")},
    }


def _by_position(fields: ReceptiveFields, last: str | None) -> list[str]:
    """The sizes of the last map's units, where they differ."""
    notes = []
    for seen in fields.of[last].each if last else ():
        names = AXIS_NAMES[len(seen.axes or ())]
        for axis, one, n in zip(names, seen.axes or (), seen.units, strict=False):
            if isinstance(n, int) and len(one.sizes(min(n, one.period))) > 1:
                counts = ", ".join(f"{size} at {count} of {n}" for size, count in sorted(one.sizes(n).items()))
                notes.append(f"{last}: no single number along the {axis}: {counts} positions (--unit shows one)")
    return notes


def receptive_field_plot(graph: Graph, *, training: bool = False, plain: bool = False, width: int | None = None) -> str:
    """The size over the depth as bars, one for each layer that sees further than all before it."""
    graph = used(graph, training)
    fields = receptive_fields(graph)
    rows: list[tuple[str, int]] = []
    for node in graph.nodes:
        size = max((largest for _, largest in fields.of[node.name].sizes), default=None)
        if size is not None and (not rows or size > rows[-1][1]):
            rows.append((node.name, size))
    if not rows:
        raise CnncalcError(f"{graph.name} has no map with positions")
    pixels = max((n for n in graph.input_shape[1:] if isinstance(n, int)), default=0)
    return bars(caption(graph, "receptive field over the layers, in input pixels"), rows, pixels, plain, width)
