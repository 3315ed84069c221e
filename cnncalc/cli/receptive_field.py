"""Receptive fields: what one output position sees of the input, per axis.

    cnncalc receptive-field resnet50
    cnncalc receptive-field unet --unit 100,100         the box of one unit of the last map
    cnncalc receptive-field vgg16 --at pool3 --unit 0,0
    cnncalc receptive-field vgg16 --plot
    cnncalc receptive-field vgg16 --effective           how much the positions count: sigma and shape

size: positions that a unit sees, padding included. stride: inputs from one unit to the next. padding: positions
that the first unit sees before the image. After an upsampling the size depends on the position; `global` is a unit
that sees the whole input, `43 + global` one that does so only through a gate or the statistics of a norm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Report
from .request import Request, report

if TYPE_CHECKING:
    from ..analyses.receptive import ReceptiveFields
    from ..graph import Graph


@report
def command(
    request: Request,
    at: Annotated[
        str | None, typer.Option("--at", metavar="LAYER", help="The layer that --unit and --effective are of.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="I,J", help="The box of one output position on the input.")
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the size over the layers.")] = False,
    effective: Annotated[
        bool, typer.Option("--effective", help="Run the gradient: how much each position counts, and its sigma.")
    ] = False,
) -> Report:
    """Receptive fields."""
    from ..analyses.receptive import last_map, receptive_fields
    from ..render.report import Column
    from .rows import KIND, LAYER, OUTPUT, caption, field_data, folds, table

    graph = request.graph
    fields = receptive_fields(graph)
    last = last_map(graph, fields)
    if at is not None and at not in fields.of:
        raise CnncalcError(f"{graph.name} has no layer `{at}`", did_you_mean(at, fields.of))
    if unit is not None:
        return _one_unit(request, fields, at or last, unit)
    if effective:
        from .effective import effective_report

        return effective_report(request, fields, at or last)
    rows = [
        {"layer": row.name, "kind": row.kind, **_figures(graph, fields, row.last.name)} for row in folds(graph, request)
    ]
    columns = [
        LAYER,
        KIND,
        OUTPUT,
        Column("field", "size", by="size"),
        Column("stride", "stride", _axes_text),
        Column("padding", "padding", _axes_text),
        Column("centre", "first centre", _axes_text),
        Column("image", "on image", _axes_text),
    ]
    end = last or next(iter(graph.inputs))
    total: dict[str, Any] = {"layer": "last map", **_figures(graph, fields, end)}
    axes = len(graph.input_shape) - 1
    return Report(
        caption(graph, "receptive field per axis, in input pixels; padding included"),
        [table(columns, rows, request, [], "field", total)],
        lambda: {
            "schema": "cnncalc.receptive-field/1",
            "name": graph.name,
            "input": [dim if isinstance(dim, int) else str(dim) for dim in graph.input_shape],
            "convention": "in input pixels, padding included; size is [min, max] over positions",
            "last_map": last,
            "remarks": list(fields.remarks),
            "layers": [
                {
                    "name": node.name,
                    "kind": node.kind,
                    "output": [dim if isinstance(dim, int) else str(dim) for dim in node.output],
                    "receptive_field": field_data(fields.of[node.name], node.output[1:], axes),
                    "first_centre": [float(field.centre) for field in fields.of[node.name].axes or ()],
                }
                for node in graph.nodes
            ],
        },
        _by_position(graph, fields, last) + [f"note: {remark}" for remark in fields.remarks],
        text=_plot(graph, fields) if plot else None,
    )


def _figures(graph: Graph, fields: ReceptiveFields, name: str) -> dict[str, Any]:
    """The cells of a tensor: a number, or one per axis where they differ; none where no position matters."""
    from .rows import field_size, field_text

    seen, output = fields.of[name], graph.shapes[name]
    cells: dict[str, Any] = {"output": output, "field": field_text(seen, output[1:])}
    if seen.axes is not None:
        cells |= {
            "size": field_size(seen, output[1:]),
            "stride": _each([field.stride for field in seen.axes]),
            "padding": _each([field.padding for field in seen.axes]),
            "centre": _each([field.centre for field in seen.axes]),
            "image": _each(_on_image(graph, name, fields)),
        }
    return cells


def _each(values: Sequence[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else tuple(values) or None


def _axes_text(value: Any) -> str:
    from ..render import numbers

    return numbers.per_axis(
        value if isinstance(value, tuple) else None if value is None else (value,), numbers.position
    )


def _on_image(graph: Graph, name: str, fields: ReceptiveFields) -> list[int]:
    """The sizes of what lies on the image, for the unit in the middle; none where a size is not known."""
    sizes = []
    for field, n, pixels in zip(
        fields.of[name].axes or (), graph.shapes[name][1:], graph.input_shape[1:], strict=False
    ):
        if not isinstance(n, int) or not isinstance(pixels, int):
            return []
        interval = field.at(n // 2)
        clipped = interval and interval.clipped(pixels)
        sizes.append(clipped.size if clipped else 0)
    return sizes


def _by_position(graph: Graph, fields: ReceptiveFields, last: str | None) -> list[str]:
    if last is None:
        return []
    from ..layers.base import AXIS_NAMES

    notes = []
    seen = fields.of[last]
    names = AXIS_NAMES[len(seen.axes or ())]
    for axis, field, n in zip(names, seen.axes or (), graph.shapes[last][1:], strict=True):
        if isinstance(n, int) and len(field.sizes(min(n, field.period))) > 1:
            counts = ", ".join(f"{size} at {count} of {n}" for size, count in sorted(field.sizes(n).items()))
            notes.append(f"{last}: no single number along the {axis}: {counts} positions (--unit shows one)")
    return notes


def _one_unit(request: Request, fields: ReceptiveFields, name: str | None, text: str) -> Report:
    from ..analyses.receptive import box
    from ..layers.base import AXIS_NAMES
    from ..render import numbers
    from ..render.report import Column, Table
    from .rows import caption

    graph = request.numeric
    if name is None:
        raise CnncalcError(f"{graph.name} has no map with positions", "name a layer with --at")
    sizes = graph.shapes[name][1:]
    unit = _position(text, name, sizes)
    seen = fields.of[name]
    real = box(graph, name, unit)
    rows: list[dict[str, Any]] = []
    data: dict[str, Any] = {}
    for source in real or list(graph.inputs)[:1]:
        axes = AXIS_NAMES[len(graph.inputs[source]) - 1]
        for place, axis in enumerate(axes):
            interval = real[source][place] if real else None
            whole = seen.axes[place].at(unit[place]) if seen.axes and place < len(unit) else None
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


def _position(text: str, name: str, sizes: Sequence[Any]) -> tuple[int, ...]:
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


def _plot(graph: Graph, fields: ReceptiveFields) -> str:
    """Bars of the size over the depth, one for each layer that sees further than all before it."""
    from ..render import numbers
    from .rows import caption

    rows: list[tuple[str, int]] = []
    for node in graph.nodes:
        seen = fields.of[node.name]
        if seen.axes is not None:
            size = max(field.size()[1] for field in seen.axes)
            if not rows or size > rows[-1][1]:
                rows.append((node.name, size))
    if not rows:
        raise CnncalcError(f"{graph.name} has no map with positions")
    wide = max(len(name) for name, _ in rows)
    most = max(size for _, size in rows)
    pixels = max((n for n in graph.input_shape[1:] if isinstance(n, int)), default=0)
    scale = 50 / max(most, 1)
    lines = ["   ".join(caption(graph, "receptive field over the layers, in input pixels")), ""]
    for name, size in rows:
        bar = "█" * max(1, round(size * scale))
        if pixels and pixels < most:
            edge = round(pixels * scale)
            bar = bar if len(bar) <= edge else bar[:edge] + "│" + bar[edge + 1 :]
        lines.append(f"  {name.ljust(wide)}  {bar} {numbers.count(size)}")
    if pixels and pixels < most:
        lines.append(f"  {' ' * wide}  │ = {pixels}, the size of the image")
    return "\n".join(lines) + "\n"
